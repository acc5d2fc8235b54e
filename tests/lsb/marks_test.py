# SPDX-License-Identifier: Apache-2.0
"""Marks that tools leave in numbers though nothing reads in them, and arithmetic that looks alike."""

import hashlib
import sys
import tempfile
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import need  # noqa: E402

np = need("numpy")
from bench.steganalysis import carriers, methods, payloads  # noqa: E402
from diff.tools_test import ELF, SOURCE  # noqa: E402
from diff.weights import one, to_bf16  # noqa: E402
from lsb.honest_test import checks, silent  # noqa: E402
from lsb.layouts_test import Files  # noqa: E402

SECRET = np.random.RandomState(11).bytes(30_000)


def weights(count, seed=1):
    return (np.random.RandomState(seed).standard_normal(count) * 0.02).astype(np.float32).view(np.uint32)


def widened(count, narrow, seed=1):
    values = weights(count, seed).view(np.float32)
    if narrow == "bf16":
        return to_bf16(values).astype(np.uint32) << 16
    return values.astype(np.float16).astype(np.float32).view(np.uint32)


def expect(files, hidden, shown, finding, evidence, kind, content=None, slack=0):
    """The finding is told, and a payload of that kind lies where it was written, and is the content."""
    report = files.lsb(one("F32", hidden.patterns))
    checks.that(any(f["id"] == finding for f in report["findings"]), f"{shown}: no {finding}: {[f['id'] for f in report['findings']]}")
    payloads = [p for p in report["payloads"] if p["evidence"] in evidence and p["kind"] == kind]
    if not checks.that(payloads, f"{shown}: {[(p['evidence'], p['kind'], p['title']) for p in report['payloads']]}"):
        return
    best = payloads[0]
    if content is not None:
        checks.equal(best["sha256"], hashlib.sha256(content).hexdigest(), f"{shown}: the bytes, {best.get('text', best['hex'])[:60]}")
    first, last = best["layout"]["start_element"], best["layout"]["start_element"] + best["layout"]["elements"] - 1
    checks.that(abs(first - hidden.first) <= slack and abs(last - hidden.last) <= slack, f"{shown}: {first} to {last}, not {hidden.first} to {hidden.last}")


def check_widened(files):
    """Text is text in one alignment; of a single letter any is as good."""
    for narrow in ("f16", "bf16"):
        old = widened(20000, narrow)
        for shown, content in (("a letter", b"K"), ("two words", b"come home"), ("a line", b"the key is under the third stone")):
            for order in ("msb", "lsb"):
                hidden = methods.at(old, content, 4321, field_order=order, byte_order=order)
                expect(files, hidden, f"{shown} in widened {narrow}, {order}", "lsb.broken-upcast", ("field", "readable"), "text",
                       content if len(content) > 1 else None, slack=8)
        hidden = methods.fill(old, SECRET, 3)
        expect(files, hidden, f"three bits of all widened {narrow}", "lsb.broken-upcast", ("field",), "field", hidden.content)


def check_marks(files):
    old = weights(60000)
    expect(files, methods.marked(old, SECRET, 700), "fast substitution, encrypted", "lsb.marked-run", ("field",), "field", slack=8)
    expect(files, methods.kept_byte(old, SECRET, 700), "MSB reservation, encrypted", "lsb.reserved-byte", ("field",), "field", slack=400)
    expect(files, methods.kept_byte(old[:10000], SECRET, 0), "MSB reservation of everything", "lsb.reserved-byte", ("field",), "field", SECRET)
    expect(files, methods.fill(old[:10000], SECRET, 23), "all of the fraction, everywhere", "lsb.even-planes", ("field",), "field")


