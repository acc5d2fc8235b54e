// SPDX-License-Identifier: Apache-2.0
// Which files a check is about, and what each of them should be.
#pragma once

#include "upinspect/integrity.hpp"

#include <optional>
#include <string>
#include <vector>

namespace upinspect::cli {

/// As the command line has it; at most one of them says what is expected, but for the digests of one file.
struct ExpectationSources {
  std::vector<std::string> paths;
  std::string lock;
  std::string checksums;
  std::string sha256;
  std::string lfs_pointer;
  std::string hub;
  std::string autov2;
  std::string autov3;

  /// The file that says what is expected; empty where none does.
  [[nodiscard]] const std::string& list() const noexcept {
    return !lock.empty() ? lock : !checksums.empty() ? checksums : !hub.empty() ? hub : lfs_pointer;
  }
  /// True where what is expected is of one file.
  [[nodiscard]] bool of_one_file() const noexcept { return !sha256.empty() || !lfs_pointer.empty() || !autov2.empty() || !autov3.empty(); }
};

/// Every file of the list that is one of `paths` or below one (all, where none are given), in the order of the list, then
/// what else lies in the folders among them. Without a list the files are only inspected. Nothing where a folder could not be
/// read, which is told. Throws ExpectationError.
[[nodiscard]] std::optional<std::vector<Expectation>> gather_expectations(const ExpectationSources& sources);

}  // namespace upinspect::cli
