// SPDX-License-Identifier: Apache-2.0
// Histograms of bytes without a store per byte, for processors with AVX-512 VBMI2, BITALG and GFNI.
//
// Bytes are sorted by their top two bits into four queues; the low six bits of a queued byte become one set bit of
// 64; carry-save adders count the bits at each of the 64 positions (after Klarqvist, Mula and Lemire, "Efficient
// computation of positional population counts using SIMD instructions", 2021). The speed does not depend on the data.
#pragma once

#if defined(__x86_64__)

#include "numeric/kernels.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <immintrin.h>

#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 warns of its own header, whose intrinsics start from a register left undefined on purpose.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#define UPINSPECT_VBMI                                                                                              \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512bitalg,gfni,popcnt")))
#define UPINSPECT_VBMI_INLINE UPINSPECT_VBMI __attribute__((always_inline)) inline

namespace upinspect::numeric::vbmi {

inline constexpr std::size_t k_width = 64;

/// Bytes of one plane that are sorted at a time: two planes' queues are a stack frame of 66 KB.
inline constexpr std::size_t k_round = 4096;

/// Below this many bytes per plane the rounds' fixed costs weigh more than the stores.
inline constexpr std::size_t k_least_round = 2048;

/// How many bytes each of four queues holds.
using Sizes = std::array<std::size_t, 4>;

/// The low six bits of bytes, by the top two. A store may write a register's width past what is queued.
struct Queues {
  std::array<std::array<std::byte, k_round + k_width>, 4> bytes;
};

UPINSPECT_VBMI_INLINE void enqueue(__m512i low_bits, __mmask64 which, std::byte* queue, std::size_t& size) {
  // Compressing in the register: compressing stores are slow on some processors.
  _mm512_storeu_si512(queue + size, _mm512_maskz_compress_epi8(which, low_bits));
  size += static_cast<std::size_t>(_mm_popcnt_u64(which));
}

UPINSPECT_VBMI_INLINE void sort_bytes(__m512i bytes, Queues& queues, Sizes& sizes) {
  const __mmask64 top = _mm512_movepi8_mask(bytes);
  const __mmask64 next = _mm512_movepi8_mask(_mm512_add_epi8(bytes, bytes));
  const __m512i low_bits = _mm512_and_si512(bytes, _mm512_set1_epi8(63));
  enqueue(low_bits, ~top & ~next, queues.bytes[0].data(), sizes[0]);
  enqueue(low_bits, ~top & next, queues.bytes[1].data(), sizes[1]);
  enqueue(low_bits, top & ~next, queues.bytes[2].data(), sizes[2]);
  enqueue(low_bits, top & next, queues.bytes[3].data(), sizes[3]);
}

/// For each of the 64 positions the number of the eight lanes whose bit there is set, as 64 bytes.
UPINSPECT_VBMI_INLINE __m512i count_positions(__m512i lanes) {
  // Byte j of each lane to lane j; then each lane, as a matrix of 8 x 8 bits, is transposed.
  const __m512i gather =
      _mm512_set_epi64(0x3f372f271f170f07, 0x3e362e261e160e06, 0x3d352d251d150d05, 0x3c342c241c140c04,
                       0x3b332b231b130b03, 0x3a322a221a120a02, 0x3931292119110901, 0x3830282018100800);
  const __m512i unit = _mm512_set1_epi64(static_cast<long long>(0x8040201008040201));
  const __m512i rows = _mm512_permutexvar_epi8(gather, lanes);
  return _mm512_popcnt_epi8(_mm512_gf2p8affine_epi64_epi8(unit, rows, 0));
}

/// Adds 64 bytes, each times a power of two, to 64 counts.
UPINSPECT_VBMI_INLINE void add_counts(__m512i bytes, unsigned shift, std::uint32_t* counts) {
  alignas(k_width) std::array<std::uint8_t, k_width> values;
  _mm512_store_si512(values.data(), bytes);
  for (std::size_t i = 0; i < values.size(); ++i) {
    counts[i] += std::uint32_t{values[i]} << shift;
  }
}

/// Carry-save adder: sum becomes the low bit of sum + a + b at each position; the high bit is returned.
UPINSPECT_VBMI_INLINE __m512i carry_save(__m512i& sum, __m512i a, __m512i b) {
  const __m512i carry = _mm512_ternarylogic_epi64(sum, a, b, 0xe8);
  sum = _mm512_ternarylogic_epi64(sum, a, b, 0x96);
  return carry;
}

/// One set bit for each of eight queued bytes.
UPINSPECT_VBMI_INLINE __m512i one_hot(const std::byte* from) {
  std::int64_t eight = 0;
  std::memcpy(&eight, from, sizeof eight);
  return _mm512_sllv_epi64(_mm512_set1_epi64(1), _mm512_cvtepu8_epi64(_mm_cvtsi64_si128(eight)));
}

/// The adders' levels: at each position ones + 2 twos + 4 fours + 8 eights are still to be counted.
struct Adders {
  __m512i ones;
  __m512i twos;
  __m512i fours;
  __m512i eights;
};

UPINSPECT_VBMI_INLINE __m512i add_four(const std::byte* from, Adders& adders) {
  const __m512i first = carry_save(adders.ones, one_hot(from), one_hot(from + 8));
  const __m512i second = carry_save(adders.ones, one_hot(from + 16), one_hot(from + 24));
  return carry_save(adders.twos, first, second);
}

/// Sixteen one-hot registers; returns the positions' carry, which counts sixteen.
UPINSPECT_VBMI_INLINE __m512i add_sixteen(const std::byte* from, Adders& adders) {
  const __m512i first = add_four(from, adders);
  const __m512i second = add_four(from + 32, adders);
  const __m512i low = carry_save(adders.fours, first, second);
  const __m512i third = add_four(from + 64, adders);
  const __m512i fourth = add_four(from + 96, adders);
  const __m512i high = carry_save(adders.fours, third, fourth);
  return carry_save(adders.eights, low, high);
}

/// Counts a queue's values below 64.
UPINSPECT_VBMI inline void count_queue(const std::byte* queue, std::size_t size, std::uint32_t* counts) {
  constexpr std::size_t k_step = 16 * 8;
  constexpr unsigned k_steps_in_byte = 31;  // of at most 8 each
  __m512i sixteens = _mm512_setzero_si512();
  Adders adders{sixteens, sixteens, sixteens, sixteens};
  unsigned steps = 0;
  const std::size_t in_steps = size / k_step * k_step;
  for (std::size_t i = 0; i < in_steps; i += k_step) {
    sixteens = _mm512_add_epi8(sixteens, count_positions(add_sixteen(queue + i, adders)));
    if (++steps == k_steps_in_byte) {
      add_counts(sixteens, 4, counts);
      sixteens = _mm512_setzero_si512();
      steps = 0;
    }
  }
  add_counts(sixteens, 4, counts);
  const __m512i low = _mm512_add_epi8(count_positions(adders.ones), _mm512_slli_epi16(count_positions(adders.twos), 1));
  const __m512i high =
      _mm512_add_epi8(count_positions(adders.fours), _mm512_slli_epi16(count_positions(adders.eights), 1));
  add_counts(_mm512_add_epi8(low, _mm512_slli_epi16(high, 2)), 0, counts);
  for (std::size_t i = in_steps; i < size; ++i) {
    ++counts[std::to_integer<std::size_t>(queue[i])];
  }
}

UPINSPECT_VBMI inline void count_queues(const Queues& queues, const Sizes& sizes,
                                 std::array<std::uint32_t, 256>& table) {
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    count_queue(queues.bytes[i].data(), sizes[i], table.data() + 64 * i);
  }
}

