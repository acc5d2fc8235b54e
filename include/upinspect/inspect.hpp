// SPDX-License-Identifier: Apache-2.0
// The verb: read a weight file and tell what it is, whether it is whole and what is in it.
#pragma once

#include "upinspect/artifact.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace upinspect {

/// How to read bytes that carry no header (`--as`, `--shape`, `--skip`, `--big-endian`).
struct RawLayout {
  Dtype dtype = Dtype::f32;
  std::vector<std::uint64_t> shape;  ///< empty: one dimension, as long as the bytes allow
  std::uint64_t skip = 0;            ///< bytes before the first element
  ByteOrder order = ByteOrder::little;
};

/// Caps on what hostile input can make us hold. Sizes in bytes.
struct Limits {
  std::uint64_t memory = std::uint64_t{1} << 30;         ///< most of the heap that file content may claim
  std::uint64_t json_header = 100'000'000;               ///< of a safetensors header, as the reference has it
  std::uint64_t pickle = std::uint64_t{256} << 20;       ///< of a pickle stream, unpacked
  std::uint64_t tensors = 10'000'000;
};

enum class Depth : std::uint8_t {
  headers,  ///< no tensor byte is read
  full,     ///< digests, statistics and entropy of everything
};

struct InspectOptions {
  Depth depth = Depth::full;
  bool sha256 = true;              ///< of the file; its one expensive digest
  bool tensor_sha256 = false;      ///< of each tensor, and with them the content digest
  bool site_hashes = false;        ///< the hashes that model sites use; some cost another SHA-256 over the data
  std::optional<RawLayout> raw;    ///< read as headerless numbers, whatever the content
  bool alphas = false;             ///< with Depth::headers: read alpha tensors all the same, a few bytes each
  std::string tensor_glob;         ///< measure only tensors whose name matches; empty: all
  Limits limits;
  unsigned jobs = 0;               ///< threads; 0: as many as there are cores. The result does not depend on it.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;  ///< called from one thread, now and then
  const std::atomic<bool>* stop = nullptr;                                ///< set it to abandon the work
};

/// The file could not be read at all: no such file, no permission, not a regular file, an I/O error.
struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The work was abandoned because InspectOptions::stop was set.
struct Stopped : std::exception {};

/// Reads `path`. Throws InputError where there is nothing to read; everything wrong inside is a finding.
[[nodiscard]] Artifact inspect_file(const std::string& path, const InspectOptions& options = {});

/// Reads an artifact held in memory; `name` stands for its path.
[[nodiscard]] Artifact inspect_bytes(const std::string& name, const void* data, std::size_t size,
                                     const InspectOptions& options = {});

/// Reads what `descriptor` yields, up to `limit` bytes, through an unlinked temporary file. Throws InputError.
[[nodiscard]] Artifact inspect_stream(int descriptor, const std::string& name, const InspectOptions& options = {},
                                      std::uint64_t limit = UINT64_MAX);

/// The version of the library, as "1.2.3".
[[nodiscard]] const char* version() noexcept;

}  // namespace upinspect
