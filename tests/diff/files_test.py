# SPDX-License-Identifier: Apache-2.0
"""Any two files: verdicts, bytes as cmp -l counts them, and inputs that are empty, of different kinds, or full of NaN."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SOURCE, Checks, need, run  # noqa: E402

np = need("numpy")
from diff.weights import Pairs, normal, one, patterns, safetensors  # noqa: E402
from support.calibration_ghost import written  # noqa: E402

checks = Checks()


def cmp_lines(old, new):
    """(differing, first, last) as cmp -l has them; offsets from 0."""
    lines = subprocess.run(["cmp", "-l", old, new], capture_output=True, check=False, env={"LC_ALL": "C"}).stdout.splitlines()
    places = [int(line.split()[0]) - 1 for line in lines]
    return (len(places), places[0] if places else None, places[-1] if places else None)


def check_bytes(pairs):
    random = np.random.RandomState(1)
    for number in range(20):
        old = bytearray(random.bytes(random.randint(0, 700_000)))
        new = bytearray(old[:random.randint(0, len(old) + 1)] if number % 4 == 0 else old)
        for _ in range(random.randint(0, 50) if new else 0):
            new[random.randint(0, len(new))] ^= random.randint(0, 256)
        paths = pairs.paths(bytes(old), bytes(new), "bin")
        report, code = pairs.of_paths(*paths)
        got = report["bytes"]
        checks.equal((got["differing"], got.get("first"), got.get("last")), cmp_lines(*paths), f"bytes of random pair {number}")
        checks.equal(code, 0 if old == new else 1, f"exit code of random pair {number}")
        checks.equal(got["compared"], min(len(old), len(new)), f"compared of random pair {number}")


def adapter(seed, metadata=None, prefix=""):
    return safetensors({f"{prefix}layer{i}.lora_{half}.weight": ("F32", (8, 16), patterns("F32", 128, seed + 2 * i + (half == "B")))
                        for i in range(3) for half in "AB"}, metadata)


def check_verdicts(pairs):
    plain = adapter(1, {"step": "100"})
    other = {name: value for name, value in json.loads(plain[8:8 + int.from_bytes(plain[:8], "little")]).items()}
    checks.that(len(other) == 7, "six tensors and metadata")
    report, code = pairs.diff(plain, plain)
    checks.equal((report["verdict"], code, report["tensors"]["same"]), ("identical", 0, 6), "the same bytes")
    report, code = pairs.diff(plain, adapter(1, {"step": "200", "note": "more"}))
    checks.equal((report["verdict"], code), ("metadata-only", 1), "other metadata")
    checks.equal(report["metadata"], {"added": {"note": "more"}, "removed": {}, "changed": {"step": {"old": "100", "new": "200"}}}, "metadata")
    report, _ = pairs.diff(plain, plain + b"tail")
    checks.equal(report["verdict"], "same-tensors", "a tail")
    checks.that(any(f["id"].startswith("container.") for f in report["findings"]), "the new side's tail is a finding")
    report, _ = pairs.diff(plain, adapter(1, {"step": "100"}, prefix="base_model.model."))
    checks.equal((report["verdict"], len(report["tensors"]["renamed"])), ("same-tensors", 6), "other names")
    report, _ = pairs.diff(plain, adapter(7, {"step": "100"}))
    checks.equal((report["verdict"], report["tensors"]["changed"]), ("values", 6), "other values")
    report, _ = pairs.diff(plain, safetensors({"layer0.lora_A.weight": ("F32", (16, 8), patterns("F32", 128, 1))}, {"step": "100"}))
    checks.equal((report["verdict"], len(report["tensors"]["removed"]), len(report["tensors"]["reshaped"])), ("structure", 5, 1), "fewer, another shape")
    report, _ = pairs.diff(plain, adapter(7, {"step": "100"}), "--tensor", "layer0*")
    checks.equal(report["tensors"]["changed"], 2, "--tensor narrows")


def check_numbers(pairs):
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, 1e-45, 3e38], np.float32)
    moved = np.array([np.inf, np.nan, -np.inf, -0.0, 0.0, np.nextafter(np.float32(1), np.float32(2)), 0.0, -3e38], np.float32)
    report, _ = pairs.diff(one("F32", special), one("F32", moved))
    change = report["changes"][0]
    checks.equal((change["changed"], change["not_finite"]), (7, 2), "NaN and infinities are counted apart")
    checks.equal(change["ulp"]["histogram"][0], [1, 4], "zeros, the smallest number and one moved by one ulp")
    checks.equal(change["ulp"]["max"], 2 * int(np.float32(3e38).view(np.uint32)) + 1, "the whole scale")
    nans = np.array([0x7FC00000, 0x7FC00000], np.uint32)
    report, _ = pairs.diff(one("F32", nans), one("F32", nans + np.uint32([0, 1])))
    checks.equal((report["changes"][0]["changed"], report["verdict"]), (1, "lsb-only"), "a NaN's own bits count")
    scalar = safetensors({"alpha": ("F32", (), np.array([8.0], np.float32))})
    report, _ = pairs.diff(scalar, safetensors({"alpha": ("F32", (), np.array([16.0], np.float32))}))
    checks.equal((report["verdict"], report["changes"][0]["elements"]), ("values", 1), "a scalar")
    empty = safetensors({"none": ("F32", (0, 4), np.zeros(0, np.float32))})
    report, _ = pairs.diff(empty, safetensors({"none": ("F32", (0, 4), np.zeros(0, np.float32))}, {"a": "b"}))
    checks.equal((report["verdict"], report["tensors"]["same"]), ("metadata-only", 1), "no elements")
    for dtype, kind in (("I32", np.int32), ("U8", np.uint8), ("I64", np.int64), ("BOOL", np.uint8)):
        old = np.arange(64, dtype=kind) % 2
        new = old.copy()
        new[5] ^= 1
        report, _ = pairs.diff(one(dtype, old), one(dtype, new))
        checks.equal((report["changes"][0]["changed"], report["changes"][0]["ulp"]["max"]), (1, 1), f"{dtype}")


def check_large(pairs):
    """Large tensors are measured while the files are compared, if they lie at one place of both; the figures are the same as otherwise."""
    names, dtypes, count = ("first", "second", "third"), ("F32", "BF16", "F32"), (1_100_000, 2_200_000, 40)
    old = {name: (dtype, (size,), patterns(dtype, size, seed=5)) for name, dtype, size in zip(names, dtypes, count)}
    new = dict(old)
    random = np.random.RandomState(7)
    changed = {}
    for name, places in (("first", random.permutation(count[0])[:5000]), ("second", np.arange(count[1]))):
        array = old[name][2].copy()
        array[places] += random.randint(1, 3, len(places)).astype(array.dtype)
        new[name], changed[name] = (*old[name][:2], array), np.flatnonzero(array != old[name][2])
    for shown, metadata in (("at one place", None), ("moved", {"note": "x" * 1000})):
        for jobs in ("1", "3"):
            report, _ = pairs.diff(safetensors(old), safetensors(new, metadata), "-j", jobs)
            for change in report["changes"]:
                flipped = old[change["name"]][2] ^ new[change["name"]][2]
                places = changed[change["name"]]
                shown_one = f"{change['name']} {shown}, {jobs} threads"
                checks.equal(change["changed"], len(places), f"{shown_one}: changed")
                checks.equal(change["span"], {"first": int(places[0]), "last": int(places[-1])}, f"{shown_one}: the span")
                checks.equal(change["bits"]["histogram"], [int(np.count_nonzero(flipped >> bit & 1)) for bit in range(8 * flipped.itemsize)], f"{shown_one}: bits")
                checks.equal(change["elements"], len(flipped), f"{shown_one}: elements")
            checks.equal([change["name"] for change in report["changes"]], ["first", "second"], f"{shown}: which changed")


def check_odd_inputs(pairs, folder):
    plain = adapter(1)
    report, code = pairs.diff(b"", b"", suffix="bin")
    checks.equal((report["verdict"], code), ("identical", 0), "two empty files")
    report, code = pairs.diff(b"", plain)
    checks.equal((report["verdict"], code, report["bytes"]["compared"]), ("structure", 1, 0), "an empty file and weights")
    picture = (SOURCE / "testdata/png/preview.png").read_bytes()
    report, code = pairs.diff(picture, plain)
    checks.equal((report["verdict"], code), ("structure", 1), "a picture and weights")
    report, code = pairs.diff(b"one text\n" * 20, b"one next\n" * 20, suffix="txt")
    checks.equal((report["verdict"], report["bytes"]["differing"], code), ("structure", 20, 1), "two texts")
    report, code = pairs.diff(plain, plain[:-100])
    checks.that(report["verdict"] not in ("identical", "same-tensors", "metadata-only"), f"a cut file is not clean: {report['verdict']}")
    checks.that(report["findings"], "a cut file has findings")
    for arguments in (["missing", "missing"], [folder / "old-1.bin", "missing"], [folder / "old-1.bin"]):
        done = run("diff", *arguments)
        checks.equal((done.returncode, done.stdout), (2, b""), f"diff {arguments}")
        checks.that(done.stderr.startswith(b"upinspect: "), f"diff {arguments} says why")
    secret = folder / "secret.bin"
    secret.write_bytes(b"x")
    secret.chmod(0)
    if os.geteuid() != 0:
        checks.equal(run("diff", secret, secret).returncode, 2, "not permitted")
    os.mkfifo(folder / "fifo")
    checks.equal(run("diff", folder / "fifo", folder / "old-1.bin").returncode, 2, "a FIFO does not block")


def check_options(pairs, folder):
    old = patterns("F32", 9000, seed=2)
    message = b"/nudges/calibration_override.flag\n" * 9
    paths = pairs.paths(one("F32", old), one("F32", written(old, message, 99)))
    target = folder / "message.txt"
    checks.equal(run("diff", *paths, "--extract", target).returncode, 1, "--extract")
    checks.equal(target.read_bytes(), message, "--extract writes the message")
    target.write_bytes(b"mine")
    done = run("diff", *paths, "--extract", target)
    checks.equal((done.returncode, target.read_bytes()), (2, b"mine"), "--extract does not overwrite")
    run("diff", *paths, "--extract", target, "--force")
    checks.equal(target.read_bytes(), message, "--force does")
    checks.equal(run("diff", *paths, "--extract-dir", folder / "all").returncode, 1, "--extract-dir")
    checks.equal([path.read_bytes() for path in (folder / "all").iterdir()], [message], "--extract-dir writes all")
    checks.equal(run("diff", paths[0], paths[0], "--extract", folder / "none").returncode, 2, "nothing to extract")
    for level, code in (("difference", 1), ("error", 1), ("warning", 1), ("never", 0)):
        checks.equal(run("diff", *paths, "--fail-on", level).returncode, code, f"--fail-on {level}")
    quiet = run("diff", "-q", *paths).stdout
    checks.that(quiet.startswith(b"lsb-only: ") and quiet.count(b"\n") == 1, "-q is one line")
    checks.equal(len(run("diff", *paths, "--format", "ndjson").stdout.splitlines()), 1, "ndjson is one line")
    outputs = {run("diff", *paths, "--format", "json", "-j", jobs).stdout for jobs in (1, 2, 7)}
    checks.equal(len(outputs), 1, "the report does not depend on the threads")
    report, _ = pairs.of_paths(*paths, "--no-messages")
    checks.equal((report["payloads"], report["changes"][0]["kind"]), ([], "bit-field"), "--no-messages")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs = Pairs(folder)
        check_bytes(pairs)
        check_verdicts(pairs)
        check_numbers(pairs)
        check_large(pairs)
        check_odd_inputs(pairs, folder)
        check_options(pairs, folder)
    checks.finish()


if __name__ == "__main__":
    main()
