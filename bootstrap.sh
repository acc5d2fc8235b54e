#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sets upinspect up on Debian 12, or an Ubuntu of its age: installs what is missing, builds, and runs. See --help.
set -euo pipefail
export LC_ALL=C.UTF-8 LANG=C.UTF-8

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
readonly here
readonly build_packages=(g++ cmake ninja-build libfmt-dev nlohmann-json3-dev libcli11-dev zlib1g-dev libssl-dev libxxhash-dev)
readonly test_packages=(catch2 python3 xxhash pkg-config)
readonly ci_packages=(clang libclang-rt-dev)
# Tests that compare us with these are skipped, and say so, where they cannot be had.
readonly optional_test_packages=(python3-numpy python3-torch python3-jsonschema)
export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc 2>/dev/null || echo 2)}

# Messages go to stderr: what the tool prints stays alone on stdout.
say() { printf 'bootstrap: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }

usage() {
  cat <<'TEXT'
./bootstrap.sh              install what is missing, build, inspect a bundled sample
./bootstrap.sh -- ARGS...   the same, then run upinspect with ARGS in place of the sample
./bootstrap.sh test         install what the tests need as well, build with tests, run them
./bootstrap.sh packages     install what everything needs, clang for CI too, and build nothing
TEXT
}

has_apt() { command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; }

# The packages among the arguments that dpkg does not have, one per line.
missing() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
  done
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif [ -t 0 ]; then
    sudo -- "$@"
  else
    sudo -n -- "$@"
  fi
}

require_root() {
  [ "$(id -u)" -eq 0 ] && return
  command -v sudo >/dev/null || fail "not root and there is no sudo; as root run: apt-get install $*"
  [ -t 0 ] || sudo -n true 2>/dev/null ||
    fail "sudo wants a password and there is no terminal to ask on; first run: sudo apt-get install $*"
}

# Packages unpack with much ado: it is shown only where something went wrong.
apt() {
  local log status=0
  log=$(mktemp)
  as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
    apt-get -y -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@" </dev/null >"$log" 2>&1 || status=$?
  [ "$status" -eq 0 ] || tail -n 5 "$log" >&2
  rm -f -- "$log"
  return "$status"
}

has_candidate() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'; }

# Package lists may be absent (a fresh container) or stale (a download answers 404): fetch them only then.
install_packages() {
  local package
  for package in "$@"; do
    has_candidate "$package" || { apt update || return; break; }
  done
  apt install --no-install-recommends "$@" || { apt update && apt install --no-install-recommends "$@"; }
}

ensure() {
  local wanted
  has_apt || { say "no apt here; expecting these, or what your system calls them: $*"; return; }
  read -r -d '' -a wanted <<<"$(missing "$@")" || true
  [ "${#wanted[@]}" -eq 0 ] && return
  require_root "${wanted[@]}"
  say "installing ${wanted[*]}"
  install_packages "${wanted[@]}" ||
    fail "apt-get could not install ${wanted[*]}; is there a network, and does the release have these packages?"
}

ensure_optional() {
  local wanted package
  has_apt || return 0
  read -r -d '' -a wanted <<<"$(missing "$@")" || true
  for package in "${wanted[@]}"; do
    say "installing $package (for tests)"
    ( require_root "$package" && install_packages "$package" ) ||
      say "$package could not be installed: the tests that need it will be skipped"
  done
}

# Runs a long command; away from a terminal its output is shown only where it fails.
quietly() {
  local log=$1; shift
  if [ -t 2 ]; then "$@" >&2; return; fi
  "$@" >"$log" 2>&1 || { tail -n 60 "$log" >&2; return 1; }
}

build() {
  local preset=$1 folder="$here/build/$1"
  # A build folder that came along when the tree was moved or copied points at the old place.
  if [ -f "$folder/CMakeCache.txt" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$here" "$folder/CMakeCache.txt"; then
    rm -rf -- "$folder"
  fi
  mkdir -p -- "$folder" 2>/dev/null && [ -w "$folder" ] || fail "cannot write to $folder"
  if [ ! -f "$folder/build.ninja" ]; then
    say "configuring $preset"
    # Line numbers cost a machine that tests and throws away a tenth of the time.
    ( cd -- "$here" && quietly "$folder/configure.log" cmake --preset "$preset" ${CI:+-DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O2 -g0"} ) || fail "configuring $preset failed, see above"
  fi
  say "building $preset in build/$preset"
  ( cd -- "$here" && quietly "$folder/build.log" cmake --build --preset "$preset" ) || fail "the build failed, see above"
}

run_tests() {
  local log="$here/build/dev/ctest.log" status=0 passed failed skipped
  # What a test prints goes to the log as well: the reasons of the skipped ones are told below.
  ( cd -- "$here" && ctest --preset dev -j "$CMAKE_BUILD_PARALLEL_LEVEL" --no-tests=error </dev/null ) 2>&1 | tee "$log" || status=$?
  grep -ah '^SKIPPED: ' "$here/build/dev/Testing/Temporary/LastTest.log" 2>/dev/null | sort | uniq -c || true
  passed=$(grep -c 'Test *#.* Passed ' "$log" || true)
  skipped=$(grep -c 'Test *#.*\*\*\*Skipped' "$log" || true)
  failed=$(grep -c 'Test *#.*\*\*\*[^S]' "$log" || true)
  printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
  return "$status"
}

main() {
  case "${1-}" in
    -h | --help) usage ;;
    packages)
      ensure "${build_packages[@]}" "${test_packages[@]}" "${ci_packages[@]}"
      ensure_optional "${optional_test_packages[@]}" ;;
    test)
      [ $# -eq 1 ] || fail "test takes no arguments"
      ensure "${build_packages[@]}" "${test_packages[@]}"
      ensure_optional "${optional_test_packages[@]}"
      build dev
      run_tests ;;
    "" | --)
      [ $# -eq 0 ] || shift
      ensure "${build_packages[@]}"
      build release
      if [ $# -gt 0 ]; then
        exec "$here/build/release/upinspect" "$@"
      fi
      say "built; inspecting a bundled sample: build/release/upinspect file testdata/raw/up-param.bin"
      cd -- "$here"
      ./build/release/upinspect file testdata/raw/up-param.bin ;;
    *) usage >&2; fail "what is '$1'? Arguments for the tool go after --" ;;
  esac
}

main "$@"
