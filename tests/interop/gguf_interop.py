# SPDX-License-Identifier: Apache-2.0
"""GGUF files of random blocks, in both byte orders: what upinspect says of their values against numpy's own decoding.

The decoders here are written from the descriptions of the blocks, on whole arrays at a time, and share nothing with
the ones under test. Products are float32 as in ggml; sums are float64.

    UPINSPECT=build/dev/upinspect python3 tests/interop/gguf_interop.py [TYPE...]
"""

import json
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import Checks, need, run  # noqa: E402

np = need("numpy")
checks = Checks()
CLOSE = 1e-6
F16, F32 = np.dtype("<f2"), np.dtype("<f4")
BLOCKS = 40


# --- Blocks: one row of `raw` is one block ---------------------------------------------------------------------------


def nibbles(packed):
    """Low halves of all bytes, then the high halves: 16 bytes are 32 values."""
    return np.concatenate([packed & 15, packed >> 4], axis=-1)


def number(raw, start, kind=F16):
    return np.ascontiguousarray(raw[:, start:start + kind.itemsize]).view(kind).astype(np.float32)


def signed(raw, start, stop):
    return raw[:, start:stop].view(np.int8).astype(np.float32)


def high_bits(raw, start):
    """Bit j of a little-endian u32 as a fifth bit for value j."""
    return np.unpackbits(raw[:, start:start + 4], axis=1, bitorder="little").astype(np.int32) << 4


def q4_0(raw):
    return (nibbles(raw[:, 2:18]).astype(np.float32) - 8) * number(raw, 0)


def q4_1(raw):
    return nibbles(raw[:, 4:20]).astype(np.float32) * number(raw, 0) + number(raw, 2)


def q5_0(raw):
    return ((nibbles(raw[:, 6:22]) | high_bits(raw, 2)).astype(np.float32) - 16) * number(raw, 0)


def q5_1(raw):
    return (nibbles(raw[:, 8:24]) | high_bits(raw, 4)).astype(np.float32) * number(raw, 0) + number(raw, 2)


def q8_0(raw):
    return signed(raw, 2, 34) * number(raw, 0)


def q8_1(raw):
    return signed(raw, 4, 36) * number(raw, 0)


def two_bits(packed):
    """32 bytes hold four runs of 32 values, the first in the lowest two bits."""
    runs = packed.reshape(len(packed), -1, 1, 32) >> np.array([0, 2, 4, 6], np.uint8).reshape(1, 1, 4, 1) & 3
    return runs.reshape(len(packed), -1)


def q2_k(raw):
    scales = number(raw, 80) * (raw[:, :16] & 15).astype(np.float32)
    minima = number(raw, 82) * (raw[:, :16] >> 4).astype(np.float32)
    values = two_bits(raw[:, 16:80]).reshape(-1, 16, 16).astype(np.float32)
    return (scales[:, :, None] * values - minima[:, :, None]).reshape(len(raw), 256)


def q3_k(raw):
    packed = raw[:, 96:108]
    low = np.concatenate([packed[:, :8] & 15, packed[:, :8] >> 4], axis=1)
    top = (packed[:, None, 8:12] >> np.array([0, 2, 4, 6], np.uint8).reshape(1, 4, 1) & 3).reshape(len(raw), 16)
    scales = number(raw, 108) * ((low | top << 4).astype(np.float32) - 32)
    third = np.unpackbits(raw[:, :32, None], axis=2, bitorder="little").transpose(0, 2, 1).reshape(len(raw), 256)
    values = two_bits(raw[:, 32:96]).astype(np.float32) - 4 * (1 - third.astype(np.float32))
    return (scales[:, :, None] * values.reshape(-1, 16, 16)).reshape(len(raw), 256)


def packed_scales(raw):
    """(scales, minima), each 8 of 6 bits, from the 12 bytes at 4."""
    first, second, rest = raw[:, 4:8], raw[:, 8:12], raw[:, 12:16]
    scales = np.concatenate([first & 63, rest & 15 | first >> 6 << 4], axis=1)
    minima = np.concatenate([second & 63, rest >> 4 | second >> 6 << 4], axis=1)
    return number(raw, 0) * scales.astype(np.float32), number(raw, 2) * minima.astype(np.float32)


