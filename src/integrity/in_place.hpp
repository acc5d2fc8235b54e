// SPDX-License-Identifier: Apache-2.0
// A file inspected where it lies: with what the files beside it say of it.
#pragma once

#include "upinspect/inspect.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace upinspect::integrity {

/// What `upinspect file` finds of the file and, where it is one half of an adapter, of the pair; an index with its shards, of
/// which the headers are read. For many threads at once; what halves of one folder are together is read once.
class InPlace {
 public:
  /// Throws InputError.
  [[nodiscard]] Artifact inspect(const std::string& file, const InspectOptions& options);

 private:
  /// Each with the name of the file that holds its tensor; without one it is about all of them.
  using Findings = std::vector<std::pair<std::string, Finding>>;

  [[nodiscard]] std::shared_ptr<const Findings> of_folder(const std::string& folder, const InspectOptions& options);

  std::mutex m_mutex;
  std::map<std::string, std::shared_ptr<const Findings>> m_folders;
};

}  // namespace upinspect::integrity
