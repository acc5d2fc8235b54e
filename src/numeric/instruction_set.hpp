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

/// In the order in which they grow: a processor that has one has those before it.
enum class InstructionSet : std::uint8_t { plain, avx2, avx512 };

/// The largest that this processor has.
[[nodiscard]] InstructionSet best_instruction_set() noexcept;

/// The one that is used: the largest, unless another was chosen. The kernels of kernels.hpp go by what it is when they are first
/// asked for.
[[nodiscard]] InstructionSet instruction_set() noexcept;
void use_instruction_set(InstructionSet set) noexcept;

}  // namespace upinspect::numeric
