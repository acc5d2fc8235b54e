// SPDX-License-Identifier: Apache-2.0
// One 512-byte tar header: its fields, numbers and checksum.
#pragma once

#include "containers/tar.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace upinspect::containers {

inline constexpr std::uint64_t k_tar_block = 512;

enum class TarChecksum : std::uint8_t { wrong, right, right_if_signed };

/// A number as a header field holds it: octal text, or base 256 where the first bit is set. Nothing where it is neither,
/// or does not fit 64 bits.
[[nodiscard]] std::optional<std::int64_t> tar_number(std::string_view field);

[[nodiscard]] TarChecksum tar_checksum(std::string_view block);

struct TarHeader {
  std::uint64_t offset = 0;
  std::string name;
  std::string link;
  std::optional<std::int64_t> size;
  std::optional<std::int64_t> modified;
  std::optional<std::int64_t> mode;
  char type = '0';
  TarDialect dialect = TarDialect::v7;
  TarChecksum checksum = TarChecksum::wrong;
  bool sparse_continues = false;  ///< old GNU sparse: a block of more pieces follows
};

/// Takes the fields of the block at `offset` apart; `block` has 512 bytes.
[[nodiscard]] TarHeader parse_tar_header(std::string_view block, std::uint64_t offset);

[[nodiscard]] bool all_zero(std::string_view block) noexcept;

}  // namespace upinspect::containers
