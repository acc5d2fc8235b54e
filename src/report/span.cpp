// SPDX-License-Identifier: Apache-2.0
#include "report/span.hpp"

#include <optional>

namespace upinspect::report {
namespace {

/// Elements between which a view moves, counted from its first one: `before` is not 0 only for negative strides.
struct Reach {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
};

[[nodiscard]] bool add_steps(std::uint64_t& reach, std::uint64_t steps, std::uint64_t stride) noexcept {
  std::uint64_t distance = 0;
  return !__builtin_mul_overflow(steps, stride, &distance) && !__builtin_add_overflow(reach, distance, &reach);
}

/// Nothing where the strides do not fit the shape or the numbers do not fit 64 bits.
[[nodiscard]] std::optional<Reach> reach_of(const Tensor& tensor) noexcept {
  const auto& strides = tensor.location.strides;
  if (strides.empty()) {
    return Reach{0, tensor.elements - 1};
  }
  if (strides.size() != tensor.shape.size()) {
    return std::nullopt;
  }
  Reach reach;
  for (std::size_t i = 0; i < strides.size(); ++i) {
    const auto steps = tensor.shape[i] - 1;
    const auto size = strides[i] < 0 ? 0 - static_cast<std::uint64_t>(strides[i]) : static_cast<std::uint64_t>(strides[i]);
    if (!add_steps(strides[i] < 0 ? reach.before : reach.after, steps, size)) {
      return std::nullopt;
    }
  }
  return reach;
}

/// The view in elements of its storage, as a range of bytes in the file.
[[nodiscard]] std::optional<ByteRange> view_range(const Tensor& tensor, const Reach& reach) noexcept {
  const auto& location = tensor.location;
  const auto item = tensor.bytes / tensor.elements;
  std::uint64_t count = 0;
  ByteRange range;
  if (reach.before > location.storage_offset || __builtin_add_overflow(reach.before, reach.after, &count) ||
      __builtin_add_overflow(count, 1, &count) || __builtin_mul_overflow(count, item, &range.length) ||
      __builtin_mul_overflow(location.storage_offset - reach.before, item, &range.offset)) {
    return std::nullopt;
  }
  if (range.length > location.packed.length || range.offset > location.packed.length - range.length ||
      __builtin_add_overflow(range.offset, location.packed.offset, &range.offset)) {
    return std::nullopt;
  }
  return range;
}

}  // namespace

ByteRange element_span(const Tensor& tensor) noexcept {
  const auto& packed = tensor.location.packed;
  if (tensor.location.packing != Packing::stored) {
    return packed;
  }
  if (tensor.elements == 0) {
    return {packed.offset, 0};
  }
  if (tensor.bytes % tensor.elements != 0) {  // Blocks and packed sub-byte types are never strided.
    return tensor.bytes <= packed.length ? ByteRange{packed.offset, tensor.bytes} : packed;
  }
  const auto reach = reach_of(tensor);
  const auto range = reach ? view_range(tensor, *reach) : std::nullopt;
  return range.value_or(packed);
}

}  // namespace upinspect::report
