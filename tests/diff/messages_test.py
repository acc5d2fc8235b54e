# SPDX-License-Identifier: Apache-2.0
"""Messages in the difference of two files are read out exactly, whatever the dtype, the bits, their order and the stride."""

import hashlib
import io
import sys
import tempfile
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import Checks, need  # noqa: E402

numpy = need("numpy")
from diff.weights import Pairs, message_of, normal, one, patterns, safetensors  # noqa: E402
from support.calibration_ghost import LINE, written  # noqa: E402

checks = Checks()
MESSAGE = LINE * 11
DTYPES = ("F32", "F16", "BF16", "F64")


def expect(report, shown, message=MESSAGE, verdict="lsb-only", **layout):
    got = message_of(report)
    checks.equal(got, message, f"{shown}: the message")
    checks.equal(report["verdict"], verdict, f"{shown}: the verdict")
    if got == message:
        best = report["payloads"][0]
        checks.equal(best["sha256"], hashlib.sha256(message).hexdigest(), f"{shown}: its digest")
        for key, value in layout.items():
            checks.equal(best["layout"][key], value, f"{shown}: {key}")


def check_layouts(pairs):
    for dtype in DTYPES:
        old = patterns(dtype, 20000, seed=len(dtype))
        for bits in (1, 2, 3, 4):
            for field_order in ("msb", "lsb")[:1 if bits == 1 else 2]:
                for byte_order in ("msb", "lsb"):
                    layout = {"bits": bits, "field_order": field_order, "byte_order": byte_order}
                    new = written(old, MESSAGE, 4321, **layout)
                    report, code = pairs.diff(one(dtype, old), one(dtype, new))
                    shown = f"{dtype} {layout}"
                    same_order = layout if bits > 1 else {"bits": bits, "byte_order": byte_order}
                    expect(report, shown, start_element=4321, base_bit=0, stride=1, **same_order)
                    checks.equal(code, 1, f"{shown}: the exit code")
                    change = report["changes"][0]
                    checks.equal(change["kind"], "bit-field", f"{shown}: the kind ({change['why']})")
                    checks.equal(change["field_bits"], bits, f"{shown}: the field")
                    checks.equal(change["changed"], int(numpy.count_nonzero(old != new)), f"{shown}: changed")


def check_strides(pairs):
    old = patterns("F32", 60000, seed=9)
    for stride in range(2, 17):
        for bits in (1, 3):
            new = written(old, MESSAGE, 777, stride=stride, bits=bits)
            report, _ = pairs.diff(one("F32", old), one("F32", new))
            expect(report, f"stride {stride}, {bits} bits", stride=stride, start_element=777)
            checks.equal(report["changes"][0]["stride"], stride, f"stride {stride}: of the change")


def check_ends(pairs):
    """A message at the very first and the very last element."""
    old = patterns("F32", 5000, seed=3)
    for start in (0, 5000 - 8 * len(MESSAGE)):
        report, _ = pairs.diff(one("F32", old), one("F32", written(old, MESSAGE, start)))
        expect(report, f"from element {start}", start_element=start)


def check_reversed(pairs):
    old = patterns("F32", 20000, seed=4)
    new = numpy.ascontiguousarray(written(old[::-1], MESSAGE, 5000)[::-1])
    report, _ = pairs.diff(one("F32", old), one("F32", new))
    expect(report, "backwards", element_order="reverse", start_element=20000 - 1 - 5000)


def check_seven_bits(pairs):
    old = patterns("F32", 20000, seed=5)
    low = old.copy()
    low[100:100 + len(MESSAGE)] = (low[100:100 + len(MESSAGE)] & ~numpy.uint32(127)) | numpy.frombuffer(MESSAGE, numpy.uint8)
    report, _ = pairs.diff(one("F32", old), one("F32", low))
    expect(report, "seven bits a character", character_bits=7, start_element=100)


def check_marks(pairs):
    """Not written over the old bits but onto them."""
    old = patterns("F32", 20000, seed=6)
    bits = numpy.unpackbits(numpy.frombuffer(MESSAGE, numpy.uint8)).astype(numpy.uint32)
    xored = old.copy()
    xored[200:200 + len(bits)] ^= bits
    report, _ = pairs.diff(one("F32", old), one("F32", xored))
    expect(report, "flipped where the message has a one", stream="xor", start_element=200)
    stepped = old.astype(numpy.uint32).copy()
    stepped[200:200 + len(bits)] += bits * 2 - 1  # one ulp up for a one, down for a zero
    report, _ = pairs.diff(one("F32", old), one("F32", stepped))
    checks.equal(message_of(report), MESSAGE, "a step of one ulp up or down for each bit")


