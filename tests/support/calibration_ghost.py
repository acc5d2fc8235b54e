#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Calibration Ghost: a backup and a current up-param.bin that differ in the least significant bits of some weights.

    python3 tests/support/calibration_ghost.py FOLDER [--rows 8192] [--columns 4096] [--differing 1472]

Writes FOLDER/backup/up-param.bin and FOLDER/current/up-param.bin, raw little-endian float32 weights (134,217,728 bytes
each), of which exactly 1,472 bytes differ. The lowest bits of the current file, from an element that nobody is told,
spell LINE again and again, one on a line.
"""

import argparse
from pathlib import Path

import numpy as np

LINE = b"/nudges/calibration_override.flag\n"


def weights(rows, columns, seed):
    """Weights as a layer holds them. RandomState's stream is frozen by numpy's own promise."""
    return (np.random.RandomState(seed).standard_normal(rows * columns) * 0.02).astype("<f4")


def fields(message, bits=1, field_order="msb", byte_order="msb"):
    """The message as numbers of `bits` bits, in the order of the elements; the last one is filled up with zeros."""
    stream = np.unpackbits(np.frombuffer(message, np.uint8), bitorder="big" if byte_order == "msb" else "little")
    stream = np.concatenate([stream, np.zeros(-len(stream) % bits, np.uint8)]).reshape(-1, bits).astype(np.uint64)
    if field_order == "lsb":
        stream = stream[:, ::-1]
    return (stream << np.arange(bits - 1, -1, -1, dtype=np.uint64)).sum(1).astype(np.uint64)


def written(patterns, message, start, stride=1, base=0, **layout):
    """A copy of the unsigned `patterns` whose fields from element `start` on, every `stride`, hold the message."""
    values = fields(message, **layout)
    bits = layout.get("bits", 1)
    result = patterns.copy()
    places = start + stride * np.arange(len(values))
    mask = patterns.dtype.type(~(((1 << bits) - 1) << base) & ((1 << 8 * patterns.itemsize) - 1))
    result[places] = (result[places] & mask) | (values << np.uint64(base)).astype(patterns.dtype)
    return result


def haunted(backup, differing):
    """(current, start, message): whole lines in bit 0, placed where exactly `differing` bytes change."""
    patterns = backup.view("<u4")
    low = (patterns & 1).astype(np.uint8)
    message = LINE * max(1, round(2 * differing / (8 * len(LINE))))
    bits = np.unpackbits(np.frombuffer(message, np.uint8))
    start = len(patterns) * 3 // 7
    while np.count_nonzero(low[start:start + len(bits)] != bits) != differing:
        start += 1
    return written(patterns, message, start).view("<f4"), start, message


def make(folder, rows=8192, columns=4096, differing=1472, seed=1984):
    backup = weights(rows, columns, seed)
    current, start, message = haunted(backup, differing)
    for name, content in (("backup", backup), ("current", current)):
        target = Path(folder) / name / "up-param.bin"
        target.parent.mkdir(parents=True, exist_ok=True)
        content.tofile(target)
    return start, message


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Writes the two files of the Calibration Ghost.")
    parser.add_argument("folder")
    parser.add_argument("--rows", type=int, default=8192)
    parser.add_argument("--columns", type=int, default=4096)
    parser.add_argument("--differing", type=int, default=1472)
    options = parser.parse_args()
    make(options.folder, options.rows, options.columns, options.differing)
