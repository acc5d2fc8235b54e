# SPDX-License-Identifier: Apache-2.0
add_library(upinspect_warnings INTERFACE)
target_compile_options(upinspect_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
  $<$<BOOL:${UPINSPECT_WERROR}>:-Werror>)