def halves(packed):
    """32 bytes hold 32 values in their low halves and the next 32 in their high halves."""
    rows = packed.reshape(len(packed), -1, 32)
    return np.stack([rows & 15, rows >> 4], axis=2).reshape(len(packed), -1, 32)


def q4_k(raw):
    scales, minima = packed_scales(raw)
    return (scales[:, :, None] * halves(raw[:, 16:144]).astype(np.float32) - minima[:, :, None]).reshape(len(raw), 256)


def q5_k(raw):
    scales, minima = packed_scales(raw)
    fifth = np.unpackbits(raw[:, 16:48, None], axis=2, bitorder="little").transpose(0, 2, 1)
    values = (halves(raw[:, 48:176]) + 16 * fifth).astype(np.float32)
    return (scales[:, :, None] * values - minima[:, :, None]).reshape(len(raw), 256)


def q6_k(raw):
    low = raw[:, :128].reshape(-1, 2, 1, 64)
    low = np.concatenate([low & 15, low >> 4], axis=2).reshape(len(raw), 256)
    values = (low | two_bits(raw[:, 128:192]) << 4).astype(np.float32) - 32
    scales = number(raw, 208) * signed(raw, 192, 208)
    return (scales[:, :, None] * values.reshape(-1, 16, 16)).reshape(len(raw), 256)


def q8_k(raw):
    return number(raw, 0, F32) * signed(raw, 4, 260)


IQ4 = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.float32)


def iq4_nl(raw):
    return number(raw, 0) * IQ4[nibbles(raw[:, 2:18])]


def iq4_xs(raw):
    low = np.stack([raw[:, 4:8] & 15, raw[:, 4:8] >> 4], axis=2).reshape(len(raw), 8)
    top = (raw[:, 2:4, None] >> np.array([0, 2, 4, 6], np.uint8) & 3).reshape(len(raw), 8)
    scales = number(raw, 0) * ((low | top << 4).astype(np.float32) - 32)
    values = IQ4[nibbles(raw[:, 8:136].reshape(-1, 8, 16))]
    return (scales[:, :, None] * values).reshape(len(raw), 256)


def tq1_0(raw):
    def digits(packed, count):
        """Base-3 digits of a byte read as a fraction: the next digit is what runs over when it is multiplied by 3."""
        found = []
        rest = packed.astype(np.uint16)
        for _ in range(count):
            found.append(rest * 3 >> 8)
            rest = rest * 3 & 255
        return np.stack(found, axis=1).reshape(len(packed), -1)
    values = np.concatenate([digits(raw[:, :32], 5), digits(raw[:, 32:48], 5), digits(raw[:, 48:52], 4)], axis=1)
    return (values.astype(np.float32) - 1) * number(raw, 52)


def tq2_0(raw):
    return (two_bits(raw[:, :64]).astype(np.float32) - 1) * number(raw, 64)


def mxfp4(raw):
    magnitudes = np.array([0, .5, 1, 1.5, 2, 3, 4, 6], np.float32)
    table = np.concatenate([magnitudes, -magnitudes])
    return table[nibbles(raw[:, 1:17])] * np.ldexp(np.float32(1), raw[:, :1].astype(np.int32) - 127)