/// Positions in two registers of the bytes `First` and, where they go into one register, `First` + 1 of elements.
template <std::size_t Unit, std::size_t First>
struct Picks {
  alignas(k_width) std::array<std::uint8_t, k_width> positions{};

  constexpr Picks() {
    constexpr std::size_t k_elements = 2 * k_width / Unit;
    for (std::size_t i = 0; i < k_elements; ++i) {
      positions[i] = static_cast<std::uint8_t>(i * Unit + First);
      if (k_elements < k_width) {
        positions[k_elements + i] = static_cast<std::uint8_t>(i * Unit + First + 1);
      }
    }
  }
};

template <std::size_t Unit, std::size_t First>
UPINSPECT_VBMI_INLINE __m512i pick(const std::byte* from) {
  static constexpr Picks<Unit, First> k_picks;
  return _mm512_permutex2var_epi8(_mm512_loadu_si512(from), _mm512_load_si512(k_picks.positions.data()),
                                  _mm512_loadu_si512(from + k_width));
}

/// 64 bytes of each of two planes, `First` and the next, from 64 elements of `Unit` bytes. Of single bytes, which have
/// one plane, the first and the second 64 of 128.
template <std::size_t Unit, std::size_t First>
UPINSPECT_VBMI_INLINE void load_planes(const std::byte* from, __m512i& low, __m512i& high) {
  if constexpr (Unit == 1) {
    low = _mm512_loadu_si512(from);
    high = _mm512_loadu_si512(from + k_width);
  } else if constexpr (Unit == 2) {
    low = pick<2, First>(from);
    high = pick<2, First + 1>(from);
  } else if constexpr (Unit == 4) {
    const __m512i front = pick<4, First>(from);
    const __m512i back = pick<4, First>(from + 2 * k_width);
    low = _mm512_shuffle_i64x2(front, back, 0x44);
    high = _mm512_shuffle_i64x2(front, back, 0xee);
  } else {
    static_assert(Unit == 8);
    const __m512i first = pick<8, First>(from);
    const __m512i second = pick<8, First>(from + 2 * k_width);
    const __m512i third = pick<8, First>(from + 4 * k_width);
    const __m512i fourth = pick<8, First>(from + 6 * k_width);
    const __m512i front = _mm512_shuffle_i64x2(first, second, 0x44);
    const __m512i back = _mm512_shuffle_i64x2(third, fourth, 0x44);
    low = _mm512_shuffle_i64x2(front, back, 0x88);
    high = _mm512_shuffle_i64x2(front, back, 0xdd);
  }
}

/// The bytes that load_planes reads.
template <std::size_t Unit>
inline constexpr std::size_t k_group = Unit == 1 ? 2 * k_width : Unit * k_width;

}  // namespace upinspect::numeric::vbmi

#endif
