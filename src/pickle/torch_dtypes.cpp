// SPDX-License-Identifier: Apache-2.0
#include "pickle/torch_dtypes.hpp"

#include <algorithm>

namespace upinspect::pickle {

namespace {

constexpr TorchDtype k_dtypes[] = {
    {"uint8", "ByteStorage", Dtype::u8, 1},
    {"int8", "CharStorage", Dtype::i8, 1},
    {"int16", "ShortStorage", Dtype::i16, 2},
    {"int32", "IntStorage", Dtype::i32, 4},
    {"int64", "LongStorage", Dtype::i64, 8},
    {"float16", "HalfStorage", Dtype::f16, 2},
    {"float32", "FloatStorage", Dtype::f32, 4},
    {"float64", "DoubleStorage", Dtype::f64, 8},
    {"complex32", "", Dtype::c32, 4},
    {"complex64", "ComplexFloatStorage", Dtype::c64, 8},
    {"complex128", "ComplexDoubleStorage", Dtype::c128, 16},
    {"bool", "BoolStorage", Dtype::boolean, 1},
    {"qint8", "QInt8Storage", Dtype::qint8, 1},
    {"quint8", "QUInt8Storage", Dtype::quint8, 1},
    {"qint32", "QInt32Storage", Dtype::qint32, 4},
    {"bfloat16", "BFloat16Storage", Dtype::bf16, 2},
    {"quint4x2", "QUInt4x2Storage", Dtype::quint4x2, 1},
    {"quint2x4", "QUInt2x4Storage", Dtype::quint2x4, 1},
    {"bits1x8", "", Dtype::other, 1},
    {"bits2x4", "", Dtype::other, 1},
    {"bits4x2", "", Dtype::other, 1},
    {"bits8", "", Dtype::other, 1},
    {"bits16", "", Dtype::other, 2},
    {"float8_e5m2", "", Dtype::f8_e5m2, 1},
    {"float8_e4m3fn", "", Dtype::f8_e4m3, 1},
    {"float8_e5m2fnuz", "", Dtype::f8_e5m2fnuz, 1},
    {"float8_e4m3fnuz", "", Dtype::f8_e4m3fnuz, 1},
    {"uint16", "", Dtype::u16, 2},
    {"uint32", "", Dtype::u32, 4},
    {"uint64", "", Dtype::u64, 8},
    {"uint1", "", Dtype::other, 1},
    {"uint2", "", Dtype::other, 1},
    {"uint3", "", Dtype::other, 1},
    {"uint4", "", Dtype::other, 1},
    {"uint5", "", Dtype::other, 1},
    {"uint6", "", Dtype::other, 1},
    {"uint7", "", Dtype::other, 1},
    {"int1", "", Dtype::other, 1},
    {"int2", "", Dtype::other, 1},
    {"int3", "", Dtype::other, 1},
    {"int4", "", Dtype::other, 1},
    {"int5", "", Dtype::other, 1},
    {"int6", "", Dtype::other, 1},
    {"int7", "", Dtype::other, 1},
    {"float8_e8m0fnu", "", Dtype::f8_e8m0, 1},
    // Two values to a byte, but torch's shapes count the bytes: not the f4 of other formats.
    {"float4_e2m1fn_x2", "", Dtype::other, 1},
};

struct SecondName {
  std::string_view name;
  std::string_view meaning;
};

constexpr SecondName k_second_names[] = {
    {"float", "float32"}, {"double", "float64"}, {"half", "float16"},   {"long", "int64"},       {"int", "int32"},
    {"short", "int16"},   {"chalf", "complex32"}, {"cfloat", "complex64"}, {"cdouble", "complex128"},
};

const TorchDtype* exact(std::string_view name) noexcept {
  const auto* const found = std::find_if(std::begin(k_dtypes), std::end(k_dtypes),
                                         [name](const TorchDtype& row) { return row.name == name; });
  return found == std::end(k_dtypes) ? nullptr : found;
}

}  // namespace

std::span<const TorchDtype> torch_dtypes() noexcept { return k_dtypes; }

const TorchDtype* torch_dtype(std::string_view name) noexcept {
  for (const auto& second : k_second_names) {
    if (second.name == name) {
      return exact(second.meaning);
    }
  }
  return exact(name);
}

const TorchDtype* dtype_of_storage(std::string_view class_name) noexcept {
  const auto* const found = std::find_if(std::begin(k_dtypes), std::end(k_dtypes), [class_name](const TorchDtype& row) {
    return !row.storage.empty() && row.storage == class_name;
  });
  return found == std::end(k_dtypes) ? nullptr : found;
}

bool is_untyped_storage(std::string_view class_name) noexcept {
  return class_name == "UntypedStorage" || class_name == "_UntypedStorage";
}

bool is_tensor_class(std::string_view class_name) noexcept {
  constexpr std::string_view k_ending = "Tensor";
  if (!class_name.ends_with(k_ending)) {
    return false;
  }
  const auto stem = class_name.substr(0, class_name.size() - k_ending.size());
  return stem.empty() || dtype_of_storage(std::string(stem) + "Storage") != nullptr;
}

}  // namespace upinspect::pickle
