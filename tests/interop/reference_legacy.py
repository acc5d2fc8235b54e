# SPDX-License-Identifier: Apache-2.0
"""Legacy streams and what is taken for them: torch.load of 1.13, from a file and from memory."""

import gzip
import json
import struct

from reference import Row
from support.pickles import FALSE, NONE, ORDERED, SIX, STOP, TRUE, call, dict_of, floats, name, number, numbers, pickle_of, text, tuple_of

MAGIC = b"\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
SYSTEM = pickle_of(dict_of(protocol_version=number(1001), little_endian=TRUE, type_sizes=dict_of(short=number(2), int=number(4), long=number(4))))


NAMED = "it is what another loader reads; that the name is wrong is a warning"


def tensor(kind, key, elements):
    storage = tuple_of(text("storage"), name("torch", kind), text(key), text("cpu"), number(elements), NONE) + b"Q"
    return call(name("torch._utils", "_rebuild_tensor_v2"), storage, number(0), numbers([elements]), numbers([1]), FALSE, ORDERED)


OBJECT = pickle_of(dict_of(a=tensor("FloatStorage", "100", 6), b=tensor("LongStorage", "200", 3)))
KEYS = pickle_of(b"](" + text("100") + text("200") + b"e")


def legacy(elements=6, magic=MAGIC):
    return (magic + pickle_of(number(1001)) + SYSTEM + OBJECT + KEYS + struct.pack("<q", elements) + floats()
            + struct.pack("<q", 3) + struct.pack("<3q", 0, 1, 2))


def safetensors():
    header = json.dumps({"t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    header = header.ljust(258)  # the length's first byte is 2
    return struct.pack("<Q", len(header)) + header + bytes(4)


def stream_rows():
    size, wrong = "torch.storage-size", "!storage has wrong byte size"
    yield "ok", legacy(), "loads", "loads", {"sees": SIX}
    yield "truncated", legacy()[:-4], "!unexpected EOF, expected 4 more bytes", None, {"ours": "container.truncated", "words": "unexpected EOF, expected 4 more bytes"}
    yield "trailing", legacy() + b"tail", "loads", "loads", {"words": "container.unlabelled-bytes", "sees": SIX}
    yield "numel wrong", legacy(7), wrong, None, {"ours": size, "words": "7 elements stand here, 6 are declared"}
    yield "numel neg", legacy(-6), wrong, None, {"ours": size, "words": "-6 elements stand here"}
    yield "magic only", MAGIC, "!", None, {"ours": "container.truncated", "words": "protocol version: there are no bytes"}
    yield "stacked N. x3", b"N." * 3, "!Invalid magic number; corrupt file?", None, {"words": "the content is Python pickle", "policy": NAMED}
    yield "proto2 magic only x2", MAGIC * 2, "!Invalid protocol version: 119547037146038801333356", None, {
        "ours": "torch.legacy-version", "words": "expected 1001, found 119547037146038801333356"}


def other_rows():
    """Not legacy streams: torch says what its unpickler stumbles on, we say what the file is."""
    key = "!invalid load key, "
    taken = "format.extension-mismatch"  # an error where nothing that holds weights has such content
    yield "bad magic", legacy(magic=pickle_of(number(5))), "!Invalid magic number; corrupt file?", None, {"ours": "torch.missing-storage", "words": "is not in the file"}
    yield "empty file", b"", "!Ran out of input", None, {"ours": "container.empty-file"}
    yield "one dot", b".", "!unpickling stack underflow", None, {"ours": taken}
    yield "html", b"<!DOCTYPE html><html><body>404</body></html>\n", f"{key}'<'", None, {"ours": "container.html-page"}
    lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"
    yield "lfs", lfs, f"{key}'v'", None, {"ours": "container.lfs-pointer"}
    yield "gzip", gzip.compress(legacy(), mtime=0), f"{key}'\\x1f'", None, {"ours": taken, "words": "gzip"}
    for size in (1024, 512):
        yield f"zeros {size}", bytes(size), "!filename 'storages' not found", f"{key}'\\x00'", {"ours": taken, "words": "archive: there is none; torch takes the file for a legacy stream"}
    yield "safetensors", safetensors(), f"{key}'\\x02'", None, {"words": "the content is safetensors", "policy": NAMED}
    yield "plain pickle dict", pickle_of(dict_of(a=number(1))), "!Invalid magic number; corrupt file?", None, {"words": "the content is Python pickle", "policy": NAMED}


def rows():
    for title, content, from_file, from_memory, ours in [*stream_rows(), *other_rows()]:
        yield Row(f"legacy: {title}, file", content, from_file, **ours)
        yield Row(f"legacy: {title}, bytesio", content, from_memory or from_file, loader="torch-bytes", **ours)
