// SPDX-License-Identifier: Apache-2.0
// Finds paths of somebody's machine in text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace upinspect::analysis {

struct LocalPath {
  std::string path;     ///< single backslashes, as the system writes it
  std::string user;     ///< whose home it is in; empty where it is in none
  std::size_t end = 0;  ///< in the text, behind it
};

/// The first path at or after `from`: a drive (C:\…), a network share (\\server\…), a folder under /home, /Users, /mnt and
/// their like, or a text that is nothing but an absolute path. Backslashes may be doubled, as JSON has them.
[[nodiscard]] std::optional<LocalPath> find_local_path(std::string_view text, std::size_t from);

}  // namespace upinspect::analysis
