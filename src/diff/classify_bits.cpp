// SPDX-License-Identifier: Apache-2.0
// Changes told by the bits that flipped: a field that was overwritten, single bits, the steps of an optimiser.
#include "diff/classify.hpp"
#include "forensics/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace upinspect::diff {
namespace {

using numeric::ChangedElement;
using numeric::ElementDifference;
using numeric::Scale;

/// Beyond this many expected carries, that there was none has a chance below 1e-6.
constexpr double k_carries_expected = 14;

/// What XOR with unrelated bits is held to.
constexpr double k_uniform = 1e-5;

/// Bits from which on the old value itself is not uniform: the top of the fraction follows Benford's law.
constexpr unsigned k_uniform_bits = 16;

struct BitRange {
  unsigned low = 0;
  unsigned end = 0;

  [[nodiscard]] unsigned width() const { return end - low; }
};

BitRange range_of(std::uint64_t bits) {
  return {static_cast<unsigned>(std::countr_zero(bits)), static_cast<unsigned>(std::bit_width(bits))};
}

/// "p < 1e-300" where the number is too small to be one.
std::string chance(double log10_p) {
  return log10_p < -300 ? std::string("p < 1e-300") : fmt::format("p = {:.1g}", std::pow(10.0, log10_p));
}

/// The chance that flipped bits of a written field look like these: their up to four highest bits, of all values but 0,
/// are equally likely, because the old ones are independent of what was written.
double uniformity(const ElementDifference& of, const BitRange& field) {
  const auto top = field.low == 0 ? std::min(field.end, k_uniform_bits) : field.end;
  const auto shown = std::min(4U, top - field.low);
  const auto shift = top - shown;
  std::array<std::uint64_t, 16> counts{};
  for (const auto& element : of.kept) {
    ++counts[((element.before ^ element.after) >> shift) & ((1U << shown) - 1)];
  }
  const auto total = static_cast<double>(of.kept.size());
  const auto values = std::ldexp(1.0, static_cast<int>(field.width()));
  const auto cell = std::ldexp(1.0, static_cast<int>(field.width() - shown));
  std::array<double, 16> expected{};
  std::fill_n(expected.begin(), std::size_t{1} << shown, total * cell / (values - 1));
  expected[0] = total * (cell - 1) / (values - 1);
  const auto cells = std::size_t{1} << shown;
  const auto freedom = static_cast<double>(cells - (expected[0] > 0 ? 1 : 2));
  return freedom < 1 ? 1 : forensics::chi_square_tail(forensics::chi_square(std::span(counts).first(cells), std::span(expected).first(cells)), freedom);
}

/// Bits that the old side had clear in every changed element: a message written there shows as it is.
bool was_clear(const ElementDifference& of, const BitRange& field) {
  std::uint64_t any = 0;
  for (const auto& element : of.kept) {
    any |= element.before;
  }
  return (any >> field.low & ((std::uint64_t{1} << field.width()) - 1)) == 0;
}

/// Bits that no kept element uses on either side: of numbers that were widened from a narrower type.
unsigned unused_low_bits(const ElementDifference& of) {
  std::uint64_t any = 0;
  for (const auto& element : of.kept) {
    any |= element.before | element.after;
  }
  return any == 0 ? 0 : static_cast<unsigned>(std::countr_zero(any));
}

/// How much of the span changed; 1 - 2^-n where n bits were written at random.
double density(const ElementDifference& of) {
  const auto slots = (of.last - of.first) / std::max<std::uint64_t>(of.step, 1) + 1;
  return static_cast<double>(of.changed) / static_cast<double>(slots);
}

std::string field_words(const ElementDifference& of, const BitRange& field, const std::string& evidence) {
  const auto share = density(of);
  const auto expected = 1 - std::ldexp(1.0, -static_cast<int>(field.width()));
  auto text = fmt::format("bit field, {} bit{} wide{}: {}", field.width(), field.width() == 1 ? "" : "s",
                          field.low == 0 ? "" : fmt::format(" from bit {}", field.low), evidence);
  if (std::fabs(share - expected) < 6 * std::sqrt(0.25 * static_cast<double>(of.step == 0 ? 1 : of.step) / static_cast<double>(of.changed)) + 0.01) {
    text += fmt::format(", and {:.3f} of the span changed as bits written there change it", share);
  } else {
    text += fmt::format("; {:.3g} of the span changed, so the places are scattered or the message leaves bits as they were", share);
  }
  return text;
}

/// Nothing below the field ever changed, though the numbers use those bits.
std::optional<std::string> raised_field(const ElementDifference& of, const BitRange& field, unsigned unused, double& p) {
  const auto untouched = field.low - unused;
  const auto bits = static_cast<double>(of.changed) * untouched;
  if (field.low <= unused || bits < 40 || field.width() > 16) {
    return std::nullopt;
  }
  p = std::pow(2.0, -bits);
  return fmt::format("none of the {} bits below it ever changed ({})", untouched, chance(-bits * std::log10(2.0)));
}

std::optional<std::string> low_field(const ElementDifference& of, const BitRange& field, double& p) {
  const auto& format = of.format;
  const auto limit = format.scale == Scale::floating ? format.layout.fraction_bits + 1 : format.bits() - 1;
  const auto expected = of.distance_sum / std::ldexp(1.0, static_cast<int>(field.end));
  if (field.end > limit || expected < k_carries_expected) {
    return std::nullopt;
  }
  p = std::exp(-expected);
  return fmt::format("no carry left it where {:.4g} were due ({})", expected, chance(-expected / std::log(10.0)));
}

/// EvilModel's fast substitution: three bytes of payload in every number, and the highest byte set to one of two values,
/// which keeps the number small. Honest weights do so for 88 numbers in a row at most.
bool has_forced_byte(const ElementDifference& of) {
  constexpr std::size_t k_fewest = 128;
  if (of.format.scale != Scale::floating || of.format.width != 4 || of.kept.size() < k_fewest || density(of) < 0.9) {
    return false;
  }
  const auto forced = [](const ChangedElement& element, std::uint64_t byte) { return (element.after >> 24U & 0x7fU) == byte; };
  return std::all_of(of.kept.begin(), of.kept.end(), [&](const auto& element) { return forced(element, 0x3c); }) ||
         std::all_of(of.kept.begin(), of.kept.end(), [&](const auto& element) { return forced(element, 0x38); });
}

struct Slope {
  double value = 0;
  unsigned binades = 0;
};

/// log2 of distances, of which few are much used: those of before are remembered.
class Logarithms {
 public:
  double operator()(std::uint64_t distance) {
    auto& [number, logarithm] = m_known[distance % m_known.size()];
    if (number != distance) {
      number = distance;
      logarithm = std::log2(static_cast<double>(distance));
    }
    return logarithm;
  }

