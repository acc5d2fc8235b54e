// SPDX-License-Identifier: Apache-2.0
// Numbers in carved bytes, for recognisers that must not run past the end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace upinspect::forensics {

using Bytes = std::span<const std::byte>;

/// The little-endian number of `width` bytes at `offset`; 0 where there are not so many.
[[nodiscard]] inline std::uint64_t little(std::span<const std::byte> bytes, std::size_t offset, unsigned width) noexcept {
  if (offset > bytes.size() || width > bytes.size() - offset) {
    return 0;
  }
  std::uint64_t value = 0;
  for (unsigned i = width; i-- > 0;) {
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[offset + i]);
  }
  return value;
}

/// The same, most significant byte first.
[[nodiscard]] inline std::uint64_t big(std::span<const std::byte> bytes, std::size_t offset, unsigned width) noexcept {
  if (offset > bytes.size() || width > bytes.size() - offset) {
    return 0;
  }
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) {
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[offset + i]);
  }
  return value;
}

[[nodiscard]] inline bool has_text(std::span<const std::byte> bytes, std::size_t offset, std::string_view text) noexcept {
  return offset <= bytes.size() && text.size() <= bytes.size() - offset &&
         std::equal(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset),
                    [](char letter, std::byte byte) { return static_cast<std::byte>(letter) == byte; });
}

[[nodiscard]] constexpr unsigned octet(std::byte byte) noexcept { return std::to_integer<unsigned>(byte); }

}  // namespace upinspect::forensics
