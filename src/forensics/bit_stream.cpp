// SPDX-License-Identifier: Apache-2.0
#include "forensics/bit_stream.hpp"

#include "numeric/load.hpp"

namespace upinspect::forensics {
namespace {

std::uint64_t mirrored(std::uint64_t value, unsigned bits) {
  std::uint64_t result = 0;
  for (unsigned bit = 0; bit < bits; ++bit) {
    result |= ((value >> bit) & 1) << (bits - 1 - bit);
  }
  return result;
}

/// Packs groups of bits into bytes. A group's first bit in the stream is its highest where bytes are filled from the
/// highest bit, and its lowest where they are filled from the lowest.
class Packer {
 public:
  Packer(BitOrder order, std::size_t bytes) : m_order(order) { m_bytes.reserve(bytes); }

  void add(std::uint64_t group, unsigned bits) {
    if (m_order == BitOrder::msb) {
      m_held = (m_held << bits) | group;
    } else {
      m_held |= group << m_count;
    }
    m_count += bits;
    while (m_count >= 8) {
      take();
    }
  }

  [[nodiscard]] std::vector<std::byte> finish() {
    if (m_count != 0) {
      add(0, 8 - m_count % 8);
    }
    return std::move(m_bytes);
  }

 private:
  void take() {
    m_count -= 8;
    if (m_order == BitOrder::msb) {
      m_bytes.push_back(static_cast<std::byte>((m_held >> m_count) & 0xff));
      m_held &= (std::uint64_t{1} << m_count) - 1;
    } else {
      m_bytes.push_back(static_cast<std::byte>(m_held & 0xff));
      m_held >>= 8;
    }
  }

  BitOrder m_order;
  std::vector<std::byte> m_bytes;
  std::uint64_t m_held = 0;
  unsigned m_count = 0;
};

unsigned byte_at(std::span<const std::byte> bytes, std::size_t index) { return std::to_integer<unsigned>(bytes[index]); }

}  // namespace

std::uint64_t ElementRun::at(std::size_t index) const noexcept {
  std::uint64_t value = 0;
  for (unsigned i = width; i-- > 0;) {
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[index * width + i]);
  }
  return value;
}

std::size_t elements_of(const Field& field, std::size_t count) noexcept {
  return field.phase < count ? (count - field.phase - 1) / field.stride + 1 : 0;
}

std::size_t element_at(const Field& field, std::size_t count, std::size_t ordinal) noexcept {
  const auto place = field.reversed ? elements_of(field, count) - 1 - ordinal : ordinal;
  return field.phase + place * field.stride;
}

std::vector<std::byte> read_field(const ElementRun& run, const Field& field) {
  const auto count = elements_of(field, run.count());
  const auto mask = (std::uint64_t{1} << field.bits) - 1;
  const bool mirror = field.bits > 1 && field.field_order != field.byte_order;
  Packer packer(field.byte_order, count * field.bits / 8 + 1);
  for (std::size_t ordinal = 0; ordinal < count; ++ordinal) {
    const auto value = (run.at(element_at(field, run.count(), ordinal)) >> field.base) & mask;
    packer.add(mirror ? mirrored(value, field.bits) : value, field.bits);
  }
  return packer.finish();
}

std::vector<std::byte> shifted(std::span<const std::byte> stream, BitOrder order, unsigned shift) {
  if (shift == 0 || stream.empty()) {
    return {stream.begin(), stream.end()};
  }
  std::vector<std::byte> result(stream.size() - 1);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto value = order == BitOrder::msb ? byte_at(stream, i) << shift | byte_at(stream, i + 1) >> (8 - shift)
                                              : byte_at(stream, i) >> shift | byte_at(stream, i + 1) << (8 - shift);
    result[i] = static_cast<std::byte>(value & 0xff);
  }
  return result;
}

std::vector<std::byte> sevens(std::span<const std::byte> stream, BitOrder order, unsigned shift) {
  const auto bits = stream.size() * 8;
  std::vector<std::byte> result(bits < shift ? 0 : (bits - shift) / 7);
  auto at = std::size_t{shift};
  std::size_t out = 0;
  // Eight characters of 56 bits lie in any eight bytes that they begin in the first of.
  for (; out + 8 <= result.size() && at / 8 + 8 <= stream.size(); at += 56) {
    auto word = numeric::load_le<std::uint64_t>(stream.data() + at / 8);
    word = order == BitOrder::msb ? numeric::reverse_bytes(word) << at % 8 >> 8 : word >> at % 8;
    for (unsigned i = 0; i < 8; ++i) {
      result[out++] = static_cast<std::byte>(word >> (order == BitOrder::msb ? 49 - 7 * i : 7 * i) & 0x7fU);
    }
  }
  for (; out < result.size(); at += 7) {
    unsigned pair = byte_at(stream, at / 8) << (order == BitOrder::msb ? 8 : 0);
    if (at / 8 + 1 < stream.size()) {
      pair |= byte_at(stream, at / 8 + 1) << (order == BitOrder::msb ? 0 : 8);
    }
    const auto value = order == BitOrder::msb ? pair >> (16 - 7 - at % 8) : pair >> (at % 8);
    result[out++] = static_cast<std::byte>(value & 0x7f);
  }
  return result;
}

}  // namespace upinspect::forensics
