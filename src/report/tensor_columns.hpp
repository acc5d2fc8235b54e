// SPDX-License-Identifier: Apache-2.0
// Which columns a table of tensors has, and what stands in them.
#pragma once

#include "report/table.hpp"
#include "upinspect/artifact.hpp"

#include <span>
#include <vector>

namespace upinspect::report {

/// How much a table tells, from the most to the least. NaN and infinities have a column at every level where any are.
enum class TableLevel : std::uint8_t {
  everything,  ///< with L2 norm, place and digest
  planes,      ///< entropy for each byte of an element
  standard,    ///< one figure for entropy
  no_entropy,
  range,       ///< dtype, shape, smallest and largest
  bare,        ///< dtype and shape
};

enum class Spacing : std::uint8_t { wide, tight };

/// The columns right of the name, with a cell for each of `rows`. Which of the columns that are only there where they
/// have something to tell (NaN, infinities, subnormals, zeros, origin) exist is decided over `all`, so that none hides in
/// a row that is not shown.
[[nodiscard]] std::vector<Column> tensor_columns(const std::vector<Tensor>& all, std::span<const Tensor* const> rows,
                                                 TableLevel level, Spacing spacing, const TextStyle& style);

}  // namespace upinspect::report
