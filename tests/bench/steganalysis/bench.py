#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much of what is hidden upinspect finds: carriers x payloads x methods x rates, against the published figures.

    bench.py [--quick] [--only NAME[,NAME]] [--jobs N] [--honest N] [-o FILE]

Prints a table in Markdown for each section. --quick takes a minute and few trials; without it the run takes about a quarter of an
hour on two cores. docs/steganalysis.md holds the result of a full run. The false positive rate is measured first, on honest
files that no other section uses: the tool's own thresholds must keep it at one file in a thousand or below.
"""

import argparse
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]
from support.scripts import need  # noqa: E402

need("numpy")
from steganalysis import runs, sections  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description="Measures what upinspect lsb and diff find of what is hidden.")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--honest", type=int, help="honest files of each kind")
    parser.add_argument("-o", "--output")
    options = parser.parse_args()
    wanted = [name for name in options.only.split(",") if name]
    lines = []
    with runs.fresh_folder() as folder:
        bench = runs.Bench(folder, options.jobs)
        for name, section in sections.ALL.items():
            if wanted and name not in wanted:
                continue
            began = time.monotonic()
            table = section(bench, sections.Size(options.quick, options.honest))
            table.append(f"\n<!-- {name}: {time.monotonic() - began:.0f} s -->\n")
            print("\n".join(table), flush=True)
            lines += table
    if options.output:
        Path(options.output).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
