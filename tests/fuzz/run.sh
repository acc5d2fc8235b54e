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
  if [ ! -f "$target" ] || [ ! -x "$target" ]; then continue; fi
  targets=$((targets + 1))
  name=${target##*/}
  log=$found/$name.log
  mkdir -p -- "$found/$name"
  printf '%s for %s s\n' "$name" "$seconds"
  "$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=16384 -use_value_profile=1 \
    -dict="$here/formats.dict" -artifact_prefix="$found/$name-" "$found/$name" "$here"/seeds/*/ >"$log" 2>&1 ||
    { tail -n 60 "$log"; exit 1; }
  grep '^Done' "$log"
done

[ "$targets" -gt 0 ] || { echo "no fuzz target in $folder/tests/fuzz"; exit 1; }
printf '%s fuzz targets found nothing\n' "$targets"
