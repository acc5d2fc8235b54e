// SPDX-License-Identifier: Apache-2.0
// Assembles GGUF files field by field, so that a malformed one is a few readable lines.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upinspect::test {

class GgufBuilder {
 public:
  enum Type : std::int32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

  std::string magic = "GGUF";
  std::uint32_t version = 3;
  bool big = false;
  std::uint64_t alignment = 32;    ///< that the layout keeps; set_alignment also writes the key
  std::int64_t extra_tensors = 0;  ///< added to the number of tensors that the header declares
  std::int64_t extra_pairs = 0;
  std::string data;
  char fill = '\0';

  [[nodiscard]] std::string number(std::uint64_t value, unsigned width) const {
    std::string out;
    for (unsigned i = 0; i < width; ++i) {
      const auto shift = 8 * (big ? width - 1 - i : i);
      out.push_back(static_cast<char>(value >> shift & 0xffU));
    }
    return out;
  }
  [[nodiscard]] std::string text(std::string_view content) const { return number(content.size(), 8) + std::string(content); }
  [[nodiscard]] std::string real(float value) const { return number(std::bit_cast<std::uint32_t>(value), 4); }

  /// A pair whose value is `value` as it stands.
  GgufBuilder& pair(std::string_view key, std::int32_t type, std::string_view value) {
    m_pairs += text(key) + number(static_cast<std::uint32_t>(type), 4) + std::string(value);
    ++m_pair_count;
    return *this;
  }
  GgufBuilder& string_pair(std::string_view key, std::string_view value) { return pair(key, string, text(value)); }
  GgufBuilder& array_pair(std::string_view key, std::int32_t type, std::uint64_t count, std::string_view elements) {
    return pair(key, array, number(static_cast<std::uint32_t>(type), 4) + number(count, 8) + std::string(elements));
  }
  GgufBuilder& set_alignment(std::uint32_t value) {
    alignment = value;
    return pair("general.alignment", u32, number(value, 4));
  }

  /// An info and nothing else; `ne` is in the file's order.
  GgufBuilder& info(std::string_view name, const std::vector<std::uint64_t>& ne, std::int32_t type, std::uint64_t offset) {
    m_infos += text(name) + number(ne.size(), 4);
    for (const auto size : ne) {
      m_infos += number(size, 8);
    }
    m_infos += number(static_cast<std::uint32_t>(type), 4) + number(offset, 8);
    ++m_info_count;
    return *this;
  }
  /// An info with its data, padded, where ggml expects it.
  GgufBuilder& tensor(std::string_view name, const std::vector<std::uint64_t>& ne, std::int32_t type, std::string_view content) {
    info(name, ne, type, data.size());
    data += content;
    pad(data);
    return *this;
  }

  [[nodiscard]] std::string header() const {
    const auto tensors = m_info_count + static_cast<std::uint64_t>(extra_tensors);
    const auto pairs = m_pair_count + static_cast<std::uint64_t>(extra_pairs);
    return magic + number(version, 4) + number(tensors, 8) + number(pairs, 8) + m_pairs + m_infos;
  }
  [[nodiscard]] std::string build() const {
    auto out = header();
    pad(out);
    return out + data;
  }

 private:
  void pad(std::string& bytes) const {
    while (bytes.size() % alignment != 0) {
      bytes.push_back(fill);
    }
  }

  std::string m_pairs;
  std::string m_infos;
  std::uint64_t m_pair_count = 0;
  std::uint64_t m_info_count = 0;
};

}  // namespace upinspect::test
