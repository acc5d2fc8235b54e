#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The speed of upinspect beside its peers, as ratios measured in one run: run.sh [--quick] [--only N,N] [--folder FOLDER].
# UPINSPECT names the program; without it the release preset is built. docs/performance.md says how to read the table.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
if [ -z "${UPINSPECT:-}" ]; then
  cmake --preset release >/dev/null
  cmake --build --preset release -- --quiet
  export UPINSPECT=$PWD/build/release/upinspect
fi
exec /usr/bin/env python3 tests/bench/performance/bench.py "$@"
