// SPDX-License-Identifier: Apache-2.0
// The text encodings of pickles: UTF-8 with surrogates, raw-unicode-escape, and the escapes of a Python 2 str.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace upinspect::pickle {

enum class Surrogates : bool { refused, passed };

/// Checks UTF-8 that comes in pieces, so that a text of any size needs no memory.
class Utf8Checker {
 public:
  explicit Utf8Checker(Surrogates surrogates) : m_surrogates(surrogates) {}

  /// Takes the next piece. False once something malformed was seen.
  bool feed(std::string_view piece);
  /// True where all was well-formed and the last sequence was finished.
  [[nodiscard]] bool finished() const { return !m_bad && m_missing == 0; }
  /// Of the first byte of the malformed sequence, or of what ends too early.
  [[nodiscard]] std::size_t bad_at() const { return m_sequence_start; }

 private:
  void lead(unsigned char byte);

  Surrogates m_surrogates;
  std::size_t m_position = 0;
  std::size_t m_sequence_start = 0;
  unsigned m_missing = 0;
  unsigned char m_low = 0x80;
  unsigned char m_high = 0xbf;
  bool m_bad = false;
};

/// The text, or nothing and in `why` what is wrong, to follow "the text".
[[nodiscard]] std::optional<std::string> decode_raw_unicode(std::string_view line, std::string& why);
[[nodiscard]] std::optional<std::string> decode_quoted(std::string_view line, std::string& why);

/// Latin-1 as UTF-8, and back; the latter gives nothing where a character lies above U+00FF.
[[nodiscard]] std::string utf8_from_latin1(std::string_view latin1);
[[nodiscard]] std::optional<std::string> latin1_from_utf8(std::string_view utf8);

void append_utf8(std::string& out, char32_t character);

}  // namespace upinspect::pickle
