#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/forensics/deflate_model_table.hpp: how much the bits that followed the same ones before say of the next bit of deflated data.

    python3 tests/support/make_deflate_model.py [FOLDER ...] > src/forensics/deflate_model_table.hpp

Deflates a quarter of a megabyte of each of 150 ELF programs and libraries of the folders (/usr/bin, /usr/lib; one in five by the hash of its name is
kept for a trial, interpreters of Python are passed over, since the bench hides one) and sources beside them (/usr/include, /usr/lib/python3*) at levels
1, 6 and 9 in turn, and cuts pieces of 308 to 4,928 bytes out of the bodies. A whole megabyte of each and more sources give a table that finds no more. Each bit is predicted from those before it in the piece: the last 4, 6, … bits are a context; how often zero and
one came in it puts it in one of ten classes with a lean, and a logistic regression weighs these. It is fitted so that as many pieces as
possible gain about eleven nats over even bits, which is where a find begins. Progress and the trial go to standard error.
"""

import hashlib
import sys
import zlib
from pathlib import Path

import numpy as np

ORDERS = (4, 6, 8, 10, 12, 14, 16, 18)
CLASSES = 10
LEAST, WANTED, SPREAD, ROUNDS = 0.02, 11, 4, 70
SIZES = {308: 320, 616: 160, 1232: 70, 2464: 30, 4928: 14}


def kept_for_trial(path):
    return int(hashlib.md5(path.name.split(".")[0].split("-")[0].encode()).hexdigest(), 16) % 5 == 0


def programs(folders):
    paths = [path for folder in folders for path in Path(folder).rglob("*") if path.is_file() and not path.is_symlink() and path.stat().st_size > 40_000]
    for path in sorted(paths, key=lambda path: hashlib.md5(path.name.encode()).hexdigest()):
        with open(path, "rb") as file:
            data = file.read(1 << 18)
        if data[:4] == b"\x7fELF" and "python" not in path.name:
            yield path, data


def sources():
    paths = sorted([*Path("/usr/include").rglob("*.h"), *Path("/usr/lib").glob("python3*/**/*.py")], key=lambda path: hashlib.md5(str(path).encode()).hexdigest())
    text = b"".join(path.read_bytes()[:100_000] for path in paths[:150])
    return [text[at:at + (1 << 18)] for at in range(0, len(text), 1 << 18)]


def bodies(contents):
    return [zlib.compress(data, (1, 6, 9)[i % 3])[2:-4] for i, data in enumerate(contents)]


def pieces(deflated, size, count, random):
    long = [body for body in deflated if len(body) > 2 * size]
    for _ in range(count):
        body = long[random.randint(len(long))]
        start = random.randint(len(body) - size)
        yield body[start:start + size]


def counts_before(context, bit):
    """Of each bit how often zero and one came in its context before."""
    order = np.argsort(context, kind="stable")
    sorted_bit = bit[order].astype(np.int64)
    starts = np.r_[True, context[order][1:] != context[order][:-1]]
    first = np.maximum.accumulate(np.where(starts, np.arange(len(bit)), 0))
    ones_before = np.cumsum(sorted_bit) - sorted_bit
    ones = np.empty(len(bit), np.int64)
    seen = np.empty(len(bit), np.int64)
    ones[order] = ones_before - ones_before[first]
    seen[order] = np.arange(len(bit)) - first
    return seen - ones, ones


def classes(zeros, ones):
    """As deflate_bits.cpp has it, which see: the class and the lean of a context."""
    seen = zeros + ones
    lean = (ones - zeros) / np.maximum(seen, 1)
    of_one_kind = np.searchsorted([2, 3, 4, 8, 16], seen, "right")
    mixed = 6 + np.searchsorted([8, 32, 128], seen, "right")
    pure = (zeros == 0) | (ones == 0)
    return np.where(pure, of_one_kind, mixed).astype(np.int8), np.where(pure, np.sign(lean), lean * np.choose(mixed - 6, [1, 4, 8, 16])).astype(np.float32)


def features(piece):
    bit = np.unpackbits(np.frombuffer(piece, np.uint8), bitorder="little")
    last = np.zeros(len(bit), np.int64)
    for back in range(1, max(ORDERS) + 1):
        last[back:] |= bit[:-back].astype(np.int64) << (back - 1)
    each = [classes(*counts_before(last & ((1 << order) - 1), bit)) for order in ORDERS]
    return bit, np.array([row for row, _ in each]) + CLASSES * np.arange(len(ORDERS), dtype=np.int8)[:, None], np.array([lean for _, lean in each])


def gains(weights, bit, kind, lean):
    """What each bit gains over an even one, in nats, and what it missed."""
    one = np.clip(1 / (1 + np.exp(-(weights[kind] * lean).sum(0))), LEAST, 1 - LEAST)
    return np.log(2 * np.where(bit == 1, one, 1 - one)), bit - one


def fitted(samples):
    """Adam over all pieces. At first every piece counts, then those near the gain that is wanted."""
    weights, mean, spread = (np.zeros(len(ORDERS) * CLASSES, np.float32) for _ in range(3))
    for step in range(1, ROUNDS + 1):
        total, reached = np.zeros_like(weights), 0.0
        for bit, kind, lean in samples:
            gain, missed = gains(weights, bit, kind, lean)
            sum_of = gain.sum()
            near = 1 / (1 + np.exp(-np.clip((sum_of - WANTED) / SPREAD, -50, 50)))
            reached += near
            weight = min(1.0, np.exp(-min(50.0, (sum_of - 20) / 20))) / 10 if step < ROUNDS / 6 else near * (1 - near) + 0.002
            total += weight * np.bincount(kind.ravel(), (lean * missed).ravel(), len(weights))
        total /= len(samples)
        mean, spread = 0.8 * mean + 0.2 * total, 0.95 * spread + 0.05 * total ** 2
        rate = 0.06 * (1 - step / ROUNDS) + 0.003
        weights += rate * (mean / (1 - 0.8 ** step)) / (np.sqrt(spread / (1 - 0.95 ** step)) + 1e-6)
        if step % 10 == 0:
            print(f"round {step}: {reached / len(samples):.3f}", file=sys.stderr, flush=True)
    return weights


def greatest(weights, sample, share=2e-4):
    """The greatest ln of the likelihood ratio of a model that may set in and out with `share` at each bit."""
    held, log, most = 0.5, 0.0, 0.0
    for gain in np.exp(gains(weights, *sample)[0]):
        ratio = held * gain + 1 - held
        log += np.log(ratio)
        held = held * gain / ratio
        held = held * (1 - share) + (1 - held) * share
        most = max(most, log)
    return most


def trial(weights, deflated, random):
    for size, count in SIZES.items():
        scores = np.array([greatest(weights, features(piece)) for piece in pieces(deflated, size, count // 2, random)])
        print(f"{size} bytes: {(scores > 6.9).mean():.3f} at 1e-3, {(scores > 12.5).mean():.3f} at 3.6e-6", file=sys.stderr, flush=True)


def table(weights):
    rows = ",\n".join("    {{" + ", ".join(f"{round(weight * 1000)}" for weight in row) + "}}" for row in weights.reshape(len(ORDERS), CLASSES))
    return ("// SPDX-License-Identifier: Apache-2.0\n"
            "// What the bits that followed the same ones before say of the next bit of deflated data: made by tests/support/make_deflate_model.py, which see,\n"
            "// from programs and libraries for x86-64 and sources in C and Python that zlib deflated at levels 1, 6 and 9.\n"
            "#pragma once\n\n#include <array>\n#include <cstdint>\n\nnamespace upinspect::forensics {\n\n"
            "/// Contexts are so many last bits.\n"
            f"inline constexpr std::array<unsigned, {len(ORDERS)}> k_deflate_orders = {{{', '.join(map(str, ORDERS))}}};\n\n"
            "/// Thousandths of a nat by context and class of what came in it before.\n"
            f"inline constexpr std::array<std::array<std::int16_t, {CLASSES}>, {len(ORDERS)}> k_deflate_weights = {{{{\n{rows},\n}}}};\n\n"
            "}  // namespace upinspect::forensics")


def main():
    random = np.random.RandomState(1)
    known, unknown = [], []
    for path, data in programs(sys.argv[1:] or ("/usr/bin", "/usr/lib")):
        (unknown if kept_for_trial(path) else known).append(data)
        if len(known) >= 150:
            break
    deflated, texts = bodies(known), bodies(sources())
    samples = [features(piece) for size, count in SIZES.items() for part, share in ((deflated, 0.8), (texts, 0.2)) for piece in pieces(part, size, int(count * share), random)]
    weights = fitted(samples)
    trial(weights, bodies(unknown), random)
    print(table(weights))


if __name__ == "__main__":
    main()
