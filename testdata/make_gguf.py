# SPDX-License-Identifier: Apache-2.0
"""GGUF files, by hand from the specification of the format."""

import struct

import numpy as np
from make_common import sample, weights, to_bf16


GGML_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q5_1": 7, "q8_0": 8, "q2_k": 10, "q3_k": 11, "q4_k": 12, "q5_k": 13, "q6_k": 14,
              "iq2_xxs": 16, "i32": 26, "f64": 28, "bf16": 30, "mxfp4": 39}
# Of the quantised types: bytes of a block, values of a block, where the scales of 16 bits lie in it.
GGML_BLOCKS = {"q4_0": (18, 32, [0]), "q5_1": (24, 32, [0, 2]), "q8_0": (34, 32, [0]), "q2_k": (84, 256, [80, 82]),
               "q3_k": (110, 256, [108]), "q4_k": (144, 256, [0, 2]), "q5_k": (176, 256, [0, 2]), "q6_k": (210, 256, [208]),
               "iq2_xxs": (66, 256, [0])}


class Gguf:
    """Pairs and tensors of a file of byte order "<" or ">", assembled by `content`."""

    def __init__(self, order="<", version=3):
        self.order, self.version, self.pairs, self.infos, self.data = order, version, [], [], b""

    def pack(self, letters, *values):
        return struct.pack(self.order + letters, *values)

    def text(self, content):
        content = content.encode()
        return self.pack("Q", len(content)) + content

    def pair(self, key, kind, value):
        self.pairs.append(self.text(key) + self.pack("i", kind) + value)
        return self

    def string(self, key, value):
        return self.pair(key, 8, self.text(value))

    def tensor(self, name, kind, shape, content):
        ne = list(reversed(shape))
        self.infos.append(self.text(name) + self.pack("I%dq" % len(ne), len(ne), *ne)
                          + self.pack("iQ", GGML_TYPES[kind], len(self.data)))
        self.data += content + bytes(-len(content) % 32)
        return self

    def adapter(self, alpha):
        self.string("general.type", "adapter").string("general.architecture", "gpt2").string("general.name", "reviews")
        return self.string("adapter.type", "lora").pair("adapter.lora.alpha", 6, self.pack("f", alpha))

    def content(self):
        head = b"GGUF" + self.pack("Iqq", self.version, len(self.infos), len(self.pairs)) + b"".join(self.pairs + self.infos)
        # Without tensors there is no data section, and nothing to pad for.
        return head + bytes(-len(head) % 32 if self.infos else 0) + self.data


def gguf_lora(order):
    file = Gguf(order).adapter(8.0)
    for layer in range(2):
        for half, shape in (("a", (4, 16)), ("b", (48, 4))):
            values = weights(*shape, seed=70 + 2 * layer + (half == "b"))
            file.tensor(f"blk.{layer}.attn_qkv.weight.lora_{half}", "f32", shape, values.astype(order + "f4").tobytes())
    return file


@sample("gguf/lora.gguf", "by hand", "a LoRA adapter as llama.cpp's converter writes it: the plain case")
def _():
    return gguf_lora("<").content()


@sample("gguf/big-endian.gguf", "by hand", "the same adapter for a big-endian machine: one content digest with lora.gguf")
def _():
    return gguf_lora(">").content()


@sample("gguf/metadata.gguf", "by hand", "a value of each metadata type, arrays too, and no tensor; version 2")
def _():
    file = Gguf(version=2)
    scalars = {"u8": ("B", 255), "i8": ("b", -1), "u16": ("H", 65535), "i16": ("h", -1), "u32": ("I", 2**32 - 1), "i32": ("i", -1),
               "f32": ("f", 0.5), "bool": ("?", True)}
    for number, (name, (letter, value)) in enumerate(scalars.items()):
        file.pair("example." + name, number, file.pack(letter, value))
    file.string("example.string", "text").pair("example.u64", 10, file.pack("Q", 2**64 - 1))
    file.pair("example.i64", 11, file.pack("q", -2**63)).pair("example.f64", 12, file.pack("d", 0.1))
    words = ["<s>", "</s>", "\u2581the"]
    file.pair("tokenizer.ggml.tokens", 9, file.pack("iQ", 8, len(words)) + b"".join(map(file.text, words)))
    file.pair("tokenizer.ggml.scores", 9, file.pack("iQ3f", 6, 3, 0.0, -1.0, -2.5))
    return file.pair("example.nothing", 9, file.pack("iQ", 4, 0)).content()


@sample("gguf/quantised.gguf", "by hand", "blocks of quantised values: random bits under scales of a sensible size")
def _():
    file = Gguf().string("general.architecture", "llama")
    rng = np.random.RandomState(80)
    for kind, (size, values, scales) in GGML_BLOCKS.items():
        blocks = rng.randint(0, 256, (4, size), dtype=np.uint8)
        for offset in scales:
            blocks[:, offset:offset + 2] = (rng.standard_normal((4, 1)) * 0.02).astype("<f2").view(np.uint8)
        file.tensor(f"blk.0.{kind}.weight", kind, (2, 2 * values), blocks.tobytes())
    return file.content()


@sample("gguf/dtypes.gguf", "by hand", "the plain element types, a scalar and an empty tensor")
def _():
    file, values = Gguf().string("general.architecture", "llama"), weights(4, 8, seed=81)
    for kind, content in (("f16", values.astype("<f2")), ("bf16", to_bf16(values)), ("f64", values.astype("<f8")),
                          ("i32", np.arange(32, dtype="<i4"))):
        file.tensor(kind, kind, (4, 8), content.tobytes())
    return file.tensor("scalar", "f32", (), struct.pack("<f", 16.0)).tensor("empty", "f32", (0, 8), b"").content()


@sample("gguf/truncated.gguf", "by hand", "a download that stopped inside the third tensor")
def _():
    return gguf_lora("<").content()[:-900]


@sample("gguf/hidden.gguf", "by hand", "text in the padding between tensors and behind the last one")
def _():
    file = Gguf().adapter(8.0).tensor("blk.0.attn_q.weight.lora_a", "f32", (1, 4), weights(1, 4, seed=82).tobytes())
    file.tensor("blk.0.attn_q.weight.lora_b", "f32", (4, 1), weights(4, 1, seed=83).tobytes())
    content = bytearray(file.content())
    content[-48:-32] = b"meet me at dawn."
    return bytes(content) + b"and bring the keys"
