// SPDX-License-Identifier: Apache-2.0
#include "forensics/on_a_grid.hpp"

#include "numeric/load.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

namespace upinspect::forensics {
namespace {

/// Of wide fields the rest tells little; but numbers on a grid come again near by.
bool comes_again(const ElementRun& run, std::size_t first, std::size_t last) {
  constexpr std::size_t k_near = 16;
  std::size_t again = 0;
  for (auto i = first; i <= last; ++i) {
    const auto end = std::min(run.count(), i + k_near + 1);
    for (auto other = i - std::min(i, k_near); other < end; ++other) {
      if (other != i && run.at(other) == run.at(i)) {
        ++again;
        break;
      }
    }
  }
  return again * 2 > last - first + 1;
}

/// Levels that quantised weights have at most on one side of zero, and some more.
constexpr double k_most_levels = 1024;

/// How many are the float32 nearest to a whole number of steps.
std::size_t exact_multiples(std::span<const float> values, double step) {
  return static_cast<std::size_t>(std::count_if(values.begin(), values.end(), [step](float value) {
    const auto level = std::round(static_cast<double>(value) / step);
    return level <= k_most_levels && static_cast<float>(level * step) == value;
  }));
}

/// Few neighbours that are exact multiples of one float32, the smallest distance of any two or a half or third of it: what is written into
/// their lowest bits makes most of them none.
bool are_multiples(std::span<const float> values) {
  const auto most = static_cast<double>(values.back());
  double least = most;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const auto distance = static_cast<double>(values[i]) - static_cast<double>(values[i - 1]);
    least = distance > 0 ? std::min(least, distance) : least;
  }
  for (const auto part : {1.0, 2.0, 3.0}) {
    const auto level = std::round(most * part / least);
    if (!(least > 0) || level > k_most_levels) {
      return false;
    }
    // The greatest one tells the step to a float32 or two.
    auto step = static_cast<float>(most / level);
    step = std::nextafter(std::nextafter(step, 0.0F), 0.0F);
    for (int i = 0; i < 5; ++i, step = std::nextafter(step, 1e38F)) {
      if (exact_multiples(values, static_cast<double>(step)) * 6 >= values.size() * 5) {
        return true;
      }
    }
  }
  return false;
}

/// Rows that were torn apart hold few numbers of one step: a dozen of those that were taken is looked at, and most must be such.
/// What is zero but for the bits of `mask` says nothing: whatever is written into zeros is a whole number of the smallest steps.
bool is_on_steps(const ElementRun& run, std::uint64_t mask, std::size_t stride, std::size_t first, std::size_t last) {
  constexpr std::size_t k_neighbours = 12;
  constexpr std::size_t k_fewest_that_say = 8;
  constexpr std::uint64_t k_without_sign = 0x7fffffff;
  const auto reach = k_neighbours * stride;
  last = std::min({last, run.count() - 1, first + 64 * reach});
  std::size_t pieces = 0;
  std::size_t on_steps = 0;
  std::vector<float> values;
  for (auto begin = first; begin + reach <= last + stride; begin += reach) {
    values.clear();
    for (std::size_t i = 0; i < k_neighbours; ++i) {
      if ((run.at(begin + i * stride) & ~mask & k_without_sign) != 0) {
        values.push_back(std::fabs(numeric::load_le<float>(run.bytes.data() + (begin + i * stride) * 4)));
      }
    }
    if (values.size() < k_fewest_that_say) {
      continue;
    }
    const bool finite = std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
    std::sort(values.begin(), values.end());
    ++pieces;
    on_steps += finite && are_multiples(values) ? 1U : 0U;
  }
  return on_steps * 2 > pieces;
}

struct Element {
  std::uint64_t rest;
  std::uint64_t field;
  bool inside;
  bool operator<(const Element& other) const { return std::tie(rest, field) < std::tie(other.rest, other.field); }
};

/// Of the elements inside that have others with the same other bits: how many there are, how many of those have the same field, too.
struct Agreement {
  double inside = 0;
  double all = 0;
  double same = 0;
};

Agreement agreement_of(std::vector<Element> elements) {
  std::sort(elements.begin(), elements.end());
  Agreement agreement;
  for (std::size_t first = 0; first < elements.size();) {
    auto last = first;
    std::size_t inside = 0;
    double agreeing = 0;
    for (auto run = first; last < elements.size() && elements[last].rest == elements[first].rest; run = last) {
      std::size_t inside_run = 0;
      for (; last < elements.size() && elements[last].rest == elements[run].rest && elements[last].field == elements[run].field; ++last) {
        inside_run += elements[last].inside ? 1U : 0U;
      }
      inside += inside_run;
      agreeing += static_cast<double>(inside_run * (last - run - 1));
    }
    agreement.inside += static_cast<double>(inside);
    const auto others = static_cast<double>(last - first) - 1;
    if (others > 0) {
      agreement.same += agreeing / others;
      agreement.all += static_cast<double>(inside);
    }
    first = last;
  }
  return agreement;
}

}  // namespace

bool is_on_a_grid(const Carrier& carrier, const Field& field, std::size_t first_found, std::size_t last_found) {
  constexpr double k_enough_alike = 8;
  if (field.bits >= 16 && comes_again(carrier.run(), first_found, last_found)) {
    return true;
  }
  const auto mask = ((std::uint64_t{1} << field.bits) - 1) << field.base;
  if (carrier.fraction == 23 && is_on_steps(carrier.run(), mask, field.stride, first_found, last_found)) {
    return true;
  }
  constexpr std::size_t k_around = 1 << 15;
  const auto part_of = [&carrier](std::size_t element) {
    return *std::find_if(carrier.parts.begin(), carrier.parts.end(), [element](const CarrierPart& part) { return element - part.start < part.count; });
  };
  const auto inner = std::min(last_found, first_found + k_around);
  const auto last_part = part_of(inner);
  const auto begin = std::max(part_of(first_found).start, first_found - std::min(first_found, k_around));
  const auto end = std::min(last_part.start + last_part.count, inner + k_around);
  // Zeros, and what one step below them wraps to, are no grid: what is the same there says nothing.
  const auto magnitude = (std::uint64_t{1} << (carrier.width * 8 - 1)) - 1;
  const auto infinite = magnitude & ~((std::uint64_t{1} << carrier.fraction) - 1);
  const auto says_nothing = [&](std::uint64_t pattern) {
    return carrier.fraction != 0 && ((pattern & ~mask & magnitude) == 0 || (pattern & infinite) == infinite);
  };
  const auto agreement_at = [&](std::size_t stride) {
    std::vector<Element> elements;
    for (auto i = begin; i < end; ++i) {
      const auto pattern = carrier.run().at(i);
      if (says_nothing(pattern)) {
        continue;
      }
      elements.push_back({pattern & ~mask, pattern & mask, i >= first_found && i <= inner && (i - first_found) % stride == 0});
    }
    return agreement_of(std::move(elements));
  };
  auto agreement = agreement_at(field.stride);
  // Few that were taken say little: those between them may be on a grid, where many come again; clamping leaves one in thirty.
  if (field.stride > 1 && agreement.all < k_enough_alike) {
    agreement = agreement_at(1);
    agreement.all = agreement.all * 4 < agreement.inside ? 0 : agreement.all;
  }
  return agreement.all >= k_enough_alike && agreement.same > 0.75 * agreement.all;
}

}  // namespace upinspect::forensics
