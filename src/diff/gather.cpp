// SPDX-License-Identifier: Apache-2.0
#include "diff/gather.hpp"

#include "numeric/load_any.hpp"

#include <algorithm>

namespace upinspect::diff {
namespace {

/// Steps beyond the first and the last change: eight bytes of a message that happened to be there already.
constexpr std::uint64_t k_extension = 64;

/// Elements that are searched at once.
constexpr std::uint64_t k_most_elements = 8U << 20U;

void append(std::vector<std::byte>& out, const std::vector<std::byte>& more) { out.insert(out.end(), more.begin(), more.end()); }

}  // namespace

Gathered gather(std::span<const ChangedTensor* const> tensors) {
  Gathered result;
  result.width = numeric::element_format(tensors.front()->pair.new_tensor().dtype).width;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < tensors.size() && !result.cut_short; ++i) {
    const auto& tensor = *tensors[i];
    const auto reach = k_extension * std::max<std::uint64_t>(tensor.step, 1);
    // Whole steps from the first change, so that a stride keeps its phase.
    const auto back = std::min(reach, tensor.first / std::max<std::uint64_t>(tensor.step, 1) * std::max<std::uint64_t>(tensor.step, 1));
    const auto begin = i == 0 && tensor.changed != 0 ? tensor.first - back : 0;
    const auto end = i + 1 == tensors.size() && tensor.changed != 0 ? std::min(tensor.units, tensor.last + 1 + reach) : tensor.units;
    const auto count = std::min(end - begin, k_most_elements - total);
    result.cut_short = count < end - begin;
    append(result.before, tensor.pair.before.read(tensor.pair.old_index, begin * result.width, count * result.width));
    append(result.after, tensor.pair.after.read(tensor.pair.new_index, begin * result.width, count * result.width));
    result.segments.push_back({tensor.pair.new_tensor().name, begin, static_cast<std::size_t>(count)});
    total += count;
  }
  result.flips.resize(result.after.size());
  std::transform(result.before.begin(), result.before.end(), result.after.begin(), result.flips.begin(),
                 [](std::byte a, std::byte b) { return a ^ b; });
  return result;
}

std::vector<std::byte> change_flags(const Gathered& gathered, std::size_t step) {
  std::vector<std::byte> flags;
  const auto run = gathered.flipped();
  for (std::size_t i = 0; i < run.count(); i += step) {
    flags.push_back(run.at(i) != 0 ? std::byte{1} : std::byte{0});
  }
  return flags;
}

OnlyChanged only_changed(const Gathered& gathered, const numeric::ElementFormat& format) {
  OnlyChanged result;
  const auto width = gathered.width;
  for (std::size_t i = 0; i < gathered.after.size() / width; ++i) {
    const auto before = numeric::pattern_at(gathered.before, i, width);
    const auto after = numeric::pattern_at(gathered.after, i, width);
    if (before != after) {
      const auto at = gathered.after.begin() + static_cast<std::ptrdiff_t>(i * width);
      result.elements.insert(result.elements.end(), at, at + width);
      result.places.push_back(i);
      result.rises.push_back(format.ordered(after) > format.ordered(before) ? std::byte{1} : std::byte{0});
      result.grows.push_back(after > before ? std::byte{1} : std::byte{0});
    }
  }
  return result;
}

}  // namespace upinspect::diff
