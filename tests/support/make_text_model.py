#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/forensics/text_model_table.hpp: how likely one character follows another in what people write.

    python3 tests/support/make_text_model.py > src/forensics/text_model_table.hpp

Counts pairs of characters in the documentation, the source, the settings and the paths that a Debian system holds; only these
counts go into the table. Prose weighs four times as much as each of the others, whose pairs are more regular.
"""

import json
import math
import sys
from pathlib import Path

ALPHABET = bytes([9, 10, 13, *range(0x20, 0x7F)])
MOST = 3_000_000
SHARE = 0.97  # of the model; the rest is spread over all 256 bytes
WEIGHTS = 4, 1, 1, 1


def some(paths):
    """Up to MOST bytes of the files, no file more than a twentieth."""
    data = bytearray()
    for path in sorted(paths):
        try:
            content = path.read_bytes()[:MOST // 20]
        except OSError:
            continue
        if b"\0" not in content:
            data += content
        if len(data) > MOST:
            break
    return bytes(data[:MOST])


def kinds():
    usr = Path("/usr")
    english = [p for p in (usr / "share/common-licenses").iterdir() if p.is_file()]
    english += [p for p in (usr / "share/perl").rglob("*.pod")] + [p for p in (usr / "share/doc").rglob("README*") if p.suffix != ".gz"]
    english += [p for p in (usr / "share/doc").rglob("*.txt")]
    source = list((usr / "lib/python3.11").glob("*.py"))
    settings = list((usr / "share").rglob("*.json")) + list((usr / "lib").rglob("*.json"))
    listing = "\n".join(str(p) for folder in ("share", "lib/python3") for p in sorted((usr / folder).rglob("*"))[::7])
    return [some(english), some(source), some(settings) or json.dumps({"a": [1]}).encode(), listing.encode()[:MOST]]


def counts_of(data):
    index = {byte: i for i, byte in enumerate(ALPHABET)}
    counts = [[0] * len(ALPHABET) for _ in ALPHABET]
    for a, b in zip(data, data[1:]):
        if a in index and b in index:
            counts[index[a]][index[b]] += 1
    return counts


def model():
    total = [[0.0] * len(ALPHABET) for _ in ALPHABET]
    for data, weight in zip(kinds(), WEIGHTS):
        print(f"{len(data)} bytes", file=sys.stderr)
        for row, counted in zip(total, counts_of(data)):
            for i, count in enumerate(counted):
                row[i] += weight * count * MOST / max(1, len(data))
    return total


def entry(probability):
    gain = math.log((SHARE * probability + (1 - SHARE) / 256) * 256)
    return chr(35 + min(91, max(0, round((gain + 3.6) * 10))))


def line(row):
    weight = sum(row) + 0.5 * len(row)
    return "".join(entry((count + 0.5) / weight) for count in row)


def first_letters(rows):
    """Half by how frequent they are, half all alike: a rare one may begin a text, too, and gains a little."""
    counts = [sum(column) for column in zip(*rows)]
    return "".join(entry(0.5 * count / sum(counts) + 0.5 / len(counts)) for count in counts)


def main():
    print("// SPDX-License-Identifier: Apache-2.0\n"
          "// How likely a character follows another in text: made by tests/support/make_text_model.py, which see.\n"
          "#pragma once\n\n#include <array>\n#include <string_view>\n\nnamespace upinspect::forensics {\n\n"
          "/// Rows and columns are tab, line feed, carriage return and the 95 printable characters. A letter c stands for\n"
          "/// ln(256 P(column | row)) = (c - 35) / 10 - 3.6, where 3 % of P is spread over all bytes.\n"
          f"inline constexpr std::array<std::string_view, {len(ALPHABET)}> k_text_model = {{")
    rows = model()
    for row in rows:
        print(f'    R"({line(row)})",')
    print("};\n\n/// The same of a letter before which nothing is known; none gains less than 0.2.\n"
          f'inline constexpr std::string_view k_first_letters = R"({first_letters(rows)})";\n\n'
          "}  // namespace upinspect::forensics")


if __name__ == "__main__":
    main()
