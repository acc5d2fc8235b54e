// SPDX-License-Identifier: Apache-2.0
// Text as the bytes that it is made of.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace upinspect::test {

[[nodiscard]] inline std::vector<std::byte> text_bytes(std::string_view text) {
  std::vector<std::byte> bytes;
  for (const auto letter : text) {
    bytes.push_back(static_cast<std::byte>(letter));
  }
  return bytes;
}

}  // namespace upinspect::test
