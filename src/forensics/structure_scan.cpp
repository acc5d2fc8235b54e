// SPDX-License-Identifier: Apache-2.0
#include "forensics/structure_scan.hpp"

#include "forensics/bit_bias.hpp"
#include "forensics/bit_patterns.hpp"
#include "forensics/deflate_bits.hpp"
#include "forensics/distinct_stream.hpp"
#include "forensics/field_packer.hpp"
#include "forensics/little.hpp"
#include "forensics/program_bytes.hpp"
#include "forensics/statistics.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <string_view>
#include <vector>

namespace upinspect::forensics {
namespace {

constexpr double k_tests = 6;

/// Bytes of a stream whose bits are predicted, which takes time: of more than these, deflated data show in the tests before.
constexpr std::size_t k_most_predicted = 32768;

/// Every so many elements their place is kept, so that a byte of the stream leads back to its element.
constexpr std::size_t k_mark = 256;

/// The low bits of the elements that are not zero nor the same as the one before, one after the other, and where they came from.
class LowStream {
 public:
  LowStream(const Carrier& carrier, std::span<const std::size_t> parts, unsigned bits)
      : m_carrier(carrier), m_bits(bits), m_magnitude((std::uint64_t{1} << (carrier.width * 8 - 1)) - 1) {
    for (const auto part : parts) {
      add(carrier.parts[part]);
    }
  }

  [[nodiscard]] Bytes bytes() const noexcept { return m_bytes; }
  [[nodiscard]] std::size_t elements() const noexcept { return m_count; }

  /// The element of the carrier that holds the first bit of a byte.
  [[nodiscard]] std::size_t element_of(std::size_t byte) const {
    const auto ordinal = std::min(byte * 8 / m_bits, m_count - 1);
    auto element = m_marks[ordinal / k_mark];
    for (auto left = ordinal % k_mark; left > 0;) {
      ++element;
      left -= counts(element) ? 1U : 0U;
    }
    return element;
  }

 private:
  [[nodiscard]] bool counts(std::size_t element) const {
    const auto run = m_carrier.run();
    const auto pattern = run.at(element);
    return (pattern & m_magnitude) != 0 && (element == 0 || run.at(element - 1) != pattern);
  }

  void add(const CarrierPart& part) {
    const auto mask = (std::uint64_t{1} << m_bits) - 1;
    const auto run = m_carrier.run();
    auto before = part.start == 0 ? ~run.at(0) : run.at(part.start - 1);
    for (auto element = part.start; element < part.start + part.count; ++element) {
      const auto pattern = run.at(element);
      const bool repeats = pattern == before;
      before = pattern;
      if (repeats || (pattern & m_magnitude) == 0) {
        continue;
      }
      if (m_count++ % k_mark == 0) {
        m_marks.push_back(element);
      }
      m_held = m_held << m_bits | (pattern & mask);
      for (m_waiting += m_bits; m_waiting >= 8;) {
        m_waiting -= 8;
        m_bytes.push_back(static_cast<std::byte>(m_held >> m_waiting & 0xffU));
      }
    }
  }

