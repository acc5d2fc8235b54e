// SPDX-License-Identifier: Apache-2.0
#include "numeric/kernels_avx512.hpp"

#if defined(__x86_64__)

#include "numeric/byte_queues_avx512.hpp"
#include "numeric/kernel_bodies.hpp"

namespace upinspect::numeric {

namespace {

using namespace vbmi;

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
