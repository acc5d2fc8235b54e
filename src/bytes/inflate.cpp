// SPDX-License-Identifier: Apache-2.0
#include "bytes/inflate.hpp"

#include "bytes/parse_error.hpp"

#include <algorithm>
#include <climits>
#include <new>
#include <string_view>
#include <zlib.h>

namespace upinspect::bytes {

namespace {

constexpr std::size_t k_block_bytes = std::size_t{1} << 16;
constexpr std::string_view k_field = "compressed data";

// zlib's counters have 32 bits.
constexpr std::size_t k_most_at_once = UINT_MAX / 2;

}  // namespace

struct Inflater::Stream {
  Stream() {
    // A negative window size means raw deflate, without zlib's header.
    if (::inflateInit2(&z, -MAX_WBITS) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~Stream() { ::inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  z_stream z{};
};

Inflater::Inflater(std::uint64_t cap) : m_cap(cap) {}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

void Inflater::hand_out(std::span<const std::byte> block, const Output& output) {
  const auto room = m_cap - m_produced;
  const bool over = block.size() > room;
  const auto kept = over ? block.first(static_cast<std::size_t>(room)) : block;
  m_produced += kept.size();
  if (!kept.empty()) {
    output(kept);
  }
  if (over) {
    m_state = InflateState::capped;
  }
}

InflateState Inflater::push(std::span<const std::byte> packed, const Output& output) {
  open();
  bool drained = true;  // Where a block came out full, more may be waiting inside zlib without any more input.
  while (m_state == InflateState::needs_more && (!packed.empty() || !drained)) {
    auto& z = m_stream->z;
    const auto offered = std::min(packed.size(), k_most_at_once);
    // zlib's interface lacks the const; it does not write to its input.
    z.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
    z.avail_in = static_cast<uInt>(offered);
    z.next_out = reinterpret_cast<Bytef*>(m_block.data());
    z.avail_out = static_cast<uInt>(m_block.size());
    const int answer = ::inflate(&z, Z_NO_FLUSH);
    packed = packed.subspan(offered - z.avail_in);
    m_consumed += offered - z.avail_in;
    drained = z.avail_out != 0;
    settle(answer);
    hand_out(std::span<const std::byte>(m_block).first(m_block.size() - z.avail_out), output);
  }
  close();
  return m_state;
}

/// Nothing is held before the first byte comes, nor after the end: an archive has many entries.
void Inflater::open() {
  if (m_state == InflateState::needs_more && m_stream == nullptr) {
    m_stream = std::make_unique<Stream>();
    m_block.resize(k_block_bytes);
  }
}

void Inflater::close() {
  if (m_state != InflateState::needs_more) {
    m_stream.reset();
    std::vector<std::byte>().swap(m_block);
  }
}

void Inflater::settle(int answer) {
  if (answer == Z_STREAM_END) {
    m_state = InflateState::finished;
  } else if (answer != Z_OK && answer != Z_BUF_ERROR) {  // Z_BUF_ERROR: nothing was pending after all.
    m_state = InflateState::corrupt;
    m_why = m_stream->z.msg != nullptr ? m_stream->z.msg : "zlib gives no reason";
  }
}

Unpacked unpack_to(const Source& source, ByteRange packed, std::uint64_t cap, const Inflater::Output& output) {
  Inflater inflater(cap);
  std::vector<std::byte> input(static_cast<std::size_t>(std::min<std::uint64_t>(packed.length, k_block_bytes)));
  std::uint64_t read = 0;
  while (read < packed.length && inflater.state() == InflateState::needs_more) {
    const auto part = std::span(input).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), packed.length - read)));
    source.read_at(packed.offset + read, part);
    read += part.size();
    inflater.push(part, output);
  }
  return {inflater.state(), inflater.consumed(), inflater.produced(), inflater.why()};
}

namespace {

[[noreturn]] void refuse(std::uint64_t offset, std::string why, bool truncated = false) {
  ParseError error(offset, std::string(k_field), std::move(why));
  error.truncated = truncated;
  throw error;
}

void check_promise(ByteRange packed, std::uint64_t declared) {
  if (impossible_ratio(packed.length, declared)) {
    refuse(packed.offset, "is said to unpack to " + std::to_string(declared) + " bytes; " +
                              std::to_string(packed.length) + " bytes of deflate hold at most " +
                              std::to_string(k_deflate_best_ratio) + " times their size");
  }
}

void check_end(const Unpacked& end, ByteRange packed, std::uint64_t limit, std::optional<std::uint64_t> declared) {
  const auto at = packed.offset + end.packed_used;
  switch (end.state) {
    case InflateState::finished:
      break;
    case InflateState::needs_more:
      refuse(at, "ends in the middle of the deflate stream, after " + std::to_string(end.produced) + " unpacked bytes",
             true);
    case InflateState::corrupt:
      refuse(at, "is no deflate stream: " + end.why + ", after " + std::to_string(end.produced) + " unpacked bytes");
    case InflateState::capped:
      refuse(at, "unpacks to more than " + std::to_string(limit) + " bytes" +
                     (declared == limit ? ", the size that its header declares" : ", the most that is read"));
  }
  if (declared && end.produced != *declared) {
    refuse(at, "unpacks to " + std::to_string(end.produced) + " bytes, its header declares " + std::to_string(*declared));
  }
}

}  // namespace

UnpackedBytes unpack(const Source& source, ByteRange packed, std::uint64_t cap, std::optional<std::uint64_t> declared) {
  if (packed.offset > source.size() || packed.length > source.size() - packed.offset) {
    refuse(packed.offset, "lies outside of the " + std::to_string(source.size()) + " bytes there are", true);
  }
  if (declared) {
    check_promise(packed, *declared);
  }
  if (declared && *declared > cap) {
    refuse(packed.offset, "unpacks to " + std::to_string(*declared) + " bytes; at most " + std::to_string(cap) + " are read");
  }
  UnpackedBytes out;
  const auto limit = declared.value_or(cap);
  const auto end = unpack_to(source, packed, limit, [&out](std::span<const std::byte> block) {
    out.data.insert(out.data.end(), block.begin(), block.end());
  });
  check_end(end, packed, limit, declared);
  out.trailing = {packed.offset + end.packed_used, packed.length - end.packed_used};
  return out;
}

}  // namespace upinspect::bytes
