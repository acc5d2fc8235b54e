// SPDX-License-Identifier: Apache-2.0
#include "forensics/file_front.hpp"

#include "bytes/inflate.hpp"
#include "bytes/source.hpp"
#include "forensics/carve.hpp"
#include "forensics/little.hpp"
#include "pickle/machine.hpp"

#include <zlib.h>

#include <string_view>
#include <vector>

namespace upinspect::forensics {
namespace {

constexpr std::array<std::string_view, 16> k_fronts = {
    "\x89P", "\x1f\x8b", "PK", "\x7f" "E", "MZ", "%P", "LS", "MA",
    "\x78\x01", "\x78\x5e", "\x78\x9c", "\x78\xda", "\x80\x02", "\x80\x03", "\x80\x04", "\x80\x05"};

/// What may follow the PROTO of a pickle: FRAME, or an opcode that begins an object.
constexpr std::string_view k_first_opcodes("\x95(}])cXKJGNBCUT\x8a\x8c\x8e\x8f\x88\x89M", 22);

bool pickle_may_begin(Bytes front) {
  const auto next = little(front, 2, 1);
  if (front.size() < 12 || k_first_opcodes.find(static_cast<char>(next)) == std::string_view::npos) {
    return false;
  }
  if (next == 0x95 && (little(front, 1, 1) < 4 || little(front, 3, 8) >> 40 != 0)) {
    return false;
  }
  const bytes::MemorySource source(front);
  pickle::Options options;
  options.limits.memory = std::uint64_t{1} << 20;
  options.limits.opcodes = 1000;
  const auto program = pickle::run(source, 0, options);
  return program.opcodes >= 8 && (!program.failure || program.failure->truncated || program.failure->limit);
}

bool elf_may_begin(Bytes front) {
  const auto type = little(front, 4, 1);
  const auto order = little(front, 5, 1);
  return has_text(front, 0, "\x7f" "ELF") && type >= 1 && type <= 2 && order >= 1 && order <= 2 && little(front, 6, 1) == 1;
}

bool pe_may_begin(Bytes front) {
  const auto header = little(front, 0x3c, 4);
  const bool leads_on = header >= 0x40 && header <= 4096 &&
                        (header + 4 > front.size() || has_text(front, static_cast<std::size_t>(header), std::string_view("PE\0\0", 4)));
  return leads_on || carve_front(front).has_value();
}

}  // namespace

FrontTable::FrontTable() noexcept {
  std::array<bool, 256> is_first{};
  for (const auto front : k_fronts) {
    is_first[static_cast<unsigned char>(front[0])] = true;
  }
  for (std::size_t fifteen = 0; fifteen < m_firsts.size(); ++fifteen) {
    for (unsigned up = 0; up < 8; ++up) {
      m_firsts[fifteen] |= static_cast<std::uint8_t>(is_first[fifteen >> up & 0xffU] ? 1U << up : 0U);
    }
  }
  for (const auto front : k_fronts) {
    const auto first = static_cast<unsigned char>(front[0]);
    const auto second = static_cast<unsigned char>(front[1]);
    const auto pair = static_cast<std::uint32_t>(first | second << 8);
    const auto big = static_cast<std::uint32_t>(second | first << 8);
    m_words[pair >> 6U] |= std::uint64_t{1} << (pair & 63U);
    m_big[big >> 6U] |= std::uint64_t{1} << (big & 63U);
  }
}

bool FrontTable::is_likely(std::uint32_t four) noexcept {
  const auto third = four >> 16 & 0xffU;
  switch (four & 0xffU) {
    case 0x89: return four >> 8 == 0x474e50;
    case 0x1f: return third == 8;
    case 'P': return four >> 16 == 0x0403;
    case 0x7f: return four >> 16 == 0x464c;
    case '%': return four >> 16 == 0x4644;
    case 'L': return four >> 16 == 0x3042;
    case 'M': return (four >> 8 & 0xffU) == 'Z' || four >> 16 == 0x544e;
    case 0x78: return (third >> 1 & 3U) != 3;
    case 0x80: return k_first_opcodes.find(static_cast<char>(third)) != std::string_view::npos && (third != 0x95 || (four >> 8 & 0xffU) >= 4);
    default: return false;
  }
}

/// zlib's state: made once, where it is needed, since making it costs more than most looks.
struct FrontProbe::Inflate {
  z_stream stream{};
  std::array<unsigned char, 2 * k_front> in{};
  std::array<unsigned char, 4096> out{};
  bool ready = false;
};

FrontProbe::FrontProbe() = default;

FrontProbe::~FrontProbe() {
  if (m_inflate && m_inflate->ready) {
    inflateEnd(&m_inflate->stream);
  }
}

bool FrontProbe::inflates(Bytes deflated) {
  if (!m_inflate) {
    m_inflate = std::make_unique<Inflate>();
    m_inflate->ready = inflateInit2(&m_inflate->stream, -15) == Z_OK;
  }
  auto& stream = m_inflate->stream;
  if (!m_inflate->ready || deflated.empty() || (little(deflated, 0, 1) >> 1 & 3) == 3) {
    return false;
  }
  const auto size = std::min(deflated.size(), m_inflate->in.size());
  for (std::size_t i = 0; i < size; ++i) {
    m_inflate->in[i] = std::to_integer<unsigned char>(deflated[i]);
  }
  inflateReset(&stream);
  stream.next_in = m_inflate->in.data();
  stream.avail_in = static_cast<unsigned>(size);
  stream.next_out = m_inflate->out.data();
  stream.avail_out = static_cast<unsigned>(m_inflate->out.size());
  const auto answer = inflate(&stream, Z_NO_FLUSH);
  return answer == Z_OK || answer == Z_STREAM_END || answer == Z_BUF_ERROR;
}

bool FrontProbe::may_go_on(Bytes front) {
  const auto first = little(front, 0, 1);
  if (!may_begin(front) || first != 0x78) {
    return may_begin(front);
  }
  bytes::Inflater inflater(std::uint64_t{16} << 20);
  const auto state = inflater.push(front.subspan(2), [](Bytes) {});
  // Most random data that inflate end soon; their checksum is none.
  return state == bytes::InflateState::finished ? carve_zlib(front).has_value() : state != bytes::InflateState::corrupt;
}

bool FrontProbe::may_begin(Bytes front) {
  if (front.size() < 8) {
    return false;
  }
  switch (little(front, 0, 1)) {
    case 0x89: return has_text(front, 0, "\x89PNG\r\n\x1a\n");
    case 0x1f: return has_text(front, 0, "\x1f\x8b\x08") && (little(front, 3, 1) & 0xe0) == 0 && (little(front, 3, 1) != 0 || inflates(front.subspan(std::min<std::size_t>(10, front.size()))));
    case 'P': return has_text(front, 0, "PK\x03\x04");
    case 0x7f: return elf_may_begin(front);
    case 'M': return little(front, 1, 1) == 'Z' ? pe_may_begin(front) : has_text(front, 0, "MANT");
    case '%': return has_text(front, 0, "%PDF-");
    case 'L': return has_text(front, 0, "LSB0");
    case 0x78: return inflates(front.subspan(2));
    case 0x80: return pickle_may_begin(front);
    default: return false;
  }
}

}  // namespace upinspect::forensics
