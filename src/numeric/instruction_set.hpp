// SPDX-License-Identifier: Apache-2.0
// Which instructions this processor has beyond those that the program is compiled for. Code for them carries one of the
// attributes and has the plain code inlined; it is called where the processor has them, and gives the same bits.
#pragma once

#include <cstdint>

#define UPINSPECT_INLINE inline __attribute__((always_inline))
#if defined(__x86_64__)
#define UPINSPECT_FOR_AVX2 __attribute__((target("avx2")))
#define UPINSPECT_FOR_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#endif

namespace upinspect::numeric {

enum class InstructionSet : std::uint8_t { plain, avx2, avx512 };

inline InstructionSet instruction_set() noexcept {
#if defined(__x86_64__)
  static const InstructionSet k_set = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                                              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
                                          ? InstructionSet::avx512
                                      : __builtin_cpu_supports("avx2") ? InstructionSet::avx2
                                                                       : InstructionSet::plain;
  return k_set;
#else
  return InstructionSet::plain;
#endif
}

}  // namespace upinspect::numeric
