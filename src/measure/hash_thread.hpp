// SPDX-License-Identifier: Apache-2.0
// SHA-256 on a thread of its own: the file's blocks are lent to it in order while the reader goes on analysing.
#pragma once

#include "bytes/digest.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace upinspect::measure {

/// A ring of blocks between one reader and one hashing thread. `next_block` waits until a block is free; `push` hands
/// the block over for hashing (its bytes stay readable until the ring comes round to it again, so the reader can
/// analyse a block while it is being hashed).
class HashThread {
 public:
  static constexpr std::size_t k_block_bytes = std::size_t{512} << 10;
  static constexpr std::size_t k_blocks = 8;

  enum class Mode : std::uint8_t { off, inline_, threaded };
  /// For a file of `size` bytes. Where hashing is off there are two blocks: each stays as it is while the next one is filled.
  HashThread(Mode mode, std::uint64_t size);
  ~HashThread();
  HashThread(const HashThread&) = delete;
  HashThread& operator=(const HashThread&) = delete;

  [[nodiscard]] std::span<std::byte> next_block();
  void push(std::size_t length);

  /// Whether hardly more than the last block waits to be hashed: then hashing is not what the reader waits for.
  [[nodiscard]] bool keeps_up();

  /// Waits for the last block; the digest of all that was pushed. Empty where hashing is off.
  [[nodiscard]] std::string hex();

 private:
  void work();

  Mode m_mode;
  std::size_t m_block_size;
  std::vector<std::unique_ptr<std::byte[]>> m_blocks;
  std::vector<std::size_t> m_lengths;
  std::uint64_t m_pushed = 0;
  std::uint64_t m_hashed = 0;
  bool m_closing = false;
  std::optional<bytes::Sha256> m_digest;
  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::thread m_thread;
};

}  // namespace upinspect::measure