 private:
  std::array<std::pair<std::uint64_t, double>, 4096> m_known{};  // of 0, which is no distance of what differs, nothing is known
};

/// How the bit length of the distance changes from one binade to the next.
Slope distance_slope(const ElementDifference& of) {
  std::vector<double> sums(2048, 0);
  std::vector<double> counts(2048, 0);
  const auto& layout = of.format.layout;
  Logarithms log2_of;
  for (const auto& element : of.kept) {
    const auto exponent = static_cast<std::size_t>((element.before >> layout.fraction_bits) & ((std::uint64_t{1} << layout.exponent_bits) - 1));
    const auto x = of.format.ordered(element.before);
    const auto y = of.format.ordered(element.after);
    sums[exponent] += log2_of(x < y ? y - x : x - y);
    counts[exponent] += 1;
  }
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  Slope slope;
  for (std::size_t i = 1; i < sums.size(); ++i) {
    if (counts[i] >= 16) {
      const auto x = static_cast<double>(i);
      n += counts[i];
      sx += counts[i] * x;
      sy += sums[i];
      sxx += counts[i] * x * x;
      sxy += sums[i] * x;
      ++slope.binades;
    }
  }
  const auto spread = n * sxx - sx * sx;
  slope.value = spread > 0 ? (n * sxy - sx * sy) / spread : 0;
  return slope;
}

}  // namespace

