// SPDX-License-Identifier: Apache-2.0
// A few small files, read once each and hashed side by side before they are inspected.
#pragma once

#include "bytes/source.hpp"
#include "upinspect/inspect.hpp"

#include <exception>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace upinspect::inspecting {

class SmallFiles {
 public:
  /// As many at a time make the best of the processor.
  static constexpr std::size_t k_together = 3;
  /// A larger one is read in pieces, as any other file.
  static constexpr std::uint64_t k_most_bytes = std::uint64_t{1} << 20;

  SmallFiles(std::span<const std::string> paths, const InspectOptions& options);

  /// What inspect_file() tells of the file, or throws.
  [[nodiscard]] Artifact inspect(std::size_t index) const;

 private:
  struct One {
    std::string path;
    std::shared_ptr<bytes::LoadedFile> source;
    std::exception_ptr failure;
  };

  const InspectOptions& m_options;
  std::vector<One> m_files;
};

}  // namespace upinspect::inspecting
