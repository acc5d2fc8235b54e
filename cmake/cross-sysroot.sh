#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches what a build for another processor links with, from Debian's port for it into a folder of its own:
#     cross-sysroot.sh s390x|aarch64 FOLDER
# The machine's own packages stay as they are.
set -euo pipefail

case $1 in
  s390x) port=s390x ;;
  aarch64) port=arm64 ;;
  *) printf 'cross-sysroot.sh: no such processor: %s\n' "$1" >&2; exit 2 ;;
esac
triplet=$1-linux-gnu
mkdir -p -- "$2"
folder=$(cd -- "$2" && pwd -P)
mkdir -p -- "$folder"/apt/{state/lists/partial,cache/archives/partial,packages}
: >"$folder/apt/status"
cat >"$folder/apt/apt.conf" <<CONFIGURATION
APT::Architecture "$port";
APT::Architectures { "$port"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::State "$folder/apt/state";
Dir::State::status "$folder/apt/status";
Dir::Cache "$folder/apt/cache";
CONFIGURATION
export APT_CONFIG=$folder/apt/apt.conf
apt-get update
cd -- "$folder/apt/packages"
apt-get download libfmt-dev libfmt9 zlib1g-dev zlib1g libssl-dev libssl3 libxxhash-dev nlohmann-json3-dev libcli11-dev catch2 libeigen3-dev
for package in *.deb; do dpkg -x "$package" "$folder"; done
# Debian's link to the shared zlib is absolute within its root.
ln -sf "../../../lib/$triplet/libz.so.1" "$folder/usr/lib/$triplet/libz.so"
