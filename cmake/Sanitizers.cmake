# SPDX-License-Identifier: Apache-2.0
add_library(upinspect_sanitizers INTERFACE)
if(UPINSPECT_SANITIZE)
  target_compile_options(upinspect_sanitizers INTERFACE
    -fsanitize=${UPINSPECT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(upinspect_sanitizers INTERFACE -fsanitize=${UPINSPECT_SANITIZE})
endif()
