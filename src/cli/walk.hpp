// SPDX-License-Identifier: Apache-2.0
// Turns the paths of a command line into the files they mean.
#pragma once

#include <functional>
#include <string>

namespace upinspect::cli {

enum class Descend : bool { no, yes };

struct WalkSink {
  std::function<void(const std::string& path)> file;
  /// Something in a folder that is passed over (a link that leaves it, a FIFO), or a folder that cannot be read.
  std::function<void(const std::string& path, const std::string& why, bool failed)> passed_over;
};

/// A file is itself. A folder is its regular files, sorted by name, and with Descend::yes those of its subfolders.
/// Inside a folder links are followed only to regular files below that folder; special files never are.
void walk(const std::string& path, Descend descend, const WalkSink& sink);

}  // namespace upinspect::cli
