// SPDX-License-Identifier: Apache-2.0
// gzip and zlib streams (RFC 1952, RFC 1950), unpacked with a cap; what came out before something broke is kept.
#pragma once

#include "bytes/cursor.hpp"
#include "bytes/inflate.hpp"

#include <string>
#include <vector>

namespace upinspect::bytes {

/// Reads the header of one gzip member. The file name in it, empty where there is none. Throws a ParseError.
std::string read_gzip_header(Cursor& in);

/// What came out of a stream, and why that is not all of it.
struct PartlyUnpacked {
  std::vector<std::byte> data;
  std::string problem;        ///< as the end of a sentence; empty where the stream is whole
  std::uint64_t end = 0;      ///< in the source: one past the last byte that was used
};

/// Raw deflate data. At most `cap` bytes come out. The range must lie within the source.
[[nodiscard]] PartlyUnpacked unpack_partly(const Source& source, ByteRange packed, std::uint64_t cap);

/// gzip members, one after another, as one stream; their CRCs are checked.
[[nodiscard]] PartlyUnpacked unpack_gzip(const Source& source, ByteRange packed, std::uint64_t cap);

/// A zlib stream.
[[nodiscard]] PartlyUnpacked unpack_zlib(const Source& source, ByteRange packed, std::uint64_t cap);

}  // namespace upinspect::bytes
