# SPDX-License-Identifier: Apache-2.0
"""Makers of weight files that upinspect reads, where no torch is needed: safetensors, numpy, GGUF, bare numbers."""

import io
import json
import struct

import numpy as np

from make_common import sample, to_bf16, weights


# --- safetensors, by hand from its README --------------------------------------------------------------------------


def safetensors(tensors, metadata=None, tail=b"", pad=8):
    """`tensors`: name -> (dtype, shape, bytes). Offsets follow the order given; the header is padded with spaces."""
    header, data = ({"__metadata__": metadata} if metadata is not None else {}), b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % pad)
    return struct.pack("<Q", len(text)) + text + data + tail


def f32(*shape, seed):
    return ("F32", shape, weights(*shape, seed=seed).tobytes())


def peft_tensors(seed=1):
    stem = "base_model.model.transformer.h.{}.attn.c_attn.lora_{}.weight"
    shapes = {"A": (4, 16), "B": (48, 4)}
    return {stem.format(layer, half): f32(*shapes[half], seed=seed + 2 * layer + (half == "B"))
            for layer in range(2) for half in "AB"}


@sample("safetensors/lora.safetensors", "by hand", "a whole PEFT adapter in small, with metadata: the plain case")
def _():
    return safetensors(peft_tensors(), {"format": "pt", "base_model": "gpt2"})


@sample("safetensors/dtypes.safetensors", "by hand", "one tensor of each element type that has a name in the format")
def _():
    numbers = weights(4, 6, seed=7, std=1.0)
    whole = np.arange(-12, 12, dtype=np.int64).reshape(4, 6)
    plain = {"F64": numbers.astype("<f8"), "F32": numbers, "F16": numbers.astype("<f2"), "BF16": to_bf16(numbers),
             "I64": whole, "I32": whole.astype("<i4"), "I16": whole.astype("<i2"), "I8": whole.astype("i1"),
             "U64": whole.astype("<u8"), "U32": whole.astype("<u4"), "U16": whole.astype("<u2"),
             "U8": whole.astype("u1"), "BOOL": (whole % 2 == 0), "C64": (numbers + 1j * numbers).astype("<c8"),
             "F8_E4M3": np.arange(24, dtype="u1") * 5, "F8_E5M2": np.arange(24, dtype="u1") * 9}
    return safetensors({name.lower(): (name, (4, 6), value.tobytes()) for name, value in plain.items()})


@sample("safetensors/special-values.safetensors", "by hand", "NaN, infinities, both zeros, subnormals and the largest numbers")
def _():
    values = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-40, 3.4028234e38, -3.4028234e38, 1.0]
    numbers = np.array(values, np.float32)
    halves = np.array([0x7E00, 0x7C00, 0xFC00, 0, 0x8000, 1, 0x83FF, 0x7BFF, 0xFBFF, 0x3C00], "<u2")
    return safetensors({"f32": ("F32", (10,), numbers.tobytes()), "f16": ("F16", (10,), halves.tobytes()),
                        "bf16": ("BF16", (2, 5), to_bf16(numbers).tobytes()),
                        "all_nan": ("F32", (3,), np.full(3, np.nan, np.float32).tobytes())})


@sample("safetensors/upcast.safetensors", "by hand", "f32 tensors that once were f16 and bf16: their low bits are all zero")
def _():
    numbers = weights(16, 16, seed=9)
    from_bf16 = (to_bf16(numbers).astype(np.uint32) << 16).astype("<u4")
    return safetensors({"from_f16": ("F32", (16, 16), numbers.astype(np.float16).astype(np.float32).tobytes()),
                        "from_bf16": ("F32", (16, 16), from_bf16.tobytes()),
                        "native": ("F32", (16, 16), numbers.tobytes())})


@sample("safetensors/empty-tensors.safetensors", "by hand", "tensors without elements beside a scalar")
def _():
    return safetensors({"none": ("F32", (0,), b""), "no_rows": ("F16", (0, 3), b""), "no_columns": ("I64", (3, 0), b""),
                        "scalar": ("F32", (), struct.pack("<f", 16.0))})


@sample("safetensors/no-tensors.safetensors", "by hand", "metadata and nothing else")
def _():
    return safetensors({}, {"note": "nothing was trained"})


@sample("safetensors/unicode-names.safetensors", "by hand", "names in several scripts, composed and decomposed, with quotes and dots")
def _():
    names = ["größe", "grösse", "gro\u0308ße", "重み", "вес", "\U0001f600", 'say "hi"', "a.b..c", "tab\there", "\u202egnitnioph"]
    return safetensors({name: ("U8", (1,), bytes([i])) for i, name in enumerate(names)}, {"ключ": "значение"})


@sample("safetensors/trailing-data.safetensors", "by hand", "text after the last tensor, which the reference reader refuses")
def _():
    return safetensors({"w": f32(4, 4, seed=3)}, tail=b"nothing reads these bytes\n" * 3)


