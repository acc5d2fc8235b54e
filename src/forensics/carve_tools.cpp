// SPDX-License-Identifier: Apache-2.0
// The headers that known hiding tools put before what they hide. Where one holds a digest, it decides.
#include "bytes/digest.hpp"
#include "forensics/carve.hpp"
#include "forensics/little.hpp"

#include <algorithm>
#include <cctype>

namespace upinspect::forensics {
namespace {

std::string text_at(Bytes bytes, std::size_t offset, std::size_t length) {
  std::string text;
  for (const auto byte : bytes.subspan(offset, length)) {
    text += std::to_integer<char>(byte);
  }
  return text;
}

bool is_hex(std::byte byte) {
  const auto letter = std::to_integer<unsigned char>(byte);
  return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f') || (letter >= 'A' && letter <= 'F');
}

bool is_digit(std::byte byte) { return byte >= std::byte{'0'} && byte <= std::byte{'9'}; }

template <typename Test>
bool all(Bytes bytes, std::size_t offset, std::size_t length, Test test) {
  if (offset > bytes.size() || length > bytes.size() - offset) {
    return false;
  }
  const auto part = bytes.subspan(offset, length);
  return std::all_of(part.begin(), part.end(), test);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

Carved behind(std::size_t header, std::uint64_t content, bool verified, const std::string& title) {
  Carved carved;
  carved.kind = "tool";
  carved.title = title + (verified ? ", whose own digest holds" : "");
  carved.evidence = verified ? PayloadEvidence::proven : PayloadEvidence::known_header;
  carved.content_offset = header;
  carved.content_length = static_cast<std::size_t>(content);
  carved.length = header + carved.content_length;
  return carved;
}

}  // namespace

// struct.pack("i 64s"): the length, then the SHA-256 of the message in hex.
std::optional<Carved> carve_hidden_layer(Bytes bytes) {
  constexpr std::size_t k_header = 68;
  if (!all(bytes, 4, 4, is_hex) || !all(bytes, 4, 64, is_hex)) {
    return std::nullopt;
  }
  const auto size = little(bytes, 0, 4);
  if (size == 0 || size > bytes.size() - k_header) {
    return std::nullopt;
  }
  const auto digest = bytes::sha256_hex(bytes.subspan(k_header, static_cast<std::size_t>(size)));
  return behind(k_header, size, digest == lower(text_at(bytes, 4, 64)), "hidden by torch_steganography (HiddenLayer)");
}

// "LSB0", length as u64, then a SHA-256, raw or in hex.
std::optional<Carved> carve_lsb0(Bytes bytes) {
  const auto size = little(bytes, 4, 8);
  for (const std::size_t digest : {std::size_t{32}, std::size_t{64}}) {
    const auto header = 12 + digest;
    if (bytes.size() < header || size == 0 || size > bytes.size() - header) {
      continue;
    }
    const auto wanted = bytes::sha256_hex(bytes.subspan(header, static_cast<std::size_t>(size)));
    if (wanted == (digest == 32 ? bytes::to_hex(bytes.subspan(12, 32)) : lower(text_at(bytes, 12, 64)))) {
      return behind(header, size, true, "hidden behind an LSB0 header");
    }
  }
  return std::nullopt;
}

// "MANT", length as u32.
std::optional<Carved> carve_manta(Bytes bytes) {
  const auto size = little(bytes, 4, 4);
  if (bytes.size() < 9 || size == 0 || size > bytes.size() - 8) {
    return std::nullopt;
  }
  return behind(8, size, false, "hidden by Manta");
}

// Sixteen digits of length, 32 hex digits of MD5.
std::optional<Carved> carve_neural_steg(Bytes bytes) {
  constexpr std::size_t k_header = 48;
  if (!all(bytes, 0, 4, is_digit) || !all(bytes, 0, 16, is_digit) || !all(bytes, 16, 32, is_hex)) {
    return std::nullopt;
  }
  const auto size = std::stoull(text_at(bytes, 0, 16));
  if (size == 0 || size > bytes.size() - k_header) {
    return std::nullopt;
  }
  const auto digest = bytes::md5_hex(bytes.subspan(k_header, static_cast<std::size_t>(size)));
  return behind(k_header, size, digest == lower(text_at(bytes, 16, 32)), "hidden by NeuralSteg");
}

}  // namespace upinspect::forensics
