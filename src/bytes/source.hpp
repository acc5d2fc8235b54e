// SPDX-License-Identifier: Apache-2.0
// Random access to a fixed number of bytes: a file, a piece of memory, a spooled pipe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace upinspect::bytes {

/// A source's size is taken once, when it is opened. Reading is safe from several threads at a time.
class Source {
 public:
  virtual ~Source() = default;
  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;

  /// Fills `out` from `offset`. The caller has checked that the range lies within size(); throws ReadError where the
  /// bytes cannot be had all the same (the file shrank, an I/O error).
  virtual void read_at(std::uint64_t offset, std::span<std::byte> out) const = 0;

  /// True where what lies behind the source is no longer what it was when it was opened, as far as one can see.
  [[nodiscard]] virtual bool changed_since_opened() const { return false; }

  /// All of them, where they are in memory.
  [[nodiscard]] virtual std::optional<std::span<const std::byte>> bytes() const noexcept { return std::nullopt; }

  /// Of all bytes, as 64 digits, where it is known already.
  [[nodiscard]] virtual std::optional<std::string> sha256() const { return std::nullopt; }
};

/// A regular file, read with pread: a file that shrinks is a ReadError, never a signal.
class FileSource final : public Source {
 public:
  /// Opens `path` without blocking on FIFOs and devices. Throws InputError (upinspect/inspect.hpp) with the reason
  /// in words where it is no readable regular file.
  explicit FileSource(const std::string& path);

  /// Takes over an open descriptor, such as the spool of a pipe.
  explicit FileSource(int descriptor, std::string name);

  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  [[nodiscard]] std::uint64_t size() const noexcept override { return m_size; }
  void read_at(std::uint64_t offset, std::span<std::byte> out) const override;

  /// By the file's size and modification time.
  [[nodiscard]] bool changed_since_opened() const override;

 private:
  int m_descriptor = -1;
  std::uint64_t m_size = 0;
  std::int64_t m_modified_seconds = 0;
  std::int64_t m_modified_nanoseconds = 0;
  std::string m_name;
};

/// A small file, read once and kept in memory; a larger one is read as FileSource does.
class LoadedFile final : public Source {
 public:
  /// Files of up to `most` bytes are kept. Throws as FileSource does.
  LoadedFile(const std::string& path, std::uint64_t most);

  [[nodiscard]] std::uint64_t size() const noexcept override { return m_file.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> out) const override;
  [[nodiscard]] bool changed_since_opened() const override { return m_file.changed_since_opened(); }
  [[nodiscard]] std::optional<std::string> sha256() const override { return m_sha256; }

  [[nodiscard]] std::optional<std::span<const std::byte>> bytes() const noexcept override;
  void set_sha256(std::string digits) { m_sha256 = std::move(digits); }

 private:
  FileSource m_file;
  std::unique_ptr<std::byte[]> m_bytes;
  std::optional<std::string> m_sha256;
};

/// Bytes in memory, owned or borrowed.
class MemorySource final : public Source {
 public:
  explicit MemorySource(std::span<const std::byte> borrowed) : m_view(borrowed) {}
  explicit MemorySource(std::vector<std::byte> owned) : m_owned(std::move(owned)), m_view(m_owned) {}

  [[nodiscard]] std::uint64_t size() const noexcept override { return m_view.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> out) const override;

 private:
  std::vector<std::byte> m_owned;
  std::span<const std::byte> m_view;
};

/// Copies everything that `descriptor` yields into an unlinked temporary file (in TMPDIR or /tmp, mode 0600), which
/// goes away with the source. Throws InputError where that fails or more than `limit` bytes come, and Stopped once
/// `stop` is set.
[[nodiscard]] std::unique_ptr<FileSource> spool(int descriptor, const std::string& name, std::uint64_t limit,
                                                const std::atomic<bool>* stop);

}  // namespace upinspect::bytes
