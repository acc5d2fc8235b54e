// SPDX-License-Identifier: Apache-2.0
// npy = "\x93NUMPY" major minor | u16le length (u32le in 2.0) | dictionary, spaces, newline | elements, C order
#include "convert/npy_writer.hpp"

#include "bytes/checked.hpp"
#include "convert/refusal.hpp"

#include <algorithm>
#include <array>

namespace upinspect::convert {

namespace {

constexpr std::size_t k_npy_alignment = 64;
constexpr std::size_t k_growth_digits = 21;
constexpr std::size_t k_magic_and_version = 8;
constexpr std::size_t k_most_dimensions = 32;

struct NpyType {
  Dtype dtype;
  std::string_view descr;
};

constexpr std::array k_npy_types{
    NpyType{Dtype::f64, "<f8"}, NpyType{Dtype::f32, "<f4"}, NpyType{Dtype::f16, "<f2"}, NpyType{Dtype::i64, "<i8"},
    NpyType{Dtype::i32, "<i4"}, NpyType{Dtype::i16, "<i2"}, NpyType{Dtype::i8, "|i1"},  NpyType{Dtype::u64, "<u8"},
    NpyType{Dtype::u32, "<u4"}, NpyType{Dtype::u16, "<u2"}, NpyType{Dtype::u8, "|u1"},  NpyType{Dtype::boolean, "|b1"},
    NpyType{Dtype::c128, "<c16"}, NpyType{Dtype::c64, "<c8"},
};

/// As Python writes a tuple: "()", "(3,)", "(3, 4)".
std::string tuple_text(const std::vector<std::uint64_t>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::string little_endian(std::uint64_t value, unsigned bytes) {
  std::string text;
  for (unsigned i = 0; i < bytes; ++i) {
    text += static_cast<char>((value >> (8 * i)) & 0xff);
  }
  return text;
}

}  // namespace

std::optional<std::string_view> numpy_descr(Dtype dtype) noexcept {
  const auto found = std::find_if(k_npy_types.begin(), k_npy_types.end(), [dtype](const NpyType& row) { return row.dtype == dtype; });
  return found == k_npy_types.end() ? std::nullopt : std::optional(found->descr);
}

std::string npy_header(const Outgoing& tensor) {
  const auto descr = numpy_descr(tensor.dtype);
  if (!descr) {
    throw Refusal("\"" + tensor.name + "\" is " + std::string(info(tensor.dtype).name) +
                  ", which numpy does not have; --dtype f32 writes its values exactly where they fit");
  }
  if (tensor.shape.size() > k_most_dimensions) {
    throw Refusal("\"" + tensor.name + "\" has " + std::to_string(tensor.shape.size()) + " dimensions; numpy allows 32");
  }
  std::string text = "{'descr': '" + std::string(*descr) + "', 'fortran_order': False, 'shape': " + tuple_text(tensor.shape) + ", }";
  if (!tensor.shape.empty()) {
    const auto digits = std::to_string(tensor.shape.front()).size();
    text.append(k_growth_digits - std::min(digits, k_growth_digits), ' ');
  }
  // numpy adds a whole 64 bytes where the header would fit without a space; the newline is part of the header. 32
  // dimensions cannot fill the 65535 bytes of version 1.
  constexpr std::size_t k_length_bytes = 2;
  const auto used = k_magic_and_version + k_length_bytes + text.size() + 1;
  text.append(k_npy_alignment - used % k_npy_alignment, ' ');
  text += '\n';
  return std::string("\x93NUMPY\x01\x00", k_magic_and_version) + little_endian(text.size(), k_length_bytes) + text;
}

void write_npy(NewFile& file, const Outgoing& tensor, const Tick& tick) {
  const auto header = npy_header(tensor);
  file.write(header);
  tensor.produce([&](std::span<const std::byte> piece) {
    file.write(piece);
    if (tick) {
      tick(file.written() - header.size());
    }
  });
  const auto elements = bytes::checked_product(tensor.shape);
  const auto wanted = elements ? bytes::checked_mul(*elements, info(tensor.dtype).block_bytes) : std::nullopt;
  if (!wanted || file.written() - header.size() != *wanted) {
    throw Refusal("\"" + tensor.name + "\" did not give the bytes that its shape calls for");
  }
}

}  // namespace upinspect::convert
