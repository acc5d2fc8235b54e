// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them: thousands separators, binary units, percentages that do not round to certainty.
#pragma once

#include "upinspect/artifact.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::report {

/// The sum, or the largest number where it does not fit: views may claim more elements than any disk holds.
[[nodiscard]] constexpr std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? ~std::uint64_t{0} : sum;
}

/// "1,234,567"
[[nodiscard]] std::string thousands(std::uint64_t number);

/// "1 tensor", "24 tensors"
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view one);

/// "1.13 MiB", three digits; "512 bytes" below one KiB.
[[nodiscard]] std::string binary_size(std::uint64_t bytes);

/// "1,181,696 bytes (1.13 MiB)", "512 bytes"
[[nodiscard]] std::string byte_count(std::uint64_t bytes);

/// "12.3 %". "100 %" and "0 %" are said only where they are exact, else "> 99.9 %" and "< 0.1 %".
[[nodiscard]] std::string percent(std::uint64_t part, std::uint64_t whole);

/// `number` in about `digits` significant digits: "-0.108", "1.1e-07", "0".
[[nodiscard]] std::string short_number(double number, int digits);

/// The same; integers of up to eight characters are exact. Empty where nothing is set.
[[nodiscard]] std::string short_number(const Number& number, int digits);

/// The dimensions joined by `times`; "scalar" where there is none.
[[nodiscard]] std::string shape_text(const std::vector<std::uint64_t>& shape, std::string_view times = " x ");

}  // namespace upinspect::report
