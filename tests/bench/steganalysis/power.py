# SPDX-License-Identifier: Apache-2.0
"""True positive rates of one file alone, at the sizes and rates of the published tables."""

import numpy as np

from steganalysis import carriers, methods, payloads, runs

SIZES = (12, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024, 4096)
ELEMENTS = 150_000


def covered(kind, elements, trial, salt):
    """Carrier, its flat patterns and a random state, different for each trial of each cell."""
    seed = (salt * 1009 + trial * 31) % (1 << 31)
    tensors = carriers.carrier(kind, elements, seed)
    return tensors, carriers.flat(tensors), np.random.RandomState(seed + 1)


def cell(bench, trials, make, *options):
    """Scores of `trials` files; `make` gives (tensors, hidden) of a trial."""
    return bench.map(lambda trial: runs.lsb(bench, *make(trial), *options), range(trials))


def rate(scores, what="alarm"):
    return f"{runs.share(scores, what):.2f}".replace("0.", ".", 1) if runs.share(scores, what) < 1 else "1"


def sizes_of(name):
    """Around where the published rates rise."""
    return {"ELF, front": (16, 24, 32, 64, 256), "ELF, middle": SIZES[1:], "random": (256, 4096), "deflate body": (1024, 4096), "text XOR a byte": (32, 64, 128, 256),
            "Russian": SIZES[2:9], "base64": SIZES[1:7], "English": SIZES[:6], "Python": SIZES[:6]}[name]


