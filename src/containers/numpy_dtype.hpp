// SPDX-License-Identifier: Apache-2.0
// Reads what numpy calls a dtype description: the element type of an array, as np.dtype and the npy header spell it.
#pragma once

#include "bytes/python_literal.hpp"
#include "upinspect/artifact.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::containers {

/// A member of a structured type, `offset` bytes from the element's start.
struct NumpyField {
  std::string name;
  std::string title;
  std::string dtype;                  ///< compact description, without the sub-array's dimensions
  std::vector<std::uint64_t> shape;   ///< of a sub-array
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;

  friend bool operator==(const NumpyField&, const NumpyField&) = default;
};

/// An element type. A sub-array type, (2,)f4, is its base type with `inner` dimensions, which follow those of the array.
struct NumpyDtype {
  Dtype dtype = Dtype::other;
  std::string name;                   ///< the description, compact; for objects "object"
  std::uint64_t base_bytes = 0;       ///< of one element of the base type
  std::vector<std::uint64_t> inner;
  std::vector<NumpyField> fields;     ///< of a structured type
  ByteOrder order = ByteOrder::little;
  std::uint8_t character_bytes = 0;   ///< of S, V (1) and U (4), whose width is counted in characters; else 0
  bool structured = false;
  bool objects = false;               ///< holds Python objects: the data are a pickle
  bool plain_void = false;            ///< bytes without a meaning, `V2`
  bool own_order = false;             ///< more than a byte wide, and the byte order is left to the machine that reads
  bool own_width = false;             ///< the width is left to the machine, as of C's long: taken as on 64-bit Linux

  /// Elements of the base type in one of this type, and its bytes.
  [[nodiscard]] std::uint64_t inner_elements() const noexcept;
  [[nodiscard]] std::uint64_t bytes() const noexcept { return base_bytes * inner_elements(); }

  friend bool operator==(const NumpyDtype&, const NumpyDtype&) = default;
};

/// The type that the `descr` of an npy header stands for: text, a (type, shape) tuple or a list of fields.
/// Throws a ParseError, at the offsets of `descr`, for what numpy refuses. Also refused: (type, type) tuples and widths
/// that only fit after they wrap (`S-5`, `V4294967298`), which numpy takes and never writes.
[[nodiscard]] NumpyDtype read_npy_descr(const bytes::PythonValue& descr);

/// The type that np.dtype(text) stands for. `where` is the offset for errors.
[[nodiscard]] NumpyDtype read_numpy_dtype(std::string_view text, std::uint64_t where);

}  // namespace upinspect::containers
