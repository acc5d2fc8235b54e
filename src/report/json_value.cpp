// SPDX-License-Identifier: Apache-2.0
#include "report/json_value.hpp"

#include "report/json_writer.hpp"
#include "report/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace upinspect::report {
namespace {

/// Readers bound what they nest far below this; a Value built by hand ends in a word instead of a crash.
constexpr unsigned k_deepest = 256;
constexpr std::string_view k_too_deep = "nested too deeply to be shown";

/// An array of more numbers than this is as well read one to a line.
constexpr std::size_t k_longest_row = 16;

/// Gives each member of one object a key that no other has.
class KeyRoster {
 public:
  [[nodiscard]] std::string admit(std::string_view wanted) {
    auto& copies = m_copies[std::string(wanted)];
    if (++copies == 1) {
      return std::string(wanted);
    }
    auto key = numbered(wanted, copies);
    while (!m_copies.try_emplace(key, 1).second) {
      key = numbered(wanted, ++m_copies[std::string(wanted)]);
    }
    return key;
  }

 private:
  [[nodiscard]] static std::string numbered(std::string_view key, std::uint64_t copy) {
    return std::string(key) + "#" + std::to_string(copy);
  }

  std::unordered_map<std::string, std::uint64_t> m_copies;
};

/// What `raw` reads as in JSON: two different broken keys may become the same text.
[[nodiscard]] std::string as_utf8(std::string_view raw) {
  std::string out;
  for (std::size_t i = 0; i < raw.size();) {
    const auto point = decode(raw, i);
    append_utf8(out, point.value);
    i += point.length;
  }
  return out;
}

[[nodiscard]] bool holds_broken_text(const Value& value, unsigned depth) {
  if (const auto* text = value.if_string()) {
    return !is_utf8(*text);
  }
  const auto* array = value.if_array();
  return array != nullptr && depth < k_deepest && std::any_of(array->begin(), array->end(), [depth](const Value& item) {
           return holds_broken_text(item, depth + 1);
         });
}

[[nodiscard]] bool is_row(const Value::Array& array) {
  return array.size() <= k_longest_row && std::all_of(array.begin(), array.end(), [](const Value& item) {
           return item.if_string() == nullptr && item.if_array() == nullptr && item.if_object() == nullptr;
         });
}

class ValueWriter {
 public:
  explicit ValueWriter(JsonWriter& out) : m_out(out) {}

  void value(const Value& value, unsigned depth) {
    std::visit([this, depth](const auto& content) { write(content, depth); }, value.data);
  }

  /// The bytes of broken texts in the shape of the value they are in; null for everything that is sound.
  void hex_of(const Value& value, unsigned depth) {
    if (const auto* array = value.if_array(); array != nullptr && holds_broken_text(value, depth)) {
      m_out.begin_array(JsonScope::row);
      for (const auto& item : *array) {
        hex_of(item, depth + 1);
      }
      m_out.end();
    } else if (holds_broken_text(value, depth)) {
      m_out.value(hex(*value.if_string()));
    } else {
      m_out.value(nullptr);
    }
  }

 private:
  template <class T>
  void write(const T& scalar, unsigned /*depth*/) {
    m_out.value(scalar);
  }

  void write(const Value::Array& array, unsigned depth) {
    if (depth >= k_deepest) {
      m_out.value(k_too_deep);
      return;
    }
    m_out.begin_array(is_row(array) ? JsonScope::row : JsonScope::lines);
    for (const auto& item : array) {
      value(item, depth + 1);
    }
    m_out.end();
  }

  void write(const Value::Object& object, unsigned depth) {
    if (depth >= k_deepest) {
      m_out.value(k_too_deep);
      return;
    }
    m_out.begin_object();
    KeyRoster roster;
    std::vector<std::string> keys;
    keys.reserve(object.size());
    for (const auto& [name, content] : object) {
      keys.push_back(roster.admit(as_utf8(name)));
    }
    for (std::size_t i = 0; i < object.size(); ++i) {
      const auto& [name, content] = object[i];
      m_out.file_key(keys[i]);
      value(content, depth + 1);
      if (holds_broken_text(content, depth + 1)) {
        m_out.file_key(roster.admit(keys[i] + "_hex"));
        hex_of(content, depth + 1);
      }
      if (!is_utf8(name)) {
        m_out.file_key(roster.admit(keys[i] + "_key_hex"));
        m_out.value(hex(name));
      }
    }
    m_out.end();
  }

  JsonWriter& m_out;
};

}  // namespace

void write_value(JsonWriter& out, std::string_view name, const Value& value) {
  out.key(name);
  ValueWriter(out).value(value, 0);
}

}  // namespace upinspect::report
