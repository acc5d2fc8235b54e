# SPDX-License-Identifier: Apache-2.0
"""The layouts of known hiding tools (docs/diff.md), written here from their descriptions, are found and read out."""

import hashlib
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import Checks, need  # noqa: E402

np = need("numpy")
from diff.messages_test import png  # noqa: E402
from diff.weights import Pairs, model_of, model_size, one, patterns  # noqa: E402
from support.calibration_ghost import written  # noqa: E402

checks = Checks()
SOURCE = b"import os\n\n\ndef unlock(door):\n    for key in sorted(os.listdir('/keys')):\n        door.try_key(key)\n    return door.open\n"
ELF = Path("/bin/true").read_bytes()



def read_out(pairs, old, new, shown, content, dtype="F32", **wanted):
    """The payload's digest is the content's, and its fields are as wanted."""
    report, _ = pairs.diff(one(dtype, old), one(dtype, new)) if isinstance(old, np.ndarray) else pairs.diff(old, new)
    if not checks.that(report["payloads"], f"{shown}: nothing found ({[c['why'] for c in report['changes']]})"):
        return
    digests = [payload.get("sha256") for payload in report["payloads"]]
    best = report["payloads"][0]
    checks.that(hashlib.sha256(content).hexdigest() in digests,
                f"{shown}: not read out; {best['kind']} {best['title']} of {best['size']}, {best.get('text', best['hex'])[:80]!r} {best['layout']}")
    for key, value in wanted.items():
        checks.equal(best[key], value, f"{shown}: {key}")


def hidden_layer(message):
    return struct.pack("i 64s", len(message), hashlib.sha256(message).hexdigest().encode()) + message


def ternary(message):
    """Length in base 3, two bits a digit, ended by 11, then whole bytes (gn0/steganotorchy)."""
    digits, length = "", len(message)
    while length:
        digits = format(length % 3, "02b") + digits
        length //= 3
    digits += "11"
    digits += "0" * (-len(digits) % 8)
    return int(digits, 2).to_bytes(len(digits) // 8, "big") + message


def check_headers(pairs):
    old = patterns("F32", 60000, seed=1)
    for bits in (1, 2, 3, 8):
        read_out(pairs, old, written(old, hidden_layer(SOURCE), 0, bits=bits), f"HiddenLayer, {bits} bits", SOURCE, evidence="proven", kind="text")
    secret = np.random.RandomState(5).bytes(900)
    read_out(pairs, old, written(old, hidden_layer(secret), 0, bits=3), "HiddenLayer, encrypted", secret, evidence="proven")
    for bits in range(1, 9):
        read_out(pairs, old, written(old, struct.pack(">I", len(SOURCE)) + SOURCE, 0, bits=bits), f"length and text, {bits} bits", SOURCE)
    lsb0 = b"LSB0" + struct.pack("<Q", len(secret)) + hashlib.sha256(secret).digest() + secret
    read_out(pairs, old, written(old, lsb0, 17), "LSB0", secret, evidence="proven")
    read_out(pairs, old, written(old, b"MANT" + struct.pack("<I", len(secret)) + secret, 5, bits=3), "Manta", secret, evidence="known-header")
    half = patterns("F16", 60000, seed=2)
    steg = b"%016d" % len(secret) + hashlib.md5(secret).hexdigest().encode() + secret
    read_out(pairs, half, written(half, steg, 0, bits=2, base=8), "NeuralSteg", secret, dtype="F16", evidence="proven")


def check_bytes(pairs):
    old = patterns("F32", 60000, seed=3)
    read_out(pairs, old, written(old, SOURCE + b"\xde\xad\xbe\xef", 0, bits=8), "a byte each and DEADBEEF", SOURCE)
    read_out(pairs, old, written(old, ELF[:40000], 0, bits=8, byte_order="msb"), "a byte each, a program", ELF[:40000], kind="elf")
    pairs16 = np.frombuffer(ELF[:len(ELF) // 2 * 2], "<u2").astype(np.uint32)
    half = old.copy()
    half[:len(pairs16)] = (half[:len(pairs16)] & ~np.uint32(0xFFFF)) | pairs16
    read_out(pairs, old, half, "half substitution", ELF[:len(ELF) // 2 * 2], kind="elf")
    three = np.frombuffer(ELF[:len(ELF) // 3 * 3], np.uint8).reshape(-1, 3).astype(np.uint32)
    kept = old.copy()
    kept[:len(three)] = (kept[:len(three)] & np.uint32(0xFF000000)) | three[:, 0] << 16 | three[:, 1] << 8 | three[:, 2]
    read_out(pairs, old, kept, "most significant byte reserved", ELF[:len(ELF) // 3 * 3], kind="elf")
    fast = old.copy()
    prefix = np.where(old[:len(three)] >> 31 == 1, np.uint32(0xBC000000), np.uint32(0x3C000000))
    fast[:len(three)] = prefix | three[:, 0] << 16 | three[:, 1] << 8 | three[:, 2]
    read_out(pairs, old, fast, "fast substitution", ELF[:len(ELF) // 3 * 3], kind="elf")
    read_out(pairs, old, written(old, ternary(SOURCE), 0, bits=2, base=24), "ternary length in the highest byte", SOURCE)
    planes = old.copy()
    thirds = np.frombuffer(SOURCE[:len(SOURCE) // 3 * 3], np.uint8).reshape(3, -1).astype(np.uint32)
    planes[:thirds.shape[1]] = (planes[:thirds.shape[1]] & np.uint32(0xFF000000)) | thirds[0] | thirds[1] << 8 | thirds[2] << 16
    read_out(pairs, old, planes, "one plane after the other", SOURCE[:len(SOURCE) // 3 * 3])
    read_out(pairs, old, written(old, SOURCE, 1000, bits=4), "half bytes", SOURCE)
    low_first = written(old, SOURCE, 1000, bits=4, field_order="lsb", byte_order="lsb")
    read_out(pairs, old, low_first, "half bytes, low one first", SOURCE)
    tail = written(old, SOURCE, 60000 - (8 * len(SOURCE) + 19) // 20, bits=20)
    read_out(pairs, old, tail, "twenty bits at the tail", SOURCE)


def check_models(pairs):
    """Through many tensors: a picture in all lowest bits, a program in reversed order, one that fills everything."""
    flat = patterns("F32", model_size(), seed=4)
    listed, backwards = list(range(8)), list(range(7, -1, -1))
    picture = png(36)
    read_out(pairs, model_of(flat, listed), model_of(written(flat, picture, 0), listed), "a picture through all parameters", picture, kind="png")
    words = np.frombuffer(ELF[:len(ELF) // 2 * 2], "<u2").astype(np.uint32)[:model_size()]
    half = flat.copy()
    half[:len(words)] = (half[:len(words)] & ~np.uint32(0xFFFF)) | words
    read_out(pairs, model_of(flat, backwards), model_of(half, backwards), "half substitution, keys reversed", ELF[:len(words) * 2], kind="elf")
    filled = (ELF * 9)[:model_size() * 4 // 8]
    report, _ = pairs.diff(model_of(flat, listed), model_of(written(flat, filled, 0, bits=4), listed))
    checks.that(report["payloads"] and report["payloads"][0]["kind"] == "elf", "four bits of everything, filled")


def main():
    with tempfile.TemporaryDirectory() as folder:
        pairs = Pairs(folder)
        for check in (check_headers, check_bytes, check_models):
            check(pairs)
    checks.finish()


if __name__ == "__main__":
    main()
