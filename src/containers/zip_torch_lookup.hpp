// SPDX-License-Identifier: Apache-2.0
// Which entry torch's zip reader, miniz, takes for a name: it ignores case, and of several it finds one by chance.
#pragma once

#include "containers/zip.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace upinspect::containers {

class TorchLookup {
 public:
  /// `directory` must outlive this.
  explicit TorchLookup(const ZipDirectory& directory) : m_directory(directory) {}

  /// The entry that miniz finds; nullptr where there is none.
  [[nodiscard]] const ZipEntry* find(std::string_view name);

 private:
  void sort();

  const ZipDirectory& m_directory;
  std::vector<std::uint32_t> m_order;  ///< miniz's, made when it first matters
};

/// The indices of the entries of this name, whatever the case of its letters.
[[nodiscard]] std::vector<std::size_t> find_any_case(const ZipDirectory& directory, std::string_view name);

}  // namespace upinspect::containers
