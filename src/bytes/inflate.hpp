// SPDX-License-Identifier: Apache-2.0
// Raw deflate (RFC 1951), unpacked in a stream with a cap on what comes out.
#pragma once

#include "bytes/source.hpp"
#include "upinspect/artifact.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace upinspect::bytes {

/// Deflate cannot do better: 258 bytes from two bits of code.
inline constexpr std::uint64_t k_deflate_best_ratio = 1032;

/// True where no deflate stream of `packed` bytes can yield `unpacked` bytes, so that a header that says so lies.
[[nodiscard]] constexpr bool impossible_ratio(std::uint64_t packed, std::uint64_t unpacked) noexcept {
  return unpacked / k_deflate_best_ratio > packed;
}

enum class InflateState : std::uint8_t {
  needs_more,  ///< all that was pushed is used up and the stream goes on
  finished,    ///< the stream's last block has ended
  corrupt,     ///< no deflate stream goes on like this; `why` says what zlib said
  capped,      ///< the stream goes on past the cap
};

/// Takes compressed bytes as they come and hands out unpacked ones in blocks. Once it is not `needs_more` it stays as it is.
class Inflater {
 public:
  using Output = std::function<void(std::span<const std::byte>)>;

  /// At most `cap` bytes are handed out; one byte more makes it `capped`.
  explicit Inflater(std::uint64_t cap = UINT64_MAX);
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  /// Unpacks `packed`, giving each block to `output` as it is made. Bytes after the stream's end are not touched:
  /// `consumed` tells where it ended.
  InflateState push(std::span<const std::byte> packed, const Output& output);

  [[nodiscard]] InflateState state() const noexcept { return m_state; }
  /// Compressed bytes used so far: the stream's length once finished, about the place of the damage where corrupt.
  [[nodiscard]] std::uint64_t consumed() const noexcept { return m_consumed; }
  /// Unpacked bytes handed out so far.
  [[nodiscard]] std::uint64_t produced() const noexcept { return m_produced; }
  /// What is wrong with a corrupt stream.
  [[nodiscard]] const std::string& why() const noexcept { return m_why; }

 private:
  struct Stream;

  void open();
  void close();
  void settle(int answer);
  void hand_out(std::span<const std::byte> block, const Output& output);

  std::unique_ptr<Stream> m_stream;
  std::vector<std::byte> m_block;
  InflateState m_state = InflateState::needs_more;
  std::uint64_t m_cap;
  std::uint64_t m_consumed = 0;
  std::uint64_t m_produced = 0;
  std::string m_why;
};

/// How a deflate stream in a source ended. `packed_used` counts from the start of the range.
struct Unpacked {
  InflateState state = InflateState::needs_more;
  std::uint64_t packed_used = 0;
  std::uint64_t produced = 0;
  std::string why;
};

/// Streams the raw deflate data of `packed` through `output` in blocks, handing out at most `cap` bytes. `needs_more`
/// means that the range ends before the stream does. The range must lie within the source.
[[nodiscard]] Unpacked unpack_to(const Source& source, ByteRange packed, std::uint64_t cap,
                                 const Inflater::Output& output);

/// The unpacked content of a small entry, whose header declares `declared` bytes, and what follows the end of its
/// deflate stream within the range (nothing in honest files).
struct UnpackedBytes {
  std::vector<std::byte> data;
  ByteRange trailing;
};

/// Unpacks all of `packed`. Throws a ParseError, at an offset in the source, where the data is damaged or cut short, goes
/// on past `cap` or `declared`, is shorter than `declared`, or where `declared` is more than deflate can hold.
/// Memory is taken as bytes come out, never because a header says so.
[[nodiscard]] UnpackedBytes unpack(const Source& source, ByteRange packed, std::uint64_t cap,
                                   std::optional<std::uint64_t> declared = std::nullopt);

}  // namespace upinspect::bytes
