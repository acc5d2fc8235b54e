// SPDX-License-Identifier: Apache-2.0
// A quick look at bytes that might begin a file or a tool's header: almost all that do not are turned away for next to
// nothing, so that every bit of a large file can be looked at as a beginning.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace upinspect::forensics {

/// Which pairs of first bytes begin anything that is recognised. The first byte is the lower half of an index.
class FrontTable {
 public:
  FrontTable() noexcept;

  /// `pair` is first | second << 8.
  [[nodiscard]] bool test(std::uint32_t pair) const noexcept { return (m_words[pair >> 6U] >> (pair & 63U) & 1U) != 0; }

  /// Which of the eight bytes that fifteen bits hold, bit k for the one that is k bits up, may be the first of a pair.
  [[nodiscard]] unsigned firsts(std::uint32_t fifteen) const noexcept { return m_firsts[fifteen]; }

  /// test() of first << 8 | second.
  [[nodiscard]] bool test_big(std::uint32_t pair) const noexcept { return (m_big[pair >> 6U] >> (pair & 63U) & 1U) != 0; }

  /// A closer look at the first four bytes, the first lowest, of what passed.
  [[nodiscard]] static bool is_likely(std::uint32_t four) noexcept;

 private:
  std::array<std::uint64_t, 1024> m_words{};
  std::array<std::uint64_t, 1024> m_big{};
  std::array<std::uint8_t, 32768> m_firsts{};
};

/// Holds what the look needs, made once for many. For one thread.
class FrontProbe {
 public:
  FrontProbe();
  ~FrontProbe();
  FrontProbe(const FrontProbe&) = delete;
  FrontProbe& operator=(const FrontProbe&) = delete;

  /// False where `front`, the first bytes (k_front where there are so many), cannot begin a file that carve_at proves. True
  /// is rare for random bytes.
  [[nodiscard]] bool may_begin(std::span<const std::byte> front);

  /// The same of a longer front: false where its deflated data end in an error before it does.
  [[nodiscard]] bool may_go_on(std::span<const std::byte> front);

  static constexpr std::size_t k_front = 512;

 private:
  struct Inflate;
  [[nodiscard]] bool inflates(std::span<const std::byte> deflated);

  std::unique_ptr<Inflate> m_inflate;
};

}  // namespace upinspect::forensics
