// SPDX-License-Identifier: Apache-2.0
// What a blind search asks of a find before it believes it, and where a text ends that says nothing of its length.
#pragma once

#include "forensics/bit_stream.hpp"
#include "forensics/stream_rating.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace upinspect::forensics {

/// 1, 2, 3, … as tables of positions hold them.
[[nodiscard]] bool is_counting(std::span<const std::byte> bytes);

/// A run of hex digits as long as a digest: what follows such a header may be no text.
[[nodiscard]] bool holds_digest(std::span<const std::byte> bytes);

/// Among as many beginnings as there are bits, eight opcodes in a row do come by chance: here twenty count, or a global with a name.
[[nodiscard]] bool is_convincing_pickle(std::span<const std::byte> bytes);

/// Cuts away characters at the ends of a plain text that do not follow as letters do, nor begin or end as a line does.
void trim(Found& found, std::span<const std::byte> bytes, unsigned character_bits);

/// Text that was written plane by plane, and the bytes in the order of the elements that it was read from.
struct Planes {
  std::size_t offset = 0;
  std::size_t length = 0;
  std::vector<std::byte> bytes;
};

/// Whole bytes of an element, read one plane after the other: gives them in the order of the planes, the lowest first, where that makes
/// better text than the order of the elements. `first_byte` is the place of the text in its stream.
[[nodiscard]] std::optional<Planes> as_planes(const Field& field, std::uint64_t first_byte, std::span<const std::byte> text);

}  // namespace upinspect::forensics
