// SPDX-License-Identifier: Apache-2.0
// Writes JSON as it comes, without holding a document: scopes, keys and values in the order of the calls.
#pragma once

#include "report/out_buffer.hpp"
#include "report/sink.hpp"

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::report {

enum class JsonLayout : std::uint8_t {
  pretty,   ///< two spaces per level; scopes opened as rows stay on one line
  compact,  ///< no white space at all
};

/// How a scope is laid out where the document is pretty.
enum class JsonScope : std::uint8_t { lines, row };

/// Keys given as `key` are our own words; text that comes from a file goes through `file_text` or `file_key`. Integers
/// stay integers; a double is the shortest text that reads back as the same number and never looks like an integer; NaN
/// and infinities are the strings "nan", "inf" and "-inf". To close more than was opened is a mistake of the caller.
class JsonWriter {
 public:
  JsonWriter(Sink sink, JsonLayout layout);
  /// Writes, to a sink of its own, elements that follow others in the array that is open in `document`; to be put there by `splice`.
  JsonWriter(const JsonWriter& document, Sink sink);
  void splice(std::string_view elements) { m_out.put(elements); }

  /// Whether long lists may be written by more than one thread.
  void use_threads(bool several) noexcept { m_threads = several; }
  [[nodiscard]] bool may_use_threads() const noexcept { return m_threads; }

  void begin_object(JsonScope scope = JsonScope::lines) { open('{', '}', scope); }
  void begin_array(JsonScope scope = JsonScope::lines) { open('[', ']', scope); }
  void end();

  JsonWriter& key(std::string_view ours);
  JsonWriter& file_key(std::string_view raw);

  void value(std::nullptr_t);
  void value(std::same_as<bool> auto truth) { literal(truth ? "true" : "false"); }
  void value(std::signed_integral auto number) { integer(static_cast<std::int64_t>(number)); }
  void value(std::unsigned_integral auto number)
    requires(!std::same_as<decltype(number), bool>)
  {
    integer(static_cast<std::uint64_t>(number));
  }
  void value(double number);
  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(const std::string& text) { value(std::string_view(text)); }

  /// A member of the open object.
  template <class T>
  void member(std::string_view name, const T& content) {
    key(name);
    value(content);
  }

  /// A member that holds text from a file. Where that is not UTF-8, the member `<name>_hex` follows with its bytes.
  void file_text(std::string_view name, std::string_view raw);

  /// The same of two texts, one after the other.
  void file_text(std::string_view name, std::string_view before, std::string_view raw);

  /// Ends the line: after a document, between the lines of NDJSON.
  void newline() { m_out.put('\n'); }

  /// Hands over what is still held. Nothing needs it but the end of the output.
  void flush() { m_out.flush(); }

 private:
  struct Scope {
    char closer;
    JsonScope layout;
    bool empty;
  };

  void open(char opener, char closer, JsonScope layout);
  void before_value();
  [[nodiscard]] char* value_room(std::size_t length);
  [[nodiscard]] char* behind_separator(std::size_t length);
  void separate();
  void break_line();
  void string(std::string_view text);
  void literal(std::string_view text);
  void integer(std::int64_t number);
  void integer(std::uint64_t number);

  OutBuffer m_out;
  JsonLayout m_layout;
  std::string m_scratch;  ///< holds one escaped string at a time
  bool m_sound = true;    ///< the last string was UTF-8
  std::vector<Scope> m_scopes;
  bool m_after_key = false;
  bool m_threads = false;
};

}  // namespace upinspect::report
