#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs fuzz targets for a while from their seeds: run.sh BUILD_FOLDER SECONDS [TARGET...]; without targets, all of them.
# What it finds lies in UPINSPECT_FUZZ_FOLDER (BUILD_FOLDER/fuzz): corpora, logs, crashes, and executions.tsv with a line
# for each run. UPINSPECT_FUZZ_JOBS targets run at a time; UPINSPECT_FUZZ_OPTIONS are more options for libFuzzer.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
programs=$1/tests/fuzz
seconds=$2
shift 2
found=${UPINSPECT_FUZZ_FOLDER:-$programs/../../fuzz}

# The words and the seeds that help a target.
words_for() {
  case $1 in
    fuzz_inspect) echo zip pickle npy json gguf tar named ;;
    fuzz_text | *safetensors* | *index | *config) echo json ;;
    fuzz_tar) echo tar ;;
    fuzz_zip) echo zip ;;
    *npy | *npz) echo npy zip pickle ;;
    *gguf) echo gguf ;;
    *raw) echo named ;;
    *torch-tar) echo tar pickle ;;
    *torch-zip | *torchscript) echo zip pickle json ;;
    *) echo pickle ;;
  esac
}

seeds_for() {
  case $1 in
    fuzz_inspect) echo '*' ;;
    fuzz_text) echo json safetensors-index torch-index adapter-config npy ;;
    fuzz_tar) echo tar torch-tar ;;
    fuzz_zip) echo zip npz torch-zip torchscript ;;
    fuzz_pickle) echo pickle torch-legacy ;;
    *torch-zip | *torchscript) echo torch-zip torchscript ;;
    *) echo "${1#fuzz_read_}" ;;
  esac
}

run_one() {
  local name=$1 log=$found/$1.log words seeds=() options=()
  mkdir -p -- "$found/$name"
  for words in $(words_for "$name"); do cat -- "$here/dictionaries/$words.dict"; done >"$found/$name.dict"
  while read -r -d ' ' words; do seeds+=("$here"/seeds/$words); done < <(seeds_for "$name" | tr '\n' ' ')
  read -r -a options <<<"${UPINSPECT_FUZZ_OPTIONS:-}"
  if ! "$programs/$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1 -print_funcs=0 \
    -dict="$found/$name.dict" -artifact_prefix="$found/$name-" "${options[@]}" "$found/$name" "${seeds[@]}" >"$log" 2>&1; then
    tail -n 60 "$log"
    echo "$name found something"
    return 1
  fi
  awk -v name="$name" '/^Done/ {seconds = $(NF - 1)} /number_of_executed_units/ {print name "\t" $2 "\t" seconds}' "$log" |
    tee -a "$found/executions.tsv"
}

if [ $# -eq 0 ]; then
  for program in "$programs"/fuzz_*; do
    if [ -f "$program" ] && [ -x "$program" ]; then set -- "$@" "${program##*/}"; fi
  done
fi
[ $# -gt 0 ] || { echo "no fuzz target in $programs"; exit 1; }

mkdir -p -- "$found"
export -f run_one words_for seeds_for
export here programs seconds found
printf '%s\0' "$@" | xargs -0 -n 1 -P "${UPINSPECT_FUZZ_JOBS:-1}" bash -euo pipefail -c 'run_one "$1"' run_one
printf '%s fuzz targets found nothing\n' "$#"
