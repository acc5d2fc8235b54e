// SPDX-License-Identifier: Apache-2.0
// Names in a message: all of a few, the first of many and how many more.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace upinspect::convert {

/// "module a", "modules a, b, c", "modules a, b, … and 12 more"; a name that is empty shows as "(no name)".
[[nodiscard]] inline std::string listing(std::string_view noun, const std::vector<std::string>& names, std::size_t most = 6) {
  std::string text(noun);
  text += names.size() == 1 ? " " : "s ";
  for (std::size_t i = 0; i < names.size() && i < most; ++i) {
    text += (i == 0 ? "" : ", ") + (names[i].empty() ? std::string("(no name)") : names[i]);
  }
  return names.size() > most ? text + " and " + std::to_string(names.size() - most) + " more" : text;
}

}  // namespace upinspect::convert
