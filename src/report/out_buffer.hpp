// SPDX-License-Identifier: Apache-2.0
// Gathers small pieces of output and hands them to a sink by the block.
#pragma once

#include "report/sink.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace upinspect::report {

class OutBuffer {
 public:
  explicit OutBuffer(Sink sink) : m_sink(std::move(sink)), m_data(std::make_unique_for_overwrite<char[]>(k_capacity)) {}

  void put(char character) {
    *room(1) = character;
    ++m_used;
  }

  void put(std::string_view text) {
    if (text.size() > k_capacity - m_used) {
      flush();
      if (text.size() > k_capacity) {
        m_sink(text);
        return;
      }
    }
    std::memcpy(m_data.get() + m_used, text.data(), text.size());
    m_used += text.size();
  }

  /// Where the next `length` characters may be written, length at most 16 KiB; end_at() tells how many they became.
  [[nodiscard]] char* room(std::size_t length) {
    if (length > k_capacity - m_used) {
      flush();
    }
    return m_data.get() + m_used;
  }
  void end_at(const char* end) { m_used = static_cast<std::size_t>(end - m_data.get()); }

  void flush() {
    const auto used = std::exchange(m_used, 0);
    if (used != 0) {
      m_sink({m_data.get(), used});
    }
  }

 private:
  /// Large enough that a sink's cost does not count, small enough to stay in the cache.
  static constexpr std::size_t k_capacity = std::size_t{64} << 10U;

  Sink m_sink;
  std::unique_ptr<char[]> m_data;
  std::size_t m_used = 0;
};

}  // namespace upinspect::report
