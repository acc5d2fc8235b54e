// SPDX-License-Identifier: Apache-2.0
#include "forensics/long_stream.hpp"

#include "forensics/carve.hpp"
#include "forensics/field_packer.hpp"
#include "forensics/find_checks.hpp"
#include "forensics/seed_window.hpp"
#include "forensics/stream_scan.hpp"

#include <algorithm>
#include <cmath>

namespace upinspect::forensics {
namespace {

/// Text ends here, and not with the window.
constexpr std::uint64_t k_margin = 16;

constexpr std::size_t k_most_finds = 64;

/// A seed's chance may be that much worse than the whole text's.
constexpr double k_allowance = 6;

class Reader {
 public:
  Reader(const LongStream& stream, const std::optional<TouchedBits>& touched)
      : m_stream(stream), m_touched(touched), m_bits(std::uint64_t{elements_of(stream.field, stream.elements.count())} * stream.field.bits) {}

  std::vector<FoundInWindow> run();

 private:
  struct Window {
    std::uint64_t bit = 0;
    std::uint64_t before = 0;   ///< characters before the seed
  };

  [[nodiscard]] Window window_of(const Seed& seed, std::uint64_t before) const {
    before = std::min(before, seed.bit / m_stream.character_bits);
    return {seed.bit - before * m_stream.character_bits, before};
  }

  [[nodiscard]] std::vector<std::byte> read(std::uint64_t bit, std::uint64_t characters) const {
    return read_characters(m_stream.elements, m_stream.field, m_stream.character_bits, bit, characters);
  }

  [[nodiscard]] std::vector<Found> rated(const Window& window, std::span<const std::byte> bytes) const;
  [[nodiscard]] std::optional<FoundInWindow> file_at(const Seed& seed);
  [[nodiscard]] std::optional<FoundInWindow> text_at(const Seed& seed) const;
  [[nodiscard]] bool is_known(const Seed& seed) const;

  const LongStream& m_stream;
  const std::optional<TouchedBits>& m_touched;
  std::uint64_t m_bits;
  FrontProbe m_probe;
  std::vector<FoundInWindow> m_finds;
};

std::vector<Found> Reader::rated(const Window& window, std::span<const std::byte> bytes) const {
  std::optional<Touched> touched;
  if (m_touched) {
    touched = touched_in(*m_touched, window.bit, bytes.size(), m_stream.character_bits, m_stream.field);
    if (!touched) {
      return {};
    }
  }
  return rate_stream(bytes, touched, m_stream.character_bits, m_stream.distinct);
}

std::optional<FoundInWindow> Reader::file_at(const Seed& seed) {
  if (!m_probe.may_go_on(read(seed.bit, k_longer_front))) {
    return std::nullopt;
  }
  const auto window = window_of(seed, k_before);
  auto bytes = read(window.bit, k_most_content);
  const auto before = static_cast<std::size_t>(window.before);
  const auto carved = before < bytes.size() ? carve_at(bytes, before) : std::nullopt;
  if (!carved || (carved->kind == "pickle" && !is_convincing_pickle(std::span(bytes).subspan(before, carved->length)))) {
    return std::nullopt;
  }
  const auto end = std::min<std::size_t>(bytes.size(), before + carved->length + k_margin);
  for (auto& found : rate_stream(std::span(bytes).first(end), std::nullopt, m_stream.character_bits, m_stream.distinct)) {
    if (stands(found.evidence) && found.offset <= before && before < found.offset + found.length) {
      return FoundInWindow{window.bit, std::move(bytes), std::move(found)};
    }
  }
  return std::nullopt;
}

/// The window grows until the text ends within it, at both ends.
std::optional<FoundInWindow> Reader::text_at(const Seed& seed) const {
  auto before = k_before;
  auto length = seed.bytes + k_first_window;
  for (;;) {
    const auto window = window_of(seed, before);
    auto bytes = read(window.bit, std::min(window.before + length, k_most_content));
    const bool more = bytes.size() == window.before + length;
    if (more && length < k_digest_window && holds_digest(std::span(bytes).first(std::min<std::size_t>(bytes.size(), 512)))) {
      length = k_digest_window;
      continue;
    }
    auto all = rated(window, bytes);
    const auto meets = [&](const Found& found) { return found.offset < window.before + seed.bytes && window.before < found.offset + found.length; };
    const auto found = std::find_if(all.begin(), all.end(), meets);
    if (found == all.end()) {
      return std::nullopt;
    }
    const bool goes_on = more && found->offset + found->length + k_margin >= bytes.size();
    const bool goes_back = window.bit >= m_stream.character_bits && found->offset < k_margin && before < k_most_content;
    if (!goes_on && !goes_back) {
      if (!stands(found->evidence)) {
        const auto total = static_cast<double>(m_bits / m_stream.character_bits);
        found->log_p += std::log(total / static_cast<double>(bytes.size()));
      }
      return FoundInWindow{window.bit, std::move(bytes), std::move(*found)};
    }
    length *= goes_on ? 4 : 1;
    before *= goes_back ? 4 : 1;
  }
}

bool Reader::is_known(const Seed& seed) const {
  return std::any_of(m_finds.begin(), m_finds.end(), [&](const FoundInWindow& find) {
    const auto begin = find.bit + find.found.offset * m_stream.character_bits;
    return begin <= seed.bit && seed.bit < begin + find.found.length * m_stream.character_bits;
  });
}

std::vector<FoundInWindow> Reader::run() {
  auto seeds = scan_stream(m_stream.elements, m_stream.field, m_stream.character_bits, m_stream.distinct).seeds;
  std::stable_sort(seeds.begin(), seeds.end(), [](const Seed& a, const Seed& b) {
    return (a.bytes == 0) != (b.bytes == 0) ? a.bytes == 0 : a.log_p < b.log_p;
  });
  std::size_t in_vain = 0;
  for (const auto& seed : seeds) {
    const bool text = seed.bytes != 0;
    if ((text && (in_vain >= k_most_in_vain || seed.log_p > m_stream.convincing + k_allowance)) || m_finds.size() >= k_most_finds) {
      break;
    }
    if (is_known(seed)) {
      continue;
    }
    auto find = text ? text_at(seed) : file_at(seed);
    in_vain += text && !find ? 1U : 0U;
    if (find) {
      m_finds.push_back(std::move(*find));
    }
  }
  return std::move(m_finds);
}

}  // namespace

std::optional<Touched> touched_in(const TouchedBits& bits, std::uint64_t from, std::size_t characters, unsigned character_bits, const Field& field) {
  if (bits.last < from || characters == 0 || bits.first >= from + characters * character_bits) {
    return std::nullopt;
  }
  Touched touched;
  touched.order = field.byte_order;
  touched.first = bits.first < from ? 0 : static_cast<std::size_t>((bits.first - from) / character_bits);
  touched.last = static_cast<std::size_t>((bits.last - from) / character_bits);
  if (touched.last >= characters) {
    touched.last = characters - 1;
    return touched;
  }
  const auto begin = from + touched.last * character_bits;
  const auto covered = (begin / field.bits + 1) * field.bits - begin;
  touched.last_covered = 8 % field.bits == 0 || covered >= 8 ? 8 : static_cast<unsigned>(covered);
  return touched;
}

std::vector<FoundInWindow> rate_long_stream(const LongStream& stream, const std::optional<TouchedBits>& touched) { return Reader(stream, touched).run(); }

}  // namespace upinspect::forensics
