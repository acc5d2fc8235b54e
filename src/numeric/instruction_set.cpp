// SPDX-License-Identifier: Apache-2.0
#include "numeric/instruction_set.hpp"

namespace upinspect::numeric {

namespace {

InstructionSet& used() noexcept {
  static InstructionSet set = best_instruction_set();
  return set;
}

}  // namespace

InstructionSet best_instruction_set() noexcept {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return InstructionSet::avx512;
  }
  if (__builtin_cpu_supports("avx2")) {
    return InstructionSet::avx2;
  }
#endif
  return InstructionSet::plain;
}

InstructionSet instruction_set() noexcept { return used(); }

void use_instruction_set(InstructionSet set) noexcept { used() = set; }

}  // namespace upinspect::numeric
