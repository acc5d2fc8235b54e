# SPDX-License-Identifier: Apache-2.0
# A big-endian build, to be run under qemu-user: Debian's g++-s390x-linux-gnu and qemu-user-static, with the libraries that
# s390x-sysroot.sh has put into the folder that UPINSPECT_S390X_ROOT names; it lies outside of the source tree.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(CMAKE_CXX_COMPILER s390x-linux-gnu-g++)

set(upinspect_root "$ENV{UPINSPECT_S390X_ROOT}")
if(NOT upinspect_root)
  message(FATAL_ERROR "UPINSPECT_S390X_ROOT names no folder; run cmake/s390x-sysroot.sh FOLDER and export it")
endif()
set(CMAKE_LIBRARY_ARCHITECTURE s390x-linux-gnu)
set(CMAKE_FIND_ROOT_PATH "${upinspect_root}" /usr/s390x-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# The compiler's own root has the C library; headers that lie below the root's usr/include/s390x-linux-gnu are ours to name.
set(CMAKE_CXX_FLAGS_INIT "-isystem ${upinspect_root}/usr/include -isystem ${upinspect_root}/usr/include/s390x-linux-gnu")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-rpath-link,${upinspect_root}/usr/lib/s390x-linux-gnu")
set(CMAKE_CROSSCOMPILING_EMULATOR
    qemu-s390x-static;-L;/usr/s390x-linux-gnu;-E;LD_LIBRARY_PATH=${upinspect_root}/usr/lib/s390x-linux-gnu:${upinspect_root}/lib/s390x-linux-gnu)
