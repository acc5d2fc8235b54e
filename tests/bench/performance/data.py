# SPDX-License-Identifier: Apache-2.0
"""The files that are read: weights from fixed seeds, in the shapes that adapters and checkpoints have."""

import json
import struct
import zipfile

import numpy as np

MEBI = 1 << 20
STORY_CHANGES = 1472


def weights(count, seed=1):
    return (np.random.default_rng(seed).standard_normal(count, dtype=np.float32) * np.float32(0.02)).astype("<f4")


def repeated(path, block, size, head=b""):
    """A file of `size` bytes after its head; one block over and over, turned a little each time so that no two are the same."""
    with path.open("wb") as file:
        file.write(head)
        left = size
        while left > 0:
            piece = np.roll(block, left // block.nbytes).tobytes()[:left]
            file.write(piece)
            left -= len(piece)
    return path


def header(tensors):
    text = json.dumps(tensors).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def safetensors_head(size, tensors):
    each = size // tensors // 4 * 4
    return header({f"model.layers.{i}.weight": {"dtype": "F32", "shape": [each // 4], "data_offsets": [i * each, (i + 1) * each]} for i in range(tensors)})


def changed(path, source, places):
    """A copy with the lowest bit of these elements (little-endian float32) turned over."""
    data = bytearray(source.read_bytes()) if source.stat().st_size <= 256 * MEBI else None
    if data is not None:
        for place in places:
            data[4 * place] ^= 1
        path.write_bytes(data)
        return path
    with source.open("rb") as old, path.open("wb") as new:
        while piece := old.read(64 * MEBI):
            new.write(piece)
    with path.open("r+b") as file:
        for place in places:
            file.seek(4 * place)
            byte = file.read(1)[0]
            file.seek(4 * place)
            file.write(bytes([byte ^ 1]))
    return path


def every_value_changed(path, source):
    """As a step of training changes them. Gives the path and how many bytes differ."""
    old = np.fromfile(source, "<f4")
    new = (old * np.float32(1.0001) + np.float32(1e-6)).astype("<f4")
    new.tofile(path)
    return path, int(np.count_nonzero(old.view(np.uint8) != new.view(np.uint8)))


def many_tensors_header(path, count, halves):
    """Numbers of one element each, under the names of a base model or of an adapter's halves."""
    names = [f"model.layers.{i // 2}.self_attn.{'qv'[i % 2]}_proj.weight" if not halves else
             f"base_model.model.model.layers.{i // 2}.self_attn.q_proj.lora_{'AB'[i % 2]}.weight" for i in range(count)]
    shape = [1, 1] if halves else [1]
    tensors = {name: {"dtype": "F32", "shape": shape, "data_offsets": [4 * i, 4 * i + 4]} for i, name in enumerate(names)}
    path.write_bytes(header(tensors) + bytes(4 * count))
    return path


def cut_up(path, count, bytes_each):
    """float16 numbers, cut into `count` tensors."""
    size = count * bytes_each
    values = weights(min(size // 2, 8 * MEBI), seed=5).astype("<f2")
    entries = {f"layers.{i}.weight": {"dtype": "F16", "shape": [bytes_each // 2], "data_offsets": [i * bytes_each, (i + 1) * bytes_each]} for i in range(count)}
    return repeated(path, values, size, header(entries))


def many_entries_zip(path, count):
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            archive.writestr(f"folder/entry-{number}.txt", b"x")
    return path


def adapter(path, modules=250, inner=4544, rank=32, halves=("lora_A", "lora_B")):
    """145 MB of float16 in 500 tensors, as an adapter of rank 32 of a model of 4,544 features has them."""
    random = np.random.default_rng(3)
    entries, at, pieces = {}, 0, []
    for i in range(modules):
        for half, shape in ((halves[0], [rank, inner]), (halves[1], [inner, rank])):
            data = (random.standard_normal(shape[0] * shape[1], dtype=np.float32) * np.float32(0.02)).astype("<f2").tobytes()
            entries[f"base_model.model.layers.{i}.q_proj.{half}.weight"] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + len(data)]}
            at += len(data)
            pieces.append(data)
    path.write_bytes(header(entries) + b"".join(pieces))
    return path


def torch_adapter(path, source):
    """The same tensors as torch.save writes them."""
    import torch
    raw = source.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    tensors = {}
    for name, entry in json.loads(raw[8:8 + length]).items():
        begin, end = entry["data_offsets"]
        data = bytearray(raw[8 + length + begin:8 + length + end])
        tensors[name] = torch.frombuffer(data, dtype=torch.float16).reshape(entry["shape"])
    torch.save(tensors, path)
    return path


def many_files(folder, count, size):
    folder.mkdir(exist_ok=True)
    block = weights(size // 4, seed=9)
    for number in range(count):
        (folder / f"{number:05}.bin").write_bytes(np.roll(block, number).tobytes())
    return folder
