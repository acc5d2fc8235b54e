# SPDX-License-Identifier: Apache-2.0
"""Files that are valid for two reference readers: we name the usual loader's reading and every other that succeeds."""

import io
import json
import struct
import tarfile

import reference_zip
from reference import Row
from reference_numpy import header, npy
from support.pickles import SIX, dict_of, floats, pickle_of, tensor
from support.zips import Entry, build, end, records

TWO = "a second reader sees another model"
WORD = b"\x80\2X\4\0\0\0evil."
EVIL = [Entry(b"archive/data.pkl", WORD), Entry(b"archive/version", b"3\n")]


def safetensors(tensors, length=None):
    """Tensors of bytes; the header is padded to `length`."""
    entries, data = {}, b""
    for name, content in tensors.items():
        entries[name] = {"dtype": "U8", "shape": [len(content)], "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(entries).encode()
    text = text.ljust(length or len(text))
    return struct.pack("<Q", len(text)) + text + data


def gguf():
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + bytes(8)


def at_place(start, entries):
    """An archive whose offsets count from the start of the file that it is put into."""
    body, directory = records(entries, start)
    return body + directory + end(len(entries), len(directory), start + len(body))


def pickle_in_safetensors():
    act = b"cos\ngetcwd\n(tR."
    return safetensors({"a": b"\n" + act}, 0x156)


def zip_in_safetensors():
    length = 0x04034B50
    head = len(safetensors({"good": b""}, length))
    return safetensors({"good": at_place(head, EVIL)}, length)


def tar_with_magic():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("PK\x03\x04x")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    return stream.getvalue()


def both_archives():
    return build([*reference_zip.parts(), Entry(b"archive/w.npy", npy(header()))])


def two_archives():
    """Of one layout, each with a zip64 locator, which counts from the start of the file: so torch reads the first."""
    good = [Entry(b"archive/data.pkl", WORD.replace(b"evil", b"good")), EVIL[1]]
    first, second = build(good, zip64=True), build(EVIL, zip64=True)
    return first + second


def rows():
    array, ending = npy(header()), build(EVIL)
    yield Row("p1 safetensors and pickle", pickle_in_safetensors(), "loads", "pickle.dangerous-global", "os.getcwd", policy=TWO, file="x.safetensors", loader="",
              also=("safetensors", "pickle"))
    yield Row("p2 safetensors and zip", zip_in_safetensors(), "loads", words="format.polyglot", file="x.safetensors", loader="torch", zipfile="'evil'",
              also=("safetensors", "torch-zip"))
    yield Row("p3 npy and zip", array + ending, "loads", words="format.polyglot", sees=SIX, file="x.npy", loader="numpy", also=("npy",))
    yield Row("p4 gguf and zip", gguf() + ending, "loads", words="format.polyglot", file="x.gguf", loader="", also=("gguf",))
    yield Row("p5 torch and npz", both_archives(), "loads", words="npz", sees=SIX, also=("torch-zip", "npz"))
    yield Row("p6 tar that begins as a zip", tar_with_magic(), "loads", file="x.tar", loader="tarfile", also=("tar",))
    yield Row("p7 two archives", two_archives(), "loads", "zip.two-directories", root="good", policy=TWO, zipfile="'evil'", also=("torch-zip",))
    last = safetensors({"w": floats(), "z": ending})
    yield Row("safetensors whose last tensor is a zip", last, "loads", words="format.polyglot", file="x.safetensors", loader="", zipfile="'evil'", also=("safetensors",))
