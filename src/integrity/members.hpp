// SPDX-License-Identifier: Apache-2.0
// Reads objects of locks and policies member by member, so that nothing in them goes unnoticed.
#pragma once

#include "integrity/whole_text.hpp"
#include "upinspect/value.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::integrity {

/// A whole JSON file of at most `most` bytes, its tree of at most `tree`. Throws ExpectationError with the offset.
[[nodiscard]] Value parsed_json(const std::string& path, std::uint64_t most, std::uint64_t tree);

/// One object of a JSON file that is taken for hostile; whatever has not been asked for by `done` is an error. All throw
/// ExpectationError with the place.
class Members {
 public:
  Members(const Value& value, std::string place) : m_place(std::move(place)) {
    m_object = value.if_object();
    if (m_object == nullptr) {
      refuse("expected an object");
    }
    for (const auto& [key, member] : *m_object) {
      if (!m_left.insert(key).second) {
        refuse("the key \"" + key + "\" stands twice");
      }
    }
  }

  [[nodiscard]] std::string text(const std::string& key, bool required = true) {
    const auto* value = take(key, required);
    if (value == nullptr) {
      return {};
    }
    const auto* string = value->if_string();
    if (string == nullptr) {
      refuse(key + ": expected a text");
    }
    const auto* hex = take(key + "_hex", false);
    return hex == nullptr ? *string : from_hex(*hex, key + "_hex");
  }

  [[nodiscard]] std::string sha256(const std::string& key, bool required = true) {
    auto digits = text(key, required);
    if ((required || !digits.empty()) && !integrity::is_sha256(digits)) {
      refuse(key + ": expected a SHA-256, 64 hex digits");
    }
    return digits;
  }

  [[nodiscard]] std::uint64_t number(const std::string& key) { return as_number(*take(key, true), key); }

  [[nodiscard]] std::optional<std::uint64_t> number_if_any(const std::string& key) {
    const auto* value = take(key, false);
    return value == nullptr ? std::nullopt : std::optional(as_number(*value, key));
  }

  [[nodiscard]] const Value::Array& list(const std::string& key) {
    const auto* array = take(key, true)->if_array();
    if (array == nullptr) {
      refuse(key + ": expected a list");
    }
    return *array;
  }

  [[nodiscard]] std::vector<std::string> texts(const std::string& key, bool required) {
    const auto* value = take(key, required);
    const auto* array = value == nullptr ? nullptr : value->if_array();
    if (value != nullptr && array == nullptr) {
      refuse(key + ": expected a list of texts");
    }
    std::vector<std::string> out;
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
      if ((*array)[i].if_string() == nullptr) {
        refuse(key + ": expected a list of texts");
      }
      out.push_back(*(*array)[i].if_string());
    }
    return out;
  }

  /// The member as it stands; nullptr where there is none.
  [[nodiscard]] const Value* if_any(const std::string& key) { return take(key, false); }
  [[nodiscard]] bool has(const std::string& key) const { return m_left.count(key) != 0; }
  [[nodiscard]] const std::set<std::string>& left() const noexcept { return m_left; }
  [[nodiscard]] const std::string& place() const noexcept { return m_place; }

  [[nodiscard]] std::uint64_t as_number(const Value& value, const std::string& key) const {
    if (const auto* positive = std::get_if<std::uint64_t>(&value.data)) {
      return *positive;
    }
    const auto* number = std::get_if<std::int64_t>(&value.data);
    if (number == nullptr || *number < 0) {
      refuse(key + ": expected a whole number from 0 to 2^64 - 1");
    }
    return static_cast<std::uint64_t>(*number);
  }

  void done() const {
    if (!m_left.empty()) {
      refuse("the key \"" + *m_left.begin() + "\" is not known");
    }
  }

  /// An exception's text ends at its first NUL.
  [[noreturn]] void refuse(std::string why) const {
    for (auto at = why.find('\0'); at != std::string::npos; at = why.find('\0', at)) {
      why.replace(at, 1, "\\0");
    }
    throw ExpectationError(m_place + ": " + why);
  }

 private:
  const Value* take(const std::string& key, bool required) {
    if (m_left.erase(key) == 0) {
      if (required) {
        refuse("\"" + key + "\" is missing");
      }
      return nullptr;
    }
    for (const auto& [name, value] : *m_object) {
      if (name == key) {
        return &value;
      }
    }
    return nullptr;
  }

  [[nodiscard]] std::string from_hex(const Value& value, const std::string& key) const {
    const auto* digits = value.if_string();
    constexpr std::string_view k_digits = "0123456789abcdef";
    if (digits == nullptr || digits->size() % 2 != 0 || digits->find_first_not_of(k_digits) != std::string::npos) {
      refuse(key + ": expected pairs of lower-case hex digits");
    }
    std::string bytes;
    for (std::size_t i = 0; i < digits->size(); i += 2) {
      bytes += static_cast<char>(k_digits.find((*digits)[i]) << 4 | k_digits.find((*digits)[i + 1]));
    }
    return bytes;
  }

  std::string m_place;
  const Value::Object* m_object = nullptr;
  std::set<std::string> m_left;
};

}  // namespace upinspect::integrity
