// SPDX-License-Identifier: Apache-2.0
// Turns fields of elements into a stream of bits, and bits into bytes, in all the ways that hiding tools know.
#pragma once

#include "upinspect/payload.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace upinspect::forensics {

/// Little-endian elements side by side in memory, of 1, 2, 4 or 8 bytes.
struct ElementRun {
  std::span<const std::byte> bytes;
  unsigned width = 4;

  [[nodiscard]] std::size_t count() const noexcept { return bytes.size() / width; }
  [[nodiscard]] std::uint64_t at(std::size_t index) const noexcept;
};

/// A field of each `stride`-th element.
struct Field {
  unsigned bits = 1;       ///< 1 to 32
  unsigned base = 0;
  BitOrder field_order = BitOrder::msb;
  BitOrder byte_order = BitOrder::msb;
  std::size_t stride = 1;
  std::size_t phase = 0;   ///< index of the first element
  bool reversed = false;   ///< the last such element comes first

  friend bool operator==(const Field&, const Field&) = default;
};

/// How many elements the field takes from a run of `count`.
[[nodiscard]] std::size_t elements_of(const Field& field, std::size_t count) noexcept;

/// The index in the run of the element that gives the `ordinal`-th group of bits.
[[nodiscard]] std::size_t element_at(const Field& field, std::size_t count, std::size_t ordinal) noexcept;

/// All bits of the field; the last byte is filled up with zeros.
[[nodiscard]] std::vector<std::byte> read_field(const ElementRun& run, const Field& field);

/// The stream without its first `shift` bits, 0 to 7, in whole bytes.
[[nodiscard]] std::vector<std::byte> shifted(std::span<const std::byte> stream, BitOrder order, unsigned shift);

/// Each seven bits of the stream from `shift` on as one byte: text of tools that save the eighth bit.
[[nodiscard]] std::vector<std::byte> sevens(std::span<const std::byte> stream, BitOrder order, unsigned shift);

}  // namespace upinspect::forensics
