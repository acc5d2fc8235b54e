// SPDX-License-Identifier: Apache-2.0
#include "pickle/numerals.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace upinspect::pickle {

namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr std::size_t k_most_decimal_digits = 4300;  // sys.get_int_max_str_digits()
constexpr Wide k_most_wide = ~Wide{0};

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

int digit_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'z') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

std::string_view until_nul(std::string_view text) { return text.substr(0, text.find('\0')); }

std::string decimal(Wide magnitude) {
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(magnitude % 10)));
    magnitude /= 10;
  } while (magnitude != 0);
  return digits;
}

Integer from_magnitude(Wide magnitude, bool negative) {
  constexpr auto k_most = static_cast<Wide>(std::numeric_limits<std::int64_t>::max());
  Integer out;
  if (magnitude <= k_most + (negative ? 1 : 0)) {
    const auto bits = static_cast<std::uint64_t>(magnitude);
    out.value = static_cast<std::int64_t>(negative ? ~bits + 1 : bits);
    return out;
  }
  out.fits = false;
  out.text = (negative ? "-" : "") + decimal(magnitude);
  return out;
}

/// Digits of one base without signs and underscores; beyond 128 bits they are kept as they are written.
Integer from_digits(std::string_view digits, int base, bool negative) {
  Wide magnitude = 0;
  const auto radix = static_cast<unsigned>(base);
  for (const char c : digits) {
    const auto digit = static_cast<unsigned>(digit_value(c));
    if (magnitude > (k_most_wide - digit) / radix) {
      Integer out;
      out.fits = false;
      out.text = std::string(negative ? "-" : "") + (base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : "");
      out.text += digits;
      return out;
    }
    magnitude = magnitude * radix + digit;
  }
  return from_magnitude(magnitude, negative);
}

/// The base that a prefix asks for, which is taken off; 10 without one.
int take_prefix(std::string_view& text) {
  if (text.size() < 2 || text[0] != '0') {
    return 10;
  }
  const char letter = static_cast<char>(text[1] | 0x20);
  const int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
  if (base != 10) {
    text.remove_prefix(2);
    if (text.size() > 1 && text[0] == '_') {
      text.remove_prefix(1);
    }
  }
  return base;
}

bool take_sign(std::string_view& text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    text.remove_prefix(1);
  }
  return negative;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// The digits without their underscores, which may stand between digits only; nothing where another character comes.
std::optional<std::string> plain_digits(std::string_view text, int base) {
  std::string digits;
  char before = '_';
  for (const char c : text) {
    if (c == '_' ? before == '_' : digit_value(c) >= base) {
      return std::nullopt;
    }
    if (c != '_') {
      digits += c;
    }
    before = c;
  }
  return before == '_' ? std::nullopt : std::optional(digits);
}

bool is_plain_decimal(std::string_view text) {
  take_sign(text);
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// strtol(text, &end, 0), where `end` must be the end of the text; nothing where it is not or the value overflows.
std::optional<std::int64_t> c_long(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  const bool negative = take_sign(text);
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
  }
  const bool whole =
      !text.empty() && std::all_of(text.begin(), text.end(), [base](char c) { return digit_value(c) < base; });
  if (!whole) {
    return std::nullopt;
  }
  const auto value = from_digits(text, base, negative);
  return value.fits ? std::optional(value.value) : std::nullopt;
}

}  // namespace

std::optional<Integer> python_integer(std::string_view text, int base) {
  const bool unusual = !is_plain_decimal(text);
  text = trimmed(text);
  const bool negative = take_sign(text);
  const bool free_base = base == 0;
  if (free_base) {
    base = take_prefix(text);
  }
  auto digits = plain_digits(text, base);
  if (!digits) {
    return std::nullopt;
  }
  const auto leading = std::min(digits->find_first_not_of('0'), digits->size());
  if (free_base && base == 10 && leading > 0 && leading < digits->size()) {
    return std::nullopt;  // 010 is an error in Python 3, 000 is not
  }
  if (base == 10 && digits->size() > k_most_decimal_digits) {
    return std::nullopt;
  }
  digits->erase(0, leading);
  auto value = from_digits(*digits, base, negative);
  value.unusual = unusual;
  return value;
}

std::optional<Integer> int_line(std::string_view line) {
  const auto text = until_nul(line);
  if (const auto value = c_long(text)) {
    Integer out;
    out.value = *value;
    out.boolean = line.size() == 2 && (*value == 0 || *value == 1);
    out.unusual = (!is_plain_decimal(text) || text.size() != line.size() || (text.size() > 1 && text[0] == '0')) &&
                  !(out.boolean && text.size() == 2 && text[0] == '0');
    return out;
  }
  return python_integer(text, 0);
}

std::optional<Integer> long_line(std::string_view line) {
  if (!line.empty() && line.back() == 'L') {
    line.remove_suffix(1);
  }
  return python_integer(until_nul(line), 0);
}

FloatError float_line(std::string_view line, double& out) {
  auto text = until_nul(line);
  const bool negative = take_sign(text);
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  const bool named = lower == "inf" || lower == "infinity" || lower == "nan";
  const bool numeric = !lower.empty() && lower.find_first_not_of("0123456789.e+-") == std::string::npos &&
                       lower[0] != '-' && lower[0] != '+';
  if (!named && !numeric) {
    return FloatError::malformed;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(lower.data(), lower.data() + lower.size(), value);
  if (error == std::errc::invalid_argument || end != lower.data() + lower.size()) {
    return FloatError::malformed;
  }
  if (error == std::errc::result_out_of_range) {
    if (lower.find("e-") == std::string::npos && lower.rfind("0.", 0) != 0) {
      return FloatError::too_large;
    }
    value = 0;
  }
  out = negative ? -value : value;
  return FloatError::none;
}

Integer twos_complement(std::span<const std::byte> bytes) {
  const bool negative = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{0};
  const auto fill = negative ? std::byte{0xff} : std::byte{0};
  while (bytes.size() > 16 && bytes.back() == fill &&
         (bytes[bytes.size() - 2] & std::byte{0x80}) == (fill & std::byte{0x80})) {
    bytes = bytes.first(bytes.size() - 1);
  }
  if (bytes.size() <= 16) {
    Wide bits = negative ? k_most_wide : 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
      bits = bits << 8 | std::to_integer<unsigned>(bytes[i]);
    }
    return from_magnitude(negative ? ~bits + 1 : bits, negative);
  }
  Integer out;
  out.fits = false;
  std::string hex;
  bool carry = true;  // the magnitude of a negative number is its complement plus one
  for (const auto byte : bytes) {
    auto value = std::to_integer<unsigned>(byte);
    if (negative) {
      value = (value ^ 0xffU) + (carry ? 1U : 0U);
      carry = value > 0xff;
      value &= 0xffU;
    }
    hex += "0123456789abcdef"[value & 15U];
    hex += "0123456789abcdef"[value >> 4U];
  }
  std::reverse(hex.begin(), hex.end());
  out.text = (negative ? "-0x" : "0x") + hex.substr(std::min(hex.find_first_not_of('0'), hex.size() - 1));
  return out;
}

}  // namespace upinspect::pickle
