// SPDX-License-Identifier: Apache-2.0
// Loads and stores little-endian numbers in bytes that need no alignment, on any host.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace upinspect::numeric {

[[nodiscard]] constexpr std::uint8_t reverse_bytes(std::uint8_t value) noexcept { return value; }
[[nodiscard]] constexpr std::uint16_t reverse_bytes(std::uint16_t value) noexcept { return __builtin_bswap16(value); }
[[nodiscard]] constexpr std::uint32_t reverse_bytes(std::uint32_t value) noexcept { return __builtin_bswap32(value); }
[[nodiscard]] constexpr std::uint64_t reverse_bytes(std::uint64_t value) noexcept { return __builtin_bswap64(value); }

/// The unsigned integer that has the size of T: what T's bits are handled as.
template <typename T>
using BitsOf = std::conditional_t<
    sizeof(T) == 1, std::uint8_t,
    std::conditional_t<sizeof(T) == 2, std::uint16_t,
                       std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>;

/// The number of type T that lies little-endian at `from`.
template <typename T>
[[nodiscard]] inline T load_le(const std::byte* from) noexcept {
  BitsOf<T> bits = 0;
  std::memcpy(&bits, from, sizeof bits);
  if constexpr (std::endian::native == std::endian::big) {
    bits = reverse_bytes(bits);
  }
  return std::bit_cast<T>(bits);
}

/// Writes `value` little-endian to `to`.
template <typename T>
inline void store_le(T value, std::byte* to) noexcept {
  auto bits = std::bit_cast<BitsOf<T>>(value);
  if constexpr (std::endian::native == std::endian::big) {
    bits = reverse_bytes(bits);
  }
  std::memcpy(to, &bits, sizeof bits);
}

}  // namespace upinspect::numeric