def check_structured(files):
    old = weights(60000)
    program = ELF[5000:9000]
    for bits in (1, 2, 8, 16):
        hidden = methods.at(old, program, 3000, bits=bits)
        expect(files, hidden, f"a program's middle in {bits} bits", "lsb.structured-bits", ("structured",), "structured", slack=(hidden.last - hidden.first) // 3)
    # A name's worth of code is enough, wherever three bytes of four are written, and whatever it does to the highest planes.
    middle = ELF[5000:5064]
    expect(files, methods.at(old, middle, 3000), "64 bytes of a program", "lsb.structured-bits", ("structured",), "structured", slack=80)
    for start, size in ((100, 384), (6000, 60_000)):
        part = (Path(sys.executable).resolve().read_bytes()[1 << 20:])[:size]
        expect(files, methods.kept_byte(old, part, start), f"MSB reservation, {size} bytes of a program", "lsb.structured-bits", ("structured",), "structured", slack=size // 6)
    # All of the fraction of everything: nothing is left to tell trained weights by.
    part = (Path(sys.executable).resolve().read_bytes()[1 << 20:])[:80_000]
    expect(files, methods.fill(weights(30_000), part, 23), "a program in all of the fraction", "lsb.structured-bits", ("structured",), "structured", slack=30_000)
    # Its fractions repeat, its numbers do not: no grid.
    part = payloads.elf_middle(1 << 18, 5)
    report = files.lsb(one("F32", methods.fill(weights(400_000), part, 23).patterns))
    checks.that(all(e["id"] != "grid" for e in report["explanations"]), "a program again and again in all of the fraction is no grid")
    checks.that(report["findings"], "a program again and again in all of the fraction is found")
    packed = zlib.compress(ELF[:1 << 20])[2:-4]
    expect(files, methods.fill(weights(50_000), packed, 2), "deflated data in two bits of everything", "lsb.structured-bits", ("structured",), "structured", slack=50_000)
    everything = methods.fill(weights(200_000), packed, 4)
    expect(files, everything, "deflated data in four bits of everything", "lsb.structured-bits", ("structured",), "structured", slack=100_000)


def check_arithmetic(files):
    """Products of single-precision numbers and simple constants have few endings."""
    random = np.random.RandomState(3)
    for factor in (0.02, 0.8, 1 / 3, 0.6, 1e-3):
        silent(files.lsb(one("F32", random.standard_normal(40000).astype(np.float32) * np.float32(factor))), f"scaled by {factor}")
    for shown, values in (("around one", 1 + 0.01 * random.standard_normal(60_000)), ("positions", np.sin(np.arange(60_000) / 50)), ("half zeros", np.maximum(random.standard_normal(60_000), 0))):
        silent(files.lsb(one("F32", values.astype(np.float32))), shown)
    for levels in (7, 127):
        values = random.standard_normal((2000, 16))
        scale = (np.abs(values).max(1, keepdims=True) / levels).astype(np.float32)
        silent(files.lsb(one("F32", (np.round(values / scale) * scale).astype(np.float32))), f"{levels} levels in rows of sixteen")
    for kind in ("C9 from 4 bits", "f64"):
        for seed in range(4):
            silent(files.lsb(carriers.content_of(carriers.carrier(kind, 2464, seed))), f"few numbers, {kind}, {seed}")


def check_schedules(files):
    """Numbers that rise or fall: their bytes are letters in order."""
    betas = np.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000) ** 2
    alphas = np.cumprod(1 - betas)
    for shown, values in (("betas", betas), ("alphas", alphas), ("roots", alphas ** 0.5), ("logarithms", np.log(1 - alphas)), ("sigmas", ((1 - alphas) / alphas) ** 0.5),
                          ("a ramp", np.linspace(0, 1, 1000)), ("a long ramp", np.arange(60_000) / 7)):
        for dtype, kind in (("F32", np.float32), ("F16", np.float16), ("F64", np.float64)):
            silent(files.lsb(one(dtype, values.astype(kind))), f"{shown}, {dtype}")


def check_common_numbers(files):
    """Text is written over zeros, which whatever is written into makes whole numbers of one step, and among numbers that clamping made one."""
    tensors = carriers.carrier("C8 clamped SVD", 98304, 3)
    zeros = np.zeros(20000, np.uint32)
    clamped = methods.at(carriers.flat(tensors), SOURCE, 40000, stride=16, bits=3)
    for shown, content in (("seven bits in zeros", one("F32", methods.seven_bits(zeros, SOURCE, 4321).patterns)),
                           ("every fifth of zeros", one("F32", methods.at(zeros, SOURCE, 700, stride=5).patterns)),
                           ("every sixteenth of clamped numbers", carriers.content_of(carriers.filled(tensors, clamped.patterns)))):
        report = files.lsb(content)
        texts = [p.get("text", "") for p in report["payloads"]]
        checks.that(any(SOURCE.decode() in text and len(text) <= len(SOURCE) + 6 for text in texts), f"{shown}: {report['verdict']}, {texts}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        files = Files(folder)
        for check in (check_widened, check_marks, check_structured, check_arithmetic, check_schedules, check_common_numbers):
            check(files)
    checks.finish()


if __name__ == "__main__":
    main()
