// SPDX-License-Identifier: Apache-2.0
// FIPS 180-4 with the SHA extensions of x86 (Intel, "Intel SHA Extensions", 2013): sha256rnds2 does two rounds on the state, kept
// as ABEF and CDGH; sha256msg1 and sha256msg2 go on with the message schedule four words at a time.
#include "bytes/sha256_lanes.hpp"

#include "bytes/digest.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace upinspect::bytes {

namespace {

#if defined(__x86_64__)

constexpr std::size_t k_block = 64;
constexpr std::size_t k_lanes = 3;

alignas(16) constexpr std::array<std::uint32_t, 64> k_rounds{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// A B C D E F G H, as the standard starts them.
constexpr std::array<std::uint32_t, 8> k_start{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

struct Lane {
  std::array<std::uint32_t, 8> state = k_start;
  std::span<const std::byte> rest;                     ///< of the input, whole blocks and what follows them
  std::array<std::byte, 2 * k_block> padded{};         ///< its end, with the length
  std::size_t input = 0;
  bool in_padding = false;

  void begin(std::size_t index, std::span<const std::byte> bytes) {
    state = k_start;
    rest = bytes;
    input = index;
    in_padding = false;
    size = bytes.size();
    if (rest.size() < k_block) {
      pad();
    }
  }

  [[nodiscard]] std::size_t blocks() const { return rest.size() / k_block; }

  void pass(std::size_t blocks_done) {
    rest = rest.subspan(blocks_done * k_block);
    if (rest.size() < k_block && !in_padding) {
      pad();
    }
  }

  void pad() {
    const auto end = rest.size() < k_block - 8 ? k_block : 2 * k_block;
    padded = {};
    std::copy(rest.begin(), rest.end(), padded.begin());
    padded[rest.size()] = std::byte{0x80};
    for (std::size_t i = 0; i < 8; ++i) {
      padded[end - 1 - i] = static_cast<std::byte>(std::uint64_t{size} * 8 >> (8 * i));
    }
    rest = std::span<const std::byte>(padded).first(end);
    in_padding = true;
  }

  /// A lane holds a span into itself, so that it is not copied as it is.
  void take_from(const Lane& other) {
    *this = other;
    if (in_padding) {
      rest = std::span<const std::byte>(padded).subspan(static_cast<std::size_t>(other.rest.data() - other.padded.data()), other.rest.size());
    }
  }

  std::size_t size = 0;
};

template <std::size_t Count>
struct Registers {
  __m128i abef[Count];
  __m128i cdgh[Count];
  __m128i words[Count][4];
};

/// Four rounds of each lane, and the schedule's next four words where they are wanted.
template <std::size_t Count, std::size_t Step>
__attribute__((target("sha,sse4.1"), always_inline)) inline void four_rounds(Registers<Count>& r) {
  const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(&k_rounds[4 * Step]));
#pragma GCC unroll 3
  for (std::size_t lane = 0; lane < Count; ++lane) {
    auto& words = r.words[lane];
    __m128i sum = _mm_add_epi32(words[Step % 4], constants);
    r.cdgh[lane] = _mm_sha256rnds2_epu32(r.cdgh[lane], r.abef[lane], sum);
    sum = _mm_shuffle_epi32(sum, 0x0e);
    r.abef[lane] = _mm_sha256rnds2_epu32(r.abef[lane], r.cdgh[lane], sum);
    if constexpr (Step < 12) {
      const __m128i shifted = _mm_alignr_epi8(words[(Step + 3) % 4], words[(Step + 2) % 4], 4);
      const __m128i next = _mm_add_epi32(_mm_sha256msg1_epu32(words[Step % 4], words[(Step + 1) % 4]), shifted);
      words[Step % 4] = _mm_sha256msg2_epu32(next, words[(Step + 3) % 4]);
    }
  }
}

template <std::size_t Count, std::size_t... Steps>
__attribute__((target("sha,sse4.1"), always_inline)) inline void all_rounds(Registers<Count>& r, std::index_sequence<Steps...> /*steps*/) {
  (four_rounds<Count, Steps>(r), ...);
}

/// `blocks` blocks of the first Count lanes.
template <std::size_t Count>
__attribute__((target("sha,sse4.1"))) void compress(std::array<Lane, k_lanes>& lanes, std::size_t blocks) {
  const __m128i turn = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  Registers<Count> r;
  for (std::size_t lane = 0; lane < Count; ++lane) {
    const auto& s = lanes[lane].state;
    const auto word = [](std::uint32_t value) { return static_cast<int>(value); };
    r.abef[lane] = _mm_set_epi32(word(s[0]), word(s[1]), word(s[4]), word(s[5]));
    r.cdgh[lane] = _mm_set_epi32(word(s[2]), word(s[3]), word(s[6]), word(s[7]));
  }
  for (std::size_t block = 0; block < blocks; ++block) {
    __m128i abef[Count];
    __m128i cdgh[Count];
    for (std::size_t lane = 0; lane < Count; ++lane) {
      const std::byte* from = lanes[lane].rest.data() + block * k_block;
      for (std::size_t i = 0; i < 4; ++i) {
        r.words[lane][i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 16 * i)), turn);
      }
      abef[lane] = r.abef[lane];
      cdgh[lane] = r.cdgh[lane];
    }
    all_rounds<Count>(r, std::make_index_sequence<16>());
    for (std::size_t lane = 0; lane < Count; ++lane) {
      r.abef[lane] = _mm_add_epi32(r.abef[lane], abef[lane]);
      r.cdgh[lane] = _mm_add_epi32(r.cdgh[lane], cdgh[lane]);
    }
  }
  for (std::size_t lane = 0; lane < Count; ++lane) {
    alignas(16) std::array<std::uint32_t, 4> abef;
    alignas(16) std::array<std::uint32_t, 4> cdgh;
    _mm_store_si128(reinterpret_cast<__m128i*>(abef.data()), r.abef[lane]);
    _mm_store_si128(reinterpret_cast<__m128i*>(cdgh.data()), r.cdgh[lane]);
    lanes[lane].state = {abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0]};
  }
}

