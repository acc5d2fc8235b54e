// SPDX-License-Identifier: Apache-2.0
// Turns the paths of a command line into the files they mean.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace upinspect::cli {

enum class Descend : bool { no, yes };

struct WalkSink {
  std::function<void(const std::string& path)> file;
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
