// SPDX-License-Identifier: Apache-2.0
// Builds npy streams, honest and malformed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace upinspect::test {

class NpyBuilder {
 public:
  unsigned major = 1;
  unsigned minor = 0;
  std::string descr = "'<f4'";
  std::string order = "False";
  std::string shape = "(6,)";
  std::optional<std::string> header;     ///< in place of the dict of these three
  std::optional<std::uint64_t> length;   ///< in place of the header's own
  bool padded = true;
  std::string data = six_floats();

  /// 0 to 5 as little-endian f32.
  static std::string six_floats() {
    using namespace std::string_literals;
    return "\0\0\0\0\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40\0\0\xa0\x40"s;
  }

  [[nodiscard]] std::string build() const {
    auto text = header.value_or("{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }");
    const std::size_t width = major == 1 ? 2 : 4;
    if (padded) {
      text.append(63 - (8 + width + text.size()) % 64, ' ').push_back('\n');
    }
    std::string stream = "\x93NUMPY";
    stream.push_back(static_cast<char>(major));
    stream.push_back(static_cast<char>(minor));
    for (std::size_t i = 0; i < width; ++i) {
      stream.push_back(static_cast<char>(length.value_or(text.size()) >> (8 * i) & 0xffU));
    }
    return stream + text + data;
  }
};

}  // namespace upinspect::test
