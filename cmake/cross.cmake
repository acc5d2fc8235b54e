# SPDX-License-Identifier: Apache-2.0
# A build for the processor that UPINSPECT_CROSS names (s390x, which is big-endian, or aarch64), to be run under qemu-user: Debian's
# cross compiler and qemu-user-static, with the libraries that cross-sysroot.sh has put into the folder that the environment's
# UPINSPECT_CROSS_ROOT names; it lies outside of the source tree.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES UPINSPECT_CROSS)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR "${UPINSPECT_CROSS}")
set(upinspect_triplet "${UPINSPECT_CROSS}-linux-gnu")
set(CMAKE_CXX_COMPILER "${upinspect_triplet}-g++")

set(upinspect_root "$ENV{UPINSPECT_CROSS_ROOT}")
if(NOT upinspect_root)
  message(FATAL_ERROR "UPINSPECT_CROSS_ROOT names no folder; run cmake/cross-sysroot.sh ${UPINSPECT_CROSS} FOLDER and export it")
endif()
set(CMAKE_LIBRARY_ARCHITECTURE "${upinspect_triplet}")
set(CMAKE_FIND_ROOT_PATH "${upinspect_root}" "/usr/${upinspect_triplet}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# The compiler's own root has the C library; headers that lie below the root's usr/include/TRIPLET are ours to name.
set(CMAKE_CXX_FLAGS_INIT "-isystem ${upinspect_root}/usr/include -isystem ${upinspect_root}/usr/include/${upinspect_triplet}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-rpath-link,${upinspect_root}/usr/lib/${upinspect_triplet}")
set(CMAKE_CROSSCOMPILING_EMULATOR
    qemu-${UPINSPECT_CROSS}-static;-L;/usr/${upinspect_triplet};-E;LD_LIBRARY_PATH=${upinspect_root}/usr/lib/${upinspect_triplet}:${upinspect_root}/lib/${upinspect_triplet})
