# SPDX-License-Identifier: Apache-2.0
"""Pickles written down opcode by opcode, and the torch objects in them."""

import struct

SIX = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
NONE, FALSE, TRUE, STOP, PROTO2 = b"N", b"\x89", b"\x88", b".", b"\x80\2"


def floats(values=SIX):
    return struct.pack(f"<{len(values)}f", *values)


def text(value):
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value):
    if -2**31 <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    return b"\x8a\x0a" + value.to_bytes(10, "little", signed=True)


def name(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


def tuple_of(*items):
    return b"(" + b"".join(items) + b"t"


def numbers(values):
    return tuple_of(*map(number, values))


def call(function, *arguments):
    return function + tuple_of(*arguments) + b"R"


ORDERED = call(name("collections", "OrderedDict"))


def storage(kind=name("torch", "FloatStorage"), key="0", location="cpu", elements=number(6)):
    return tuple_of(text("storage"), kind, text(key), text(location), elements) + b"Q"


def tensor(size=(6,), stride=(1,), offset=0, base=None, gradient=FALSE, hooks=ORDERED, sizes=None, more=()):
    return call(name("torch._utils", "_rebuild_tensor_v2"), base or storage(), number(offset), sizes or numbers(size), numbers(stride),
                gradient, hooks, *more)


def pickle_of(value):
    return PROTO2 + value + STOP


def dict_of(**items):
    return b"}" + b"".join(text(key) + value + b"s" for key, value in items.items())
