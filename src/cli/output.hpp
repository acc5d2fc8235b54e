// SPDX-License-Identifier: Apache-2.0
// Where a report goes: standard output, or a file that is there whole or not at all.
#pragma once

#include <string>
#include <string_view>

namespace upinspect::cli {

/// Collects pieces and writes them in large ones. A file is written beside its target under a temporary name and
/// renamed by `commit`; without a commit nothing is left behind. "-" and the empty path stand for standard output.
class Output {
 public:
  /// Throws std::runtime_error where the file cannot be made.
  explicit Output(std::string path);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(std::string_view piece);
  /// Hands on what is buffered; for output that a reader waits for.
  void flush();
  /// Writes the rest and, for a file, puts it in its place.
  void commit();

 private:
  std::string m_path;
  std::string m_temporary;
  int m_descriptor = 1;
  std::string m_buffer;
};

}  // namespace upinspect::cli
