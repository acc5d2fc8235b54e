// SPDX-License-Identifier: Apache-2.0
#include "forensics/carve.hpp"

#include "forensics/little.hpp"

#include <array>

namespace upinspect::forensics {
namespace {

using Recogniser = std::optional<Carved> (*)(Bytes);

/// A recogniser, and the fixed bytes that must stand `at` bytes after the start.
struct Signature {
  std::size_t at;
  std::string_view magic;
  Recogniser recognise;
};

constexpr std::string_view k_gzip_magic("\x1f\x8b\x08", 3);

constexpr std::array k_signatures = {
    Signature{0, "\x89PNG", carve_png},  Signature{0, k_gzip_magic, carve_gzip},   Signature{0, "PK\x03\x04", carve_zip},
    Signature{0, "\x7f" "ELF", carve_elf}, Signature{0, "MZ", carve_pe},             Signature{0, "%PDF-", carve_pdf},
    Signature{0, "\x78\x01", carve_zlib}, Signature{0, "\x78\x5e", carve_zlib},      Signature{0, "\x78\x9c", carve_zlib},
    Signature{0, "\x78\xda", carve_zlib}, Signature{0, "LSB0", carve_lsb0},          Signature{0, "MANT", carve_manta},
    Signature{0, "\x80\x02", carve_pickle}, Signature{0, "\x80\x03", carve_pickle},  Signature{0, "\x80\x04", carve_pickle},
    Signature{0, "\x80\x05", carve_pickle}, Signature{8, "{\"", carve_safetensors},
};

/// Most offsets can be passed over by their first byte.
constexpr auto k_first_bytes = [] {
  std::array<bool, 256> first{};
  for (const auto& signature : k_signatures) {
    if (signature.at == 0) {
      first[static_cast<unsigned char>(signature.magic[0])] = true;
    }
  }
  return first;
}();

constexpr auto k_hex_digits = [] {
  std::array<bool, 256> digits{};
  for (const char letter : std::string_view("0123456789abcdefABCDEF")) {
    digits[static_cast<unsigned char>(letter)] = true;
  }
  return digits;
}();

/// The two headers without magic begin with figures, or have hexadecimal ones after four bytes.
bool may_be_header(Bytes bytes) {
  const auto digit = [&bytes](std::size_t at) { return octet(bytes[at]) - '0' < 10U; };
  const auto hex = [&bytes](std::size_t at) { return k_hex_digits[octet(bytes[at])]; };
  return bytes.size() >= 48 && ((hex(4) && hex(5) && hex(6)) || (digit(0) && digit(1) && digit(2)));
}

bool may_begin(Bytes bytes) {
  return k_first_bytes[std::to_integer<std::size_t>(bytes[0])] || (bytes.size() > 9 && bytes[8] == std::byte{'{'});
}

}  // namespace

bool may_carve(Bytes bytes) noexcept { return may_begin(bytes) || may_be_header(bytes); }

std::optional<Carved> carve_at(std::span<const std::byte> stream, std::size_t offset) {
  const auto bytes = stream.subspan(offset);
  const bool magic = may_begin(bytes);
  for (const auto& signature : magic ? std::span<const Signature>(k_signatures) : std::span<const Signature>()) {
    if (has_text(bytes, signature.at, signature.magic)) {
      if (auto carved = signature.recognise(bytes)) {
        return carved;
      }
    }
  }
  if (auto front = magic ? carve_front(bytes) : std::nullopt) {
    return front;
  }
  if (!may_be_header(bytes)) {
    return std::nullopt;
  }
  auto carved = carve_hidden_layer(bytes);
  return carved ? carved : carve_neural_steg(bytes);
}

}  // namespace upinspect::forensics
