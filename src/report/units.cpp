// SPDX-License-Identifier: Apache-2.0
#include "report/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

namespace upinspect::report {
namespace {

constexpr std::array<std::string_view, 6> k_units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

/// Longer integers are shown like floating-point numbers, so that one does not widen a whole table.
constexpr std::size_t k_longest_exact_integer = 8;

[[nodiscard]] std::string three_digits(double number) {
  return fmt::format("{:.{}f}", number, number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2);
}

}  // namespace

std::string thousands(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto i = text.size(); i > 3; i -= 3) {
    text.insert(i - 3, 1, ',');
  }
  return text;
}

std::string counted(std::uint64_t number, std::string_view one) {
  auto text = thousands(number) + " ";
  text += one;
  if (number != 1) {
    const auto ends_in_y = one.ends_with('y');
    text.resize(text.size() - (ends_in_y ? 1 : 0));
    text += ends_in_y ? "ies" : "s";
  }
  return text;
}

std::string binary_size(std::uint64_t bytes) {
  if (bytes < 1024) {
    return counted(bytes, "byte");
  }
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.5 && unit + 1 < k_units.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", three_digits(value), k_units[unit]);
}

std::string byte_count(std::uint64_t bytes) {
  const auto exact = counted(bytes, "byte");
  return bytes < 1024 ? exact : fmt::format("{} ({})", exact, binary_size(bytes));
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (part == 0 || whole == 0) {
    return "0 %";
  }
  if (part == whole) {
    return "100 %";
  }
  const auto share = 100 * static_cast<double>(part) / static_cast<double>(whole);
  if (share < 0.1) {
    return "< 0.1 %";
  }
  return share > 99.9 ? "> 99.9 %" : fmt::format("{:.1f} %", share);
}

std::string short_number(double number, int digits) {
  if (number == 0) {
    return "0";
  }
  const auto magnitude = std::abs(number);
  if (!std::isfinite(number) || magnitude < 1e-3 || magnitude >= 1e4) {
    return fmt::format("{:.{}e}", number, digits - 2);
  }
  const auto before_point = static_cast<int>(std::floor(std::log10(magnitude))) + 1;
  return fmt::format("{:.{}f}", number, std::max(0, digits - before_point));
}

std::string short_number(const Number& number, int digits) {
  return std::visit(
      [digits](auto value) -> std::string {
        if constexpr (std::is_same_v<decltype(value), std::monostate>) {
          return "";
        } else if constexpr (std::is_same_v<decltype(value), double>) {
          return short_number(value, digits);
        } else {
          const auto exact = std::to_string(value);
          return exact.size() <= k_longest_exact_integer ? exact : short_number(static_cast<double>(value), digits);
        }
      },
      number);
}

std::string shape_text(const std::vector<std::uint64_t>& shape, std::string_view times) {
  if (shape.empty()) {
    return "scalar";
  }
  auto text = std::to_string(shape.front());
  for (std::size_t i = 1; i < shape.size(); ++i) {
    text += times;
    text += std::to_string(shape[i]);
  }
  return text;
}

}  // namespace upinspect::report
