# SPDX-License-Identifier: Apache-2.0
"""Adapters written and read by numpy alone: a safetensors reader and writer of its own, and the families' spellings."""

import hashlib
import json
import re
import struct
from pathlib import Path

import numpy as np

NUMPY = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1", "U64": "<u8",
         "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1", "C64": "<c8", "F8_E4M3": "|u1", "F8_E5M2": "|u1"}
ORDER = ("BOOL F4 F6_E2M3 F6_E3M2 U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ I16 U16 F16 BF16 I32 U32 F32 C64 F64 I64 "
         "U64").split()
CONTRACT = {"F64": "f64", "F32": "f32", "F16": "f16", "BF16": "bf16", "I64": "i64", "I32": "i32", "I16": "i16", "I8": "i8",
            "U64": "u64", "U32": "u32", "U16": "u16", "U8": "u8", "BOOL": "bool", "C64": "c64"}


def write_safetensors(path, tensors, metadata=None):
    """`tensors` maps names to arrays, or to (dtype name, array) where numpy lacks the dtype."""
    header, data = ({"__metadata__": metadata} if metadata is not None else {}), b""
    for name, tensor in tensors.items():
        dtype, array = tensor if isinstance(tensor, tuple) else (None, tensor)
        array = np.asarray(array)
        dtype = dtype or next(known for known, descr in NUMPY.items() if np.dtype(descr) == array.dtype)
        raw = array.astype(NUMPY[dtype]).tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)
    return Path(path)


class Safetensors:
    """A file read by the rules of the reference; a broken rule is an AssertionError."""

    def __init__(self, path):
        raw = Path(path).read_bytes()
        length = struct.unpack("<Q", raw[:8])[0]
        text = raw[8:8 + length]
        assert length % 8 == 0, "the data are aligned to 8"
        assert text.startswith(b"{") and re.fullmatch(rb"\{.*\} {0,7}", text, re.S), "the header is one object and at most 7 spaces"
        header = json.loads(text, object_pairs_hook=self.unique)
        self.metadata = header.pop("__metadata__", None)
        if self.metadata is not None:
            assert list(header)[:0] == [] and text.startswith(b'{"__metadata__":'), "metadata come first"
            assert list(self.metadata) == sorted(self.metadata, key=lambda key: key.encode()), "metadata are sorted"
            assert all(isinstance(value, str) for value in self.metadata.values()), "metadata are text"
        assert b": " not in re.sub(rb'"(\\.|[^"\\])*"', b'""', text), "the header is compact"
        self.data = raw[8 + length:]
        self.names = list(header)
        self.dtypes, self.arrays, end = {}, {}, 0
        for name, entry in header.items():
            begin, stop = entry["data_offsets"]
            assert begin == end, "tensors lie one after another in the header's order"
            end = stop
            self.dtypes[name] = entry["dtype"]
            self.arrays[name] = np.frombuffer(self.data[begin:stop], NUMPY[entry["dtype"]]).reshape(entry["shape"])
        assert end == len(self.data), "nothing lies behind the tensors"

    @staticmethod
    def unique(pairs):
        assert len(dict(pairs)) == len(pairs), "no key stands twice"
        return dict(pairs)

    def in_reference_order(self):
        return self.names == sorted(self.names, key=lambda name: (-ORDER.index(self.dtypes[name]), name.encode()))

    def content(self):
        return content({name: (CONTRACT[self.dtypes[name]], array) for name, array in self.arrays.items()})

    def __getitem__(self, name):
        return self.arrays[name]


def content(tensors):
    """The content digest of docs/digests.md."""
    lines = []
    for name in sorted(tensors, key=lambda n: n.encode()):
        dtype, array = tensors[name]
        shape = "x".join(map(str, array.shape)) or "scalar"
        lines.append(f"{hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()} {dtype} {shape} {json.dumps(name)}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def peft_scale(config, path):
    """(rank, scale) as PEFT reads them for the module at `path`: get_pattern_key, then LoraLayer.update_layer."""
    def pattern(name):
        for key, value in config.get(name, {}).items():
            if re.match(rf"(.*\.)?({key})$", path):
                return value
        return None
    rank = pattern("rank_pattern") or config["r"]
    alpha = pattern("alpha_pattern")
    alpha = config["lora_alpha"] if alpha is None else alpha
    return rank, alpha / (np.sqrt(rank) if config.get("use_rslora") else rank)


class Random:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def __call__(self, *shape, dtype=np.float32):
        return self.random.standard_normal(shape).astype(dtype)
