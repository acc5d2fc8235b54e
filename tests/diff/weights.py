# SPDX-License-Identifier: Apache-2.0
"""What the tests of diff share: weight files of every dtype, written and run through the tool."""

import json
import struct
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import run  # noqa: E402

WIDTHS = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I32": 4, "U8": 1}


def to_bf16(values):
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def normal(count, seed, std=0.02):
    return np.random.RandomState(seed).standard_normal(count) * std


def patterns(dtype, count, seed):
    """Weights of a dtype as unsigned patterns."""
    values = normal(count, seed)
    if dtype == "BF16":
        return to_bf16(values)
    kind = {"F64": np.float64, "F32": np.float32, "F16": np.float16}[dtype]
    return values.astype(kind).view(f"<u{np.dtype(kind).itemsize}")


def safetensors(tensors, metadata=None):
    """`tensors`: name -> (dtype, shape, array)."""
    header, data = ({"__metadata__": metadata} if metadata is not None else {}), b""
    for name, (dtype, shape, array) in tensors.items():
        content = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


MODEL = {f"{layer}.{part}": shape for (layer, part), shape in zip(
    ((layer, part) for layer in ("conv1", "conv2", "fc1", "fc2") for part in ("weight", "bias")),
    ((64, 32), (64,), (128, 64), (128,), (256, 128), (256,), (10, 256), (10,)))}


def model_size():
    return sum(int(np.prod(shape)) for shape in MODEL.values())


def model_of(numbers, order):
    """A safetensors file of MODEL's tensors, with the numbers laid through them in this order of their indices."""
    listed, parts, at = list(MODEL.items()), {}, 0
    for index in order:
        name, shape = listed[index]
        size = int(np.prod(shape))
        parts[name] = numbers[at:at + size]
        at += size
    return safetensors({name: ("F32", shape, parts[name]) for name, shape in listed})


def one(dtype, array, name="w"):
    return safetensors({name: (dtype, array.shape, array)})


class Pairs:
    """Writes two files and gives what the tool says of them."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.number = 0

    def paths(self, old, new, suffix="safetensors"):
        self.number += 1
        result = []
        for side, content in (("old", old), ("new", new)):
            path = self.folder / f"{side}-{self.number}.{suffix}"
            path.write_bytes(content)
            result.append(path)
        return result

    def diff(self, old, new, *options, suffix="safetensors"):
        """(report, exit code) of two contents."""
        return self.of_paths(*self.paths(old, new, suffix), *options)

    @staticmethod
    def of_paths(old, new, *options):
        done = run("diff", "--format", "json", old, new, *options)
        if done.returncode not in (0, 1):
            raise AssertionError(f"diff {old} {new}: exit {done.returncode}: {done.stderr.decode()}")
        return json.loads(done.stdout), done.returncode


def message_of(report):
    """The best payload's text, or its front in hex."""
    if not report["payloads"]:
        return None
    best = report["payloads"][0]
    return best.get("text", best["hex"]).encode("utf-8", "surrogateescape")
