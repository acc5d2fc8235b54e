# SPDX-License-Identifier: Apache-2.0
"""How tools hide (M1 to M17), from their descriptions: each takes flat patterns and gives new ones and where it wrote."""

import hashlib
import struct
from dataclasses import dataclass

import numpy as np

from diff.tools_test import hidden_layer, ternary
from support.calibration_ghost import fields, written


@dataclass
class Hidden:
    """What was done: the new patterns, the first and the last element touched, and the bytes that must come out."""
    patterns: np.ndarray
    first: int
    last: int
    content: bytes


def elements_for(size, bits):
    return -(-size * 8 // bits)


def at(patterns, content, start, bits=1, stride=1, message=None, **layout):
    """`content`, which is `message` with a header, in the low bits from element `start` on."""
    return Hidden(written(patterns, content, start, stride=stride, bits=bits, **layout), start, start + stride * (elements_for(len(content), bits) - 1),
                  content if message is None else message)


def fill(patterns, content, bits):
    """X-LSB-Attack-Fill: the content again and again through everything."""
    size = len(patterns) * bits // 8
    everything = (content * (size // len(content) + 1))[:size]
    return Hidden(written(patterns, everything, 0, bits=bits), 0, elements_for(size, bits) - 1, everything)


def three_bytes(content):
    padded = content + bytes(-len(content) % 3)
    three = np.frombuffer(padded, np.uint8).reshape(-1, 3).astype(np.uint32)
    return three[:, 0] << 16 | three[:, 1] << 8 | three[:, 2]


def kept_byte(patterns, content, start):
    """MSB reservation: the highest byte stays."""
    low = three_bytes(content)
    new = patterns.copy()
    new[start:start + len(low)] = (new[start:start + len(low)] & np.uint32(0xFF000000)) | low
    return Hidden(new, start, start + len(low) - 1, content)


def marked(patterns, content, start):
    """Fast substitution: 3C or BC by the sign, then three bytes."""
    low = three_bytes(content)
    new = patterns.copy()
    new[start:start + len(low)] = np.where(new[start:start + len(low)] >> 31 == 1, np.uint32(0xBC000000), np.uint32(0x3C000000)) | low
    return Hidden(new, start, start + len(low) - 1, content)


def planar(patterns, content, start):
    """A third of the content into the lowest byte of each element, the second into the next, the last into the one above."""
    thirds = np.frombuffer(content[:len(content) // 3 * 3], np.uint8).reshape(3, -1).astype(np.uint32)
    new = patterns.copy()
    count = thirds.shape[1]
    new[start:start + count] = (new[start:start + count] & np.uint32(0xFF000000)) | thirds[0] | thirds[1] << 8 | thirds[2] << 16
    return Hidden(new, start, start + count - 1, content[:len(content) // 3 * 3])


def scattered(patterns, content, random, bits=1):
    """At places that a key chose."""
    count = elements_for(len(content), bits)
    places = random.permutation(len(patterns))[:count]
    new = patterns.copy()
    mask = patterns.dtype.type(((1 << 8 * patterns.itemsize) - 1) & ~((1 << bits) - 1))
    new[places] = (new[places] & mask) | fields(content, bits=bits).astype(patterns.dtype)
    return Hidden(new, int(places.min()), int(places.max()), content)


def seven_bits(patterns, content, start):
    new = patterns.copy()
    letters = np.frombuffer(content, np.uint8).astype(patterns.dtype)
    mask = patterns.dtype.type(((1 << 8 * patterns.itemsize) - 1) & ~127)
    new[start:start + len(letters)] = (new[start:start + len(letters)] & mask) | letters
    return Hidden(new, start, start + len(letters) - 1, content)


def matched(patterns, content, start, random):
    """LSB matching: where the lowest bit is not the wanted one, one ULP up or down."""
    bits = fields(content).astype(np.int64)
    new = patterns.copy()
    part = new[start:start + len(bits)].astype(np.int64)
    step = np.where((part & 1) != bits, random.choice([-1, 1], len(bits)), 0)
    new[start:start + len(bits)] = (part + step).astype(patterns.dtype)
    return Hidden(new, start, start + len(bits) - 1, content)


def spread(patterns, content, random, gain):
    """MaleficNet: each bit of the content adds a keyed code of +-gain to all the same weights."""
    values = patterns.view(np.float32).copy()
    bits = np.unpackbits(np.frombuffer(content, np.uint8)).astype(np.float32) * 2 - 1
    room = min(len(values), 24576)
    for bit in bits:
        values[:room] += np.float32(gain) * bit * (random.randint(0, 2, room) * 2 - 1).astype(np.float32)
    return Hidden(values.view(patterns.dtype), 0, room - 1, content)


def reordered(patterns, content, random):
    """Content in an order of rows: no bit of any value changes."""
    return Hidden(patterns.reshape(-1, 64)[random.permutation(len(patterns) // 64)].ravel(), 0, len(patterns) - 1, content)


def in_nans(patterns, content, start):
    """The sixteen lowest bits of NaNs."""
    wide = fields(content, bits=16).astype(np.uint32)
    new = patterns.copy()
    new[start:start + len(wide)] = np.uint32(0x7FC00000) | wide
    return Hidden(new, start, start + len(wide) - 1, content)


def lsb0(message):
    return b"LSB0" + struct.pack("<Q", len(message)) + hashlib.sha256(message).digest() + message


def manta(message):
    return b"MANT" + struct.pack("<I", len(message)) + message


def neural_steg(message):
    return b"%016d" % len(message) + hashlib.md5(message).hexdigest().encode() + message


def with_length(message):
    return struct.pack(">I", len(message)) + message


HEADERS = {"HiddenLayer": hidden_layer, "length and content": with_length, "LSB0": lsb0, "Manta": manta, "ternary length": ternary,
           "NeuralSteg": neural_steg}
