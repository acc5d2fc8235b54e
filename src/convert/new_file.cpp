// SPDX-License-Identifier: Apache-2.0
#include "convert/new_file.hpp"

#include "convert/refusal.hpp"
#include "convert/temporaries.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace upinspect::convert {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_piece = std::size_t{1} << 20;

/// What a folder that we write can hold; one with anything else is somebody's, and is not replaced.
constexpr std::array<std::string_view, 3> k_our_files{"adapter_model.safetensors", "adapter_config.json", "adapter_model.bin"};

WriteError failure(const std::string& path, const std::string& what) {
  return WriteError(path + ": " + what + ": " + std::strerror(errno));
}

mode_t default_mask() {
  const auto mask = ::umask(0);
  ::umask(mask);
  return mask;
}

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) {
    path.pop_back();
  }
  return path;
}

std::string foreign_file(const std::string& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const auto name = it->path().filename().string();
    if (std::find(k_our_files.begin(), k_our_files.end(), name) == k_our_files.end() || !it->is_regular_file(error)) {
      return name;
    }
  }
  return error ? "?" : "";
}

void require_replaceable(const std::string& path, bool is_folder, const struct stat& found) {
  if (is_folder != S_ISDIR(found.st_mode)) {
    throw Refusal(path + (is_folder ? ": is there and is no folder" : ": is there and is a folder"));
  }
  if (!is_folder && !S_ISREG(found.st_mode)) {
    throw Refusal(path + ": is no regular file; it is not replaced");
  }
  if (is_folder) {
    if (const auto name = foreign_file(path); !name.empty()) {
      throw Refusal(path + ": holds more than an adapter (" + name + "); it is not replaced");
    }
  }
}

/// Renames in one step. Where the target may not be replaced, one that came up meanwhile is an error.
void put_in_place(const std::string& from, const std::string& to, Existing existing) {
  const unsigned flags = existing == Existing::refused ? RENAME_NOREPLACE : 0;
  auto result = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags);
  if (result != 0 && errno == EINVAL && flags != 0) {
    // A file system that cannot tell: look, then rename.
    struct stat found {};
    if (::lstat(to.c_str(), &found) == 0) {
      errno = EEXIST;
    } else {
      result = ::rename(from.c_str(), to.c_str());
    }
  }
  if (result != 0) {
    throw failure(to, "cannot be put in place");
  }
}

}  // namespace

void require_free(const std::string& target, Existing existing, bool is_folder) {
  const auto path = without_slash(target);
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0) {
    if (existing == Existing::refused) {
      throw Refusal(path + ": is there already; --force replaces it");
    }
    require_replaceable(path, is_folder, found);
    return;
  }
  if (errno != ENOENT) {
    throw failure(path, "cannot be written");
  }
  const auto folder = fs::path(path).parent_path();
  std::error_code error;
  if (!folder.empty() && !fs::is_directory(folder, error)) {
    throw Refusal(path + ": cannot be written: there is no folder " + folder.string());
  }
}

NewFile::NewFile(std::string target, Existing existing) : m_target(std::move(target)), m_existing(existing) {
  m_temporary = m_target + ".XXXXXX";
  m_descriptor = ::mkostemp(m_temporary.data(), O_CLOEXEC);
  if (m_descriptor < 0) {
    m_temporary.clear();
    throw failure(m_target, "cannot be written");
  }
  remember(m_temporary);
  static_cast<void>(::fchmod(m_descriptor, 0666 & ~default_mask()));
}

NewFile::~NewFile() {
  if (m_descriptor >= 0) {
    ::close(m_descriptor);
  }
  if (!m_temporary.empty()) {
    ::unlink(m_temporary.c_str());
    forget(m_temporary);
  }
}

void NewFile::write(std::string_view piece) {
  m_written += piece.size();
  m_buffer.append(piece);
  if (m_buffer.size() >= k_piece) {
    flush();
  }
}

void NewFile::write(std::span<const std::byte> piece) {
  while (!piece.empty()) {
    const auto part = piece.first(std::min(piece.size(), k_piece));
    const auto used = m_buffer.size();
    m_buffer.resize(used + part.size());
    std::memcpy(m_buffer.data() + used, part.data(), part.size());
    m_written += part.size();
    piece = piece.subspan(part.size());
    if (m_buffer.size() >= k_piece) {
      flush();
    }
  }
}

void NewFile::flush() {
  std::string_view rest = m_buffer;
  while (!rest.empty()) {
    const auto put = ::write(m_descriptor, rest.data(), rest.size());
    if (put < 0 && errno != EINTR) {
      throw failure(m_target, "cannot be written");
    }
    rest.remove_prefix(put < 0 ? 0 : static_cast<std::size_t>(put));
  }
  m_buffer.clear();
}

void NewFile::close() {
  if (m_descriptor < 0) {
    return;
  }
  flush();
  if (::fsync(m_descriptor) != 0) {
    throw failure(m_target, "cannot be written");
  }
  const auto descriptor = std::exchange(m_descriptor, -1);
  if (::close(descriptor) != 0) {
    throw failure(m_target, "cannot be written");
  }
}

void NewFile::commit() {
  close();
  put_in_place(m_temporary, m_target, m_existing);
  forget(m_temporary);
  m_temporary.clear();
}

NewFolder::NewFolder(std::string target, Existing existing) : m_target(without_slash(std::move(target))), m_existing(existing) {
  m_temporary = m_target + ".XXXXXX";
  if (::mkdtemp(m_temporary.data()) == nullptr) {
    m_temporary.clear();
    throw failure(m_target, "cannot be written");
  }
  remember(m_temporary);
  for (const auto& name : k_our_files) {
    remember(m_temporary + "/" + std::string(name));
  }
  static_cast<void>(::chmod(m_temporary.c_str(), 0777 & ~default_mask()));
}

NewFolder::~NewFolder() {
  if (!m_temporary.empty()) {
    std::error_code error;
    fs::remove_all(m_temporary, error);
    forget_all();
  }
}

void NewFolder::forget_all() noexcept {
  forget(m_temporary);
  for (const auto& name : k_our_files) {
    forget(m_temporary + "/" + std::string(name));
  }
}

void NewFolder::commit() {
  struct stat found {};
  const bool taken = ::lstat(m_target.c_str(), &found) == 0;
  if (taken && m_existing == Existing::replaced) {
    // The old folder changes places with the new one and is removed under the temporary name.
    require_replaceable(m_target, true, found);
    if (::renameat2(AT_FDCWD, m_temporary.c_str(), AT_FDCWD, m_target.c_str(), RENAME_EXCHANGE) != 0) {
      throw failure(m_target, "cannot be replaced");
    }
    return;
  }
  put_in_place(m_temporary, m_target, Existing::refused);
  forget_all();
  m_temporary.clear();
}

}  // namespace upinspect::convert
