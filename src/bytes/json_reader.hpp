// SPDX-License-Identifier: Apache-2.0
// A strict pull reader of JSON text: refuses exactly what the reference reader of safetensors headers refuses.
#pragma once

#include "bytes/parse_error.hpp"
#include "bytes/source.hpp"
#include "upinspect/artifact.hpp"
#include "upinspect/value.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::bytes {

enum class JsonKind : std::uint8_t { object, array, string, number, boolean, null };

/// Reads one JSON text (RFC 8259): in place, or from a source, of which it holds no more than a stretch and what it was asked
/// for. No byte order mark, comment, trailing comma, NaN, leading zero, raw
/// control character or lone surrogate passes; nesting is at most 127 deep, as serde_json has it. Offsets in errors
/// are `base` plus the position in the text.
class JsonReader {
 public:
  JsonReader(std::string_view text, std::uint64_t base, std::string field)
      : m_text(text), m_base(base), m_field(std::move(field)) {}

  /// The text in `range` of the source, which outlives the reader, read `stretch` bytes at a time.
  JsonReader(const Source& source, ByteRange range, std::string field, std::size_t stretch = std::size_t{256} << 10)
      : m_base(range.offset), m_field(std::move(field)), m_source(&source), m_next(range.offset), m_end(range.end()), m_stretch(stretch) {}

  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  /// The kind of the next value; white space before it is passed over.
  [[nodiscard]] JsonKind peek();

  void enter_object();
  /// The next key of the object just entered; false at its end, which is then passed.
  [[nodiscard]] bool next_key(std::string& key);
  void enter_array();
  /// True where another element follows in the array just entered; false at its end, which is then passed.
  [[nodiscard]] bool next_element();

  /// Throws LimitReached where it is longer than `limit_strings` allows; so do keys.
  [[nodiscard]] std::string string();
  void limit_strings(std::uint64_t bytes) noexcept { m_longest_string = bytes; }
  /// The same, of which at most `most` bytes are kept; false where that is not all of it.
  [[nodiscard]] bool string_up_to(std::string& out, std::uint64_t most);
  /// A number's own text, checked for grammar and for a finite value; valid until the next call. From a source, one of more
  /// than a megabyte is LimitReached.
  [[nodiscard]] std::string_view number();
  /// A number that must be an integer of 0 to 2^64 - 1, written without fraction, exponent or sign.
  [[nodiscard]] std::uint64_t unsigned_integer();
  [[nodiscard]] bool boolean();
  void null();
  void skip();

  /// Any value, as a tree. Numbers outside 64 bits become doubles. Throws LimitReached where the tree would take more
  /// memory than `limit_trees` allows.
  [[nodiscard]] Value value();
  void limit_trees(std::uint64_t bytes) noexcept { m_tree_room = bytes; }

  /// What of the text is at hand from here on, valid until the next call; a caller that read some of it by itself, whole values in
  /// a place for one, passes over that.
  [[nodiscard]] std::string_view held() const noexcept { return m_text.substr(m_position); }
  void pass(std::size_t length) noexcept { m_position += length; }

  /// Only white space may be left.
  void expect_end();

  [[nodiscard]] std::uint64_t offset() const noexcept { return m_base + m_position; }
  [[noreturn]] void fail(const std::string& why) { fail_at(offset(), why); }

 private:
  [[noreturn]] void fail_at(std::uint64_t offset, const std::string& why);
  [[noreturn]] void too_long() const;
  [[nodiscard]] bool at_end() { return m_position >= m_text.size() && !refill(); }
  [[nodiscard]] bool refill();
  /// The next `length` bytes, or as many as there are.
  [[nodiscard]] std::string_view ahead(std::size_t length);
  void pass_space();
  [[nodiscard]] char current() { return at_end() ? '\0' : m_text[m_position]; }
  void expect(char wanted, const char* what);
  void expect_word(std::string_view word);
  void open();
  void append_escape(std::string& out);
  [[nodiscard]] std::uint32_t hex4();
  void digits();
  void pay(std::uint64_t bytes);

  static constexpr std::size_t k_nothing = ~std::size_t{0};

  std::string_view m_text;              ///< all of it, or the stretch that is held
  std::uint64_t m_base;                 ///< offset of its first byte
  std::string m_field;
  std::size_t m_position = 0;
  const Source* m_source = nullptr;
  std::uint64_t m_next = 0;             ///< offset of what is read next of the source
  std::uint64_t m_end = 0;
  std::size_t m_stretch = 0;
  std::string m_held;
  std::size_t m_token = k_nothing;      ///< where a token begins that must stay in one piece
  std::uint64_t m_longest_string = UINT64_MAX;
  std::uint64_t m_tree_room = UINT64_MAX;
  std::vector<bool> m_started;  ///< one per open object or array: has it had an element yet
};

/// Throws a ParseError at the first byte that is not UTF-8 (surrogates and overlong forms are not).
void require_utf8(std::string_view text, std::uint64_t base, const std::string& field);
void require_utf8(const Source& source, ByteRange range, const std::string& field, std::size_t stretch = std::size_t{256} << 10);

/// The offset of the first byte that is not UTF-8; npos where all is.
[[nodiscard]] std::size_t find_invalid_utf8(std::string_view text) noexcept;

/// Appends the code point `point`, a surrogate too, as the bytes UTF-8 has for its number.
void append_utf8(std::string& out, char32_t point);

/// A whole JSON text as a tree. Throws ParseError, and LimitReached where the tree would take more than `most` bytes.
[[nodiscard]] Value parse_json(std::string_view text, std::uint64_t base, const std::string& field,
                               std::uint64_t most = UINT64_MAX);

}  // namespace upinspect::bytes
