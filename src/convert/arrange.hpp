// SPDX-License-Identifier: Apache-2.0
// Matrices rearranged bit for bit: transposed, stacked, and spread over a larger one with zeros between.
#pragma once

#include "convert/outgoing.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace upinspect::convert {

/// Of two dimensions, of a dtype whose elements are whole bytes. Holds the matrix while it is produced.
[[nodiscard]] Outgoing transposed(Outgoing matrix);

/// Row i of the outcome is row `from[i]`; there are as many as before. Blocks of ggml's types stay whole: rows are made of
/// whole blocks. Holds the matrix while it is produced.
[[nodiscard]] Outgoing with_rows(Outgoing matrix, std::vector<std::size_t> from);

/// One below the other; they share a dtype (else Refusal) and all dimensions but the first.
[[nodiscard]] Outgoing stacked(std::vector<Outgoing> parts);

/// The upper left corner of a block in a larger matrix, in elements.
struct BlockPlace {
  std::uint64_t row = 0;
  std::uint64_t column = 0;
};

/// A matrix of `shape` (two dimensions), zero but for blocks: block i is the next `rows_each` rows of the parts taken one
/// after another, or all of part i where `rows_each` is 0, and stands at places[i]. Blocks go downwards and do not
/// overlap in rows.
[[nodiscard]] Outgoing spread(std::vector<Outgoing> parts, std::uint64_t rows_each, std::vector<BlockPlace> places,
                              std::vector<std::uint64_t> shape);

}  // namespace upinspect::convert
