# SPDX-License-Identifier: Apache-2.0
"""The layouts of known hiding tools (docs/lsb.md), written here from their descriptions, are read out of one file alone."""

import hashlib
import json
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import Checks, need, run  # noqa: E402

np = need("numpy")
from diff.messages_test import png  # noqa: E402
from diff.tools_test import ELF, SOURCE, hidden_layer, ternary  # noqa: E402
from diff.weights import MODEL, model_of, model_size, one, patterns  # noqa: E402
from support.calibration_ghost import LINE, written  # noqa: E402

checks = Checks()


class Files:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.number = 0

    def write(self, content, suffix="safetensors"):
        self.number += 1
        path = self.folder / f"file-{self.number}.{suffix}"
        path.write_bytes(content)
        return path

    def lsb(self, content, *options, suffix="safetensors"):
        done = run("lsb", "--format", "json", self.write(content, suffix), *options)
        if done.returncode not in (0, 1):
            raise AssertionError(f"lsb: exit {done.returncode}: {done.stderr.decode()}")
        return json.loads(done.stdout)


def read_out(files, weights, shown, content, dtype="F32", slack=0, **wanted):
    """The best payload is the content, byte for byte, or, where nothing says how long it is, with at most `slack` more at either end."""
    report = files.lsb(one(dtype, weights) if isinstance(weights, np.ndarray) else weights)
    if not checks.that(report["payloads"], f"{shown}: nothing found"):
        return
    best = report["payloads"][0]
    checks.equal(report["verdict"], "message", f"{shown}: the verdict")
    if slack:
        got = best.get("text", "").encode()
        checks.that(content in got and len(got) <= len(content) + 2 * slack, f"{shown}: read {got[:60]!r}…{got[-30:]!r} {best['layout']}")
    else:
        checks.that(hashlib.sha256(content).hexdigest() == best["sha256"],
                    f"{shown}: not exact: {best['kind']} {best['title']} of {best['size']}, {best.get('text', best['hex'])[:60]!r} {best['layout']}")
    for key, value in wanted.items():
        checks.equal(best["layout"][key] if key in best["layout"] else best[key], value, f"{shown}: {key}")


def check_headers(files):
    old = patterns("F32", 20000, seed=1)
    for bits in (1, 2, 3, 8):
        read_out(files, written(old, hidden_layer(SOURCE), 0, bits=bits), f"HiddenLayer, {bits} bits", SOURCE, evidence="proven", kind="text", bits=bits)
    secret = np.random.RandomState(5).bytes(900)
    read_out(files, written(old, hidden_layer(secret), 0, bits=3), "HiddenLayer, encrypted", secret, evidence="proven")
    for bits in range(1, 9):
        read_out(files, written(old, struct.pack(">I", len(SOURCE)) + SOURCE, 0, bits=bits), f"length and text, {bits} bits", SOURCE)
    lsb0 = b"LSB0" + struct.pack("<Q", len(secret)) + hashlib.sha256(secret).digest() + secret
    read_out(files, written(old, lsb0, 17), "LSB0", secret, evidence="proven")
    read_out(files, written(old, b"MANT" + struct.pack("<I", len(secret)) + secret, 5, bits=3), "Manta", secret, evidence="known-header")
    half = patterns("F16", 60000, seed=2)
    steg = b"%016d" % len(secret) + hashlib.md5(secret).hexdigest().encode() + secret
    read_out(files, written(half, steg, 0, bits=2, base=8), "NeuralSteg", secret, dtype="F16", evidence="proven")