  const Carrier& m_carrier;
  unsigned m_bits;
  std::uint64_t m_magnitude;
  std::vector<std::byte> m_bytes;
  std::vector<std::size_t> m_marks;
  std::size_t m_count = 0;
  std::uint64_t m_held = 0;
  unsigned m_waiting = 0;
};

constexpr std::string_view k_like_a_program = "bytes that follow one another as in programs";

/// A stretch of a stream's bytes and how little chance explains it.
struct Stretched {
  std::size_t begin = 0;
  std::size_t end = 0;
  double log_p = 0;
  std::string_view test;
};

void take(Stretched& best, const Stretched& other) { best = other.log_p < best.log_p ? other : best; }

/// n equal bytes in a row; of `lean`, how unlikely each value is by the bits' own frequencies.
Stretched longest_repetition(Bytes bytes, const BitLean& lean) {
  Stretched best;
  for (std::size_t begin = 0; begin < bytes.size();) {
    auto end = begin + 1;
    while (end < bytes.size() && bytes[end] == bytes[begin]) {
      ++end;
    }
    if (end - begin >= 5) {
      const auto log_p = static_cast<double>(end - begin - 1) * lean.log_chance(bytes[begin]) + std::log(static_cast<double>(bytes.size()));
      take(best, {begin, end, log_p, "one byte again and again"});
    }
    begin = end;
  }
  return best;
}

double log_tail(double statistic, double freedom) { return std::log(std::max(chi_square_tail(statistic, freedom), 1e-300)); }

Stretched leaning_window(Bytes bytes, const BitLean& lean) {
  Stretched best;
  for (const auto& window : leaning_windows(bytes, lean)) {
    const auto log_p = log_tail(window.statistic, 8) + std::log(static_cast<double>(bytes.size()) / 4);
    take(best, {window.begin, window.end, log_p, "bits that lean"});
  }
  return best;
}

using ByteCounts = std::array<std::uint32_t, 256>;

double unevenness(const ByteCounts& counts, std::size_t total) {
  const auto expected = static_cast<double>(total) / 256;
  double sum = 0;
  for (const auto count : counts) {
    const auto off = static_cast<double>(count) - expected;
    sum += off * off;
  }
  return sum / expected;
}

/// All bytes count as much as all windows together.
Stretched uneven_bytes(Bytes bytes) {
  constexpr std::size_t k_smallest = 2048;
  Stretched best;
  std::vector<ByteCounts> level;
  ByteCounts all{};
  for (std::size_t begin = 0; begin + k_smallest <= bytes.size(); begin += k_smallest) {
    level.emplace_back();
    for (const auto byte : bytes.subspan(begin, k_smallest)) {
      ++level.back()[std::to_integer<std::size_t>(byte)];
    }
  }
  for (const auto byte : bytes) {
    ++all[std::to_integer<std::size_t>(byte)];
  }
  if (bytes.size() >= 256) {
    best = {0, bytes.size(), log_tail(unevenness(all, bytes.size()), 255) + std::log(2.0), "bytes that are unevenly spread"};
  }
  const auto windows = std::log(2.0 * 4 / 3 * static_cast<double>(std::max<std::size_t>(level.size(), 1)));
  for (auto size = k_smallest; !level.empty(); size *= 4) {
    for (std::size_t i = 0; i < level.size(); ++i) {
      take(best, {i * size, (i + 1) * size, log_tail(unevenness(level[i], size), 255) + windows, "bytes that are unevenly spread"});
    }
    std::vector<ByteCounts> above(level.size() / 4);
    for (std::size_t i = 0; i < above.size() * 4; ++i) {
      std::transform(level[i].begin(), level[i].end(), above[i / 4].begin(), above[i / 4].begin(), std::plus<>());
    }
    level = std::move(above);
  }
  return best;
}

Stretched uneven_bits(Bytes bytes) {
  Stretched best;
  const auto windows = std::log(2.0 * 4 / 3 * std::max(1.0, static_cast<double>(bytes.size()) / 2048));
  bool whole = true;
  for (const auto& window : pattern_windows(bytes)) {
    take(best, {window.begin, window.end, window.log_p + (whole ? std::log(2.0) : windows), "bits that follow one another unevenly"});
    whole = false;
  }
  return best;
}

Stretched uneven(Bytes bytes) {
  auto best = uneven_bytes(bytes);
  take(best, uneven_bits(bytes));
  return best;
}

Stretched like_a_program(Bytes bytes, const BitLean& lean) {
  const auto program = best_program(bytes, lean);
  return {program.begin, program.end, std::min(0.0, std::log(static_cast<double>(bytes.size())) - program.gain), k_like_a_program};
}

/// The stretch around a window that is more like the window than like the rest, byte by byte; a program's is placed already.
Stretched placed(Bytes bytes, const Stretched& window, const BitLean& lean) {
  if (window.test == k_like_a_program || window.begin == window.end) {
    return window;
  }
  std::array<double, 256> gains{};
  const auto inside = bytes.subspan(window.begin, window.end - window.begin);
  const BitLean own(inside);
  ByteCounts counts{};
  for (const auto byte : inside) {
    ++counts[std::to_integer<std::size_t>(byte)];
  }
  const bool many = inside.size() >= 1024;
  for (std::size_t value = 0; value < 256; ++value) {
    const auto byte = static_cast<std::byte>(value);
    const auto here = many ? std::log((counts[value] + 0.5) / (static_cast<double>(inside.size()) + 128)) : own.log_chance(byte);
    gains[value] = here - lean.log_chance(byte);
  }
  Stretched best = window;
  double most = 0;
  double sum = 0;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    sum += gains[std::to_integer<std::size_t>(bytes[at])];
    if (sum <= 0) {
      sum = 0;
      begin = at + 1;
    } else if (sum > most && begin < window.end && at >= window.begin) {
      most = sum;
      best.begin = begin;
      best.end = at + 1;
    }
  }
  return best;
}

/// The other bytes: where a stretch of them is all that makes a window uneven, it lies in the stretch.
std::vector<std::byte> without(Bytes bytes, const Stretched& stretch) {
  std::vector<std::byte> rest(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(stretch.begin));
  rest.insert(rest.end(), bytes.begin() + static_cast<std::ptrdiff_t>(stretch.end), bytes.end());
  return rest;
}

/// Widths whose bits are as even in honest weights as bytes must be.
bool are_even(const Carrier& carrier, unsigned bits, std::size_t elements) {
  const auto top = carrier.fraction - bits + 1;   // of the fraction's planes, the highest one that is read
  // Planes lean to zero by 0.18 * 2^-top; what that adds to chi-square must be far below its spread of 23.
  return carrier.fraction >= 23 && top >= 8 && static_cast<double>(elements) * 0.13 * std::exp2(-2.0 * top) < 2;
}

/// How often each ending of a number comes with each value of four other bits, from bit `above` on.
class Endings {
 public:
  Endings(const Carrier& carrier, const Structure& found, unsigned above) : m_values(values_for(carrier.fraction, found.last - found.first + 1)) {
    for (auto element = found.first; element <= found.last; ++element) {
      const auto pattern = carrier.run().at(element);
      ++m_counts[pattern >> above & (k_classes - 1)][pattern & (m_values - 1)];
    }
    std::erase_if(m_counts, [this](const Row& row) { return sum(row) < 4 * m_values; });
  }

