// SPDX-License-Identifier: Apache-2.0
// Files and folders that are there whole or not at all: written beside their target, read back, then put in place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace upinspect::convert {

/// The output could not be written: the path, what failed and the system's reason.
struct WriteError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What is done about something that is at the target's place already.
enum class Existing : bool { refused, replaced };

/// Throws Refusal where `path` may not be written: it is there and not to be replaced, is no regular file (or no folder
/// that we could have written), or its folder is missing. `is_folder` says which of the two will be written.
void require_free(const std::string& path, Existing existing, bool is_folder);

/// A file under a temporary name, in the folder of its target. Without `commit` nothing is left of it.
class NewFile {
 public:
  /// `target` may lie in a NewFolder. Throws WriteError.
  NewFile(std::string target, Existing existing);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  /// Where the bytes are until `commit`.
  [[nodiscard]] const std::string& path() const noexcept { return m_temporary; }
  [[nodiscard]] const std::string& target() const noexcept { return m_target; }

  void write(std::span<const std::byte> piece);
  void write(std::string_view piece);
  [[nodiscard]] std::uint64_t written() const noexcept { return m_written; }

  /// Hands everything to the disk. The file can be read under path() from now on, and nothing more be written.
  void close();
  /// Closes the file and puts it in its place. Throws WriteError where that is taken by now.
  void commit();

 private:
  void flush();

  std::string m_target;
  std::string m_temporary;
  Existing m_existing;
  int m_descriptor = -1;
  std::string m_buffer;
  std::uint64_t m_written = 0;
};

/// The same for a folder of files.
class NewFolder {
 public:
  NewFolder(std::string target, Existing existing);
  ~NewFolder();
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return m_temporary; }
  void commit();

 private:
  void forget_all() noexcept;

  std::string m_target;
  std::string m_temporary;
  Existing m_existing;
};

/// Removes what is under a temporary name now. For signal handlers: it calls nothing that they may not call.
void remove_temporaries() noexcept;

}  // namespace upinspect::convert
