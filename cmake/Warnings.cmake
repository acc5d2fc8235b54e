# SPDX-License-Identifier: Apache-2.0
add_library(upinspect_warnings INTERFACE)
target_compile_options(upinspect_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
  $<$<BOOL:${UPINSPECT_WERROR}>:-Werror>)
# g++ 12 takes what it inlines from a precompiled <string> for the caller's own code and warns of overflows that cannot
# happen there; the sanitizers of CI watch for the real ones.
target_compile_options(upinspect_warnings INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds> $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>)
