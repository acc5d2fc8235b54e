#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches what a big-endian build links with, from Debian's s390x port into a folder of its own: s390x-sysroot.sh FOLDER.
# The machine's own packages stay as they are.
set -euo pipefail

mkdir -p -- "$1"
folder=$(cd -- "$1" && pwd -P)
mkdir -p -- "$folder"/apt/{state/lists/partial,cache/archives/partial,packages}
: >"$folder/apt/status"
cat >"$folder/apt/apt.conf" <<CONFIGURATION
APT::Architecture "s390x";
APT::Architectures { "s390x"; };
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
ln -sf ../../../lib/s390x-linux-gnu/libz.so.1 "$folder/usr/lib/s390x-linux-gnu/libz.so"
