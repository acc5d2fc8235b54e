# SPDX-License-Identifier: Apache-2.0
"""The hostile set under `ulimit -v`: nothing crashes or runs out of memory, what is cut short says so, time is bounded."""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.hostile import SET  # noqa: E402
from support.scripts import SOURCE, Checks, environment, skip, tool  # noqa: E402

MEBI = 1 << 20
# What the program takes that no file has a claim on: its code, the stacks and buffers of its threads, the report.
RESIDENT_BESIDES = 48 * MEBI
# Of addresses it takes more than of memory: the C library reserves 64 MiB for each thread's heap.
ADDRESSES_BESIDES = 320 * MEBI
SECONDS = 60  # on a slow machine that is busy with other work

# What is reached first where 64 MiB are allowed: a finding with this id, or none where nothing of the kind is needed.
CUT_SHORT = {
    "attached-lists.pkl", "shared-tensors.pkl", "shared-bytes.pkl", "overlapping.npz", "control-names.safetensors",
    "shards/model.safetensors.index.json", "laughs.pkl", "long-names.pkl", "stack.pkl", "marks.pkl", "memo.pkl", "deep.pkl", "empty-dicts.pkl", "repeated-keys.pkl",
    "million-globals.pkl", "million-calls.pkl", "legacy-keys.pt", "tensors.pt", "laughs.pt", "million.npz", "million.zip",
    "long-names.zip", "arrays.npz", "hundred-thousand.safetensors", "tensors-100M.safetensors", "metadata-40M.safetensors",
    "keys-40M.safetensors", "shape-40M.safetensors",
    "numbers/adapter_config.json", "modules/adapter_config.json", "model.safetensors.index.json", "array-40M.gguf",
    "texts.gguf", "tensors.gguf", "pairs.gguf", "many-small.pkl", "nested-bombs.zip", "nested-pickles.zip",
}
SMALL, LARGE = 64 * MEBI, 256 * MEBI
# The text report draws tables; these have the longest.
ALSO_LARGER = {"hundred-thousand.safetensors", "tensors.pt", "arrays.npz", "million.npz", "laughs.pkl"}
LIMITS = {"limit.reached", "zip.directory-limit", "tar.limit", "container.not-inspected"}
checks = Checks()


def ids_in(out):
    """The finding ids of a report, read in pieces: what this process takes would count as its children's peak."""
    found, tail = set(), b""
    while piece := out.read(MEBI):
        text = tail + piece
        found.update(each.decode() for each in re.findall(rb'"id":\s*"([a-z0-9.-]+)",\s*"severity"', text))
        tail = text[-200:]
    return found, tail


class Run:
    """One run of the tool in a process whose addresses are limited, with what the kernel says of it."""

    def __init__(self, path, memory, form):
        command = f'ulimit -v {(memory + ADDRESSES_BESIDES) >> 10}; exec "$@"'
        out, self.errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        start = time.monotonic()
        child = subprocess.Popen(["/bin/sh", "-c", command, "sh", tool(), "file", "--format", form, "--jobs", "2",
                                  "--max-memory", str(memory), path], stdout=out, stderr=self.errors, env=environment())
        _, self.status, usage = os.wait4(child.pid, 0)
        child.returncode = self.status
        self.seconds = time.monotonic() - start
        self.peak = usage.ru_maxrss << 10
        self.errors.seek(0)
        self.message = self.errors.read().decode(errors="replace")
        out.seek(0)
        self.ids, self.end = ids_in(out) if form == "json" else (set(), b"")


def check(path, name, memory, form):
    """One file of the set: comes to an end, in time, within its memory, and says where it was cut short."""
    run = Run(path, memory, form)
    what = f"{name}, {memory // MEBI} MiB, {form}"
    checks.equal((run.status, run.message), (0, ""), f"{what}: wait status and stderr")
    checks.that(run.peak <= memory + RESIDENT_BESIDES, f"{what}: took {run.peak // MEBI} MiB")
    checks.that(run.seconds < SECONDS, f"{what}: took {run.seconds:.1f} s")
    if form == "json":
        checks.that(run.end.endswith(b"}\n"), f"{what}: the report ends as {run.end[-20:]!r}")
    if form == "json" and memory == SMALL:
        checks.equal(bool(run.ids & LIMITS), name in CUT_SHORT, f"{what}: says that it was cut short ({sorted(run.ids)})")
    return f"{name}\t{memory // MEBI}\t{form}\t{run.peak / MEBI:.0f}\t{run.seconds:.2f}"


def is_sanitized():
    """Sanitizers reserve terabytes of addresses, which no limit on them allows."""
    with open(tool(), "rb") as program:
        return any(mark in piece for piece in iter(lambda: program.read(MEBI), b"") for mark in (b"__asan_init", b"__tsan_init"))


def main():
    if sys.platform != "linux":
        skip("wait4 and ulimit -v as Linux has them are needed")
    if is_sanitized():
        skip("the tool is built with a sanitizer, which reserves more addresses than ulimit -v would leave it")
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        # By another process: what this one takes would count as the tool's.
        subprocess.run([sys.executable, "-B", SOURCE / "tests/support/hostile.py", folder], check=True)
        for name in SET:
            path = Path(folder) / name
            lines.append(check(path, name, SMALL, "json"))
            if name in ALSO_LARGER:
                lines.append(check(path, name, LARGE, "text"))
            path.unlink()
    if "--table" in sys.argv[1:]:
        print("\n".join(lines))
    checks.finish()


if __name__ == "__main__":
    main()
