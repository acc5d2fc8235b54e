// SPDX-License-Identifier: Apache-2.0
// The low bits of numbers that are all different, so that what comes again there does so by itself.
#pragma once

#include "forensics/carrier.hpp"
#include "forensics/little.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace upinspect::forensics {

class DistinctStream {
 public:
  /// The lowest `bits` bits, at most 56, of the elements of the carrier's `parts` (indices, in order), the first one highest. Elements whose fraction was
  /// there before are passed over: tied and negated rows, doubles and halves. So are zeros but one. Bytes begin where those of the whole carrier do, whatever is
  /// left out, since codes are read from the lowest bit of a byte on. Nothing where there would be more than `most` bytes.
  DistinctStream(const Carrier& carrier, std::span<const std::size_t> parts, unsigned bits, std::size_t most);

  [[nodiscard]] Bytes bytes() const noexcept { return m_bytes; }

  /// The element of the carrier that holds the first bit of a byte.
  [[nodiscard]] std::size_t element_of(std::size_t byte) const { return m_places[byte] * 8 / m_bits; }

 private:
  [[nodiscard]] bool is_new(std::uint64_t fraction);
  void add(std::uint64_t pattern, std::size_t element);

  unsigned m_bits;
  std::vector<bool> m_seen;
  std::vector<std::byte> m_bytes;
  std::vector<std::size_t> m_places;   ///< of each byte among those of the whole carrier
  std::size_t m_next = 0;              ///< the element behind the last one that was taken
  unsigned m_passed = 0;               ///< bits that go by until a byte begins
  std::uint64_t m_held = 0;
  unsigned m_waiting = 0;
};

}  // namespace upinspect::forensics
