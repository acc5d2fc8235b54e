# SPDX-License-Identifier: Apache-2.0
"""Honest weights of every kind that steganalysis meets (C1 to C10), as safetensors tensors: name -> (dtype, shape, patterns)."""

import json
import struct

import numpy as np

from diff.weights import safetensors, to_bf16

UNSIGNED = {"F32": "<u4", "F16": "<u2", "BF16": "<u2", "F64": "<u8"}


def as_patterns(dtype, values):
    """Numbers as the unsigned patterns in which the type stores them."""
    if dtype == "BF16":
        return to_bf16(values).ravel()
    kind = {"F32": np.float32, "F16": np.float16, "F64": np.float64}[dtype]
    return np.ascontiguousarray(values, kind).ravel().view(UNSIGNED[dtype])


def trained(random, shape, is_up):
    """Trained halves: the spread differs from row to row, as ranks and channels do."""
    rows = np.exp(random.standard_normal((shape[0], 1)) * 0.3) if len(shape) > 1 else 1.0
    return random.standard_normal(shape) * rows * (0.02 if is_up else 0.05)


def lattice(random, shape):
    """torch's kaiming_uniform_: 24 random bits times a bound."""
    return (random.randint(0, 1 << 24, shape).astype(np.float32) / np.float32(1 << 24) * np.float32(0.5) - np.float32(0.25)).astype(np.float32)


def untrained(random, shape, is_up):
    return np.zeros(shape) if is_up else lattice(random, shape)


def little_trained(random, shape, is_up):
    """A few steps of Adam over an initialisation."""
    return trained(random, shape, True) * 0.01 if is_up else lattice(random, shape) + (random.standard_normal(shape) * 1e-3).astype(np.float32)


def widened_from_f16(random, shape, is_up):
    return trained(random, shape, is_up).astype(np.float16).astype(np.float32)


def from_bf16(patterns, shape):
    return (patterns.astype(np.uint32) << 16).view(np.float32).reshape(shape)


def widened_from_bf16(random, shape, is_up):
    return from_bf16(to_bf16(trained(random, shape, is_up)), shape)


def trained_in_bf16(random, shape, is_up, steps=12):
    values = from_bf16(to_bf16(trained(random, shape, is_up)), shape)
    for _ in range(steps):
        values = from_bf16(to_bf16(values - (random.standard_normal(shape) * 1e-3).astype(np.float32)), shape)
    return values


def clamped(random, shape, is_up):
    """What an SVD gives, clamped to a quantile as the extraction scripts do."""
    values = random.standard_normal(shape) * 0.1
    edge = np.quantile(np.abs(values), 0.99)
    return np.clip(values, -edge, edge)


def quantised(levels):
    def make(random, shape, is_up):
        values = trained(random, shape, is_up)
        scale = (np.abs(values).max(axis=-1, keepdims=True) / levels).astype(np.float32)
        return (np.round(values / scale) * scale).astype(np.float32)
    return make


def pruned(random, shape, is_up):
    values = trained(random, shape, is_up)
    values[np.abs(values) < np.median(np.abs(values))] = 0
    return values


def uniform(random, shape, is_up):
    return random.uniform(-0.1, 0.1, shape)


KINDS = {
    "C1 trained f32": ("F32", trained), "C2 untrained": ("F32", untrained), "C2 little trained": ("F32", little_trained),
    "C3 from f16": ("F32", widened_from_f16), "C3 from bf16": ("F32", widened_from_bf16), "C4 bf16": ("BF16", trained), "C5 f16": ("F16", trained),
    "C6 network f32": ("F32", trained), "C7 trained in bf16": ("BF16", trained_in_bf16), "C8 clamped SVD": ("F32", clamped),
    "C9 from 8 bits": ("F32", quantised(127)), "C9 from 4 bits": ("F32", quantised(7)), "C10 pruned": ("F32", pruned),
    "uniform f32": ("F32", uniform), "f64": ("F64", trained),
}


def shapes(kind, elements):
    """Names and shapes of about so many numbers: halves of an adapter, or the layers of a network."""
    if kind.startswith("C6"):
        width = max(8, int((elements / 2.2) ** 0.5))
        return {"conv1.weight": (width, max(1, width // 5)), "conv1.bias": (width,), "fc1.weight": (width, width), "fc1.bias": (width,),
                "fc2.weight": (max(1, elements // width - width - width // 5 - 2), width)}
    rank, modules = (4, max(1, min(64, round(elements / 6144))))
    width = max(8, elements // (2 * rank * modules))
    return {f"base_model.model.h.{module}.attn.{half}.weight": (rank, width) if half == "lora_A" else (width, rank)
            for module in range(modules) for half in ("lora_A", "lora_B")}


def carrier(kind, elements, seed):
    dtype, make = KINDS[kind]
    random = np.random.RandomState(seed)
    return {name: (dtype, shape, as_patterns(dtype, make(random, shape, "lora_B" in name))) for name, shape in shapes(kind, elements).items()}


def flat(tensors):
    """All patterns one after the other, in the order of the file."""
    return np.concatenate([array for _, _, array in tensors.values()])


def filled(tensors, patterns):
    """The tensors with the flat patterns laid through them."""
    result, at = {}, 0
    for name, (dtype, shape, array) in tensors.items():
        result[name] = (dtype, shape, patterns[at:at + len(array)])
        at += len(array)
    return result


def read_safetensors(path):
    """A real file's tensors of floating types, in the order of their bytes."""
    content = path.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        if entry["dtype"] in UNSIGNED:
            tensors[name] = (entry["dtype"], tuple(entry["shape"]), np.frombuffer(content[8 + size + begin:8 + size + end], UNSIGNED[entry["dtype"]]))
    return tensors


def content_of(tensors):
    return safetensors(tensors)
