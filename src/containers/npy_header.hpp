// SPDX-License-Identifier: Apache-2.0
// Reads the header of an npy stream, and works out the array that follows it: one file, or one member of an npz archive.
#pragma once

#include "bytes/cursor.hpp"
#include "containers/numpy_dtype.hpp"
#include "upinspect/artifact.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::containers {

inline constexpr std::string_view k_npy_magic = "\x93NUMPY";

/// numpy refuses longer headers; they are read all the same, up to the second figure.
inline constexpr std::uint64_t k_npy_header_characters = 10'000;
inline constexpr std::uint64_t k_npy_header_bytes = std::uint64_t{1} << 20;

/// Bytes from the start of the stream to the data, at most.
inline constexpr std::uint64_t k_npy_most_head = k_npy_header_bytes + 12;

/// What the header says. Offsets are the cursor's.
struct NpyHeader {
  unsigned major = 0;
  unsigned minor = 0;
  NumpyDtype dtype;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;     ///< as written: a dimension may be negative
  std::uint64_t shape_offset = 0;
  std::uint64_t data_start = 0;
};

/// Reads up to the first byte of data and adds to `findings`, whose offsets are the cursor's. Throws a ParseError where
/// numpy refuses the header, for its length apart.
[[nodiscard]] NpyHeader read_npy_header(bytes::Cursor& in, std::vector<Finding>& findings);

/// np.load takes a file and a member of an archive by different ways, which treat negative dimensions differently.
enum class NpyStream : std::uint8_t { file, member };

/// The array behind a header. `tensor` has dtype, shape, strides, byte order and size, but no name and no place;
/// `unread` is set for objects.
struct NpyArray {
  Tensor tensor;
  std::uint64_t wanted = 0;  ///< bytes of data; for objects all that there are
  std::uint64_t there = 0;   ///< of these, how many there are
  bool objects = false;      ///< the data are a pickle
  std::vector<Finding> findings;
};

/// Lays the array out over the `available` bytes behind the header. Throws a ParseError for shapes that numpy refuses;
/// missing data is a finding.
[[nodiscard]] NpyArray lay_out_npy(const NpyHeader& header, std::uint64_t available, NpyStream stream);

}  // namespace upinspect::containers