  /// That endings which do not depend on the class would look as if they did: chi-square of the table.
  [[nodiscard]] double chance() const {
    std::array<double, 32> of_value{};
    for (const auto& row : m_counts) {
      std::transform(of_value.begin(), of_value.end(), row.begin(), of_value.begin(), [](double all, std::uint64_t count) { return all + static_cast<double>(count); });
    }
    const auto all = std::accumulate(of_value.begin(), of_value.end(), 0.0);
    double statistic = 0;
    for (const auto& row : m_counts) {
      auto expected = of_value;
      std::transform(expected.begin(), expected.end(), expected.begin(), [&](double count) { return count * static_cast<double>(sum(row)) / all; });
      statistic += chi_square(row, expected);
    }
    const auto used = std::count_if(of_value.begin(), of_value.end(), [](double count) { return count > 0; });
    const auto freedom = (static_cast<double>(m_counts.size()) - 1) * (static_cast<double>(used) - 1);
    return freedom >= 1 ? chi_square_tail(statistic, freedom) : 1;
  }

 private:
  static constexpr std::size_t k_classes = 16;

  /// Endings of five bits, of fewer where there are not a dozen numbers for each in each class, which are not alike in size.
  static std::size_t values_for(unsigned fraction, std::size_t elements) {
    constexpr std::size_t k_fewest = 4;
    constexpr std::size_t k_dozen = 12;
    return std::clamp(std::bit_floor(elements / (k_classes * k_dozen)), k_fewest, std::size_t{1} << std::min(fraction - 3, 5U));
  }

  using Row = std::array<std::uint64_t, 32>;

  static std::uint64_t sum(const Row& row) { return std::accumulate(row.begin(), row.end(), std::uint64_t{0}); }