std::optional<Explanation> explain_bit_flips(const Case& of) {
  const auto& difference = of.difference;
  const bool several = std::popcount(difference.flipped_bits) > 1;
  if (difference.single_bit != difference.changed || (!several && difference.changed > 8)) {
    return std::nullopt;
  }
  // In a field two or more bits wide some change would have flipped two of them.
  const auto range = range_of(difference.flipped_bits);
  if (several && range.width() <= 2 && difference.changed < 16) {
    return std::nullopt;
  }
  Explanation explanation;
  explanation.kind = ChangeKind::bit_flips;
  explanation.why = fmt::format("{} single bit{} flipped, at bits {} to {}: what faulty memory or a bad transfer does; {}", difference.changed,
                                difference.changed == 1 ? "" : "s", range.low, range.end - 1,
                                several ? "no field of bits would leave it at one bit each" : "too few for more");
  return explanation;
}

std::optional<Explanation> explain_bit_field(const Case& of) {
  const auto& difference = of.difference;
  if (difference.format.scale == Scale::opaque || difference.kept.empty()) {
    return std::nullopt;
  }
  auto field = range_of(difference.flipped_bits);
  const auto unused = unused_low_bits(difference);
  double p = 1;
  auto evidence = raised_field(difference, field, unused, p);
  if (!evidence) {
    field.low = std::min(field.low, unused);
    evidence = low_field(difference, {0, field.end}, p);
  }
  if (!evidence || (uniformity(difference, field) < k_uniform && !was_clear(difference, field))) {
    return std::nullopt;
  }
  Explanation explanation;
  explanation.kind = ChangeKind::bit_field;
  explanation.field_base = field.low;
  explanation.field_bits = field.width();
  explanation.p_value = p;
  explanation.why = field_words(difference, field, *evidence);
  return explanation;
}

std::optional<Explanation> explain_forced_byte(const Case& of) {
  if (!has_forced_byte(of.difference)) {
    return std::nullopt;
  }
  Explanation explanation;
  explanation.kind = ChangeKind::bit_field;
  explanation.field_bits = 24;
  explanation.p_value = 0;
  explanation.why = fmt::format("bit field, 24 bits wide: the highest byte of all {} changed values in the span is {:02x} but for the sign, as EvilModel's fast substitution leaves it",
                                of.difference.changed, of.difference.kept.front().after >> 24U & 0x7fU);
  return explanation;
}

std::optional<Explanation> explain_training(const Case& of) {
  const auto& difference = of.difference;
  if (difference.format.scale != Scale::floating || difference.format.width < 2 || difference.measured() < 64) {
    return std::nullopt;
  }
  const auto slope = distance_slope(difference);
  if (slope.binades < 3 || slope.value > -0.6 || slope.value < -1.4) {
    return std::nullopt;
  }
  Explanation explanation;
  explanation.kind = ChangeKind::training;
  explanation.why = fmt::format("steps of one absolute size, about {:.2g}: from one power of two to the next the distance in ulps falls by 2^{:.2f}",
                                difference.absolute_sum / static_cast<double>(difference.measured()), -slope.value);
  return explanation;
}

Explanation explain(const Case& of) {
  constexpr std::array k_tries = {explain_cast,           explain_truncation, explain_scaling,   explain_permutation,
                                  explain_requantisation, explain_bit_flips,  explain_bit_field, explain_forced_byte, explain_training};
  for (const auto& attempt : k_tries) {
    if (auto explanation = attempt(of)) {
      return *explanation;
    }
  }
  Explanation none;
  none.why = of.difference.format.scale == Scale::opaque ? std::string("packed blocks: their bytes differ")
             : of.difference.changed < 64 ? std::string("too few changes to tell what made them")
             : fmt::format("no single rule explains it: distances of {} to {} ulps, {} of the changes carried", 1, of.difference.greatest_distance,
                           of.difference.carries);
  return none;
}

}  // namespace upinspect::diff
