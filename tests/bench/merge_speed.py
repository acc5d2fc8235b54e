# SPDX-License-Identifier: Apache-2.0
"""Merging 2 GiB against copying it and numpy's products, and its memory: 64 bf16 weights of 4096 x 4096, rank 16, f16 halves.

    UPINSPECT=build/release/upinspect python3 tests/bench/merge_speed.py [FOLDER] [--modules N]

FOLDER (a new one in the system's, which is removed) needs room for the base, a copy and the output. Everything is read once
before it is timed; the best of three runs counts. Ends with 1 where merging takes more than three times as long as both
others together, or more than 1 GiB of memory.
"""

import argparse
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads that wait for each other on a busy machine take longer than one
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import environment, need, tool  # noqa: E402

np = need("numpy")
SIZE, RANK, MOST_TIMES, MOST_MEMORY = 4096, 16, 3, 1 << 30


def write(path, tensors):
    """`tensors`: name -> (dtype, shape, function that gives the bytes)."""
    header, offset = {}, 0
    for name, (dtype, shape, _) in tensors.items():
        size = 2 * shape[0] * shape[1]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, data in tensors.values():
            file.write(data())


def make(folder, modules):
    random = np.random.default_rng(1)
    names = [f"model.layers.{i // 4}.self_attn.{'qkvo'[i % 4]}_proj" for i in range(modules)]
    weight = (random.standard_normal((SIZE, SIZE), dtype=np.float32) * 0.02).view(np.uint32) >> 16
    raw = weight.astype("<u2").tobytes()
    write(folder / "base.safetensors", {f"{name}.weight": ("BF16", [SIZE, SIZE], lambda: raw) for name in names})
    halves = {}
    for name in names:
        for half, shape in (("A", [RANK, SIZE]), ("B", [SIZE, RANK])):
            data = (random.standard_normal(shape) * 0.02).astype("<f2").tobytes()
            halves[f"base_model.model.{name}.lora_{half}.weight"] = ("F16", shape, lambda data=data: data)
    lora = folder / "lora"
    lora.mkdir()
    write(lora / "adapter_model.safetensors", halves)
    (lora / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": RANK, "lora_alpha": RANK}))


def best(work, before=lambda: None, runs=3):
    times = []
    for _ in range(runs):
        before()
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def high_water(process):
    """The most memory so far; the kernel's rusage counts what this script had when it started the process."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def products(modules):
    random = np.random.default_rng(2)
    pairs = [(random.standard_normal((SIZE, RANK), dtype=np.float32), random.standard_normal((RANK, SIZE), dtype=np.float32)) for _ in range(modules)]

    out = np.zeros((SIZE, SIZE), np.float32)  # one for all: fresh memory would cost more than the products

    def all_of_them():
        for up, down in pairs:
            np.matmul(up, down, out=out)
    return all_of_them


def measure(folder, modules):
    make(folder, modules)
    base, copy, out = folder / "base.safetensors", folder / "copy", folder / "out.safetensors"
    subprocess.run(["cat", base], stdout=subprocess.DEVNULL, check=True)

    def remove():
        for path in (copy, out):
            path.unlink(missing_ok=True)
        os.sync()
    copied = best(lambda: subprocess.run(["cp", base, copy], check=True), remove)
    multiplied = best(products(modules))
    memory = 0

    def merge():
        nonlocal memory
        process = subprocess.Popen([tool(), "merge", base, folder / "lora", "-o", out, "-q"], env=environment(), stdout=subprocess.DEVNULL)
        while process.poll() is None:
            memory = max(memory, high_water(process.pid))
            time.sleep(0.02)
        if process.returncode != 0:
            sys.exit("merge failed")
    merged = best(merge, remove)
    print(f"{modules} weights of {SIZE} x {SIZE}, rank {RANK}, {os.cpu_count()} cores")
    print(f"cp {copied:.2f} s, numpy {multiplied:.2f} s, merge {merged:.2f} s: {merged / (copied + multiplied):.2f} of both; {memory / (1 << 20):.0f} MiB")
    return merged <= MOST_TIMES * (copied + multiplied) and memory < MOST_MEMORY


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--modules", type=int, default=64)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp()) if asked.folder is None else asked.folder
    folder.mkdir(exist_ok=True)
    try:
        held = measure(folder, asked.modules)
    finally:
        if asked.folder is None:
            shutil.rmtree(folder)
    sys.exit(0 if held else 1)


main()