  std::size_t m_values;
  std::vector<Row> m_counts = std::vector<Row>(k_classes);
};

/// What is written into low bits knows nothing of the others. Steps that numbers are multiples of, and constants that they were
/// multiplied by, make some endings rarer than others, and which ones depends on the binade: the exponent's lowest bit and the three highest of the
/// fraction tell. Of a part of the float32 numbers the byte that holds these may be written with the rest (MSB reservation): there the bits of the
/// exponent above must tell, too. Written everywhere, it would not look trained.
bool follows_from_the_rest(const Carrier& carrier, const Structure& found, std::size_t elements) {
  constexpr double k_unlikely = 1e-3;
  const bool may_be_written = carrier.fraction == 23 && (found.last - found.first + 1) * 2 < elements;
  return Endings(carrier, found, carrier.fraction - 3).chance() < k_unlikely && (!may_be_written || Endings(carrier, found, 24).chance() < k_unlikely);
}

/// Deflated data by their codes, of streams that are not long; repeated numbers are passed over, which repeat their bits.
std::optional<Structure> like_deflate(const Carrier& carrier, std::span<const std::size_t> parts, unsigned bits, double limit) {
  const DistinctStream stream(carrier, parts, bits, k_most_predicted);
  const auto found = best_deflate(stream.bytes());
  if (-found.gain >= limit) {
    return std::nullopt;
  }
  Structure structure{bits, stream.element_of(found.begin), stream.element_of(found.end - 1), -found.gain, "codes that come again as in deflated data", false};
  structure.arithmetic = follows_from_the_rest(carrier, structure, stream.bytes().size() * 8 / bits);
  return structure;
}

}  // namespace

std::optional<Structure> find_structure(const Carrier& carrier, std::span<const std::size_t> parts, unsigned bits, double most) {
  // Fields that do not divide a byte mix the planes: that takes planes which are alike.
  const bool divides = bits <= 8 && 8 % bits == 0;
  if (bits >= carrier.fraction || (carrier.fraction < 23 && !divides)) {
    return std::nullopt;
  }
  const LowStream stream(carrier, parts, bits);
  if (stream.bytes().size() < 32) {
    return std::nullopt;
  }
  const BitLean lean(stream.bytes());
  auto narrow = longest_repetition(stream.bytes(), lean);
  take(narrow, leaning_window(stream.bytes(), lean));
  take(narrow, like_a_program(stream.bytes(), lean));
  const bool even = are_even(carrier, bits, stream.elements());
  const auto wide = even ? uneven(stream.bytes()) : Stretched{};
  const auto counted = std::log(k_tests * k_structure_widths.size());
  const auto limit = std::log(most) - counted;
  if (std::min(narrow.log_p, wide.log_p) >= limit) {
    auto deflated = even && stream.bytes().size() <= k_most_predicted ? like_deflate(carrier, parts, bits, limit) : std::nullopt;
    if (deflated) {
      deflated->log_p += counted;
    }
    return deflated;
  }
  auto place = placed(stream.bytes(), narrow, lean);
  if (wide.log_p < narrow.log_p && (narrow.log_p >= limit || uneven(without(stream.bytes(), place)).log_p < limit)) {
    place = placed(stream.bytes(), wide, lean);
  }
  Structure structure{bits, stream.element_of(place.begin), stream.element_of(place.end - 1), std::min(narrow.log_p, wide.log_p) + counted, std::string(place.test), false};
  structure.arithmetic = follows_from_the_rest(carrier, structure, stream.elements());
  return structure;
}

std::optional<Structure> find_program(const Carrier& carrier) {
  constexpr double k_beyond_doubt = 150;
  Field field;
  field.bits = carrier.fraction;
  std::vector<std::byte> bytes;
  FieldPacker(carrier.run(), field).pack(carrier.run().count(), bytes);
  const auto program = program_of_all(bytes);
  if (program.gain < k_beyond_doubt) {
    return std::nullopt;
  }
  const auto element_of = [&](std::size_t byte) { return std::min(byte * 8 / field.bits, carrier.run().count() - 1); };
  return Structure{field.bits, element_of(program.begin), element_of(program.end - 1), std::log(static_cast<double>(bytes.size())) - program.gain,
                   std::string(k_like_a_program), false};
}

}  // namespace upinspect::forensics
