// SPDX-License-Identifier: Apache-2.0
// An artifact with its bytes at hand: what compares, converts and merges reads tensors through this.
#pragma once

#include "upinspect/inspect.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace upinspect::inspecting {

struct TriadFiles;

/// A file, an index with its shards, or an adapter folder, inspected and kept open. Tensors are read whatever their
/// container: plain, deflated, strided, decoded from a pickle's own bytes, in a shard.
class Opened {
 public:
  using ElementSink = std::function<void(std::span<const std::byte>)>;

  /// Reads headers, and of the tensors nothing but the alphas that decide an adapter's scale: what compares, converts or merges asks for more where it needs more.
  [[nodiscard]] static InspectOptions headers_only();

  /// Throws InputError where there is nothing to read; everything wrong inside is a finding of the artifact.
  /// `options.stop`, where it is set, must outlive this.
  explicit Opened(const std::string& path, const InspectOptions& options = headers_only());
  /// Halves of an adapter that lie where `files` says, under the name of `path`.
  Opened(const std::string& path, const TriadFiles& files, const InspectOptions& options);
  ~Opened();
  Opened(Opened&&) noexcept;
  Opened& operator=(Opened&&) noexcept;

  [[nodiscard]] const Artifact& artifact() const noexcept;

  /// Hands the elements of artifact().tensors[index] to `sink` in row-major order, little-endian, in pieces of whole
  /// elements (whole blocks for ggml types), within a fixed amount of memory. Throws InputError with the reason where
  /// the elements cannot be read whole. Safe from several threads at a time.
  void stream(std::size_t index, const ElementSink& sink) const;

  /// The same in one piece. Throws InputError where the tensor has more than `most` bytes.
  [[nodiscard]] std::vector<std::byte> load(std::size_t index, std::uint64_t most) const;

  /// True where the tensor's Location speaks of bytes of its file, not of a storage that was decoded from them.
  [[nodiscard]] bool lies_in_file(std::size_t index) const;

  /// True where a file is no longer what it was when it was opened: what was read may mix two states of it.
  [[nodiscard]] bool changed_since_opened() const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace upinspect::inspecting
