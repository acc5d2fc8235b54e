// SPDX-License-Identifier: Apache-2.0
// The two type tables of GGUF: ggml's tensor types by their number, and the types of metadata values.
#pragma once

#include "upinspect/dtype.hpp"

#include <cstdint>
#include <string_view>

namespace upinspect::formats::gguf {

/// A ggml tensor type. Elements lie in blocks of `block_elements`, each of `block_bytes`; a removed type has 0 of both.
struct TensorType {
  std::string_view name;  ///< as ggml spells it
  Dtype dtype;            ///< Dtype::other where only ggml names it
  std::uint16_t block_elements;
  std::uint16_t block_bytes;
};

/// One past the largest type number that ggml knows.
inline constexpr std::int32_t k_tensor_types = 43;

/// The type of that number; nullptr outside of [0, k_tensor_types).
[[nodiscard]] const TensorType* tensor_type(std::int32_t number) noexcept;

enum class ValueType : std::int32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

inline constexpr std::int32_t k_value_types = 13;

/// The name and the fewest bytes that a value takes; 0 bytes for an array.
struct ValueTypeInfo {
  std::string_view name;
  std::uint8_t fewest_bytes;
};

/// `type` must be one of the enumerators.
[[nodiscard]] const ValueTypeInfo& info(ValueType type) noexcept;

}  // namespace upinspect::formats::gguf