# name: (number, decoder or None, bytes of a block, values of a block, [(offset, numpy type) of its numbers])
QUANTISED = {
    "q4_0": (2, q4_0, 18, 32, [(0, "f2")]),
    "q4_1": (3, q4_1, 20, 32, [(0, "f2"), (2, "f2")]),
    "q5_0": (6, q5_0, 22, 32, [(0, "f2")]),
    "q5_1": (7, q5_1, 24, 32, [(0, "f2"), (2, "f2")]),
    "q8_0": (8, q8_0, 34, 32, [(0, "f2")]),
    "q8_1": (9, q8_1, 36, 32, [(0, "f2"), (2, "f2")]),
    "q2_k": (10, q2_k, 84, 256, [(80, "f2"), (82, "f2")]),
    "q3_k": (11, q3_k, 110, 256, [(108, "f2")]),
    "q4_k": (12, q4_k, 144, 256, [(0, "f2"), (2, "f2")]),
    "q5_k": (13, q5_k, 176, 256, [(0, "f2"), (2, "f2")]),
    "q6_k": (14, q6_k, 210, 256, [(208, "f2")]),
    "q8_k": (15, q8_k, 292, 256, [(0, "f4")] + [(260 + 2 * i, "i2") for i in range(16)]),
    "iq4_nl": (20, iq4_nl, 18, 32, [(0, "f2")]),
    "iq4_xs": (23, iq4_xs, 136, 256, [(0, "f2"), (2, "i2")]),
    "tq1_0": (34, tq1_0, 54, 256, [(52, "f2")]),
    "tq2_0": (35, tq2_0, 66, 256, [(64, "f2")]),
    "mxfp4": (39, mxfp4, 17, 32, []),
    # Only described: their values come from tables that are not decoded.
    "iq2_xxs": (16, None, 66, 256, [(2 * i, "i2") for i in range(33)]),
    "iq2_xs": (17, None, 74, 256, [(2 * i, "i2") for i in range(33)]),
    "iq3_xxs": (18, None, 98, 256, [(0, "f2")]),
    "iq1_s": (19, None, 50, 256, [(0, "f2")] + [(34 + 2 * i, "i2") for i in range(8)]),
    "iq3_s": (21, None, 110, 256, [(0, "f2")]),
    "iq2_s": (22, None, 82, 256, [(0, "f2")]),
    "iq1_m": (29, None, 56, 256, []),
}
PLAIN = {"f32": (0, "f4"), "f16": (1, "f2"), "i8": (24, "i1"), "i16": (25, "i2"), "i32": (26, "i4"), "i64": (27, "i8"),
         "f64": (28, "f8")}
BF16 = 30


# --- Files -----------------------------------------------------------------------------------------------------------


def gguf(order, tensors, architecture="llama", alpha=16.0, counts=()):
    """(name, number, ne, data) of each tensor, in a version 3 file of byte order "<" or ">"; `counts` are more entries, u32."""
    def text(content):
        return struct.pack(order + "Q", len(content)) + content.encode()
    pairs = [text("general.type") + struct.pack(order + "i", 8) + text("adapter"),
             *([text("general.architecture") + struct.pack(order + "i", 8) + text(architecture)] if architecture else []),
             text("adapter.type") + struct.pack(order + "i", 8) + text("lora"),
             text("adapter.lora.alpha") + struct.pack(order + "if", 6, alpha),
             *(text(key) + struct.pack(order + "iI", 4, number) for key, number in counts)]
    head = b"GGUF" + struct.pack(order + "Iqq", 3, len(tensors), len(pairs)) + b"".join(pairs)
    body = b""
    for name, kind, ne, data in tensors:
        head += text(name) + struct.pack(order + "I%dqiQ" % len(ne), len(ne), *ne, kind, len(body))
        body += data + bytes(-len(data) % 32)
    return head + bytes(-len(head) % 32) + body


def swapped(raw, fields):
    """The blocks with each of their numbers turned round."""
    turned = raw.copy()
    for offset, kind in fields:
        width = np.dtype(kind).itemsize
        turned[:, offset:offset + width] = turned[:, offset:offset + width][:, ::-1]
    return turned


def random_blocks(rng, size, fields, wild):
    """Random bytes; unless `wild`, the scales are numbers of a sensible size."""
    raw = rng.randint(0, 256, (BLOCKS, size), dtype=np.uint8)
    for offset, kind in fields if not wild else []:
        if kind != "i2":
            scale = (rng.standard_normal((BLOCKS, 1)) * 0.02).astype("<" + kind)
            raw[:, offset:offset + scale.itemsize] = scale.view(np.uint8)
    if size == 17 and not wild:
        raw[:, 0] = rng.randint(100, 140, BLOCKS)
    return raw


# --- Comparison ------------------------------------------------------------------------------------------------------


def close(got, wanted, scale, label):
    checks.that(got is not None and abs(got - wanted) <= CLOSE * max(abs(wanted), scale), f"{label}: got {got}, wanted {wanted}")


