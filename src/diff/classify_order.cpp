// SPDX-License-Identifier: Apache-2.0
// Changes that keep the values, or put them on a grid: permutations and requantisation.
#include "diff/classify.hpp"
#include "diff/every_pair.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace upinspect::diff {
namespace {

using numeric::ChangedElement;

/// The finaliser of SplitMix64: a hash of one number. Sums of hashes do not depend on the order.
constexpr std::uint64_t mixed(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

/// Rows and columns beyond this many are not told apart.
constexpr std::uint64_t k_most_lines = 4U << 20U;

/// Hashes of the rows and of the columns of a tensor seen as a matrix whose rows are its first dimension, and of all its values
/// wherever they stand.
struct Lines {
  std::vector<std::uint64_t> rows;
  std::vector<std::uint64_t> columns;
  std::uint64_t values = 0;

  Lines(std::uint64_t row_count, std::uint64_t column_count) : rows(row_count), columns(column_count) {}

  void add(std::uint64_t row, std::uint64_t column, std::uint64_t pattern) {
    values += mixed(pattern);
    if (!rows.empty()) {
      rows[row] += mixed(pattern + mixed(column));
      columns[column] += mixed(pattern + mixed(row));
    }
  }

  void sort() {
    std::sort(rows.begin(), rows.end());
    std::sort(columns.begin(), columns.end());
  }
};

/// "rows", "columns", or "values" where neither moved as a whole; empty where the values are not the same (but for one chance
/// in 2^64).
std::string what_moved(const Case& of) {
  const auto& shape = of.pair.new_tensor().shape;
  const auto total = of.difference.elements;
  const bool lines = shape.size() >= 2 && shape[0] != 0 && total % shape[0] == 0 && shape[0] <= k_most_lines && total / shape[0] <= k_most_lines;
  const auto columns = lines ? total / shape[0] : total;
  Lines before(lines ? shape[0] : 0, lines ? columns : 0);
  Lines after = before;
  std::uint64_t index = 0;
  visit_pairs(of.pair, [&](std::uint64_t old_bits, std::uint64_t new_bits) {
    before.add(index / columns, index % columns, old_bits);
    after.add(index / columns, index % columns, new_bits);
    ++index;
  });
  if (before.values != after.values) {
    return {};
  }
  before.sort();
  after.sort();
  return !lines ? "values" : before.rows == after.rows ? "rows" : before.columns == after.columns ? "columns" : "values";
}

/// Of the elements that are kept, where these are all that differ.
bool known_apart(const numeric::ElementDifference& difference) {
  if (difference.kept.size() != difference.changed) {
    return false;
  }
  std::uint64_t apart = 0;
  for (const auto& element : difference.kept) {
    apart += mixed(element.before) - mixed(element.after);
  }
  return apart != 0;
}

/// How many values there are on one side; one more than `most` where there are more than that.
std::size_t distinct(std::span<const ChangedElement> elements, std::uint64_t ChangedElement::*side, std::size_t most) {
  std::vector<std::uint64_t> values;
  for (const auto& element : elements) {
    const auto place = std::lower_bound(values.begin(), values.end(), element.*side);
    if (place == values.end() || *place != element.*side) {
      if (values.size() == most) {
        return most + 1;
      }
      values.insert(place, element.*side);
    }
  }
  return values.size();
}

/// A stretch that a quantiser gives one scale, and the number of levels that it can have.
struct Grid {
  std::size_t length;
  std::size_t levels;
  const char* name;
};

/// Of the stretches of the grid's length that changed whole or nearly so: do most have few values now and had many before?
bool lies_on(const Grid& grid, std::span<const ChangedElement> kept) {
  std::size_t stretches = 0;
  std::size_t coarse = 0;
  for (std::size_t begin = 0; begin < kept.size() && stretches < 256;) {
    const auto next = (kept[begin].index / grid.length + 1) * grid.length;
    auto end = begin;
    while (end < kept.size() && kept[end].index < next) {
      ++end;
    }
    const auto part = kept.subspan(begin, end - begin);
    begin = end;
    if (part.size() * 2 < grid.length) {
      continue;
    }
    ++stretches;
    const auto now = distinct(part, &ChangedElement::after, grid.levels);
    const auto enough = (now * 3 + 1) / 2;
    coarse += now <= grid.levels && distinct(part, &ChangedElement::before, enough) >= enough ? 1U : 0U;
  }
  return stretches != 0 && coarse * 10 >= stretches * 9 && stretches * grid.length >= 1024;
}

}  // namespace

std::optional<Explanation> explain_permutation(const Case& of) {
  if (of.difference.changed < 2 || of.difference.format.scale == numeric::Scale::opaque || !of.difference.may_be_reordered() || known_apart(of.difference)) {
    return std::nullopt;
  }
  const auto moved = what_moved(of);
  if (moved.empty()) {
    return std::nullopt;
  }
  Explanation explanation;
  explanation.kind = ChangeKind::permuted;
  explanation.why = fmt::format("the {} are the same in another order", moved);
  return explanation;
}

std::optional<Explanation> explain_requantisation(const Case& of) {
  if (of.difference.format.scale != numeric::Scale::floating || of.difference.format.width < 2 || of.difference.changed < 512) {
    return std::nullopt;
  }
  const auto& shape = of.pair.new_tensor().shape;
  const auto row = shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
  const auto kept = std::span(of.difference.kept).first(std::min<std::size_t>(of.difference.kept.size(), 1U << 18U));
  const std::array grids = {Grid{32, 16, "blocks of 32 values"}, Grid{64, 16, "blocks of 64 values"}, Grid{128, 16, "blocks of 128 values"},
                            Grid{row, row / 2 < 256 ? row / 2 : 256, "each row"}, Grid{static_cast<std::size_t>(of.difference.elements), 256, "the tensor"}};
  for (const auto& grid : grids) {
    if (grid.length >= 32 && lies_on(grid, kept)) {
      Explanation explanation;
      explanation.kind = ChangeKind::requantised;
      explanation.why = fmt::format("the new values lie on a grid of at most {} levels for {}, the old ones did not", grid.levels, grid.name);
      return explanation;
    }
  }
  return std::nullopt;
}

}  // namespace upinspect::diff
