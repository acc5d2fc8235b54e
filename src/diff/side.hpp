// SPDX-License-Identifier: Apache-2.0
// One side of a comparison: an artifact, its tensors' elements, and its bytes where it is a single file.
#pragma once

#include "bytes/source.hpp"
#include "inspect/opened.hpp"
#include "upinspect/inspect.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace upinspect::diff {

class Side {
 public:
  /// Throws InputError where there is nothing to read.
  Side(const std::string& path, const InspectOptions& options);

  [[nodiscard]] const Artifact& artifact() const noexcept { return m_opened.artifact(); }
  [[nodiscard]] const Tensor& tensor(std::size_t index) const { return artifact().tensors[index]; }

  /// The file, nullptr for a folder.
  [[nodiscard]] const bytes::Source* file() const noexcept { return m_file.get(); }

  /// Where in the file the tensor's elements lie as they are compared: side by side, in order, little-endian. Nothing
  /// where they have to be gathered or unpacked, or lie in another file.
  [[nodiscard]] std::optional<ByteRange> plain(std::size_t index) const;

  /// Hands out a tensor's elements, row-major, little-endian. Throws InputError where they cannot be read whole.
  void stream(std::size_t index, const inspecting::Opened::ElementSink& sink) const { m_opened.stream(index, sink); }

  /// True where the file is no longer what it was when it was opened.
  [[nodiscard]] bool changed_since_opened() const { return m_opened.changed_since_opened(); }

  /// `length` bytes of a tensor's elements from byte `first`. Throws InputError.
  [[nodiscard]] std::vector<std::byte> read(std::size_t index, std::uint64_t first, std::uint64_t length) const;

 private:
  inspecting::Opened m_opened;
  std::unique_ptr<bytes::FileSource> m_file;
};

}  // namespace upinspect::diff
