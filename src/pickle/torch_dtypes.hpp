// SPDX-License-Identifier: Apache-2.0
// The element types and storage classes of torch: one table of their names and what we call them.
#pragma once

#include "upinspect/dtype.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace upinspect::pickle {

/// `bytes` is of one storage element. Types that the public table does not have are Dtype::other under torch's name.
struct TorchDtype {
  std::string_view name;     ///< without "torch."
  std::string_view storage;  ///< the storage class, empty where the type lives in untyped storages only
  Dtype dtype;
  std::uint8_t bytes;

  [[nodiscard]] std::string_view shown_name() const { return dtype == Dtype::other ? name : info(dtype).name; }
};

[[nodiscard]] std::span<const TorchDtype> torch_dtypes() noexcept;

/// By name: "float32", or a second name of the same type such as "float" or "half".
[[nodiscard]] const TorchDtype* torch_dtype(std::string_view name) noexcept;

/// By the name of a storage class, whatever its module, as torch itself looks it up.
[[nodiscard]] const TorchDtype* dtype_of_storage(std::string_view class_name) noexcept;

/// True for "UntypedStorage" and "_UntypedStorage", whose sizes are in bytes.
[[nodiscard]] bool is_untyped_storage(std::string_view class_name) noexcept;

/// True for the legacy tensor classes: "FloatTensor", "CharTensor"...
[[nodiscard]] bool is_tensor_class(std::string_view class_name) noexcept;

}  // namespace upinspect::pickle
