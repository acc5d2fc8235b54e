// SPDX-License-Identifier: Apache-2.0
// Compiles the kernels for each instruction set and chooses among them when the program runs. The choice is a table of
// functions and not target_clones, whose ifuncs some C libraries and sanitizers do not start.
#include "numeric/kernels.hpp"

#include "numeric/instruction_set.hpp"
#include "numeric/kernel_bodies.hpp"
#include "numeric/kernels_avx512.hpp"

#include <bit>

namespace upinspect::numeric {

namespace {

// The set `name`: wrappers that carry the attribute, into which the bodies for its width of register are inlined.
#define UPINSPECT_KERNEL_SET(name, width, attribute)                                                                  \
  namespace name {                                                                                                    \
  attribute void count_bytes(std::span<const std::byte> bytes, std::size_t /*unit*/, ByteTables& tables) {            \
    bodies::count_bytes(bytes, tables);                                                                               \
  }                                                                                                                   \
  attribute void count_words(std::span<const std::byte> bytes, WordTable& table) {                                    \
    bodies::count_words(bytes, table);                                                                                \
  }                                                                                                                   \
  attribute void count_quads(std::span<const std::byte> bytes, ByteTables& low, WordTable& high) {                    \
    bodies::count_quads(bytes, low, high);                                                                            \
  }                                                                                                                   \
  attribute FloatScan32 scan_f32(std::span<const std::byte> bytes, std::int32_t least_normal) {                       \
    return bodies::scan_f32<width>(bytes, least_normal);                                                              \
  }                                                                                                                   \
  attribute FloatScan64 scan_f64(std::span<const std::byte> bytes) { return bodies::scan_f64<width>(bytes); }         \
  attribute void widen_f16(std::span<const std::byte> bytes, std::byte* out) { bodies::widen_f16<width>(bytes, out); }\
  attribute Deviations deviate_f32(std::span<const std::byte> bytes, double pivot) {                                  \
    return bodies::deviate_f32<width>(bytes, pivot);                                                                  \
  }                                                                                                                   \
  attribute Deviations deviate_f64(std::span<const std::byte> bytes, double pivot) {                                  \
    return bodies::deviate_f64<width>(bytes, pivot);                                                                  \
  }                                                                                                                   \
  attribute FloatPass measure_f32(std::span<const std::byte> bytes, double pivot, ByteTables& low, WordTable& high) { \
    return bodies::measure_f32<width>(bytes, pivot, low, high);                                                       \
  }                                                                                                                   \
  attribute RowSums sum_row(std::span<const std::uint32_t> row) { return bodies::sum_row(row); }                      \
  attribute std::size_t keep_words(std::span<const std::byte> bytes, std::uint16_t value, std::byte* out) {           \
    return bodies::keep_others(bytes, value, out);                                                                    \
  }                                                                                                                   \
  attribute std::size_t keep_quads(std::span<const std::byte> bytes, std::uint32_t value, std::byte* out) {           \
    return bodies::keep_others(bytes, value, out);                                                                    \
  }                                                                                                                   \
  constexpr Kernels k_set{#name,       count_bytes, count_words, count_quads, scan_f32,   scan_f64,  deviate_f32,     \
                          deviate_f64, measure_f32, widen_f16,   sum_row,     keep_words, keep_quads};                \
  }

#define UPINSPECT_NO_ATTRIBUTE
#if defined(__x86_64__)
#define UPINSPECT_AVX2 __attribute__((target("avx2")))
#define UPINSPECT_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#endif

constexpr bool k_little = std::endian::native == std::endian::little;

UPINSPECT_KERNEL_SET(portable, 16, UPINSPECT_NO_ATTRIBUTE)
#if defined(__x86_64__)
UPINSPECT_KERNEL_SET(avx2, 32, UPINSPECT_AVX2)
UPINSPECT_KERNEL_SET(avx512, 64, UPINSPECT_AVX512)
#endif

struct Runnable {
  std::array<const Kernels*, 5> sets{};
  std::array<InstructionSet, 5> needs{};
  std::size_t count = 0;

  void add(const Kernels& set, InstructionSet need) noexcept {
    sets[count] = &set;
    needs[count++] = need;
  }

  /// The last that needs no more than `allowed`; the first needs nothing.
  [[nodiscard]] const Kernels* best(InstructionSet allowed) const noexcept {
    auto best = count;
    while (needs[best - 1] > allowed) {
      --best;
    }
    return sets[best - 1];
  }
};

Runnable find_runnable() noexcept {
  Runnable runnable;
  runnable.add(plain_kernels(), InstructionSet::plain);
  if constexpr (k_little) {
    runnable.add(portable::k_set, InstructionSet::plain);
  }
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) {
    runnable.add(avx2::k_set, InstructionSet::avx2);
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    runnable.add(avx512::k_set, InstructionSet::avx512);
    if (const auto* set = vbmi_kernels(avx512::k_set)) {
      runnable.add(*set, InstructionSet::avx512);
    }
  }
#endif
  return runnable;
}

const Runnable& all_runnable() noexcept {
  static const Runnable runnable = find_runnable();
  return runnable;
}

const Kernels*& chosen() noexcept {
  static const Kernels* set = all_runnable().best(instruction_set());
  return set;
}

}  // namespace

std::span<const Kernels* const> runnable_kernels() noexcept { return std::span(all_runnable().sets).first(all_runnable().count); }

const Kernels& kernels() noexcept { return *chosen(); }

void use_kernels(const Kernels& set) noexcept { chosen() = &set; }

}  // namespace upinspect::numeric
