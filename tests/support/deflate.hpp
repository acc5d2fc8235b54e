// SPDX-License-Identifier: Apache-2.0
// Makes raw deflate streams for tests.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <zlib.h>

namespace upinspect::test {

/// The raw deflate stream (RFC 1951) of `plain`.
[[nodiscard]] inline std::string deflated(std::string_view plain, int level = 9) {
  z_stream z{};
  if (deflateInit2(&z, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("deflateInit2");
  }
  std::string in(plain);
  std::string out(deflateBound(&z, static_cast<uLong>(in.size())) + 16, '\0');
  z.next_in = reinterpret_cast<Bytef*>(in.data());
  z.avail_in = static_cast<uInt>(in.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  const int answer = deflate(&z, Z_FINISH);
  const auto written = out.size() - z.avail_out;
  deflateEnd(&z);
  if (answer != Z_STREAM_END) {
    throw std::runtime_error("deflate");
  }
  return out.substr(0, written);
}

}  // namespace upinspect::test
