// SPDX-License-Identifier: Apache-2.0
#include "forensics/distinct_stream.hpp"

#include <algorithm>

namespace upinspect::forensics {
namespace {

/// As many places as float32 has fractions; those of wider types share them by a hash (Fibonacci's, Knuth 6.4).
constexpr unsigned k_place_bits = 23;
constexpr std::uint64_t k_golden = 0x9e3779b97f4a7c15;

}  // namespace

DistinctStream::DistinctStream(const Carrier& carrier, std::span<const std::size_t> parts, unsigned bits, std::size_t most)
    : m_bits(bits), m_seen(std::size_t{1} << k_place_bits) {
  const auto run = carrier.run();
  const auto fraction = (std::uint64_t{1} << carrier.fraction) - 1;
  for (const auto part : parts) {
    const auto end = carrier.parts[part].start + carrier.parts[part].count;
    for (auto element = carrier.parts[part].start; element < end; ++element) {
      const auto pattern = run.at(element);
      if (!is_new(pattern & fraction)) {
        continue;
      }
      add(pattern, element);
      if (m_bytes.size() > most) {
        m_bytes.clear();
        return;
      }
    }
  }
}

bool DistinctStream::is_new(std::uint64_t fraction) {
  const auto place = static_cast<std::size_t>(fraction >> k_place_bits == 0 ? fraction : fraction * k_golden >> (64 - k_place_bits));
  const bool was_there = m_seen[place];
  m_seen[place] = true;
  return !was_there;
}

void DistinctStream::add(std::uint64_t pattern, std::size_t element) {
  if (element != m_next) {
    m_waiting = 0;
    m_passed = static_cast<unsigned>((8 - element * m_bits % 8) % 8);
  }
  m_next = element + 1;
  const auto cut = std::min(m_passed, m_bits);
  m_passed -= cut;
  const auto taken = m_bits - cut;
  m_held = m_held << taken | (pattern & ((std::uint64_t{1} << taken) - 1));
  for (m_waiting += taken; m_waiting >= 8;) {
    m_waiting -= 8;
    m_bytes.push_back(static_cast<std::byte>(m_held >> m_waiting & 0xffU));
    m_places.push_back((m_next * m_bits - m_waiting) / 8 - 1);
  }
}

}  // namespace upinspect::forensics
