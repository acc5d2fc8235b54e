// SPDX-License-Identifier: Apache-2.0
// Histograms of bytes without a store per byte, for processors with AVX-512 VBMI2, BITALG and GFNI (Ice Lake and Zen 4
// onwards). Bytes are sorted by their top two bits into four queues; the low six bits of a queued byte become one set bit
// of 64; carry-save adders count the bits at each of the 64 positions (after Klarqvist, Mula and Lemire, "Efficient
// computation of positional population counts using SIMD instructions", 2021). The speed does not depend on the data.
#include "numeric/kernels_avx512.hpp"

#if defined(__x86_64__)

#include "numeric/kernel_bodies.hpp"

#include <algorithm>
#include <immintrin.h>

#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 warns of its own header, whose intrinsics start from a register left undefined on purpose.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace upinspect::numeric {

namespace {

#define UPINSPECT_VBMI                                                                                              \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,avx512bitalg,gfni,popcnt")))
#define UPINSPECT_VBMI_INLINE UPINSPECT_VBMI __attribute__((always_inline)) inline

constexpr std::size_t k_width = 64;

/// Bytes of one plane that are sorted at a time: two planes' queues are a stack frame of 66 KB.
constexpr std::size_t k_round = 4096;

/// Below this many bytes per plane the rounds' fixed costs weigh more than the stores.
constexpr std::size_t k_least_round = 2048;

/// The low six bits of bytes, by the top two. A store may write a register's width past what is queued.
struct Queues {
  std::array<std::array<std::byte, k_round + k_width>, 4> bytes;
};

UPINSPECT_VBMI_INLINE void enqueue(__m512i low_bits, __mmask64 which, std::byte* queue, std::size_t& size) {
  // Compressing in the register: compressing stores are slow on some processors.
  _mm512_storeu_si512(queue + size, _mm512_maskz_compress_epi8(which, low_bits));
  size += static_cast<std::size_t>(_mm_popcnt_u64(which));
}

UPINSPECT_VBMI_INLINE void sort_bytes(__m512i bytes, Queues& queues, std::array<std::size_t, 4>& sizes) {
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
  const __m512i gather = _mm512_set_epi64(0x3f372f271f170f07, 0x3e362e261e160e06, 0x3d352d251d150d05, 0x3c342c241c140c04,
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
UPINSPECT_VBMI void count_queue(const std::byte* queue, std::size_t size, std::uint32_t* counts) {
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

UPINSPECT_VBMI void count_queues(const Queues& queues, const std::array<std::size_t, 4>& sizes,
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
constexpr std::size_t k_group = Unit == 1 ? 2 * k_width : Unit * k_width;

using Sizes = std::array<std::size_t, 4>;

/// Counts two planes of whole groups, at most k_round bytes of each plane.
template <std::size_t Unit, std::size_t First>
UPINSPECT_VBMI void count_planes(std::span<const std::byte> bytes, ByteTables& tables) {
  Queues low_queues;
  Queues high_queues;
  Sizes low_sizes{};
  Sizes high_sizes{};
  for (std::size_t i = 0; i < bytes.size(); i += k_group<Unit>) {
    __m512i low;
    __m512i high;
    load_planes<Unit, First>(bytes.data() + i, low, high);
    sort_bytes(low, low_queues, low_sizes);
    sort_bytes(high, high_queues, high_sizes);
  }
  count_queues(low_queues, low_sizes, tables[First]);
  count_queues(high_queues, high_sizes, tables[First + 1]);
}

template <std::size_t Unit>
UPINSPECT_VBMI void count_units(std::span<const std::byte> bytes, ByteTables& tables) {
  constexpr std::size_t k_most = k_round / k_width * k_group<Unit>;
  while (bytes.size() >= k_least_round / k_width * k_group<Unit>) {
    const auto part = bytes.first(std::min(bytes.size() / k_group<Unit> * k_group<Unit>, k_most));
    count_planes<Unit, 0>(part, tables);
    if constexpr (Unit >= 4) {
      count_planes<Unit, 2>(part, tables);
    }
    if constexpr (Unit == 8) {
      count_planes<Unit, 4>(part, tables);
      count_planes<Unit, 6>(part, tables);
    }
    bytes = bytes.subspan(part.size());
  }
  bodies::count_bytes(bytes, tables);
}

UPINSPECT_VBMI void count_bytes(std::span<const std::byte> bytes, std::size_t unit, ByteTables& tables) {
  switch (unit) {
    case 1: return count_units<1>(bytes, tables);
    case 2: return count_units<2>(bytes, tables);
    case 4: return count_units<4>(bytes, tables);
    case 8: return count_units<8>(bytes, tables);
    default: return bodies::count_bytes(bytes, tables);
  }
}

// --- f32 ---------------------------------------------------------------------------------------------------------

/// The sums of an f32 pass: what bodies::scan_f32 and bodies::deviate_f32 gather, in sixteen lanes.
struct FloatLanes {
  __m512i least;
  __m512i greatest;
  __m512i zeros;
  __m512i below_normal;
  __m512d residuals[2];
  __m512d squares[2];
};

UPINSPECT_VBMI_INLINE void scan_sixteen(const std::byte* from, FloatLanes& lanes) {
  const __m512i magnitude_bits = _mm512_set1_epi32(INT32_MAX);
  const __m512i minus_one = _mm512_set1_epi32(-1);
  const __m512i bits = _mm512_loadu_si512(from);
  const __m512i magnitude = _mm512_and_si512(bits, magnitude_bits);
  const __m512i key = _mm512_xor_si512(bits, _mm512_and_si512(_mm512_srai_epi32(bits, 31), magnitude_bits));
  const __mmask16 is_zero = _mm512_testn_epi32_mask(magnitude, magnitude);
  const __mmask16 is_below = _mm512_cmplt_epi32_mask(magnitude, _mm512_set1_epi32(k_least_f32));
  lanes.least = _mm512_min_epi32(lanes.least, key);
  lanes.greatest = _mm512_max_epi32(lanes.greatest, key);
  lanes.zeros = _mm512_mask_sub_epi32(lanes.zeros, is_zero, lanes.zeros, minus_one);
  lanes.below_normal = _mm512_mask_sub_epi32(lanes.below_normal, is_below, lanes.below_normal, minus_one);
}

UPINSPECT_VBMI_INLINE void deviate_eight(__m256 values, __m512d pivot, __m512d& residuals, __m512d& squares) {
  const __m512d deviation = _mm512_sub_pd(_mm512_cvtps_pd(values), pivot);
  residuals = _mm512_add_pd(residuals, deviation);
  squares = _mm512_add_pd(squares, _mm512_mul_pd(deviation, deviation));
}

UPINSPECT_VBMI_INLINE __m256 load_eight(const std::byte* from) {
  return _mm256_castsi256_ps(_mm256_loadu_si256(static_cast<const __m256i*>(static_cast<const void*>(from))));
}

UPINSPECT_VBMI_INLINE void count_high_halves(const std::byte* from, WordTable& high) {
  for (std::size_t i = 0; i < k_width; i += 8) {
    const auto two = load_le<std::uint64_t>(from + i);
    ++high[(two >> 16) & 0xffff];
    ++high[two >> 48];
  }
  // Or g++ would carry counts over to the next sixteen in more registers than there are.
  asm volatile("" ::: "memory");
}

/// Whole groups, at most k_round elements: the stores of the scalar counts and the vectors' work overlap.
UPINSPECT_VBMI void measure_round(std::span<const std::byte> bytes, double pivot, FloatLanes& state, ByteTables& low,
                                  WordTable& high) {
  Queues first_queues;
  Queues second_queues;
  Sizes first_sizes{};
  Sizes second_sizes{};
  const __m512d center = _mm512_set1_pd(pivot);
  FloatLanes lanes = state;
  for (std::size_t i = 0; i < bytes.size(); i += k_group<4>) {
    const std::byte* const from = bytes.data() + i;
#pragma GCC unroll 1
    for (std::size_t j = 0; j < k_group<4>; j += k_width) {
      scan_sixteen(from + j, lanes);
      deviate_eight(load_eight(from + j), center, lanes.residuals[0], lanes.squares[0]);
      deviate_eight(load_eight(from + j + k_width / 2), center, lanes.residuals[1], lanes.squares[1]);
      count_high_halves(from + j, high);
    }
    __m512i first;
    __m512i second;
    load_planes<4, 0>(from, first, second);
    sort_bytes(first, first_queues, first_sizes);
    sort_bytes(second, second_queues, second_sizes);
  }
  state = lanes;
  count_queues(first_queues, first_sizes, low[0]);
  count_queues(second_queues, second_sizes, low[1]);
}

UPINSPECT_VBMI FloatScan32 join_scan(const FloatLanes& lanes) {
  FloatScan32 scan;
  scan.least = _mm512_reduce_min_epi32(lanes.least);
  scan.greatest = _mm512_reduce_max_epi32(lanes.greatest);
  scan.zeros = static_cast<std::uint32_t>(_mm512_reduce_add_epi32(lanes.zeros));
  scan.below_normal = static_cast<std::uint32_t>(_mm512_reduce_add_epi32(lanes.below_normal));
  return scan;
}

UPINSPECT_VBMI FloatPass measure_f32(std::span<const std::byte> bytes, double pivot, ByteTables& low, WordTable& high) {
  using Floats = typename bodies::Vectors<k_width>::Floats;
  const __m512i zero = _mm512_setzero_si512();
  const __m512d none = _mm512_setzero_pd();
  FloatLanes lanes{_mm512_set1_epi32(INT32_MAX), _mm512_set1_epi32(INT32_MIN), zero, zero, {none, none}, {none, none}};
  auto groups = bytes.first(bytes.size() / k_group<4> * k_group<4>);
  auto rest = bytes.subspan(groups.size());
  while (!groups.empty()) {
    const auto part = groups.first(std::min(groups.size(), k_round * 4));
    measure_round(part, pivot, lanes, low, high);
    groups = groups.subspan(part.size());
  }
  bodies::count_last_quads(rest, low, high);
  FloatPass pass{join_scan(lanes), {}};
  bodies::scan_last<std::int32_t>(rest, k_least_f32, pass.scan);
  bodies::DeviationLanes<k_width> deviations;
  for (std::size_t i = 0; i < 2; ++i) {
    deviations.residuals[i] = lanes.residuals[i];
    deviations.squares[i] = lanes.squares[i];
  }
  for (; rest.size() >= k_width; rest = rest.subspan(k_width)) {
    bodies::deviate_lanes<k_width, Floats>(rest.data(), k_lanes, pivot, deviations);
  }
  pass.deviations = bodies::deviate_last<k_width, Floats>(rest.data(), rest.size() / 4, pivot, deviations);
  return pass;
}

// --- Common values -----------------------------------------------------------------------------------------------

UPINSPECT_VBMI std::size_t keep_words(std::span<const std::byte> bytes, std::uint16_t value, std::byte* out) {
  const __m512i common = _mm512_set1_epi16(static_cast<std::int16_t>(value));
  const std::size_t in_registers = bytes.size() / k_width * k_width;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < in_registers; i += k_width) {
    const __m512i words = _mm512_loadu_si512(bytes.data() + i);
    const __mmask32 others = _mm512_cmpneq_epi16_mask(words, common);
    _mm512_storeu_si512(out + 2 * kept, _mm512_maskz_compress_epi16(others, words));
    kept += static_cast<std::size_t>(_mm_popcnt_u32(others));
  }
  return kept + bodies::keep_others(bytes.subspan(in_registers), value, out + 2 * kept);
}

UPINSPECT_VBMI std::size_t keep_quads(std::span<const std::byte> bytes, std::uint32_t value, std::byte* out) {
  const __m512i common = _mm512_set1_epi32(static_cast<std::int32_t>(value));
  const std::size_t in_registers = bytes.size() / k_width * k_width;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < in_registers; i += k_width) {
    const __m512i quads = _mm512_loadu_si512(bytes.data() + i);
    const __mmask16 others = _mm512_cmpneq_epi32_mask(quads, common);
    _mm512_storeu_si512(out + 4 * kept, _mm512_maskz_compress_epi32(others, quads));
    kept += static_cast<std::size_t>(_mm_popcnt_u32(others));
  }
  return kept + bodies::keep_others(bytes.subspan(in_registers), value, out + 4 * kept);
}

bool runs_here() noexcept {
  return __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
         __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("gfni") && __builtin_cpu_supports("popcnt");
}

}  // namespace

const Kernels* vbmi_kernels(const Kernels& avx512) noexcept {
  if (!runs_here()) {
    return nullptr;
  }
  static const Kernels set = [&] {
    Kernels own = avx512;
    own.name = "avx512_vbmi";
    own.count_bytes = count_bytes;
    own.measure_f32 = measure_f32;
    own.keep_words = keep_words;
    own.keep_quads = keep_quads;
    return own;
  }();
  return &set;
}

}  // namespace upinspect::numeric

#endif