def compare(stats, values, label):
    values = values.ravel()
    if values.dtype.kind == "f":
        finite = values[np.isfinite(values)].astype(np.float64)
        checks.equal(stats["nans"], int(np.isnan(values).sum()), f"{label} nans")
        checks.equal(stats["infs"], int(np.isinf(values).sum()), f"{label} infs")
    else:
        finite = values.astype(np.float64)
    checks.equal(stats["zeros"], int((values == 0).sum()), f"{label} zeros")
    if not finite.size:
        checks.equal(stats["mean"], None, f"{label} mean")
        return
    spread = np.abs(finite).max()
    unit = spread if spread > 0 else 1.0
    close(stats["min"], finite.min(), 0, f"{label} min")
    close(stats["max"], finite.max(), 0, f"{label} max")
    close(stats["mean"] / unit, (finite / unit).mean(), np.abs(finite / unit).mean(), f"{label} mean")
    close(stats["std"] / unit, (finite / unit).std(), 0, f"{label} std")
    close(stats["l2"] / unit, np.sqrt(((finite / unit) ** 2).sum()), 0, f"{label} l2")


def inspect(folder, name, content):
    path = Path(folder) / name
    path.write_bytes(content)
    result = run("file", "--format", "json", path)
    if not checks.equal(result.returncode, 0, f"{name}: exit code ({result.stderr.decode(errors='replace')})"):
        return None
    return json.loads(result.stdout)["artifacts"][0]


def check_file(folder, label, kind, ne, little, big, values):
    """One tensor in a file of each byte order; both must give its shape, its numbers and one digest."""
    digests = []
    for order, data in (("<", little), (">", big)):
        name = f"{label}{'' if order == '<' else '-big'}"
        artifact = inspect(folder, name + ".gguf", gguf(order, [("blk.0.attn_q.weight", kind, ne, data)]))
        if artifact is None:
            continue
        errors = [finding["message"] for finding in artifact["findings"] if finding["severity"] == "error"]
        checks.equal(errors, [], f"{name}: errors")
        tensor = artifact["tensors"][0]
        checks.equal(tensor["dtype"], label.split("-")[0], f"{name}: dtype")
        checks.equal(tensor["shape"], list(reversed(ne)), f"{name}: shape")
        checks.equal(tensor["bytes"], len(data), f"{name}: bytes")
        digests.append(tensor["digests"]["xxh3_128"])
        if values is None:
            checks.that(tensor.get("stats") is None, f"{name}: statistics of what is not decoded")
        elif checks.that(tensor.get("stats") is not None, f"{name}: no statistics"):
            compare(tensor["stats"], values, name)
    checks.that(len(set(digests)) == 1 and len(digests) == 2, f"{label}: digests differ by byte order: {digests}")


def check_quantised(folder, label, wild):
    kind, decode, size, elements, fields = QUANTISED[label]
    raw = random_blocks(np.random.RandomState(kind + wild), size, fields, wild)
    with np.errstate(all="ignore"):
        values = decode(raw) if decode else None
    suffix = "-wild" if wild else ""
    check_file(folder, label + suffix, kind, [elements * 4, BLOCKS // 4], raw.tobytes(), swapped(raw, fields).tobytes(), values)


def check_plain(folder, label):
    kind, letters = PLAIN[label]
    rng = np.random.RandomState(kind)
    values = rng.standard_normal((5, 24)) * (0.02 if letters[0] == "f" else 60)
    values[2, 3] = 0
    values = values.astype("<" + letters)
    check_file(folder, label, kind, [24, 5], values.tobytes(), values.astype(">" + letters).tobytes(), values)


def check_bf16(folder):
    bits = (np.random.RandomState(BF16).standard_normal((5, 24)).astype("<f4").view("<u4") >> 16).astype("<u2")
    values = (bits.astype("<u4") << 16).view("<f4")
    check_file(folder, "bf16", BF16, [24, 5], bits.tobytes(), bits.byteswap().tobytes(), values)


def main():
    wanted = sys.argv[1:] or [*QUANTISED, *PLAIN, "bf16"]
    with tempfile.TemporaryDirectory() as folder:
        for label in wanted:
            if label in QUANTISED:
                check_quantised(folder, label, False)
                check_quantised(folder, label, True)
            elif label in PLAIN:
                check_plain(folder, label)
            else:
                check_bf16(folder)
    checks.finish()


if __name__ == "__main__":
    main()
