// SPDX-License-Identifier: Apache-2.0
// A JSON-like value for metadata and format details, so that the public face needs no JSON library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace upinspect {

/// null, bool, 64-bit integers (kept as integers), double, string (any bytes), array, object (in the file's order).
struct Value {
  using Array = std::vector<Value>;
  using Object = std::vector<std::pair<std::string, Value>>;
  using Storage = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object>;

  Storage data = nullptr;

  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool value) : data(value) {}
  Value(int value) : data(static_cast<std::int64_t>(value)) {}
  Value(long value) : data(static_cast<std::int64_t>(value)) {}
  Value(long long value) : data(static_cast<std::int64_t>(value)) {}
  Value(unsigned value) : data(static_cast<std::uint64_t>(value)) {}
  Value(unsigned long value) : data(static_cast<std::uint64_t>(value)) {}
  Value(unsigned long long value) : data(static_cast<std::uint64_t>(value)) {}
  Value(double value) : data(value) {}
  Value(const char* value) : data(std::in_place_type<std::string>, value) {}
  Value(std::string value) : data(std::move(value)) {}
  Value(Array value) : data(std::move(value)) {}
  Value(Object value) : data(std::move(value)) {}

  [[nodiscard]] const std::string* if_string() const { return std::get_if<std::string>(&data); }
  [[nodiscard]] const Array* if_array() const { return std::get_if<Array>(&data); }
  [[nodiscard]] const Object* if_object() const { return std::get_if<Object>(&data); }

  /// The member `key` of an object; nullptr where this is no object or has no such member.
  [[nodiscard]] const Value* find(std::string_view key) const {
    if (const auto* object = if_object()) {
      for (const auto& [name, value] : *object) {
        if (name == key) {
          return &value;
        }
      }
    }
    return nullptr;
  }

  friend bool operator==(const Value&, const Value&) = default;
};

}  // namespace upinspect
