#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target for a while from the seeds: run.sh BUILD_FOLDER SECONDS. What it finds lies in BUILD_FOLDER/fuzz.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
folder=$1
seconds=$2
found=$folder/fuzz
targets=0

for target in "$folder"/tests/fuzz/fuzz_*; do
  [ -x "$target" ] && [ -f "$target" ] || continue
  targets=$((targets + 1))
  name=${target##*/}
  corpus=$found/$name
  mkdir -p -- "$corpus"
  seeds=("$here"/seeds/*/)
  [ -d "$here/seeds.${name#fuzz_}" ] && seeds=("$here/seeds.${name#fuzz_}")
  printf '%s for %s s\n' "$name" "$seconds"
  "$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=16384 -use_value_profile=1 \
    -dict="$here/formats.dict" -artifact_prefix="$found/$name-" -print_final_stats=0 -verbosity=0 \
    "$corpus" "${seeds[@]}"
done

[ "$targets" -gt 0 ] || { echo "no fuzz target in $folder/tests/fuzz"; exit 1; }
printf '%s fuzz targets found nothing\n' "$targets"
