// SPDX-License-Identifier: Apache-2.0
// Paths in lists that are taken for hostile.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace upinspect::integrity {

/// Why `path` cannot lead to a file in `folder` (which is words for it); empty where it can.
[[nodiscard]] inline std::string fault_of_path(std::string_view path, const std::string& folder) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) {
    return "is no path from " + folder;
  }
  for (std::size_t start = 0; start <= path.size();) {
    const auto end = std::min(path.find('/', start), path.size());
    const auto part = path.substr(start, end - start);
    if (part == "..") {
      return "leads out of " + folder;
    }
    if (part.empty() || part == ".") {
      return "is not written in its shortest form";
    }
    start = end + 1;
  }
  return {};
}

}  // namespace upinspect::integrity
