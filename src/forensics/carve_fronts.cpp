// SPDX-License-Identifier: Apache-2.0
// The first bytes of a file whose rest is not there: ELF (System V ABI, e_ident), DOS header of PE (Microsoft PE/COFF), PNG
// (ISO 15948), zip (APPNOTE 6.3, 4.3.7), PDF (ISO 32000, 7.5.2). Fields that are constant, or of few values, are counted in bits.
#include "forensics/carve.hpp"
#include "forensics/little.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace upinspect::forensics {
namespace {

/// Some 2^40 bits begin a character in all readings of 4 GB of weights: 60 bits more are no accident.
constexpr double k_fewest_bits = 100;

struct KnownFields {
  std::size_t length = 0;
  double bits = 0;
};

/// What a field of `width` bits says that has one of `kinds` values.
double bits_of(double kinds, unsigned width) { return width - std::log2(kinds); }

KnownFields elf_front(Bytes bytes) {
  // ELFOSABI_NONE to _OPENVOS, of ARM, of ARM's EABI, standalone.
  const auto system = little(bytes, 7, 1);
  const bool known = system <= 18 || system == 64 || system == 97 || system == 255;
  const auto in = [&bytes](std::size_t at, std::uint64_t least, std::uint64_t most) { return little(bytes, at, 1) >= least && little(bytes, at, 1) <= most; };
  if (bytes.size() < 16 || !in(4, 1, 2) || !in(5, 1, 2) || !in(6, 1, 1) || !known || !in(8, 0, 3) || little(bytes, 9, 7) != 0) {
    return {};
  }
  return {16, 32 + 2 * bits_of(2, 8) + 8 + bits_of(22, 8) + bits_of(4, 8) + 56};
}

/// The stub that linkers put before a program of Windows.
KnownFields pe_front(Bytes bytes) {
  constexpr std::string_view k_stub("MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0", 16);
  return has_text(bytes, 0, k_stub) ? KnownFields{k_stub.size(), 8.0 * static_cast<double>(k_stub.size())} : KnownFields{};
}

KnownFields png_front(Bytes bytes) {
  constexpr std::string_view k_header("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", 16);
  return has_text(bytes, 0, k_header) ? KnownFields{k_header.size(), 8.0 * static_cast<double>(k_header.size())} : KnownFields{};
}

bool is_printable(std::byte letter) { return octet(letter) >= 0x20 && octet(letter) < 0x7f; }

KnownFields zip_front(Bytes bytes) {
  constexpr std::array<std::uint64_t, 14> k_versions{10, 11, 20, 21, 25, 27, 45, 46, 50, 51, 52, 61, 62, 63};
  constexpr std::uint64_t k_flags = 0x080e;   // the deflater's effort, a descriptor after the data, UTF-8
  const auto flags = little(bytes, 6, 2);
  const auto method = little(bytes, 8, 2);
  const auto packed = little(bytes, 18, 4);
  const auto unpacked = little(bytes, 22, 4);
  const auto name = static_cast<std::size_t>(little(bytes, 26, 2));
  const bool version = std::find(k_versions.begin(), k_versions.end(), little(bytes, 4, 2)) != k_versions.end();
  if (!version || (flags & ~k_flags) != 0 || (method != 0 && method != 8) || name < 1 || name > 255 || little(bytes, 28, 2) > 255 ||
      bytes.size() < 30 + name) {
    return {};
  }
  const auto letters = bytes.subspan(30, name);
  if (!std::all_of(letters.begin(), letters.end(), is_printable)) {
    return {};
  }
  const bool later = (flags & 8U) != 0 && packed == 0 && unpacked == 0 && little(bytes, 14, 4) == 0;
  const auto sizes = later ? 96 : method == 0 && packed == unpacked ? 32 : 0;
  const auto fixed = 32 + bits_of(static_cast<double>(k_versions.size()), 16) + bits_of(16, 16) + bits_of(2, 16) + bits_of(255, 16) + bits_of(256, 16);
  return {30 + name, fixed + sizes + static_cast<double>(name) * bits_of(95, 8)};
}

/// "%PDF-1.7", a line of bytes beyond ASCII, "1 0 obj".
KnownFields pdf_front(Bytes bytes) {
  const auto is = [&bytes](std::size_t at, auto holds) { return at < bytes.size() && holds(octet(bytes[at])); };
  const auto digit = [](unsigned letter) { return letter >= '0' && letter <= '9'; };
  const auto ends = [](unsigned letter) { return letter == '\r' || letter == '\n'; };
  const auto beyond = [](unsigned letter) { return letter >= 0x80; };
  if (!has_text(bytes, 0, "%PDF-") || !is(5, digit) || !has_text(bytes, 6, ".") || !is(7, digit) || !is(8, ends)) {
    return {};
  }
  KnownFields front{9, 48 + 2 * bits_of(10, 8) + bits_of(2, 8)};
  const auto take = [&front](std::size_t length, double bits) {
    front.length += length;
    front.bits += bits;
  };
  const auto take_end = [&] {
    while (is(front.length, ends)) {
      take(1, bits_of(2, 8));
    }
  };
  take_end();
  if (has_text(bytes, front.length, "%") && is(front.length + 1, beyond)) {
    take(1, 8);
    while (is(front.length, beyond) && front.length < 24) {
      take(1, 1);
    }
    take_end();
  }
  while (is(front.length, digit) && front.length < 32) {
    take(1, bits_of(10, 8));
  }
  constexpr std::string_view k_object = " 0 obj";
  if (has_text(bytes, front.length, k_object)) {
    take(k_object.size(), 8.0 * static_cast<double>(k_object.size()));
  }
  return front;
}

struct Kind {
  std::string_view magic;
  std::string_view kind;
  std::string_view title;
  KnownFields (*look)(Bytes);
};

constexpr std::array k_kinds = {
    Kind{"\x7f" "ELF", "elf", "front of an ELF program", elf_front}, Kind{"MZ", "pe", "front of a Windows program", pe_front},
    Kind{"\x89PNG", "png", "front of a PNG image", png_front},       Kind{"PK\x03\x04", "zip", "front of a zip archive", zip_front},
    Kind{"%PDF-", "pdf", "front of a PDF document", pdf_front},
};

}  // namespace

std::optional<Carved> carve_front(Bytes bytes) {
  for (const auto& kind : k_kinds) {
    const auto front = has_text(bytes, 0, kind.magic) ? kind.look(bytes) : KnownFields{};
    if (front.bits >= k_fewest_bits) {
      return Carved{std::string(kind.kind), std::string(kind.title), PayloadEvidence::known_header, front.length, 0, front.length, front.bits};
    }
  }
  return std::nullopt;
}

}  // namespace upinspect::forensics
