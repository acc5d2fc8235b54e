# SPDX-License-Identifier: Apache-2.0
"""What kind of change it was: arithmetic is never called a message, and what a formula explains is named.

    kinds_test.py [ROUNDS]    rounds of the twenty numeric changes; 60 rounds make 1,200
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import Checks, need  # noqa: E402

np = need("numpy")
from diff.numeric_changes import CHANGES, NAMES  # noqa: E402
from diff.weights import Pairs, normal, one, safetensors, to_bf16  # noqa: E402
from support.calibration_ghost import written  # noqa: E402

checks = Checks()


def kinds_of(report):
    return [change["kind"] for change in report["changes"]]


def check_numeric(pairs, rounds, most):
    wrong = 0
    for number in range(rounds):
        for title, change in CHANGES.items():
            random = np.random.RandomState(1000 + 31 * number)
            old = (random.standard_normal(random.randint(2000, most)) * random.choice([0.005, 0.02, 0.1])).astype(np.float32)
            report, _ = pairs.diff(one("F32", old), one("F32", change(old, random)))
            for kind in kinds_of(report):
                wrong += kind == "bit-field"
                shown = f"{title}, round {number}: {kind} ({report['changes'][0]['why']})"
                checks.that(kind != "bit-field" and not report["payloads"], shown)
                checks.that(kind in NAMES.get(title, {kind}), shown)
    print(f"{wrong} of {rounds * len(CHANGES)} numeric changes called a field of bits")


def check_fields(pairs):
    """Sizes from which steganalysis.md has a true positive rate of 1, random content, at places in order, strided, chosen by a key."""
    sizes = {1: 32, 2: 32, 3: 32, 4: 32, 8: 64, 16: 256}
    for bits, size in sizes.items():
        for title in ("in order", "strided", "by a key"):
            for seed in range(3):
                random = np.random.RandomState(seed + bits)
                old = (random.standard_normal(6000) * 0.02).astype(np.float32).view(np.uint32)
                order = np.arange(6000) if title == "in order" else np.arange(0, 6000, 5) if title == "strided" else random.permutation(6000)
                new = old.copy()
                new[order] = written(old[order], random.bytes(size), 40, bits=bits)
                report, _ = pairs.diff(one("F32", old), one("F32", new))
                change = report["changes"][0]
                checks.equal(change["kind"], "bit-field", f"{size} bytes in {bits} bits {title}: {change['why']}")


def matrices(old, new, shape):
    return safetensors({"w": ("F32", shape, old)}), safetensors({"w": ("F32", shape, new)})


def check_named(pairs):
    random = np.random.RandomState(5)
    matrix = (random.standard_normal((96, 64)) * 0.02).astype(np.float32)
    scales = abs(matrix).max(1, keepdims=True) / 127
    blocks = matrix.reshape(-1, 32)
    fine = abs(blocks).max(1, keepdims=True) / 7
    cases = {
        "rows": (matrix[random.permutation(96)], "permuted", "rows"),
        "columns": (np.ascontiguousarray(matrix[:, random.permutation(64)]), "permuted", "columns"),
        "values": (random.permutation(matrix.ravel()).reshape(96, 64), "permuted", "values"),
        "4 bits in blocks": ((np.round(blocks / fine) * fine).reshape(96, 64).astype(np.float32), "requantised", "blocks"),
        "a step of Adam": (CHANGES["adam 1e-05"](matrix.ravel(), random).reshape(96, 64), "training", "absolute size"),
        "times 1.25": (matrix * np.float32(1.25), "scaled", "1.25"),
    }
    for title, (new, kind, word) in cases.items():
        report, _ = pairs.diff(*matrices(matrix, new, (96, 64)))
        change = report["changes"][0]
        checks.equal(change["kind"], kind, f"{title}: {change['why']}")
        checks.that(word in change["why"], f"{title}: {change['why']} says {word}")
    wide = (random.standard_normal((24, 2048)) * 0.02).astype(np.float32)
    eight = np.round(wide / (abs(wide).max(1, keepdims=True) / 127)) * (abs(wide).max(1, keepdims=True) / 127)
    report, _ = pairs.diff(*matrices(wide, eight.astype(np.float32), wide.shape))
    checks.equal(kinds_of(report), ["requantised"], "8 bits a row")


def check_casts(pairs):
    values = normal(5000, 1).astype(np.float32)
    stored = {"F32": values, "F16": values.astype(np.float16), "BF16": to_bf16(values), "F64": values.astype(np.float64)}
    for old, new in (("F32", "F16"), ("F32", "BF16"), ("F64", "F32"), ("F32", "F64"), ("F16", "F32")):
        source, target = (stored[old], stored[new])
        if (old, new) == ("F16", "F32"):
            target = stored["F16"].astype(np.float32)
        report, code = pairs.diff(one(old, source), one(new, target))
        checks.equal((report["verdict"], code), ("cast", 1), f"{old} to {new}: {report['changes']}")
    other = stored["F16"].copy()
    other[7] += np.float16(0.25)
    report, _ = pairs.diff(one("F32", values), one("F16", other))
    checks.equal(report["verdict"], "structure", "a cast with one other value is none")


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    with tempfile.TemporaryDirectory() as folder:
        pairs = Pairs(folder)
        check_named(pairs)
        check_casts(pairs)
        check_fields(pairs)
        # Where nothing explains a change all of it is searched for messages: that takes its time.
        check_numeric(pairs, rounds, 20000 if len(sys.argv) > 1 else 5000)
    checks.finish()


if __name__ == "__main__":
    main()
