# SPDX-License-Identifier: Apache-2.0
"""The Calibration Ghost: two files of 128 MiB that differ in 1,472 least significant bits, read out without an option."""

import sys
import tempfile
import subprocess
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import Checks, need, run  # noqa: E402

need("numpy")
from diff.weights import Pairs  # noqa: E402
from support.calibration_ghost import make  # noqa: E402

checks = Checks()


def check_text(old, new, message):
    done = run("diff", old, new)
    checks.equal(done.returncode, 1, "different")
    text = done.stdout.decode()
    checks.that("1,472 bytes differ" in text and "lowest bit of a float32" in text, "the first line has the count")
    shown = [line.strip() for line in text.splitlines() if line.strip().startswith("/nudges/")]
    checks.equal("\n".join(shown) + "\n", message.decode(), "the message is printed exactly")


def main():
    with tempfile.TemporaryDirectory() as name:
        start, message = make(name)
        old, new = (Path(name) / side / "up-param.bin" for side in ("backup", "current"))
        checks.equal((old.stat().st_size, new.stat().st_size), (134_217_728, 134_217_728), "the sizes")
        listed = subprocess.run(["cmp", "-l", old, new], capture_output=True, check=False).stdout.splitlines()
        checks.equal(len(listed), 1472, "cmp -l")
        report, code = Pairs.of_paths(old, new)
        checks.equal((report["verdict"], code), ("lsb-only", 1), "the verdict")
        offsets = [int(line.split()[0]) - 1 for line in listed]
        checks.equal(report["bytes"], {"compared": 134_217_728, "differing": 1472, "first": offsets[0], "last": offsets[-1]}, "bytes")
        change = report["changes"][0]
        checks.equal((change["kind"], change["field_bits"], change["changed"]), ("bit-field", 1, 1472), "the kind")
        checks.equal(change["bits"]["histogram"], [1472] + [0] * 31, "the bits")
        checks.equal(change["span"], {"first": offsets[0] // 4, "last": offsets[-1] // 4}, "the span")
        best = report["payloads"][0]
        checks.equal(best["text"].encode(), message, "the message")
        checks.equal((best["layout"]["start_element"], best["evidence"]), (start, "readable"), "where it begins")
        check_text(old, new, message)
    checks.finish()


if __name__ == "__main__":
    main()
