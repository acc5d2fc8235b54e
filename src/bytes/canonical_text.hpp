// SPDX-License-Identifier: Apache-2.0
// Brings text to Unicode's canonical decomposition (NFD), in which spellings that look the same are the same.
#pragma once

#include <string>
#include <string_view>

namespace upinspect::bytes {

[[nodiscard]] bool is_ascii(std::string_view text) noexcept;

/// The canonical decomposition of UTF-8 text, of which file systems such as HFS+ keep one spelling only. Text that is
/// no UTF-8 comes back as it is. CJK compatibility ideographs are left as they are.
[[nodiscard]] std::string decomposed(std::string_view text);

}  // namespace upinspect::bytes
