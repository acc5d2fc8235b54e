// SPDX-License-Identifier: Apache-2.0
// A digest that may be absent, kept as its bytes and read as the lower-case hexadecimal text that tools print.
#pragma once

#include "upinspect/boxed.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace upinspect {

template <std::size_t Bytes>
class HexDigest {
 public:
  HexDigest() = default;
  /// `hex` has two digits for each byte; any other text is a mistake of the caller and leaves it absent.
  HexDigest(std::string_view hex) {
    if (hex.size() == 2 * Bytes) {
      Digits bytes{};
      for (std::size_t i = 0; i < Bytes; ++i) {
        bytes[i] = static_cast<std::uint8_t>((digit(hex[2 * i]) << 4U) | digit(hex[2 * i + 1]));
      }
      m_bytes = bytes;
    }
  }
  HexDigest(const std::string& hex) : HexDigest(std::string_view(hex)) {}
  HexDigest(const char* hex) : HexDigest(std::string_view(hex)) {}

  [[nodiscard]] bool has_value() const noexcept { return m_bytes.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] std::string operator*() const {
    constexpr std::string_view k_digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * Bytes);
    for (const auto byte : *m_bytes) {
      hex.push_back(k_digits[byte >> 4U]);
      hex.push_back(k_digits[byte & 0x0fU]);
    }
    return hex;
  }
  [[nodiscard]] std::string value_or(std::string absent) const { return has_value() ? **this : std::move(absent); }

  friend bool operator==(const HexDigest&, const HexDigest&) = default;

 private:
  using Digits = std::array<std::uint8_t, Bytes>;

  static unsigned digit(char c) noexcept { return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10) & 0x0fU; }

  std::conditional_t<(Bytes <= 16), std::optional<Digits>, Boxed<Digits>> m_bytes;  // long ones are asked for, and few
};

}  // namespace upinspect
