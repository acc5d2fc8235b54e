// SPDX-License-Identifier: Apache-2.0
// The memory that what is read out of a file may take: counted before it is kept, in bytes of heap.
#pragma once

#include "upinspect/value.hpp"

#include <cstdint>
#include <string>

namespace upinspect::model {

class Budget {
 public:
  explicit Budget(std::uint64_t bytes) noexcept : m_left(bytes) {}

  /// Sets `bytes` aside; false, and nothing set aside, where they are not left.
  [[nodiscard]] bool take(std::uint64_t bytes) noexcept {
    if (bytes > m_left) {
      return false;
    }
    m_left -= bytes;
    return true;
  }
  [[nodiscard]] std::uint64_t left() const noexcept { return m_left; }

 private:
  std::uint64_t m_left;
};

/// "; --max-memory allows 64 MiB", for the end of a message.
[[nodiscard]] std::string memory_allowed(std::uint64_t bytes);

/// About what `value` takes with all that it holds, growth of its lists included.
[[nodiscard]] std::uint64_t heap_of(const Value& value);

}  // namespace upinspect::model
