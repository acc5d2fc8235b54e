#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the small files of testdata and its README, the same bytes every time.

    python3 testdata/make.py [FOLDER]

Needs numpy and torch, because where a real writer of a format exists it is the one that writes. The safetensors and
GGUF files and the look-alikes are written by hand from their specifications. What is made stands in make_*.py.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import make_gguf  # noqa: E402, F401
import make_ghost  # noqa: E402, F401
import make_lora  # noqa: E402, F401
import make_named  # noqa: E402, F401
import make_torch  # noqa: E402, F401
import make_torch_other  # noqa: E402, F401
import make_weights  # noqa: E402, F401
from make_common import FILES  # noqa: E402


def readme(rows):
    head = ("# Small files for tests\n\nWritten by `make.py`, which gives the same bytes every time (torch 1.13, numpy 1.24, zlib 1.2.13);\n"
            "change it, not the files. A folder is named after the format id of what lies in it. The numbers are seeded noise,\n"
            "and nothing here was trained by anyone, so the project's licence covers all of it.\n\n"
            "| file | bytes | written by | why it is here |\n|---|---:|---|---|\n")
    return head + "".join(f"| {path} | {size} | {writer} | {why} |\n" for path, size, writer, why in sorted(rows))


def write_all(folder):
    """Writes every file under `folder`; gives the paths relative to it."""
    rows = []
    for path, writer, why, make in FILES:
        content = make()
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        rows.append((path, len(content), writer, why))
    (folder / "README.md").write_text(readme(rows), encoding="utf-8")
    return [row[0] for row in rows] + ["README.md"]


if __name__ == "__main__":
    write_all(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
