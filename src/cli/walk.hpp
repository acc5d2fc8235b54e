// SPDX-License-Identifier: Apache-2.0
// Turns the paths of a command line into the files they mean.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace upinspect::cli {

enum class Descend : bool { no, yes };

/// A file as it was found.
struct FoundFile {
  std::string path;
  std::optional<std::uint64_t> size = {};  ///< of a regular file
  std::uint64_t device = 0;
  std::uint64_t node = 0;  ///< 0: it was named, not found in a folder, and replaced() is false

  /// True where the name leads to another file by now: what was read may have been that one's.
  [[nodiscard]] bool replaced() const;
};

struct WalkSink {
  std::function<void(const FoundFile& file)> file;
  /// A folder some of whose files are the halves of one adapter. These are not told one by one.
  std::function<void(const std::string& folder)> adapter;
  /// Before the files of a folder, and after them.
  std::function<void(const std::string& folder)> entered = [](const std::string&) {};
  std::function<void()> left = [] {};
  /// Something in a folder that is passed over (a link that leaves it, a FIFO), or a folder that cannot be read.
  std::function<void(const std::string& path, const std::string& why, bool failed)> passed_over;
};

/// A file is itself. A folder is its regular files, sorted by name, and with Descend::yes those of its subfolders; files
/// that are the halves of an adapter are told before the others, as the folder.
/// Inside a folder links are followed only to regular files below that folder; special files never are.
void walk(const std::string& path, Descend descend, const WalkSink& sink);

/// Tells every file at `path` and in its subfolders, those of adapters one by one; complains of what is passed over. False
/// where something could not be read.
[[nodiscard]] bool walk_files(const std::string& path, const std::function<void(const std::string& file)>& tell);

/// The absolute path without `.`, `..` and a slash at its end, so that a file is known by one spelling. Links stay.
[[nodiscard]] std::filesystem::path plain_path(const std::filesystem::path& path);

}  // namespace upinspect::cli
