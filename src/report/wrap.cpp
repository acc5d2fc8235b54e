// SPDX-License-Identifier: Apache-2.0
#include "report/wrap.hpp"

#include "report/utf8.hpp"
#include "report/width.hpp"

#include <algorithm>

namespace upinspect::report {
namespace {

/// What of `text` goes on a line of `columns`: never nothing, so that a narrow line still moves on.
[[nodiscard]] std::string_view line_of(std::string_view text, std::size_t columns, bool may_be_empty) {
  auto line = fit_front(text, columns);
  if (line.size() == text.size()) {
    return line;
  }
  if (text[line.size()] != ' ') {
    const auto space = line.rfind(' ');
    if (space != std::string_view::npos && space != 0) {
      return line.substr(0, space);
    }
    if (may_be_empty) {
      return {};
    }
  }
  return line.empty() ? text.substr(0, decode(text, 0).length) : line;
}

void drop_spaces(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

}  // namespace

std::vector<std::string> wrap(std::string_view text, std::size_t columns, std::size_t first_columns) {
  std::vector<std::string> lines;
  auto room = first_columns;
  do {
    const auto line = line_of(text, room, room < columns);
    lines.emplace_back(line.substr(0, line.find_last_not_of(' ') + 1));
    text.remove_prefix(line.size());
    drop_spaces(text);
    room = columns;
  } while (!text.empty());
  return lines;
}

}  // namespace upinspect::report
