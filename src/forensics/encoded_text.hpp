// SPDX-License-Identifier: Apache-2.0
// Bytes that stand as letters in other text: base64 (RFC 4648, both alphabets) and hexadecimal digits.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace upinspect::forensics {

enum class Encoding : unsigned char { base64, hex };

[[nodiscard]] std::string_view title_of(Encoding encoding) noexcept;

/// A run of letters that may stand for bytes.
struct EncodedRun {
  Encoding encoding = Encoding::base64;
  std::size_t offset = 0;   ///< of its first letter
  std::size_t length = 0;   ///< in letters, line breaks and the = at the end included
  bool picture = false;     ///< declared as one: a data:image URI, which tools show as a preview
};

/// Runs of at least 24 letters of base64, some of them capitals and some not, which names rarely are, and of at least 32
/// hexadecimal digits. Lines may be broken.
[[nodiscard]] std::vector<EncodedRun> encoded_runs(std::span<const std::byte> text);

/// What the run stands for. The first `skipped` letters are left out: what stands before a text may look like a part of it.
[[nodiscard]] std::vector<std::byte> decoded(std::span<const std::byte> text, const EncodedRun& run, std::size_t skipped = 0);

}  // namespace upinspect::forensics
