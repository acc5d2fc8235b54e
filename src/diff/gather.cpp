// SPDX-License-Identifier: Apache-2.0
#include "diff/gather.hpp"

#include "numeric/load_any.hpp"

#include <algorithm>

namespace upinspect::diff {
namespace {

/// Steps beyond the first and the last change: eight bytes of a message that happened to be there already.
constexpr std::uint64_t k_extension = 64;

void append(std::vector<std::byte>& out, const std::vector<std::byte>& more) { out.insert(out.end(), more.begin(), more.end()); }

std::uint64_t reach_of(const ChangedTensor& tensor) { return k_extension * std::max<std::uint64_t>(tensor.step, 1); }

void take(Gathered& result, const ChangedTensor& tensor, std::uint64_t begin, std::uint64_t count) {
  append(result.before, tensor.pair.before.read(tensor.pair.old_index, begin * result.width, count * result.width));
  append(result.after, tensor.pair.after.read(tensor.pair.new_index, begin * result.width, count * result.width));
  result.segments.push_back({tensor.pair.new_tensor().name, begin, static_cast<std::size_t>(count)});
}

void flip(Gathered& result) {
  result.flips.resize(result.after.size());
  std::transform(result.before.begin(), result.before.end(), result.after.begin(), result.flips.begin(),
                 [](std::byte a, std::byte b) { return a ^ b; });
  const auto flips = result.flipped();
  for (std::size_t i = 0; i < flips.count(); ++i) {
    result.flipped_bits |= flips.at(i);
  }
}

Gathered empty_for(const ChangedTensor& tensor) {
  Gathered result;
  result.width = numeric::element_format(tensor.pair.new_tensor().dtype).width;
  return result;
}

}  // namespace

Gathered gather(std::span<const ChangedTensor* const> tensors) {
  auto result = empty_for(*tensors.front());
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < tensors.size() && !result.cut_short; ++i) {
    const auto& tensor = *tensors[i];
    // Whole steps from the first change, so that a stride keeps its phase.
    const auto back = std::min(reach_of(tensor), tensor.first / std::max<std::uint64_t>(tensor.step, 1) * std::max<std::uint64_t>(tensor.step, 1));
    const auto begin = i == 0 && tensor.changed != 0 ? tensor.first - back : 0;
    const auto end = i + 1 == tensors.size() && tensor.changed != 0 ? end_of(tensor) : tensor.units;
    const auto count = std::min(end - begin, k_most_elements - total);
    result.cut_short = count < end - begin;
    take(result, tensor, begin, count);
    total += count;
  }
  flip(result);
  return result;
}

Gathered gather_from(const ChangedTensor& tensor, std::uint64_t begin) {
  auto result = empty_for(tensor);
  const auto end = end_of(tensor);
  const auto count = std::min(end - std::min(begin, end), k_most_elements);
  result.cut_short = begin + count < end;
  take(result, tensor, begin, count);
  flip(result);
  return result;
}

std::uint64_t end_of(const ChangedTensor& tensor) { return std::min(tensor.units, tensor.last + 1 + reach_of(tensor)); }

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
