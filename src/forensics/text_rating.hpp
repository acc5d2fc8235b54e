// SPDX-License-Identifier: Apache-2.0
// How surely a stretch of bytes was written by somebody: runs of text, and letters that follow one another as in text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace upinspect::forensics {

/// The stretch of a stream that is most like text.
struct TextStretch {
  std::size_t offset = 0;
  std::size_t length = 0;
  double log_p = 0;      ///< natural logarithm of the chance that random bytes of the stream's length hold such a one
  bool ascii = true;     ///< else UTF-8
};

/// Three tests, the best one counts. A run of text: n printable ASCII characters follow one another with a chance of
/// (98/256)^n, letters of base64 or hexadecimal digits with one of (69/256)^n or (22/256)^n, thrice. A run of UTF-8, by a model of how long its characters are. And the sum of ln(P(b | a) / (1/256)) by a model of pairs of letters,
/// whose greatest stretch exceeds ln(length) + x with a chance of about e^-x. A stretch needs `distinct` characters: bytes that
/// repeat are a structure of the numbers more often than a message; the exponents of weights read "<=;<<=". A length of 0 means that there is none.
/// Of characters of seven bits, chance finds twice as many printable.
[[nodiscard]] TextStretch best_text(std::span<const std::byte> stream, unsigned character_bits = 8, unsigned distinct = 6) noexcept;

/// How many bytes the text at the front of `bytes` takes: printable ASCII, tab, line feed, carriage return, UTF-8.
[[nodiscard]] std::size_t text_length(std::span<const std::byte> bytes) noexcept;

/// What best_text counts a letter at, by the model of pairs: ln(256 P(letter | previous)), or ln(256 P(letter)) behind a byte that is no text.
[[nodiscard]] double letter_gain(std::byte previous, std::byte letter) noexcept;

/// ln(P(letters) / 256^-n) of letters that follow one another, by the model of pairs, whichever is the first; bytes that are no text count
/// against it.
[[nodiscard]] double likelihood_gain(std::span<const std::byte> bytes) noexcept;

/// Distinct bytes, counted up to 256.
[[nodiscard]] unsigned distinct_bytes(std::span<const std::byte> bytes) noexcept;

}  // namespace upinspect::forensics
