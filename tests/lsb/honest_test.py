# SPDX-License-Identifier: Apache-2.0
"""Honest weights of every kind, and real ones, hold no message; what is odd about them is explained."""

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SHARED, Checks, need, run  # noqa: E402

np = need("numpy")
from diff.weights import patterns, safetensors, to_bf16  # noqa: E402
from lsb.layouts_test import Files  # noqa: E402

checks = Checks()
SHAPE_A, SHAPE_B = (4, 768), (768, 4)


def adapter(make, modules=6):
    """Halves of a small adapter: make(random, shape, is_up) gives (dtype, array)."""
    tensors = {}
    for module in range(modules):
        for name, shape in (("lora_A", SHAPE_A), ("lora_B", SHAPE_B)):
            dtype, array = make(np.random.RandomState(100 * module + len(name) + ord(name[-1])), shape, name == "lora_B")
            tensors[f"base_model.model.h.{module}.attn.{name}.weight"] = (dtype, shape, array)
    return safetensors(tensors)


def lattice(random, shape):
    """torch's kaiming_uniform_: 24 random bits times a bound."""
    steps = random.randint(0, 1 << 24, shape).astype(np.float32)
    return (steps / np.float32(1 << 24) * np.float32(0.5) - np.float32(0.25)).astype(np.float32)


def widened_bf16(values):
    return (to_bf16(values).astype(np.uint32) << 16).view(np.float32)


def quantised(values, levels):
    scale = np.abs(values).max(axis=-1, keepdims=True) / levels
    return (np.round(values / scale) * scale).astype(np.float32)


def trained_in_bf16(random, shape, steps=60):
    values = widened_bf16(random.standard_normal(shape).astype(np.float32) * 0.02)
    for _ in range(steps):
        values = widened_bf16(values - random.standard_normal(shape).astype(np.float32) * np.float32(1e-3))
    return to_bf16(values)


def pruned(random, shape):
    values = random.standard_normal(shape).astype(np.float32) * np.float32(0.02)
    values[np.abs(values) < 0.0135] = 0
    return values


def clamped(random, shape):
    values = random.standard_normal(shape).astype(np.float32)
    return np.clip(values, -1.28, 1.28).astype(np.float32)


def normal(random, shape):
    return random.standard_normal(shape).astype(np.float32) * np.float32(0.02)


KINDS = {
    "trained f32": (lambda r, s, up: ("F32", normal(r, s)), None),
    "untrained": (lambda r, s, up: ("F32", np.zeros(s, np.float32) if up else lattice(r, s)), "lattice"),
    "widened from f16": (lambda r, s, up: ("F32", normal(r, s).astype(np.float16).astype(np.float32)), "upcast-f16"),
    "widened from bf16": (lambda r, s, up: ("F32", widened_bf16(normal(r, s))), "upcast-bf16"),
    "bf16": (lambda r, s, up: ("BF16", to_bf16(normal(r, s))), None),
    "f16": (lambda r, s, up: ("F16", normal(r, s).astype(np.float16)), None),
    "trained in bf16": (lambda r, s, up: ("BF16", trained_in_bf16(r, s)), None),
    "clamped": (lambda r, s, up: ("F32", clamped(r, s)), "repeated"),
    "eight bits": (lambda r, s, up: ("F32", quantised(normal(r, s), 127)), "grid"),
    "four bits": (lambda r, s, up: ("F32", quantised(normal(r, s), 7)), "grid"),
    "pruned": (lambda r, s, up: ("F32", pruned(r, s)), None),
    "uniform": (lambda r, s, up: ("F32", r.uniform(-0.1, 0.1, s).astype(np.float32)), None),
    "f64": (lambda r, s, up: ("F64", r.standard_normal(s) * 0.02), None),
    "positions": (lambda r, s, up: ("I64", np.arange(s[0] * s[1], dtype=np.int64)), None),
    "small integers": (lambda r, s, up: ("I8", np.clip(r.standard_normal(s) * 40, -127, 127).astype(np.int8)), None),
    "bytes around a point": (lambda r, s, up: ("U8", np.clip(r.standard_normal(s) * 12 + 90, 0, 255).astype(np.uint8)), None),
    "constant": (lambda r, s, up: ("F32", np.full(s, 0.1, np.float32)), "constant"),
}


def silent(report, shown):
    return checks.that(report["verdict"] != "message" and not report["payloads"],
                       f"{shown}: {[(p['kind'], p['title'], p.get('text', p['hex'])[:40], p['p_value'], p['layout']) for p in report['payloads']]}")


def check_kinds(files):
    for name, (make, explained) in KINDS.items():
        report = files.lsb(adapter(make))
        silent(report, name)
        ids = [e["id"] for e in report["explanations"]]
        checks.that(explained is None or explained in ids, f"{name}: explained by {ids}")
        suspicious = [f for f in report["findings"] if f["severity"] != "note" and f["id"].startswith("lsb.")]
        checks.that(not suspicious, f"{name}: {suspicious}")


def check_planes(files):
    """Counts of every plane are numpy's."""
    values = patterns("F32", 4096, seed=8)
    values[::7] = 0
    report = files.lsb(safetensors({"w": ("F32", (64, 64), values)}))
    tensor = report["tensors"][0]
    checks.equal(tensor["counted"], int(np.count_nonzero(values)), "numbers that are not zero")
    for plane in tensor["planes"]:
        checks.equal(plane["ones"], int(np.count_nonzero(values >> np.uint32(plane["bit"]) & 1)), f"plane {plane['bit']}")


def check_odd(files):
    """Nothing, hardly anything and what is no number have defined answers."""
    cases = {
        "no tensors": safetensors({}),
        "an empty tensor": safetensors({"w": ("F32", (0, 4), np.zeros((0, 4), np.float32))}),
        "a scalar": safetensors({"w": ("F32", (), np.float32(1.5))}),
        "NaN and infinities": safetensors({"w": ("F32", (4, 100), np.array([[np.nan] * 100, [np.inf] * 100, [-np.inf] * 100, [1.0] * 100], np.float32))}),
        "zeros": safetensors({"w": ("F32", (100, 100), np.zeros((100, 100), np.float32))}),
    }
    for shown, content in cases.items():
        report = files.lsb(content)
        silent(report, shown)
        checks.equal(report["verdict"], "nothing-searched" if shown in ("no tensors", "an empty tensor") else "nothing-found", f"{shown}: the verdict")
    empty = files.lsb(b"", suffix="bin")
    checks.equal(empty["verdict"], "nothing-searched", "an empty file")
    missing = run("lsb", files.folder / "nowhere.safetensors")
    checks.equal(missing.returncode, 2, "a missing file: the exit code")


def check_jobs(files):
    path = files.write(adapter(KINDS["trained f32"][0]))
    outputs = {run("lsb", "--format", "json", "-v", "-j", jobs, path).stdout for jobs in ("1", "2", "5")}
    checks.equal(len(outputs), 1, "the same report for any number of threads")


def check_real():
    folder = SHARED / "real"
    if not folder.is_dir():
        print(f"SKIPPED: real files, {folder} is not here")
        return
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".safetensors", ".bin", ".pt", ".npz"):
            report = json.loads(run("lsb", "--format", "json", path).stdout)
            silent(report, path.relative_to(folder))
            odd = [f for f in report["findings"] if f["id"].startswith("lsb.") and f["severity"] != "note"]
            checks.that(not odd, f"{path.relative_to(folder)}: {odd}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        files = Files(folder)
        for check in (check_kinds, check_planes, check_odd, check_jobs):
            check(files)
    check_real()
    checks.finish()


if __name__ == "__main__":
    main()
