// SPDX-License-Identifier: Apache-2.0
// The text of a list of expectations.
#pragma once

#include "bytes/source.hpp"
#include "upinspect/integrity.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace upinspect::integrity {

/// The whole file. Throws ExpectationError where it cannot be read or is larger than `most` bytes.
[[nodiscard]] inline std::string whole_text(const std::string& path, std::uint64_t most) try {
  const bytes::FileSource source(path);
  if (source.size() > most) {
    throw ExpectationError(path + ": " + std::to_string(source.size()) + " bytes are more than such a list has (" + std::to_string(most) + ")");
  }
  std::string text(static_cast<std::size_t>(source.size()), '\0');
  source.read_at(0, std::as_writable_bytes(std::span(text)));
  return text;
} catch (const InputError& error) {
  throw ExpectationError(path + ": " + error.what());
}

/// True for so many hex digits, which become lower-case.
[[nodiscard]] inline bool is_hex(std::string& digits, std::size_t count) {
  for (auto& digit : digits) {
    const bool upper = digit >= 'A' && digit <= 'F';
    digit = upper ? static_cast<char>(digit + ('a' - 'A')) : digit;
  }
  return digits.size() == count && digits.find_first_not_of("0123456789abcdef") == std::string::npos;
}

[[nodiscard]] inline bool is_sha256(std::string& digits) { return is_hex(digits, 64); }

}  // namespace upinspect::integrity
