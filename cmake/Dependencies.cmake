# SPDX-License-Identifier: Apache-2.0
# Debian 12's versions are the floor; newer ones must do too.
set(THREADS_PREFER_PTHREAD_FLAG ON)
if(UPINSPECT_STATIC)
  set(OPENSSL_USE_STATIC_LIBS ON)
  set(ZLIB_USE_STATIC_LIBS ON)
endif()
find_package(Threads REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)

# XXH3 is used header-only (XXH_INLINE_ALL), so there is nothing to link for it.
# Debian ships no static libfmt: a static tool takes fmt's headers instead.
set(upinspect_fmt fmt::fmt)
if(UPINSPECT_STATIC)
  set(upinspect_fmt fmt::fmt-header-only)
endif()

add_library(upinspect_dependencies INTERFACE)
target_include_directories(upinspect_dependencies SYSTEM INTERFACE "${XXHASH_INCLUDE_DIR}")
target_link_libraries(upinspect_dependencies
  INTERFACE Threads::Threads ${upinspect_fmt} nlohmann_json::nlohmann_json ZLIB::ZLIB OpenSSL::Crypto)

add_library(upinspect_cli_dependencies INTERFACE)
target_link_libraries(upinspect_cli_dependencies INTERFACE CLI11::CLI11)