@sample("safetensors/hole.safetensors", "by hand", "64 bytes between two tensors that no tensor claims")
def _():
    whole = safetensors({"a": f32(4, 4, seed=3), "hidden": ("U8", (64,), b"words in a hole " * 4), "b": f32(4, 4, seed=4)})
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8:8 + length])
    del header["hidden"]
    return whole[:8] + json.dumps(header).encode().ljust(length) + whole[8 + length:]


@sample("safetensors/truncated.safetensors", "by hand", "a download that stopped inside the second tensor")
def _():
    return safetensors({"a": f32(8, 8, seed=3), "b": f32(8, 8, seed=4)})[:-100]


@sample("safetensors/not-a-pickle.bin", "by hand", "safetensors under the extension of a PyTorch file")
def _():
    return safetensors({"w": f32(4, 4, seed=5)})


# --- numpy ---------------------------------------------------------------------------------------------------------


def npy(array, version=None, pickles=False):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asanyarray(array), version=version, allow_pickle=pickles)
    return stream.getvalue()


@sample("npy/v1-f32.npy", "numpy.save", "the plain case")
def _():
    return npy(weights(16, 8, seed=30), (1, 0))


@sample("npy/v2-f16.npy", "numpy.lib.format", "version 2, with a four-byte header length")
def _():
    return npy(weights(8, 8, seed=31).astype(np.float16), (2, 0))


@sample("npy/v3-structured.npy", "numpy.lib.format", "version 3: field names that latin-1 cannot hold")
def _():
    return npy(np.array([(1.5, 2), (2.5, 3)], dtype=[("größe", "<f4"), ("重み", "<i8")]), (3, 0))


@sample("npy/fortran-f64.npy", "numpy.save", "column-major data: digests are over row-major elements")
def _():
    return npy(np.asfortranarray(weights(5, 7, seed=32).astype(np.float64)))


@sample("npy/big-endian-f32.npy", "numpy.save", "big-endian data: digests are over little-endian elements")
def _():
    return npy(weights(6, 6, seed=33).astype(">f4"))


@sample("npy/structured.npy", "numpy.save", "a structured element type with a sub-array")
def _():
    return npy(np.zeros(3, dtype=[("id", "<u4"), ("box", "<f4", (2, 2))]))


@sample("npy/object.npy", "numpy.save", "an object array, which is a pickle behind the header: recognised and not run")
def _():
    return npy(np.array([1, "two", None], dtype=object), pickles=True)


@sample("npy/scalar.npy", "numpy.save", "no dimensions, one element")
def _():
    return npy(np.float32(16.0))


@sample("npy/empty.npy", "numpy.save", "three columns, no rows")
def _():
    return npy(np.empty((0, 3), np.int16))


@sample("npy/complex.npy", "numpy.save", "complex numbers")
def _():
    return npy((weights(4, 3, seed=34) + 1j * weights(4, 3, seed=35)).astype(np.complex64))


@sample("npy/truncated.npy", "numpy.save, then cut", "half of the elements are missing")
def _():
    return npy(weights(16, 8, seed=30))[:-256]


def npz_arrays():
    return {"lora_up": weights(32, 4, seed=36), "lora_down": weights(4, 16, seed=37).astype(np.float16), "alpha": np.float64(4.0)}


@sample("npz/stored.npz", "numpy.savez", "the plain case")
def _():
    stream = io.BytesIO()
    np.savez(stream, **npz_arrays())
    return stream.getvalue()


@sample("npz/deflated.npz", "numpy.savez_compressed", "the same arrays compressed: one content digest with stored.npz")
def _():
    stream = io.BytesIO()
    np.savez_compressed(stream, **npz_arrays())
    return stream.getvalue()


# --- Headerless numbers --------------------------------------------------------------------------------------------


@sample("raw/up-param.bin", "ndarray.tobytes", "512 x 16 float32 and no header: what a bare dump looks like")
def _():
    return weights(512, 16, seed=40).tobytes()


@sample("raw/half.bin", "ndarray.tobytes", "512 x 16 float16")
def _():
    return weights(512, 16, seed=41).astype("<f2").tobytes()


@sample("raw/bfloat16.bin", "by hand", "512 x 16 bfloat16")
def _():
    return to_bf16(weights(512, 16, seed=42)).astype("<u2").tobytes()


@sample("raw/double.bin", "ndarray.tobytes", "256 x 16 float64")
def _():
    return (np.random.RandomState(43).standard_normal((256, 16)) * 0.02).astype("<f8").tobytes()


@sample("raw/big-endian.bin", "ndarray.tobytes", "256 x 16 float32, big-endian")
def _():
    return weights(256, 16, seed=44).astype(">f4").tobytes()
