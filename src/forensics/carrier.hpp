// SPDX-License-Identifier: Apache-2.0
// Elements of one type out of many tensors, side by side in memory, and the orders in which a tool may have walked through them.
#pragma once

#include "forensics/bit_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace upinspect::forensics {

/// A stretch of a tensor within a carrier.
struct CarrierPart {
  std::string tensor;
  std::uint64_t first = 0;      ///< its first element, in the tensor
  std::size_t start = 0;        ///< the same in the carrier
  std::size_t count = 0;
  std::size_t listed = 0;       ///< place of the tensor in the file's listing
  bool flat = false;            ///< of one dimension or none: some tools pass these over
};

struct Carrier {
  std::vector<std::byte> bytes;
  unsigned width = 4;
  unsigned fraction = 0;               ///< bits that hold a fraction; 0 for what is no floating type
  std::vector<CarrierPart> parts;      ///< as they lie in the file

  [[nodiscard]] ElementRun run() const noexcept { return {bytes, width}; }
};

/// The parts of a carrier one after another in some order, as if they were one tensor.
class Walk {
 public:
  Walk(const Carrier& carrier, std::vector<std::size_t> order);

  [[nodiscard]] std::size_t count() const noexcept { return m_count; }
  [[nodiscard]] const Carrier& carrier() const noexcept { return m_carrier; }
  [[nodiscard]] const std::vector<std::size_t>& order() const noexcept { return m_order; }

  /// Where the `index`-th element of the walk lies: the place in `order` and the element of that part.
  struct Place {
    std::size_t step = 0;
    std::size_t element = 0;
  };
  [[nodiscard]] Place place(std::size_t index) const;
  [[nodiscard]] const CarrierPart& part(const Place& place) const { return m_carrier.parts[m_order[place.step]]; }

  /// The index in this walk of an element of the carrier; count() where the walk passes it over.
  [[nodiscard]] std::size_t index_of(std::size_t carrier_element) const;

  /// At most `characters` characters of the field's stream from its bit `from` on.
  [[nodiscard]] std::vector<std::byte> read(const Field& field, unsigned character_bits, std::uint64_t from, std::uint64_t characters) const;

 private:
  const Carrier& m_carrier;
  std::vector<std::size_t> m_order;
  std::vector<std::size_t> m_starts;   ///< of each step, in the walk
  std::size_t m_count = 0;
};

/// As the parts lie in the file, as they are listed, by name; each from the last tensor to the first; and the listed and
/// named ones without flat tensors. Orders that are the same come once, that of the file first.
[[nodiscard]] std::vector<Walk> walks_of(const Carrier& carrier);

}  // namespace upinspect::forensics
