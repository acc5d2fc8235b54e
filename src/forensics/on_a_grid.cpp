// SPDX-License-Identifier: Apache-2.0
#include "forensics/on_a_grid.hpp"

#include <algorithm>
#include <cstdint>
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

struct Element {
  std::uint64_t rest;
  std::uint64_t field;
  bool inside;
  bool operator<(const Element& other) const { return std::tie(rest, field) < std::tie(other.rest, other.field); }
};

/// Of the elements inside that have others with the same other bits: how many there are, and how many of those have the same field, too.
struct Agreement {
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
  constexpr std::size_t k_around = 1 << 15;
  const auto part_of = [&carrier](std::size_t element) {
    return *std::find_if(carrier.parts.begin(), carrier.parts.end(), [element](const CarrierPart& part) { return element - part.start < part.count; });
  };
  const auto inner = std::min(last_found, first_found + k_around);
  const auto last_part = part_of(inner);
  const auto begin = std::max(part_of(first_found).start, first_found - std::min(first_found, k_around));
  const auto end = std::min(last_part.start + last_part.count, inner + k_around);
  const auto mask = ((std::uint64_t{1} << field.bits) - 1) << field.base;
  const auto agreement_at = [&](std::size_t stride) {
    std::vector<Element> elements;
    for (auto i = begin; i < end; ++i) {
      const auto pattern = carrier.run().at(i);
      elements.push_back({pattern & ~mask, pattern & mask, i >= first_found && i <= inner && (i - first_found) % stride == 0});
    }
    return agreement_of(std::move(elements));
  };
  auto agreement = agreement_at(field.stride);
  // Few that were taken say little: those between them may be on a grid.
  if (field.stride > 1 && agreement.all < k_enough_alike) {
    agreement = agreement_at(1);
  }
  return agreement.all >= k_enough_alike && agreement.same > 0.75 * agreement.all;
}

}  // namespace upinspect::forensics
