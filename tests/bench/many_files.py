# SPDX-License-Identifier: Apache-2.0
"""One `upinspect check` over many small files: wall time, how many cores were used, the largest resident size.

    python3 tests/bench/many_files.py PROGRAM [COUNT]

writes COUNT (10,000) adapters of 2 KB into a temporary folder, one of them broken, locks it, and checks it with one thread, with
one for each core, and in four parts at a time.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def adapter(number):
    header = {"__metadata__": {"format": "pt", "number": str(number)}}
    for i, half in enumerate("AB"):
        header[f"base_model.model.q_proj.lora_{half}.weight"] = {"dtype": "F32", "shape": [4, 64] if half == "A" else [64, 4], "data_offsets": [1024 * i, 1024 * (i + 1)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + struct.pack("<512f", *((number * 7 + i) % 101 / 101 - 0.5 for i in range(512)))


def measured(folder, *command):
    start = time.monotonic()
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    wall = time.monotonic() - start
    used = usage.ru_utime + usage.ru_stime
    return f"{wall:.2f} s, {used:.2f} s of CPU, {used / wall:.2f} cores, {usage.ru_maxrss / 1024:.0f} MiB, exit {os.waitstatus_to_exitcode(status)}"


def main():
    program, count = str(Path(sys.argv[1]).resolve()), int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "adapters").mkdir()
        for number in range(count):
            (folder / "adapters" / f"{number:05}.safetensors").write_bytes(adapter(number))
        print("lock, all cores:    ", measured(folder, program, "lock", "adapters", "-o", "a.lock"))
        (folder / "adapters" / f"{count // 2:05}.safetensors").write_bytes(b"broken")
        print("check, one thread:  ", measured(folder, program, "check", "--lock", "a.lock", "-j", "1", "adapters"))
        print("check, all cores:   ", measured(folder, program, "check", "--lock", "a.lock", "adapters"))
        print("check without lock: ", measured(folder, program, "check", "adapters"))
        start = time.monotonic()
        parts = [subprocess.Popen([program, "check", "--lock", "a.lock", "-j", "1", "--shard", f"{i}/4", "adapters"], cwd=folder, stdout=subprocess.DEVNULL) for i in range(1, 5)]
        codes = [part.wait() for part in parts]
        print(f"check in four parts: {time.monotonic() - start:.2f} s, exits {sorted(codes)}")


if __name__ == "__main__":
    main()
