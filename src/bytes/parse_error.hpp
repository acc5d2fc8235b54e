// SPDX-License-Identifier: Apache-2.0
// The one exception of the reading floors: where a file stops making sense, and what was expected there.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace upinspect::bytes {

/// `offset` is in bytes from the start of the file (of the record, where a record was unpacked); `field` names what
/// was being read; `why` says what is wrong and what was expected. Caught once, where it becomes a finding.
class ParseError : public std::runtime_error {
 public:
  ParseError(std::uint64_t offset, std::string field, std::string why)
      : std::runtime_error(field + ": " + why), m_offset(offset), m_field(std::move(field)), m_why(std::move(why)) {}

  [[nodiscard]] std::uint64_t offset() const noexcept { return m_offset; }
  [[nodiscard]] const std::string& field() const noexcept { return m_field; }
  [[nodiscard]] const std::string& why() const noexcept { return m_why; }

  /// Set by the thrower where cutting the file short explains the error: "truncated" instead of "malformed".
  bool truncated = false;

 private:
  std::uint64_t m_offset;
  std::string m_field;
  std::string m_why;
};

/// The bytes that were there when the file was opened are there no more, or the disk would not give them.
class ReadError : public std::runtime_error {
 public:
  ReadError(std::uint64_t offset, const std::string& why) : std::runtime_error(why), m_offset(offset) {}
  [[nodiscard]] std::uint64_t offset() const noexcept { return m_offset; }

 private:
  std::uint64_t m_offset;
};

}  // namespace upinspect::bytes
