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

std::optional<BrokenUpcast> broken_upcast(const ElementRun& run) {
  if (run.width != 4) {
    return std::nullopt;
  }
  const auto count = run.count();
  std::uint64_t numbers = 0;
  std::uint64_t f16 = 0;
  std::uint64_t bf16 = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto pattern = pattern_at(run, i);
    if ((pattern & k_magnitude) != 0) {
      ++numbers;
      f16 += (pattern & k_below_f16) == 0 ? 1 : 0;
      bf16 += (pattern & k_below_bf16) == 0 ? 1 : 0;
    }
  }
  // Both are widened from bf16 where most are: an f16 has no reason to leave three more bits clear.
  const bool from_bf16 = bf16 * 2 > numbers;
  const auto conforming = from_bf16 ? bf16 : f16;
  if (numbers < 64 || conforming == numbers || conforming * 2 <= numbers) {
    return std::nullopt;
  }
  const auto mask = from_bf16 ? k_below_bf16 : k_below_f16;
  BrokenUpcast broken{from_bf16 ? Provenance::upcast_bf16 : Provenance::upcast_f16, conforming, numbers - conforming, {}, 0, 0};
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
  constexpr std::uint64_t k_enough = 64;
  unsigned even_binades = 0;
  for (unsigned exponent = 1; exponent < 255; ++exponent) {
    even_binades += seen[exponent] >= k_enough && odd[exponent] * 20 < seen[exponent] ? 1U : 0U;
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

}  // namespace upinspect::forensics
