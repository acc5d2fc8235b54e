# SPDX-License-Identifier: Apache-2.0
"""Each method of hiding on each carrier: found, read out byte for byte, placed."""

import zlib

import numpy as np

from diff.messages_test import png
from diff.tools_test import SOURCE
from steganalysis import carriers, methods, power, runs

PICTURE = png(30)
CARRIERS = ("C1 trained f32", "C2 untrained", "C3 from f16", "C4 bf16", "C5 f16", "C8 clamped SVD", "C9 from 8 bits", "C10 pruned")
SECRET = np.random.RandomState(5).bytes(900)


def headed(name, message, **layout):
    def hide(patterns, random):
        return methods.at(patterns, methods.HEADERS[name](message), 0, message=message, **layout)
    return hide


def plain(message, **layout):
    def hide(patterns, random):
        return methods.at(patterns, message, random.randint(0, len(patterns) - 16 * 8 * len(message)) if len(patterns) > 16 * 8 * len(message) else 0, **layout)
    return hide


def anywhere(way, message):
    def hide(patterns, random):
        return way(patterns, message, random.randint(0, len(patterns) - 8 * len(message)))
    return hide


def trailer(patterns, random):
    hidden = methods.at(patterns, SOURCE + b"\xde\xad\xbe\xef", 0, bits=8, message=SOURCE)
    return hidden


# name: (how, sixteen-bit types too)
METHODS = {
    "M3 HiddenLayer, n = 1": (headed("HiddenLayer", SOURCE), True),
    "M3 HiddenLayer, n = 3, encrypted": (headed("HiddenLayer", SECRET, bits=3), True),
    "M4 length and text, n = 2": (headed("length and content", SOURCE, bits=2), True),
    "M5 a byte each, DEADBEEF": (trailer, False),
    "M6 half substitution, zlib": (anywhere(lambda p, c, s: methods.at(p, c, s, bits=16), zlib.compress(SOURCE * 9)), False),
    "M7 MSB reservation, PNG": (anywhere(methods.kept_byte, PICTURE), False),
    "M8 fast substitution, PNG": (anywhere(methods.marked, PICTURE), False),
    "M9 planar, text": (anywhere(methods.planar, SOURCE), False),
    "M10 ternary length, highest byte": (headed("ternary length", SOURCE, bits=2, base=24), False),
    "M11 stride 5, text": (plain(SOURCE, stride=5), True),
    "M11 stride 16, n = 3, text": (plain(SOURCE, stride=16, bits=3), True),
    "M13 seven bits": (anywhere(methods.seven_bits, SOURCE), True),
    "M15 LSB matching, text": (lambda patterns, random: methods.matched(patterns, SOURCE, random.randint(0, 20000), random), True),
    "M17 NaN fractions, text": (anywhere(methods.in_nans, SOURCE), False),
    "LSB0": (headed("LSB0", SECRET), True),
    "Manta, n = 3": (headed("Manta", SECRET, bits=3), True),
    "P4 PNG, n = 1": (plain(PICTURE), True),
    "P4 zlib, n = 4, low bit first": (plain(zlib.compress(SOURCE * 9), bits=4, field_order="lsb", byte_order="lsb"), True),
    "M12 keyed places, text": (lambda patterns, random: methods.scattered(patterns, SOURCE, random), True),
    "M14 MaleficNet, 1e-4": (lambda patterns, random: methods.spread(patterns, SECRET[:32], random, 1e-4), False),
    "M16 order of rows": (lambda patterns, random: methods.reordered(patterns, SOURCE, random), True),
}


def table(bench, size):
    kinds = size.some(CARRIERS, CARRIERS[:2])
    lines = ["| method | " + " | ".join(kinds) + " |", "|---" * (len(kinds) + 1) + "|"]
    for number, (name, (hide, narrow)) in enumerate(METHODS.items()):
        row = []
        for column, kind in enumerate(kinds):
            if not narrow and carriers.KINDS[kind][0] in ("BF16", "F16"):
                row.append("–")
                continue

            def trial(t, hide=hide, kind=kind, salt=40_000 + 100 * number + column):
                tensors, patterns, random = power.covered(kind, 98_304, t, salt)
                return tensors, hide(patterns, random)
            scores = power.cell(bench, size.trials(10, 1), trial)
            found = [score.overlap for score in scores if score.alarm]
            row.append(f"{power.rate(scores)} / {power.rate(scores, 'exact')} / {power.rate(scores, 'near')}" + (f" ({runs.median(found):.2f})" if found else ""))
        lines.append(f"| {name} | " + " | ".join(row) + " |")
    lines.append(f"\n{bench.seconds * 1e9 / max(bench.bytes, 1):.0f} s for each GB on one thread, over all runs so far ({bench.bytes / 1e9:.2f} GB).")
    return lines