def by_size(bench, size):
    """Table of steganalysis.md 4.2: one lowest bit, a random place."""
    columns = size.some(SIZES, (16, 32, 64, 256))
    lines = ["| payload, n = 1, C1 | " + " | ".join(f"{s} B" for s in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for number, (name, make) in enumerate(payloads.KINDS.items()):
        row = []
        for wanted in columns:
            if wanted not in sizes_of(name):
                row.append("")
                continue

            def trial(t, wanted=wanted, make=make, number=number):
                tensors, patterns, random = covered("C1 trained f32", ELEMENTS, t, 100 * number + wanted)
                content = make(wanted, t)
                start = random.randint(0, (len(patterns) - 8 * len(content)) // 8) * 8
                return tensors, methods.at(patterns, content, start)
            row.append(rate(cell(bench, size.trials(16, 3), trial)))
        lines.append(f"| {name} | " + " | ".join(row) + " |")
    return lines


def by_type(bench, size):
    """32 bytes of text in types of sixteen bits, and in 64."""
    lines = ["| 32 B of English | n = 1 | 2 | 4 | 8 |", "|---|---|---|---|---|"]
    for number, kind in enumerate(("C1 trained f32", "C4 bf16", "C5 f16", "C7 trained in bf16", "C8 clamped SVD", "C9 from 8 bits", "C10 pruned", "f64")):
        row = []
        for bits in (1, 2, 4, 8):
            def trial(t, kind=kind, bits=bits, number=number):
                tensors, patterns, random = covered(kind, ELEMENTS // 2, t, 7000 + 10 * number + bits)
                content = payloads.english(32, t)
                start = random.randint(0, (len(patterns) - 8 * len(content)) // 8) * 8
                return tensors, methods.at(patterns, content, start, bits=bits)
            row.append(rate(cell(bench, size.trials(12, 2), trial)))
        lines.append(f"| {kind} | " + " | ".join(row) + " |")
    return lines


def filled(bench, size, kind, elements, rates, trials, content):
    row = []
    for bits in rates:
        def trial(t, bits=bits):
            tensors, patterns, random = covered(kind, elements, t, 11 * elements + bits)
            return tensors, methods.fill(patterns, content(t), bits)
        row.append(rate(cell(bench, trials, trial)))
    return row


def filled_program(bench, size):
    """Table 4.3 and 2.2: an executable from its middle, over everything."""
    rates = size.some((1, 2, 4, 6, 8, 10, 12, 16, 20, 23), (1, 4, 16))
    lines = ["| ELF from its middle, x = | " + " | ".join(map(str, rates)) + " |", "|---" * (len(rates) + 1) + "|"]
    for elements in size.some((2464, 20_000, 80_000, 400_000), (2464, 20_000)):
        row = filled(bench, size, "C6 network f32", elements, rates, size.trials(24 if elements < 100_000 else 6, 3),
                     lambda t: payloads.elf_middle(1 << 18, t))
        lines.append(f"| {elements:,} weights | " + " | ".join(row) + " |")
    row = filled(bench, size, "C6 network f32", 20_000, rates, size.trials(8, 2), lambda t: payloads.PROGRAM[:1 << 18])
    lines.append("| 20,000 weights, from its start | " + " | ".join(row) + " |")
    return lines


def filled_deflate(bench, size):
    rates = size.some((1, 2, 4, 8, 16), (1, 8))
    lines = ["| zlib(ELF) body, x = | " + " | ".join(map(str, rates)) + " |", "|---" * (len(rates) + 1) + "|"]
    for elements in size.some((2464, 20_000, 80_000, 400_000), (80_000,)):
        row = filled(bench, size, "C6 network f32", elements, rates, size.trials(24 if elements < 100_000 else 6, 3),
                     lambda t: payloads.deflated(1 << 18, t))
        lines.append(f"| {elements:,} weights | " + " | ".join(row) + " |")
    return lines


def filled_random(bench, size):
    """Table 4.4: random content over everything. Planes alone decide."""
    rates = size.some((23, 22, 21, 20, 19, 18, 17, 16, 14), (23, 20, 18))
    columns = size.some((2500, 10_000, 100_000, 800_000, 3_400_000), (2500, 100_000))
    lines = ["| random, x = | " + " | ".join(f"{n:,}" for n in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for bits in rates:
        row = []
        for elements in columns:
            if elements > 1_000_000 and bits > 18:
                row.append("1")
                continue

            def trial(t, bits=bits, elements=elements):
                tensors, patterns, random = covered("C6 network f32", elements, t, 13 * elements + bits)
                return tensors, methods.fill(patterns, random.bytes(len(patterns) * bits // 8), bits)
            row.append(rate(cell(bench, size.trials(24 if elements < 500_000 else 6, 4), trial, "--no-messages")))
        lines.append(f"| {bits} | " + " | ".join(row) + " |")
    return lines


def partial_random(bench, size):
    """A stretch of random content in 800,000 weights: rate, and overlap with what was reported."""
    rates = size.some((23, 22, 21, 20, 19, 18), (22, 20))
    columns = size.some((1000, 3000, 10_000, 30_000, 100_000, 300_000), (3000, 30_000))
    lines = ["| random stretch, x = | " + " | ".join(f"{n:,}" for n in columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for bits in rates:
        row = []
        for length in columns:
            def trial(t, bits=bits, length=length):
                seed = 17 * length + bits + 31 * t
                random = np.random.RandomState(seed)
                patterns = (random.standard_normal(800_000) * 0.02).astype(np.float32).view(np.uint32)
                tensors = {"w": ("F32", (1000, 800), patterns)}
                start = random.randint(0, len(patterns) - length)
                return tensors, methods.at(patterns, random.bytes(length * bits // 8), start, bits=bits)
            scores = cell(bench, size.trials(6, 2), trial, "--no-messages")
            found = [score.overlap for score in scores if score.overlap > 0]
            row.append(rate(scores) + (f" ({runs.median(found):.2f})" if found else ""))
        lines.append(f"| {bits} | " + " | ".join(row) + " |")
    return lines


def evil_models(bench, size):
    """4.5: the three EvilModel methods, program and random content, at a random place of one file."""
    sizes = size.some((96, 192, 384, 1536, 6144, 24_576, 98_304), (384, 24_576))
    lines = ["| EvilModel | " + " | ".join(f"{s:,} B" for s in sizes) + " |", "|---" * (len(sizes) + 1) + "|"]
    ways = {"fast substitution": methods.marked, "MSB reservation": methods.kept_byte,
            "half substitution": lambda patterns, content, start: methods.at(patterns, content, start, bits=16)}
    for number, (way, hide) in enumerate(ways.items()):
        for kind in ("ELF, middle", "random"):
            row = []
            for wanted in sizes:
                def trial(t, hide=hide, kind=kind, wanted=wanted, number=number):
                    seed = 50_000 + 977 * number + wanted + 31 * t
                    random = np.random.RandomState(seed)
                    patterns = (random.standard_normal(ELEMENTS) * 0.02).astype(np.float32).view(np.uint32)
                    tensors = {"w": ("F32", (300, 500), patterns)}
                    return tensors, hide(patterns, payloads.KINDS[kind](wanted, t), random.randint(0, ELEMENTS - wanted))
                scores = cell(bench, size.trials(10, 2), trial)
                row.append(rate(scores) + (f" ({runs.median(s.overlap for s in scores if s.alarm):.2f})" if runs.share(scores) else ""))
            lines.append(f"| {way}, {kind} | " + " | ".join(row) + " |")
    return lines


def upcast(bench, size):
    """4.6: what is written into bits that widening leaves clear."""
    lines = ["| widened weights | 1 B | 4 B | 16 B | 64 B | all, n = 1 | all, n = 4 |", "|---|---|---|---|---|---|---|"]
    for number, kind in enumerate(("C3 from f16", "C3 from bf16")):
        row = []
        for wanted, bits in ((1, 1), (4, 1), (16, 1), (64, 1), (0, 1), (0, 4)):
            def trial(t, kind=kind, wanted=wanted, bits=bits, number=number):
                tensors, patterns, random = covered(kind, 50_000, t, 9000 + 100 * number + wanted + bits)
                if wanted == 0:
                    return tensors, methods.fill(patterns, random.bytes(len(patterns) * bits // 8), bits)
                nonzero = random.bytes(wanted) if wanted > 1 else bytes([random.randint(1, 256)])
                return tensors, methods.at(patterns, nonzero, random.randint(0, 40_000), bits=bits)
            scores = cell(bench, size.trials(10, 2), trial)
            row.append(rate(scores) + f" (exact {rate(scores, 'exact')})")
        lines.append(f"| {kind} | " + " | ".join(row) + " |")
    return lines
