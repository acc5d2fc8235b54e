# SPDX-License-Identifier: Apache-2.0
"""With the old file at hand: TPR of random content by size and width, and no false field in numeric changes."""

import json

import numpy as np

from diff.numeric_changes import CHANGES
from diff.weights import one
from steganalysis import methods
from support.scripts import run

SIZES = (4, 8, 16, 32, 64, 256, 1024)


def diff(bench, old, new):
    paths = [bench.path(), bench.path()]
    for path, patterns in zip(paths, (old, new)):
        path.write_bytes(one("F32", patterns))
    done = run("diff", "--format", "json", "-j", "1", *paths)
    for path in paths:
        path.unlink()
    return json.loads(done.stdout)


def is_field(report):
    return any(change["kind"] == "bit-field" for change in report["changes"])


def positive(bench, bits, wanted, seed):
    random = np.random.RandomState(7 * wanted + bits + 1000 * seed)
    old = (random.standard_normal(30000) * 0.02).astype(np.float32).view(np.uint32)
    places = ("in order", "strided", "by a key")[seed % 3]
    if places == "by a key":
        hidden = methods.scattered(old, random.bytes(wanted), random, bits)
    else:
        hidden = methods.at(old, random.bytes(wanted), random.randint(0, 5000), bits=bits, stride=1 if places == "in order" else 3)
    return is_field(diff(bench, old, hidden.patterns))


def negative(bench, title, seed):
    random = np.random.RandomState(90_000 + 31 * seed)
    old = (random.standard_normal(random.randint(2000, 20000)) * random.choice([0.005, 0.02, 0.1])).astype(np.float32)
    return is_field(diff(bench, old.view(np.uint32), CHANGES[title](old, random).view(np.uint32)))


def table(bench, size):
    lines = ["| diff, n = | " + " | ".join(f"{s} B" for s in SIZES) + " |", "|---" * (len(SIZES) + 1) + "|"]
    for bits in (1, 2, 3, 4, 8, 16):
        row = []
        for wanted in SIZES:
            trials = size.trials(12, 3)
            found = bench.map(lambda t, bits=bits, wanted=wanted: positive(bench, bits, wanted, t), range(trials))
            row.append(f"{sum(found) / trials:.2f}")
        lines.append(f"| {bits} | " + " | ".join(row) + " |")
    rounds = size.trials(60, 2)
    wrong = {title: sum(bench.map(lambda t, title=title: negative(bench, title, t), range(rounds))) for title in CHANGES}
    total = rounds * len(CHANGES)
    lines.append(f"\n{sum(wrong.values())} of {total:,} numeric changes called a field of bits" + (f": {wrong}" if sum(wrong.values()) else "") + ".")
    return lines
