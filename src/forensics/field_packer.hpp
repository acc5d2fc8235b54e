// SPDX-License-Identifier: Apache-2.0
// Packs a field of very many elements into bytes, fast and piece by piece: what a search over a whole file rests on.
#pragma once

#include "forensics/bit_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace upinspect::forensics {

/// The stream of read_field (bit_stream.hpp) in pieces.
class FieldPacker {
 public:
  FieldPacker(const ElementRun& run, const Field& field);

  /// Elements that have not been packed.
  [[nodiscard]] std::size_t left() const noexcept { return m_total - m_done; }

  /// Appends the bits of the next `elements` elements, at most as many as are left, to `bytes`; after the last one the
  /// last byte is filled up with zeros.
  void pack(std::size_t elements, std::vector<std::byte>& bytes);

 private:
  template <typename Word>
  void pack_words(std::size_t elements, std::vector<std::byte>& bytes);
  std::size_t pack_groups(std::size_t elements, std::vector<std::byte>& bytes);

  ElementRun m_run;
  Field m_field;
  std::size_t m_total;
  std::size_t m_done = 0;
  std::uint64_t m_held = 0;
  unsigned m_count = 0;
};

/// At most `characters` characters of the field's stream from its bit `from` on. Bits that fill the last byte up are none.
[[nodiscard]] std::vector<std::byte> read_characters(const ElementRun& run, const Field& field, unsigned character_bits, std::uint64_t from,
                                                     std::uint64_t characters);

}  // namespace upinspect::forensics