def check_several_tensors(pairs):
    """One message through tensors of which none holds it alone, as it runs through SD adapters."""
    names = [f"lora_unet_down_{i}.lora_up.weight" for i in range(6)]
    old = {name: ("F32", (64, 8), patterns("F32", 512, seed=20 + i)) for i, name in enumerate(names)}
    for title, order in (("in order", names), ("backwards", names[::-1])):
        flat = numpy.concatenate([old[name][2] for name in order])
        new_flat = written(flat, MESSAGE, 10)
        new = {name: ("F32", (64, 8), new_flat[512 * i:512 * i + 512]) for i, name in enumerate(order)}
        report, _ = pairs.diff(safetensors(old), safetensors({name: new[name] for name in names}))
        expect(report, f"through six tensors {title}", tensors=6, start_element=10, tensor=order[0])


def png(size=40):
    """A PNG of noise, by hand from ISO 15948."""
    import struct
    rows = b"".join(b"\0" + numpy.random.RandomState(i).bytes(3 * size) for i in range(size))

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def files():
    """kind -> content, written by others."""
    import gzip
    import pickle
    import zipfile
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("notes.txt", b"meet me where the weights are\n" * 9)
    return {"png": png(), "gzip": gzip.compress(b"hidden" * 99, mtime=0), "zlib": zlib.compress(bytes(range(256)) * 9),
            "zip": archive.getvalue(), "pickle": pickle.dumps({"a": list(range(50)), "b": "text"}),
            "elf": Path("/bin/true").read_bytes()[:], "safetensors": one("F32", patterns("F32", 40, seed=1))}


def check_files(pairs):
    old = patterns("F32", 400000, seed=7)
    for kind, content in files().items():
        report, _ = pairs.diff(one("F32", old), one("F32", written(old, content, 1000, bits=2)))
        best = report["payloads"][0]
        checks.equal((best["kind"], best["evidence"]), (kind, "proven"), f"a hidden {kind} file is proven")
        checks.equal(best["sha256"], hashlib.sha256(content).hexdigest(), f"a hidden {kind} file is read out")


def check_encrypted(pairs):
    """That something was written can be proven; what, not."""
    old = patterns("F32", 40000, seed=8)
    secret = numpy.random.RandomState(1).bytes(2000)
    for bits in (1, 2, 4, 8):
        report, _ = pairs.diff(one("F32", old), one("F32", written(old, secret, 5000, bits=bits)))
        change, best = report["changes"][0], report["payloads"][0]
        checks.equal((change["kind"], change["field_bits"]), ("bit-field", bits), f"{bits} encrypted bits: {change['why']}")
        checks.equal(best["evidence"], "field", f"{bits} encrypted bits: the evidence")
        checks.that(abs(best["size"] - 2000) <= 2, f"{bits} encrypted bits: room for {best['size']} bytes")
    places = numpy.random.RandomState(2).permutation(40000)[:8000]
    new = old.copy()
    new[places] = (new[places] & ~numpy.uint32(3)) | numpy.random.RandomState(3).randint(0, 4, 8000).astype(numpy.uint32)
    report, _ = pairs.diff(one("F32", old), one("F32", new))
    checks.equal(report["changes"][0]["kind"], "bit-field", "bits at places that a key chose")
    checks.that(abs(report["changes"][0]["field_capacity"] - 2000) < 100, "the room of scattered bits")


def check_utf8(pairs):
    text = ("Мост открыт до рассвета, ключ лежит под камнем. " * 3).encode()
    old = patterns("F32", 20000, seed=10)
    report, _ = pairs.diff(one("F32", old), one("F32", written(old, text, 50)))
    expect(report, "Russian", message=text)
    short = b"The bridge is open."
    report, _ = pairs.diff(one("F32", old), one("F32", written(old, short, 50)))
    expect(report, "a short message", message=short)


def check_wide_strides(pairs):
    """Steps so wide that the elements searched at once hold few of them: the text begins behind the first eight million elements."""
    old = patterns("BF16", 8192 * 2048, seed=12)
    noise = numpy.random.default_rng(13).integers(0, 256, 150, dtype=numpy.uint8).tobytes()
    for stride in (8192, 7001):
        new = written(old, noise + MESSAGE[:90], 7, stride=stride)
        report, _ = pairs.diff(one("BF16", old), one("BF16", new))
        checks.equal(report["changes"][0]["kind"], "bit-field", f"stride {stride}: the kind")
        checks.equal(report["changes"][0]["stride"], stride, f"stride {stride}: of the change")
        checks.that(MESSAGE[:80] in message_of(report), f"stride {stride}: the text behind the first eight million elements")


def main():
    with tempfile.TemporaryDirectory() as folder:
        pairs = Pairs(folder)
        for check in (check_layouts, check_strides, check_ends, check_reversed, check_seven_bits, check_marks,
                      check_several_tensors, check_files, check_encrypted, check_utf8, check_wide_strides):
            check(pairs)
    checks.finish()


if __name__ == "__main__":
    main()
