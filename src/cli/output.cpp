// SPDX-License-Identifier: Apache-2.0
#include "cli/output.hpp"

#include "cli/process.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace upinspect::cli {

namespace {

constexpr std::size_t k_piece = std::size_t{1} << 16;

std::runtime_error failure(const std::string& path, const char* what) {
  return std::runtime_error(path + ": " + what + ": " + std::strerror(errno));
}

/// mkostemp makes files private; a report gets the permissions that any new file would.
void use_default_permissions(int descriptor) {
  const auto mask = ::umask(0);
  ::umask(mask);
  static_cast<void>(::fchmod(descriptor, 0666 & ~mask));
}

}  // namespace

Output::Output(std::string path) : m_path(path == "-" ? std::string() : std::move(path)) {
  if (m_path.empty()) {
    return;
  }
  m_temporary = m_path + ".XXXXXX";
  m_descriptor = ::mkostemp(m_temporary.data(), O_CLOEXEC);
  if (m_descriptor < 0) {
    m_temporary.clear();
    throw failure(m_path, "cannot write");
  }
  use_default_permissions(m_descriptor);
}

Output::~Output() {
  if (!m_temporary.empty()) {
    ::close(m_descriptor);
    ::unlink(m_temporary.c_str());
  }
}

void Output::write(std::string_view piece) {
  if (m_buffer.empty() && piece.size() >= k_piece / 2) {
    write_all(m_descriptor, piece);
    return;
  }
  m_buffer.append(piece);
  if (m_buffer.size() >= k_piece) {
    flush();
  }
}

void Output::flush() {
  write_all(m_descriptor, m_buffer);
  m_buffer.clear();
}

void Output::commit() {
  flush();
  if (m_temporary.empty()) {
    return;
  }
  if (::fsync(m_descriptor) != 0 || ::close(m_descriptor) != 0) {
    throw failure(m_path, "cannot write");
  }
  if (::rename(m_temporary.c_str(), m_path.c_str()) != 0) {
    throw failure(m_path, "cannot put the report in place");
  }
  m_temporary.clear();
}

}  // namespace upinspect::cli
