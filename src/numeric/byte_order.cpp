// SPDX-License-Identifier: Apache-2.0
#include "numeric/byte_order.hpp"

#include "numeric/load.hpp"

#include <algorithm>

namespace upinspect::numeric {

namespace {

template <typename Bits>
void swap_each(std::span<std::byte> bytes) noexcept {
  std::byte* at = bytes.data();
  for (std::size_t left = bytes.size() / sizeof(Bits); left > 0; --left, at += sizeof(Bits)) {
    Bits bits = 0;
    std::memcpy(&bits, at, sizeof bits);
    bits = reverse_bytes(bits);
    std::memcpy(at, &bits, sizeof bits);
  }
}

void swap_any(std::span<std::byte> bytes, std::size_t unit) noexcept {
  for (; bytes.size() >= unit; bytes = bytes.subspan(unit)) {
    std::reverse(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(unit));
  }
}

}  // namespace

void swap_bytes(std::span<std::byte> bytes, std::size_t unit) noexcept {
  switch (unit) {
    case 0:
    case 1: return;
    case 2: return swap_each<std::uint16_t>(bytes);
    case 4: return swap_each<std::uint32_t>(bytes);
    case 8: return swap_each<std::uint64_t>(bytes);
    default: return swap_any(bytes, unit);
  }
}

}  // namespace upinspect::numeric
