// SPDX-License-Identifier: Apache-2.0
// Lock files and checksums: what files should be, and whether they are.
#pragma once

#include "upinspect/artifact.hpp"
#include "upinspect/inspect.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace upinspect {

struct LockedTensor {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::string sha256;  ///< of its elements, row-major, little-endian; empty where they could not be read

  friend bool operator==(const LockedTensor&, const LockedTensor&) = default;
};

/// One file of a lock.
struct LockedFile {
  std::string path;  ///< from the folder of the lock, with slashes
  std::uint64_t size = 0;
  std::string sha256;
  std::string format;
  std::string content;   ///< content digest; empty where there is none
  std::string metadata;  ///< SHA-256 of the metadata as JSON with sorted keys; empty where there is none
  std::vector<LockedTensor> tensors;  ///< sorted by name

  friend bool operator==(const LockedFile&, const LockedFile&) = default;
};

/// A list of expectations that cannot be used: which one, where in it, and what was expected there.
struct ExpectationError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What one file should be.
struct Expectation {
  std::string path;  ///< as it is told
  std::string file;  ///< where it lies
  std::optional<std::uint64_t> size;
  // What is known of its content, in lower-case hex; empty where that is nothing.
  std::string sha256;
  std::string git_blob;  ///< SHA-1 as git names its content
  std::string autov2;    ///< the first 10 digits of SHA-256
  std::string autov3;    ///< the first 12, or all 64, of the SHA-256 over what follows a safetensors header
  std::optional<LockedFile> locked;
  std::string within;  ///< a folder that it may not leave through links; empty: it may
  bool listed = true;  ///< false for a file that lies beside those of the list
};

enum class SubjectStatus : std::uint8_t {
  ok,
  modified,    ///< not the bytes that were expected
  missing,
  extra,       ///< there, and on no list
  unreadable,
  policy,      ///< the bytes that were expected, or nothing was, and they are not to be let pass
};

enum class TensorFate : std::uint8_t { changed, reshaped, added, removed, renamed, unreadable };

struct TensorDrift {
  std::string name;
  TensorFate fate = TensorFate::changed;
  std::string was;  ///< its name in the lock, where it was renamed

  friend bool operator==(const TensorDrift&, const TensorDrift&) = default;
};

/// What became of one file.
struct Subject {
  std::string path;
  SubjectStatus status = SubjectStatus::ok;
  std::string why;  ///< in words, empty where it is well. Holds raw text of the file
  std::optional<std::uint64_t> expected_size;
  std::string expected_sha256;
  std::string expected_git_blob;
  std::string expected_autov2;
  std::string expected_autov3;
  std::uint64_t size = 0;
  std::string sha256;
  std::string git_blob;  ///< where one was expected
  std::string autov3;    ///< the same, as many digits as were expected
  std::string format;
  std::size_t tensors = 0;                ///< in the file
  std::size_t locked_tensors = 0;
  std::vector<TensorDrift> drift;         ///< against the lock, sorted by name
  std::optional<bool> metadata_changed;   ///< against the lock
  std::vector<Finding> findings;
};

struct Policy;

struct CheckOptions {
  InspectOptions inspect;
  std::shared_ptr<const Policy> policy;  ///< nothing: one as it is by default
  std::string today;                     ///< ISO 8601, for waivers that end
  std::optional<Severity> fail_on = Severity::error;  ///< findings that bad are not let pass; nothing: none are
  bool allow_extra = false;
};

/// Reads `file` whole and describes it for a lock, as `path`. Throws InputError.
[[nodiscard]] LockedFile describe_for_lock(const std::string& file, const std::string& path, const InspectOptions& options);

/// Reads a lock (schema upinspect.lock/1). It is taken for hostile: unknown and repeated keys, wrong types and paths that
/// leave its folder are refused with the place. Throws ExpectationError.
[[nodiscard]] std::vector<LockedFile> read_lock(const std::string& path);

/// Reads what `sha256sum` writes: plain, binary, escaped and BSD lines, comments and blank lines. Names are as they stand.
/// Throws ExpectationError.
[[nodiscard]] std::vector<Expectation> read_checksums(const std::string& path);

/// Reads a Git LFS pointer. Throws ExpectationError.
[[nodiscard]] Expectation read_lfs_pointer(const std::string& path);

/// Reads a saved answer of the Hugging Face Hub: /api/models/REPO?blobs=true or /api/models/REPO/tree/REVISION. Paths are
/// from the folder of the download, and taken for hostile as those of a lock are. Throws ExpectationError.
[[nodiscard]] std::vector<Expectation> read_hub_answer(const std::string& path);

/// Holds files against what they should be, as many at a time as there are threads; `done` is told each in its order. Throws
/// Stopped, and ExpectationError where the policy names a base model that cannot be read.
void check_files(std::span<const Expectation> expected, const CheckOptions& options, const std::function<void(const Subject&)>& done);

/// True where a subject does not let the run pass.
[[nodiscard]] constexpr bool fails(const Subject& subject) noexcept { return subject.status != SubjectStatus::ok; }

}  // namespace upinspect