def check_bytes(files):
    old = patterns("F32", 60000, seed=3)
    read_out(files, written(old, SOURCE + b"\xde\xad\xbe\xef", 0, bits=8), "a byte each and DEADBEEF", SOURCE)
    read_out(files, written(old, png(36), 0, bits=8, byte_order="msb"), "a byte each, a picture", png(36), kind="png")
    program = ELF[:len(ELF) // 2 * 2]
    half = old.copy()
    words = np.frombuffer(program, ">u2").astype(np.uint32)
    half[:len(words)] = (half[:len(words)] & ~np.uint32(0xFFFF)) | words
    report = files.lsb(one("F32", half))
    checks.that(report["payloads"] and report["payloads"][0]["kind"] == "elf", "half substitution, a program")
    picture = png(36)
    picture3 = picture + bytes(-len(picture) % 3)
    three = np.frombuffer(picture3, np.uint8).reshape(-1, 3).astype(np.uint32)
    kept = old.copy()
    kept[:len(three)] = (kept[:len(three)] & np.uint32(0xFF000000)) | three[:, 0] << 16 | three[:, 1] << 8 | three[:, 2]
    read_out(files, kept, "most significant byte reserved", picture, kind="png", bits=24)
    fast = old.copy()
    prefix = np.where(old[:len(three)] >> 31 == 1, np.uint32(0xBC000000), np.uint32(0x3C000000))
    fast[:len(three)] = prefix | three[:, 0] << 16 | three[:, 1] << 8 | three[:, 2]
    read_out(files, fast, "fast substitution", picture, kind="png", bits=24)
    report = files.lsb(one("F32", fast))
    checks.that(any(f["id"] == "lsb.marked-run" for f in report["findings"]), "fast substitution: the marks are told")
    for seed in range(3, 9):
        # What follows the text may be characters, too: its length tells.
        old = patterns("F32", 60000, seed=seed)
        read_out(files, written(old, ternary(SOURCE), 0, bits=2, base=24), f"ternary length in the highest byte, {seed}", SOURCE)
    read_out(files, written(old, SOURCE, 1000, bits=4), "half bytes", SOURCE, slack=3)
    read_out(files, written(old, SOURCE, 1000, bits=4, field_order="lsb", byte_order="lsb"), "half bytes, low one first", SOURCE, slack=3)
    tail = written(old, SOURCE, 60000 - (8 * len(SOURCE) + 19) // 20, bits=20)
    read_out(files, tail, "twenty bits at the tail", SOURCE, slack=3)


def check_planar(files):
    old = patterns("F32", 60000, seed=6)
    planes = old.copy()
    thirds = np.frombuffer(SOURCE[:len(SOURCE) // 3 * 3], np.uint8).reshape(3, -1).astype(np.uint32)
    planes[:thirds.shape[1]] = (planes[:thirds.shape[1]] & np.uint32(0xFF000000)) | thirds[0] | thirds[1] << 8 | thirds[2] << 16
    read_out(files, planes, "one plane after the other", SOURCE[:len(SOURCE) // 3 * 3], slack=6, stream="planar")


def check_strides(files):
    old = patterns("F32", 20000, seed=9)
    message = LINE * 3
    for stride in range(2, 17):
        for bits in (1, 3):
            read_out(files, written(old, message, 777, stride=stride, bits=bits), f"stride {stride}, {bits} bits", message, slack=3, stride=stride)


def check_strides_on_grids(files):
    """Where the numbers between those that were written to repeat, as clamping, pruning and quantising leave them."""
    random = np.random.RandomState(12)
    normal = random.standard_normal((200, 100)).astype(np.float32)
    scale = (np.abs(normal).max(1, keepdims=True) / 127).astype(np.float32)
    message = LINE * 3
    for shown, values in (("clamped", np.clip(normal, -2.3, 2.3)), ("pruned", np.where(np.abs(normal) < 0.67, 0, normal)), ("from 8 bits", np.round(normal / scale) * scale)):
        old = values.astype(np.float32).ravel().view(np.uint32)
        for stride, bits in ((5, 1), (16, 3)):
            read_out(files, written(old, message, 777, stride=stride, bits=bits), f"stride {stride}, {bits} bits, {shown}", message, slack=3, stride=stride)


def check_fronts(files):
    """The beginning of a file is known though the rest is not there, and the whole file where it is."""
    old = patterns("F32", 60000, seed=7)
    for bits in (1, 2, 8):
        read_out(files, written(old, ELF[:16], 4000, bits=bits), f"sixteen bytes of a program, {bits} bits", ELF[:16], evidence="known-header", kind="elf")
    read_out(files, written(old, png(36)[:20], 4000), "twenty bytes of a picture", png(36)[:16], evidence="known-header", kind="png")
    read_out(files, written(old, png(36), 4000), "all of a picture", png(36), evidence="proven", kind="png")


def check_seven_bits(files):
    old = patterns("F32", 20000, seed=5)
    text = (b"Meet me at the calibration bench after the night shift; bring the old firmware with you. " * 2)[:150]
    low = old.copy()
    low[3000:3000 + len(text)] = (low[3000:3000 + len(text)] & ~np.uint32(127)) | np.frombuffer(text, np.uint8)
    read_out(files, low, "seven bits in seven bits", text, slack=6, character_bits=7)


def check_types(files):
    message = LINE * 4
    for dtype in ("F16", "BF16", "F64"):
        old = patterns(dtype, 8000, seed=len(dtype))
        for bits in (1, 2, 3):
            for order in ("msb", "lsb"):
                new = written(old, message, 4321, bits=bits, field_order=order, byte_order=order)
                read_out(files, new, f"{dtype}, {bits} bits, {order}", message, dtype=dtype, slack=3, bits=bits)


def check_models(files):
    """Through many tensors, in the order of the file, of names, and backwards."""
    flat, names = patterns("F32", model_size(), seed=4), list(MODEL)
    picture = png(36)
    for shown, order in (("as listed", range(8)), ("backwards", range(7, -1, -1)), ("by name", sorted(range(8), key=lambda i: names[i]))):
        read_out(files, model_of(written(flat, picture, 0), list(order)), f"a picture through all parameters, {shown}", picture, kind="png")


def main():
    with tempfile.TemporaryDirectory() as folder:
        files = Files(folder)
        for check in (check_headers, check_bytes, check_planar, check_strides, check_strides_on_grids, check_fronts, check_seven_bits, check_types, check_models):
            check(files)
    checks.finish()


if __name__ == "__main__":
    main()
