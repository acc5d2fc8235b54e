// SPDX-License-Identifier: Apache-2.0
#include "bytes/source.hpp"

#include "bytes/parse_error.hpp"
#include "upinspect/inspect.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace upinspect::bytes {

namespace {

std::string reason(int error) { return std::strerror(error); }

[[noreturn]] void refuse(int descriptor, const std::string& why) {
  if (descriptor >= 0) {
    ::close(descriptor);
  }
  throw InputError(why);
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) {
    return "is a directory";
  }
  if (S_ISFIFO(mode)) {
    return "is a FIFO, not a regular file";
  }
  if (S_ISSOCK(mode)) {
    return "is a socket, not a regular file";
  }
  return "is a device, not a regular file";
}

}  // namespace

FileSource::FileSource(const std::string& path) : m_name(path) {
  // O_NONBLOCK: opening a FIFO without a writer would wait for ever. It changes nothing for regular files.
  m_descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (m_descriptor < 0) {
    throw InputError(reason(errno));
  }
  struct stat status {};
  if (::fstat(m_descriptor, &status) != 0) {
    refuse(m_descriptor, reason(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    refuse(m_descriptor, kind_of(status.st_mode));
  }
  m_size = static_cast<std::uint64_t>(status.st_size);
  m_modified_seconds = status.st_mtim.tv_sec;
  m_modified_nanoseconds = status.st_mtim.tv_nsec;
}

FileSource::FileSource(int descriptor, std::string name) : m_descriptor(descriptor), m_name(std::move(name)) {
  struct stat status {};
  if (::fstat(m_descriptor, &status) != 0) {
    refuse(m_descriptor, reason(errno));
  }
  m_size = static_cast<std::uint64_t>(status.st_size);
  m_modified_seconds = status.st_mtim.tv_sec;
  m_modified_nanoseconds = status.st_mtim.tv_nsec;
}

FileSource::~FileSource() { ::close(m_descriptor); }

void FileSource::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const auto got = ::pread(m_descriptor, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      throw ReadError(offset, "cannot read: " + reason(errno));
    }
    if (got == 0) {
      throw ReadError(offset, "the file became shorter while it was read");
    }
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

bool FileSource::changed_since_opened() const {
  struct stat status {};
  if (::fstat(m_descriptor, &status) != 0) {
    return true;
  }
  return static_cast<std::uint64_t>(status.st_size) != m_size || status.st_mtim.tv_sec != m_modified_seconds ||
         status.st_mtim.tv_nsec != m_modified_nanoseconds;
}

LoadedFile::LoadedFile(const std::string& path, std::uint64_t most) : m_file(path) {
  if (m_file.size() > most) {
    return;
  }
  auto bytes = std::make_unique_for_overwrite<std::byte[]>(static_cast<std::size_t>(m_file.size()));
  try {
    m_file.read_at(0, {bytes.get(), static_cast<std::size_t>(m_file.size())});
    m_bytes = std::move(bytes);
  } catch (const ReadError&) {
    // Who reads it comes upon the same and tells what could be read.
  }
}

std::optional<std::span<const std::byte>> LoadedFile::bytes() const noexcept {
  return m_bytes ? std::optional(std::span<const std::byte>(m_bytes.get(), static_cast<std::size_t>(m_file.size()))) : std::nullopt;
}

void LoadedFile::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  if (!m_bytes) {
    m_file.read_at(offset, out);
  } else if (offset > size() || out.size() > size() - offset) {
    throw ReadError(offset, "read past the end of the file");
  } else {
    std::copy_n(m_bytes.get() + offset, out.size(), out.begin());
  }
}

void MemorySource::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  if (offset > m_view.size() || out.size() > m_view.size() - offset) {
    throw ReadError(offset, "read past the end of the bytes at hand");
  }
  std::copy_n(m_view.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
}

namespace {

int open_unlinked_temporary() {
  const char* folder = std::getenv("TMPDIR");
  std::string path = std::string(folder != nullptr && *folder != '\0' ? folder : "/tmp") + "/upinspect-XXXXXX";
  const int descriptor = ::mkostemp(path.data(), O_CLOEXEC);
  if (descriptor < 0) {
    throw InputError("cannot make a temporary file in " + path.substr(0, path.rfind('/')) + ": " + reason(errno));
  }
  ::unlink(path.c_str());
  return descriptor;
}

void write_all(int descriptor, std::span<const std::byte> data) {
  while (!data.empty()) {
    const auto put = ::write(descriptor, data.data(), data.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      refuse(descriptor, "cannot write the temporary copy: " + reason(errno));
    }
    data = data.subspan(static_cast<std::size_t>(put));
  }
}

}  // namespace

std::unique_ptr<FileSource> spool(int descriptor, const std::string& name, std::uint64_t limit,
                                  const std::atomic<bool>* stop) {
  const int copy = open_unlinked_temporary();
  std::vector<std::byte> block(std::size_t{1} << 18);
  std::uint64_t total = 0;
  for (;;) {
    const auto got = ::read(descriptor, block.data(), block.size());
    if (stop != nullptr && stop->load()) {
      ::close(copy);
      throw Stopped();
    }
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      refuse(copy, reason(errno));
    }
    if (got == 0) {
      return std::make_unique<FileSource>(copy, name);
    }
    total += static_cast<std::uint64_t>(got);
    if (total > limit) {
      refuse(copy, "gives more than the " + std::to_string(limit) + " bytes allowed");
    }
    write_all(copy, std::span(block).first(static_cast<std::size_t>(got)));
  }
}

}  // namespace upinspect::bytes