std::string hex_of(const std::array<std::uint32_t, 8>& state) {
  std::array<std::byte, 32> digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<std::byte>(state[i / 4] >> (24 - 8 * (i % 4)));
  }
  return to_hex(digest);
}

/// Lanes at the front are busy; one that ends takes the next input, or the last busy lane takes its place.
std::vector<std::string> in_lanes(std::span<const std::span<const std::byte>> inputs) {
  std::vector<std::string> out(inputs.size());
  std::array<Lane, k_lanes> lanes;
  std::size_t next = 0;
  std::size_t busy = 0;
  while (busy < k_lanes && next < inputs.size()) {
    lanes[busy++].begin(next, inputs[next]);
    ++next;
  }
  while (busy > 0) {
    std::size_t blocks = lanes[0].blocks();
    for (std::size_t lane = 1; lane < busy; ++lane) {
      blocks = std::min(blocks, lanes[lane].blocks());
    }
    busy == 3 ? compress<3>(lanes, blocks) : busy == 2 ? compress<2>(lanes, blocks) : compress<1>(lanes, blocks);
    for (std::size_t lane = busy; lane-- > 0;) {
      lanes[lane].pass(blocks);
      if (!lanes[lane].rest.empty()) {
        continue;
      }
      out[lanes[lane].input] = hex_of(lanes[lane].state);
      if (next < inputs.size()) {
        lanes[lane].begin(next, inputs[next]);
        ++next;
      } else {
        --busy;
        if (lane != busy) {
          lanes[lane].take_from(lanes[busy]);
        }
      }
    }
  }
  return out;
}

#endif

}  // namespace

bool has_sha256_lanes() noexcept {
#if defined(__x86_64__)
  static const bool there = [] {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    constexpr unsigned k_sha = 1U << 29U;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & k_sha) != 0 && __builtin_cpu_supports("sse4.1") != 0;
  }();
  return there;
#else
  return false;
#endif
}

std::vector<std::string> sha256_of_each(std::span<const std::span<const std::byte>> inputs) {
#if defined(__x86_64__)
  if (has_sha256_lanes()) {
    return in_lanes(inputs);
  }
#endif
  std::vector<std::string> out;
  for (const auto& input : inputs) {
    out.push_back(sha256_hex(input));
  }
  return out;
}

}  // namespace upinspect::bytes
