# SPDX-License-Identifier: Apache-2.0
"""Makers of what is named and not read: what people find in place of the weights they wanted."""

import bz2
import gzip
import io
import json
import lzma
import struct
import tarfile
import zipfile
import zlib

import numpy as np

from make_common import EPOCH, simple, weights


def zip_of(entries):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
    return stream.getvalue()


def tar_of(entries):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in entries.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    content = stream.getvalue()
    return content[:len(content.rstrip(b"\0")) // 512 * 512 + 1536]  # the last member and two empty blocks; the rest fills a tape record


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


NOTE = b"A note that somebody left beside the weights.\n"


simple("git-lfs-pointer/up-param.bin", "by hand", "what a clone without git-lfs leaves in place of the file",
       b"version https://git-lfs.github.com/spec/v1\n"
       b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 134217728\n")
simple("html/error.safetensors", "by hand", "an error page saved as weights",
       b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>\n")
simple("json/values.json", "json", "JSON that is no configuration of an adapter", b'{"steps": [1, 2, 3], "loss": 0.125}\n')
simple("adapter-config/adapter_config.json", "json", "the configuration beside a PEFT adapter",
       json.dumps({"peft_type": "LORA", "base_model_name_or_path": "gpt2", "r": 4, "lora_alpha": 8,
                   "target_modules": ["c_attn"], "bias": "none", "task_type": "CAUSAL_LM"}, indent=2).encode() + b"\n")
simple("safetensors-index/model.safetensors.index.json", "json", "the index of a sharded model, its shards missing",
       json.dumps({"metadata": {"total_size": 128}, "weight_map": {"a": "model-00001-of-00002.safetensors",
                                                                  "b": "model-00002-of-00002.safetensors"}}).encode() + b"\n")
simple("torch-index/pytorch_model.bin.index.json", "json", "the index of a sharded PyTorch model, its shard missing",
       json.dumps({"metadata": {"total_size": 64}, "weight_map": {"a": "pytorch_model-00001-of-00001.bin"}}).encode() + b"\n")
simple("text/notes.txt", "by hand", "plain text", NOTE * 3)
simple("empty/empty.bin", "by hand", "no bytes at all", b"")
simple("gzip/weights.bin.gz", "gzip", "weights that were compressed by hand", gzip.compress(weights(8, 8, seed=50).tobytes(), mtime=0))
simple("xz/weights.bin.xz", "lzma", "compressed", lzma.compress(NOTE))
simple("bzip2/weights.bin.bz2", "bz2", "compressed", bz2.compress(NOTE))
simple("zstd/weights.bin.zst", "by hand", "one frame with one raw block",
       b"\x28\xb5\x2f\xfd\x20" + bytes([len(NOTE)]) + struct.pack("<I", len(NOTE) << 3 | 1)[:3] + NOTE)
simple("seven-zip/weights.7z", "by hand", "an empty archive: its signature header alone",
       b"7z\xbc\xaf\x27\x1c\0\x04" + struct.pack("<I", zlib.crc32(bytes(20))) + bytes(20))
simple("rar/weights.rar", "by hand", "an empty archive: marker and end block", b"Rar!\x1a\x07\x00\xc4\x3d\x7b\x00\x40\x07\x00")
simple("tar/weights.tar", "tarfile", "an archive without weights", tar_of({"notes.txt": NOTE}))
simple("zip/weights.zip", "zipfile", "an archive without weights", zip_of({"notes.txt": NOTE}))
simple("hdf5/weights.h5", "by hand", "the superblock (version 0) of an empty file",
       b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<HHI", 4, 16, 0)
       + struct.pack("<QQQQ", 0, 2**64 - 1, 96, 2**64 - 1) + struct.pack("<QQII16x", 0, 96, 0, 0))
simple("onnx/model.onnx", "by hand", "the first fields of a model: version, producer, an empty graph, an operator set",
       b"\x08\x08\x12\x07pytorch\x1a\x061.13.1\x3a\x07\x12\x05graph\x42\x04\x0a\x00\x10\x11")
simple("ggla/adapter.bin", "by hand", "the LoRA format of llama.cpp before GGUF: rank 2, alpha 4, one tensor",
       (lambda head: head + bytes(-len(head) % 32) + weights(2, 4, seed=51).tobytes())(
           b"algg" + struct.pack("<iii", 1, 2, 4) + struct.pack("<iiiii", 2, 11, 0, 4, 2) + b"layer.loraA"))
simple("ggml/model.bin", "by hand", "the header of a ggml model before GGUF", b"lmgg" + struct.pack("<7i", 32000, 64, 256, 4, 2, 16, 0))
simple("elf/program", "by hand", "the header of an executable",
       b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 0, 0, 64, 56, 0, 64, 0, 0))
simple("pe/program.exe", "by hand", "the headers of a Windows program",
       b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 0, 0, 0, 0, 0, 0x22))
simple("pdf/paper.pdf", "by hand", "a document", b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n")
simple("png/preview.png", "by hand", "a picture of one pixel",
       b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
       + png_chunk(b"IDAT", zlib.compress(b"\0\0")) + png_chunk(b"IEND", b""))
simple("unknown/noise.bin", "RandomState.bytes", "bytes that are nothing", np.random.RandomState(60).bytes(1021))
