// SPDX-License-Identifier: Apache-2.0
#include "forensics/value_origin.hpp"

#include "numeric/load.hpp"

#include <algorithm>
#include <array>

namespace upinspect::forensics {
namespace {

constexpr std::uint32_t k_below_f16 = 0x1fff;   ///< bits of an f32 that no f16 in its normal range has
constexpr std::uint32_t k_below_bf16 = 0xffff;
constexpr std::uint32_t k_magnitude = 0x7fffffff;

/// So many elements are listed one by one.
constexpr std::size_t k_most_listed = 256;

std::uint32_t pattern_at(const ElementRun& run, std::size_t index) { return numeric::load_le<std::uint32_t>(run.bytes.data() + index * 4); }

}  // namespace

namespace {

struct LowBitCounts {
  std::uint64_t numbers = 0;
  std::uint64_t f16 = 0;          ///< numbers that an f16 can be widened to
  std::uint64_t bf16 = 0;
  std::uint32_t set = 0;          ///< low bits that are set in any
};

LowBitCounts low_bit_counts(const ElementRun& run) {
  LowBitCounts counts;
  const auto count = run.count();
  for (std::size_t i = 0; i < count; ++i) {
    const auto pattern = pattern_at(run, i);
    if ((pattern & k_magnitude) != 0) {
      ++counts.numbers;
      counts.f16 += (pattern & k_below_f16) == 0 ? 1 : 0;
      counts.bf16 += (pattern & k_below_bf16) == 0 ? 1 : 0;
      counts.set |= pattern & k_below_bf16;
    }
  }
  return counts;
}

/// Bits that the type has not, if its widened numbers were touched: most are as they were, or of all of them the two
/// highest of these bits are clear and lower ones are not. 0 where neither is so.
std::uint32_t touched_mask(const LowBitCounts& counts) {
  const auto half = counts.numbers / 2;
  // Both are widened from bf16 where most are: an f16 has no reason to leave three more bits clear.
  if (counts.bf16 > half || (counts.f16 <= half && counts.set < 0x4000)) {
    return counts.bf16 == counts.numbers ? 0 : k_below_bf16;
  }
  const bool few = counts.f16 > half || (counts.set & k_below_f16) < 0x800;
  return few && counts.f16 != counts.numbers ? k_below_f16 : 0;
}

}  // namespace

std::optional<BrokenUpcast> broken_upcast(const ElementRun& run) {
  constexpr std::uint64_t k_enough_values = 64;
  const auto counts = run.width == 4 ? low_bit_counts(run) : LowBitCounts{};
  const auto mask = counts.numbers < k_enough_values ? 0 : touched_mask(counts);
  if (mask == 0) {
    return std::nullopt;
  }
  const bool from_bf16 = mask == k_below_bf16;
  const auto conforming = from_bf16 ? counts.bf16 : counts.f16;
  BrokenUpcast broken{from_bf16 ? Provenance::upcast_bf16 : Provenance::upcast_f16, conforming, counts.numbers - conforming, {}, 0, 0};
  const auto count = run.count();
  for (std::size_t i = 0; i < count; ++i) {
    const auto low = pattern_at(run, i) & mask;
    if (low != 0 && (pattern_at(run, i) & k_magnitude) != 0) {
      broken.low_bits |= low;
      broken.last = i;
      if (broken.elements.size() < k_most_listed) {
        broken.elements.push_back(i);
      }
    }
  }
  return broken;
}

bool is_on_lattice(const ElementRun& run) {
  if (run.width != 4) {
    return false;
  }
  std::array<std::uint64_t, 256> seen{};
  std::array<std::uint64_t, 256> odd{};
  const auto count = run.count();
  for (std::size_t i = 0; i < count; ++i) {
    const auto pattern = pattern_at(run, i);
    ++seen[pattern >> 23 & 0xffU];
    odd[pattern >> 23 & 0xffU] += pattern & 1U;
  }
  constexpr std::uint64_t k_enough_values = 64;
  unsigned even_binades = 0;
  for (unsigned exponent = 1; exponent < 255; ++exponent) {
    even_binades += seen[exponent] >= k_enough_values && odd[exponent] * 20 < seen[exponent] ? 1U : 0U;
  }
  return even_binades >= 2;
}

Repetition repetition_of(const ElementRun& run) {
  constexpr std::size_t k_sample = 65536;
  const auto count = run.count();
  const auto step = std::max<std::size_t>(1, count / k_sample);
  std::vector<std::uint64_t> values;
  const auto sign = std::uint64_t{1} << (run.width * 8 - 1);
  for (std::size_t i = 0; i < count; i += step) {
    if ((run.at(i) & (sign - 1)) != 0) {
      values.push_back(run.at(i));
    }
  }
  std::sort(values.begin(), values.end());
  std::size_t most = 0;
  std::size_t distinct = 0;
  for (std::size_t i = 0; i < values.size(); ++distinct) {
    const auto next = static_cast<std::size_t>(std::upper_bound(values.begin() + static_cast<std::ptrdiff_t>(i), values.end(), values[i]) - values.begin());
    most = std::max(most, next - i);
    i = next;
  }
  const auto size = static_cast<double>(std::max<std::size_t>(values.size(), 1));
  return {static_cast<double>(most) / size, values.empty() ? 1 : static_cast<double>(distinct) / size, values.size()};
}

Stretch longest_prefix_run(const ElementRun& run) {
  Stretch best;
  std::size_t most = 0;
  std::size_t begin = 0;
  std::uint32_t held = 0;
  const auto count = run.width == 4 ? run.count() : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto top = pattern_at(run, i) >> 24 & 0x7fU;
    const bool marked = top == 0x3c || top == 0x38;
    if (!marked || top != held) {
      begin = marked ? i : i + 1;
      held = marked ? top : 0;
    }
    if (marked && i + 1 - begin > most) {
      most = i + 1 - begin;
      best = {begin, i};
    }
  }
  return best;
}

bool is_monotone(const ElementRun& run, bool is_float, std::size_t first, std::size_t last) {
  const auto sign = std::uint64_t{1} << (run.width * 8 - 1);
  const auto key = [&](std::size_t index) {
    const auto pattern = run.at(index);
    return is_float && (pattern & sign) != 0 ? ~pattern & (sign - 1) : pattern | (is_float ? sign : 0);
  };
  std::size_t rises = 0;
  std::size_t falls = 0;
  for (auto i = first; i < last && i + 1 < run.count(); ++i) {
    const auto one = key(i);
    const auto next = key(i + 1);
    rises += next > one ? 1U : 0U;
    falls += next < one ? 1U : 0U;
  }
  return last - first >= 8 && rises + falls >= 2 && std::max(rises, falls) * 20 >= (rises + falls) * 19;
}

}  // namespace upinspect::forensics
