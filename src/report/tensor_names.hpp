// SPDX-License-Identifier: Apache-2.0
// The names in a table of tensors: long, much alike, and not to be mistaken for one another.
#pragma once

#include "report/table.hpp"
#include "upinspect/artifact.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::report {

enum class NameStyle : std::uint8_t {
  whole,
  core,        ///< without what all of them begin and end with
  cut,         ///< the core with its middle left out
  short_only,  ///< whole, where all are so short that a line of their own would be a waste
  own_line,    ///< whole, above the figures
};

class TensorNames {
 public:
  TensorNames(std::span<const Tensor* const> rows, const TextStyle& style);

  /// Names of something else, under a header of their own; they have passed the escaper.
  TensorNames(std::vector<std::string> names, std::string_view header, const TextStyle& style);

  /// The column, at most `room` wide. Nothing where the style does not work: too wide, no common ends to leave
  /// out, or cut names that could be mistaken for each other.
  [[nodiscard]] std::optional<Column> column(NameStyle names, std::size_t room) const;

  /// "names begin with base_model. and end with .weight": what the core leaves out; empty where that is nothing.
  [[nodiscard]] std::string common_line(std::size_t indent) const;

  /// The whole name, in as many lines as it takes.
  [[nodiscard]] std::string lines(std::size_t row, std::size_t indent) const;

 private:
  void find_core();
  [[nodiscard]] bool has_core() const noexcept { return m_prefix + m_suffix != 0; }
  [[nodiscard]] std::string core(std::size_t row) const;
  [[nodiscard]] std::size_t width_of(NameStyle names) const;

  const TextStyle* m_style;
  std::string m_header;
  std::vector<std::string> m_names;
  std::size_t m_whole_width = 0;
  std::size_t m_core_width = 0;
  std::size_t m_prefix = 0;
  std::size_t m_suffix = 0;
};

}  // namespace upinspect::report
