// SPDX-License-Identifier: Apache-2.0
// Builds tar archives, honest and malformed, block by block.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace upinspect::test {

struct TarItem {
  std::string name = "x";
  std::string data = {};
  char type = '0';
  std::string link = {};
  std::string prefix = {};
  std::string magic = std::string("ustar\0" "00", 8);
  std::optional<std::string> size_field = {};  ///< 12 bytes as they stand
  std::optional<std::string> checksum_field = {};  ///< 8 bytes as they stand
  bool signed_checksum = false;
  std::string tail = {};                      ///< from offset 345, in place of the prefix
  std::optional<std::string> padding = {};    ///< after the data, up to the next block
};

inline std::string tar_octal(std::uint64_t value, std::size_t width) {
  std::string out(width, '\0');
  std::snprintf(out.data(), width, "%0*llo", static_cast<int>(width) - 1, static_cast<unsigned long long>(value));
  return out;
}

/// A size in base 256: twelve bytes, big-endian two's complement, marked by the first bit.
inline std::string tar_base_256(std::int64_t value) {
  std::string out(12, value < 0 ? '\xff' : '\0');
  for (std::size_t i = 0; i < 8; ++i) {
    out[11 - i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xffU);
  }
  out[0] = static_cast<char>(static_cast<unsigned char>(out[0]) | 0x80U);
  return out;
}

inline std::string pax_record(std::string_view key, std::string_view value) {
  const auto body = " " + std::string(key) + "=" + std::string(value) + "\n";
  auto length = body.size() + 1;
  while (std::to_string(length).size() + body.size() != length) {
    length = std::to_string(length).size() + body.size();
  }
  return std::to_string(length) + body;
}

inline std::string tar_header(const TarItem& item) {
  std::string block(512, '\0');
  const auto put = [&block](std::size_t at, std::size_t room, std::string_view text) {
    const auto part = text.substr(0, room);
    block.replace(at, part.size(), part);
  };
  put(0, 100, item.name);
  put(100, 8, tar_octal(0644, 8));
  put(108, 8, tar_octal(0, 8));
  put(116, 8, tar_octal(0, 8));
  put(124, 12, item.size_field.value_or(tar_octal(item.data.size(), 12)));
  put(136, 12, tar_octal(1'000'000'000, 12));
  put(148, 8, "        ");
  block[156] = item.type;
  put(157, 100, item.link);
  put(257, 8, item.magic);
  put(345, 155, item.prefix);
  put(345, 167, item.tail);
  std::int64_t sum = 0;
  for (const char c : block) {
    sum += item.signed_checksum ? static_cast<std::int64_t>(static_cast<signed char>(c)) : static_cast<unsigned char>(c);
  }
  put(148, 8, item.checksum_field.value_or(tar_octal(static_cast<std::uint64_t>(sum), 7) + " "));
  return block;
}

/// Header, data and padding.
inline std::string tar_member(const TarItem& item) {
  const auto padding = item.padding.value_or(std::string((512 - item.data.size() % 512) % 512, '\0'));
  return tar_header(item) + item.data + padding;
}

inline std::string tar_file(std::string name, std::string data) {
  TarItem item;
  item.name = std::move(name);
  item.data = std::move(data);
  return tar_member(item);
}

/// A member that `change` has its way with.
template <typename Change>
std::string tar_changed(Change change) {
  TarItem item;
  change(item);
  return tar_member(item);
}

/// An extension header ('L', 'K', 'x', 'g') with its text.
inline std::string tar_extension(char type, std::string text) {
  TarItem item;
  item.name = "././@Extension";
  item.type = type;
  item.data = std::move(text);
  return tar_member(item);
}

inline std::string tar_end() { return std::string(1024, '\0'); }

}  // namespace upinspect::test
