#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes src/bytes/canonical_tables.cpp from Python's Unicode data (--write), or says whether it still is what it makes.

CJK compatibility ideographs (U+F900 to U+FAFF, U+2F800 on) are left out: a thousand rows for names that nobody writes.
Hangul syllables are decomposed by arithmetic.
"""

import os
import sys
import unicodedata
from pathlib import Path

SOURCE = Path(os.environ.get("UPINSPECT_SOURCE") or Path(__file__).resolve().parents[2])
TARGET = SOURCE / "src/bytes/canonical_tables.cpp"


def decompositions():
    for code in range(0x2F800):
        parts = unicodedata.decomposition(chr(code))
        if parts and not parts.startswith("<") and not 0xF900 <= code <= 0xFAFF:
            first, second, *_ = [int(part, 16) for part in parts.split()] + [0]
            yield code, first, second


def classes():
    """(first, last, combining class) of every run of marks of one class."""
    runs = []
    for code in range(0x110000):
        kind = unicodedata.combining(chr(code))
        if kind and runs and runs[-1][1:] == (code - 1, kind):
            runs[-1] = (runs[-1][0], code, kind)
        elif kind:
            runs.append((code, code, kind))
    return runs


def table(name, kind, rows, form, per_line):
    cells = ["{" + ",".join(part(value) for part, value in zip(form, row)) + "}" for row in rows]
    lines = ["    " + ", ".join(cells[i:i + per_line]) for i in range(0, len(cells), per_line)]
    return f"const std::array<{kind}, {len(cells)}> {name}{{{{\n" + ",\n".join(lines) + "}};\n"


def made():
    pairs = table("k_decompositions", "Decomposition", decompositions(), (hex, hex, hex), 6)
    runs = table("k_mark_runs", "MarkRun", classes(), (hex, hex, str), 7)
    return f"""// SPDX-License-Identifier: Apache-2.0
// Made by tests/bytes/canonical_tables.py from Unicode {unicodedata.unidata_version}; edit that.
#include "bytes/canonical_tables.hpp"

namespace upinspect::bytes {{

// clang-format off
{pairs}
{runs}// clang-format on

std::span<const Decomposition> decompositions() noexcept {{ return k_decompositions; }}
std::span<const MarkRun> mark_runs() noexcept {{ return k_mark_runs; }}

}}  // namespace upinspect::bytes
""".replace("const std::array<Decomp", "constexpr std::array<Decomp").replace("const std::array<MarkRun", "constexpr std::array<MarkRun")


def main():
    if "--write" in sys.argv:
        TARGET.write_text(made())
        return
    there = TARGET.read_text()
    if f"Unicode {unicodedata.unidata_version};" not in there:
        print("skipped: this Python has another version of Unicode than the tables")
        sys.exit(77)
    if there != made():
        sys.exit(f"{TARGET} is not what this script makes: run it with --write")


if __name__ == "__main__":
    main()
