// SPDX-License-Identifier: Apache-2.0
// One quick pass over characters of seven bits that says whether text may be among them: of random ones three in four are
// printable, so that runs alone turn nothing away.
#pragma once

#include <cstddef>
#include <span>

namespace upinspect::forensics {

/// False where best_text (text_rating.hpp), of seven bits a character, finds nothing in `characters` that gains `least` or more.
/// True where it may. All characters must be below 128.
[[nodiscard]] bool may_hold_text(std::span<const std::byte> characters, double least) noexcept;

}  // namespace upinspect::forensics
