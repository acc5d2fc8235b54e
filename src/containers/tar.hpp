// SPDX-License-Identifier: Apache-2.0
// Reads tar archives (v7, ustar, GNU, pax) without unpacking them, as torch up to 0.1.9 wrote its checkpoints.
#pragma once

#include "bytes/cursor.hpp"
#include "bytes/source.hpp"
#include "upinspect/artifact.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upinspect::containers {

enum class TarDialect : std::uint8_t { v7, ustar, gnu, pax };

/// What a member is. Devices, FIFOs and what no standard knows are `special`.
enum class TarKind : std::uint8_t { file, directory, hard_link, symbolic_link, special };

/// One member, as Python's tarfile reads it.
struct TarMember {
  std::string name;                 ///< raw bytes, prefix and extension headers applied
  std::string link;                 ///< target of a link
  std::uint64_t size = 0;           ///< as declared, pax override applied; 0 where it is negative
  std::uint64_t header_offset = 0;  ///< of the member's own header, not of extensions before it
  ByteRange data;                   ///< the bytes that are there
  std::int64_t modified = 0;        ///< seconds since 1970, of the header
  std::uint32_t mode = 0;
  TarKind kind = TarKind::file;
  char type = '0';                  ///< the header's type flag
  bool sparse = false;              ///< the data are the pieces of a file with holes
  bool cut = false;                 ///< the file ends before the data does
  std::vector<std::pair<std::string, std::string>> pax;  ///< records of its own extension header

  friend bool operator==(const TarMember&, const TarMember&) = default;
};

struct TarLimits {
  std::uint64_t members = 1'000'000;
  std::uint64_t extension_bytes = std::uint64_t{1} << 20;  ///< of one long name or pax header
};

struct TarArchive {
  std::vector<TarMember> members;   ///< in the order of the file
  TarDialect dialect = TarDialect::v7;  ///< the richest that any member uses
  std::uint64_t end = 0;            ///< one past the last member; zero blocks follow in a whole archive
  bool ended = false;               ///< a zero block ends the archive, as it should

  /// The last member of this name, which tarfile.getmember picks. nullptr where there is none.
  [[nodiscard]] const TarMember* find(std::string_view name) const;
  [[nodiscard]] std::vector<std::size_t> find_all(std::string_view name) const;

  std::vector<std::uint32_t> by_name;  ///< indices sorted by name, then place
};

/// True where a tar header with a right checksum begins at `offset`. Reads 512 bytes at most; never throws but for
/// what the source throws.
[[nodiscard]] bool tar_header_at(const bytes::Source& source, std::uint64_t offset);

/// Reads every header; labels all but the members' data, and adds findings `tar.*`. Throws a ParseError only where
/// the first block is no header.
[[nodiscard]] TarArchive read_tar(const bytes::Source& source, bytes::LabelSink* labels, std::vector<Finding>& findings,
                                  const TarLimits& limits = {});

/// Why it cannot be told what a file holds, as the end of a sentence; empty where it can.
[[nodiscard]] std::string why_unreadable(const TarMember& member);

/// Labels the data of every member as payload "NAME".
void label_payload(const TarArchive& archive, bytes::LabelSink& labels);

}  // namespace upinspect::containers
