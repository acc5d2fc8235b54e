#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/forensics/program_model_table.hpp: which bytes follow one another in compiled programs.

    python3 tests/support/make_program_model.py [FOLDER] > src/forensics/program_model_table.hpp

Counts pairs of bytes in sixty ELF programs of FOLDER (/usr/bin), half a megabyte of each from its second page on; interpreters of Python are
passed over, since the bench hides one. Bytes that are followed by the same ones share a row, of which there are sixteen.
"""

import sys
from pathlib import Path

import numpy as np

PROGRAMS, ROWS, SHARE = 60, 16, 0.97   # SHARE is the model's; the rest is spread over all 256 bytes


def counts(folder):
    total, taken = np.zeros((256, 256)), 0
    files = sorted(path for path in Path(folder).iterdir() if path.is_file() and not path.is_symlink() and "python" not in path.name)
    for path in files:
        with open(path, "rb") as file:
            data = np.frombuffer(file.read(4096 + (1 << 19)), np.uint8)
        if data[:4].tobytes() == b"\x7fELF" and len(data) > 20_000 and taken < PROGRAMS:
            pairs = data[4096:-1].astype(np.int64) * 256 + data[4097:]
            total += np.bincount(pairs, minlength=65536).reshape(256, 256) / len(pairs)
            taken += 1
    return total / taken


def rows_of(joint):
    """Bytes put together by what follows them: k-means with the divergence of Kullback and Leibler, from the most frequent bytes on."""
    weight = joint.sum(1)
    follow = (joint + 1e-7) / (joint + 1e-7).sum(1, keepdims=True)
    centres = follow[np.argsort(-weight)[:ROWS]]
    for _ in range(30):
        row = (-(follow @ np.log(centres).T)).argmin(1)
        centres = np.array([(joint[row == r].sum(0) + 1e-6) / (joint[row == r].sum(0) + 1e-6).sum() if (row == r).any() else centres[r] for r in range(ROWS)])
    return row, centres


def text(logs):
    return "".join(chr(35 + min(91, max(0, int(np.floor((log + 3.6) * 10))))) for log in logs)


def main():
    row, follow = rows_of(counts(sys.argv[1] if len(sys.argv) > 1 else "/usr/bin"))
    print("// SPDX-License-Identifier: Apache-2.0\n"
          "// Which bytes follow one another in compiled programs: made by tests/support/make_program_model.py, which see.\n"
          "#pragma once\n\n#include <array>\n#include <string_view>\n\nnamespace upinspect::forensics {\n\n"
          "/// The row of each byte, 'a' for the first.\n"
          f'inline constexpr std::string_view k_program_rows =\n    "{"".join(chr(97 + r) for r in row[:128])}"\n    "{"".join(chr(97 + r) for r in row[128:])}";\n\n'
          "/// Rows by the byte before, columns by the byte. A letter c stands for ln(256 P(column | row)) = (c - 35) / 10 - 3.6, rounded down,\n"
          "/// where 3 % of P is spread over all bytes.\n"
          f"inline constexpr std::array<std::string_view, {ROWS}> k_program_model = {{")
    for row_follow in follow:
        logs = np.log((SHARE * row_follow + (1 - SHARE) / 256) * 256)
        print(f'    R"_({text(logs[:128])})_"\n    R"_({text(logs[128:])})_",')
    print("};\n\n}  // namespace upinspect::forensics")


if __name__ == "__main__":
    main()
