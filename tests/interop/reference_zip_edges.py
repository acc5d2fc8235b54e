# SPDX-License-Identifier: Apache-2.0
"""End records, sizes, names and tar headers at their limits: torch 1.13, Python's zipfile and tarfile of 3.11.

An archive holds a data.pkl that is one word, so that it shows which of two a reader has seen. Some values that torch
gets by luck (uninitialised memory) are not run again.
"""

import struct
import tarfile
import zlib

from reference import Row
from support.zips import Entry, build, end, end64, locator, records


def word(value):
    return b"\x80\2X" + struct.pack("<I", len(value)) + value + b"."


ONE, VERSION = Entry(b"archive/data.pkl", word(b"one")), Entry(b"archive/version", b"3\n")
REFUSED = "!invalid header or archive is corrupted"
SEEN = "torch and Python's zipfile see different content"


def pair(value):
    return [Entry(b"archive/data.pkl", word(value)), VERSION]


def archive(*more, **lies):
    return build([ONE, VERSION, *more], **lies)


def central(**fields):
    return build([Entry(ONE.name, ONE.data, central=fields), VERSION])


def zip64_extra(entry):
    extra = struct.pack("<HHQQ", 1, 16, len(entry.data), len(entry.data))
    ones = {"packed": 0xFFFFFFFF, "unpacked": 0xFFFFFFFF}
    return Entry(entry.name, entry.data, local={**ones, "extra": extra}, central={**ones, "extra": extra})


def zip64_rows():
    yield Row("Z1 zip64 extras", build([zip64_extra(Entry(ONE.name, word(b"z64"))), zip64_extra(VERSION)]), "loads", root="z64", zipfile="'z64'")
    yield Row("Z1b FFFFFFFF w/o extra", central(packed=0xFFFFFFFF, unpacked=0xFFFFFFFF), REFUSED, "zip.zip64-missing", zipfile="!BadZipFile")


def two_directories(points_far):
    """Two archives in a row; the zip64 locator of the whole points at the record of the second or stands behind the first."""
    body_one, central_one = records(pair(b"one"))
    body_two, central_two = records(pair(b"two"), len(body_one))
    start_one = len(body_one) + len(body_two)
    start_two = start_one + len(central_one)
    far = end64(2, len(central_two), start_two)
    near = end64(2, len(central_one), start_one)
    at = start_two + len(central_two)
    if points_far:
        tail = far + near + locator(at) + end(2, len(central_one), start_one)
    else:
        tail = far + locator(at) + end(2, len(central_one), start_one)
    return body_one + body_two + central_one + central_two + tail


def fake_end():
    """The comment of the first archive's end record is the second's directory and end record."""
    body_one, central_one = records(pair(b"one"))
    body_two, central_two = records(pair(b"two"), len(body_one))
    body = body_one + body_two + central_one
    start_two = len(body) + 22
    return body + end(2, len(central_one), len(body_one) + len(body_two), central_two + end(2, len(central_two), start_two))


def end_rows():
    yield Row("Z2 loc64->far(two), adjacent(one)", two_directories(True), "loads", "zip.zip64-locator", "Python's zipfile reads the one at", root="two",
              zipfile="!Bad magic number for central directory", policy=SEEN)
    yield Row("Z2b eocd32=one, eocd64=two", two_directories(False), "loads", "zip.zip64-end", "which torch and zipfile follow", root="two", zipfile="'two'",
              policy="readers that know no zip64 see the other directory")
    yield Row("Z3 fake EOCD in comment", fake_end(), "loads", "zip.several-ends", root="two", zipfile="'two'", policy="another end record may be the one that counts")
    yield Row("Z14 eocd count 1 of 2", archive(count=1), '!hasRecord("version")', "zip.entry-count", zipfile="'one'")
    yield Row("Z15 eocd count 9", archive(count=9), REFUSED, "zip.entry-count", zipfile="'one'")
    yield Row("Z16 cd size 0", archive(size=0), REFUSED, "zip.directory-size", zipfile="!There is no item named", loader="")
    yield Row("Z17 disk no 1", archive(disk=1), "!unsupported multidisk archive", "torch.multidisk", "unsupported multidisk archive", zipfile="'one'")


def size_rows():
    bomb = Entry(ONE.name, b"\x80\2B" + struct.pack("<I", 50_000_000) + bytes(50_000_000) + b"0K\1.", deflate=True)
    yield Row("Z4 overlap same local", archive(Entry(b"archive/x", ONE.data, shares=0)), "loads", "zip.overlapping-entries", root="one", zipfile="'one'",
              policy="two names for the same bytes: a way to make little data much")
    quoted = build([ONE])[:30 + len(ONE.name) + len(ONE.data)]
    quote = Entry(b"archive/quote", quoted)
    inner = Entry(ONE.name, ONE.data, central={"offset": 30 + len(quote.name)}, shares=0)
    yield Row("Z5 quoted overlap", build([quote, inner, VERSION]), "loads", "zip.overlapping-entries", root="one", zipfile="'one'",
              policy="one entry's data hold another entry: zipfile refuses to read the outer one")
    yield Row("Z6 50MB from 48620 B", build([bomb, VERSION]), "loads", root=1, zipfile="1", loader="")
    yield Row("Z7 csize=0", central(packed=0), REFUSED, "zip.stored-size", "torch refuses the archive", zipfile="!Bad CRC-32")
    yield Row("Z7b deflate csize=0", build([Entry(ONE.name, ONE.data, True, central={"packed": 0}), VERSION]), REFUSED, "zip.size-differs", zipfile="!Bad CRC-32")
    yield Row("Z7c stored csize!=usize", central(unpacked=16), REFUSED, "zip.stored-size", "torch refuses the archive", zipfile="'one'")
    yield Row("Z7d DOS dir attr", central(external=0x10), "!could not find MARK", "zip.directory-with-data", "reads uninitialised memory", zipfile="'one'", loader="")
    yield Row("Z7e local ofs beyond", central(offset=0x7FFFFFFF), REFUSED, "zip.no-local-header", zipfile="!Truncated file header")


def name_rows():
    for name, entry, words in (("NUL", b"archive/a\0b", "zip.unsafe-name"), ("ESC", b"archive/\x1b[31m", "zip.unsafe-name"),
                               ("long 60000", b"archive/" + b"n" * 60000, "torch.unknown-record")):
        yield Row(f"Z8 {name}", archive(Entry(entry, b"xx")), "loads", words=words, root="one", zipfile="'one'", loader="" if name == "long 60000" else "torch")
    yield Row("Z8 backslash", archive(Entry(b"archive\\x", b"xx")), "!file in archive is not in a subdirectory archive/: archive\\x", "torch.outside-prefix",
              zipfile="'one'")
    yield Row("Z8 dup case", archive(Entry(b"archive/DATA.PKL", b"hi")), "!Memo value not found at index 105", "pickle.malformed", "index 105", zipfile="'one'")
    broken = Entry(b"archive/\xff", b"xx", local={"flags": 0x800}, central={"flags": 0x800})
    yield Row("Z8 bad utf8 flag", archive(broken), "!'utf-8' codec can't decode byte 0xff", "torch.name-encoding", "codec can't decode")
    path = b"\1" + struct.pack("<I", zlib.crc32(b"archive/data.pkl")) + b"archive/evil.pkl"
    extra = struct.pack("<HH", 0x7075, len(path)) + path
    yield Row("Z18 unicode path extra", build([Entry(ONE.name, ONE.data, local={"extra": extra}, central={"extra": extra}), VERSION]), "loads",
              words="zip.unicode-path", root="one", zipfile="'one'")


def tar_of(size):
    header = bytearray(tarfile.TarInfo("pickle").tobuf(tarfile.USTAR_FORMAT))
    header[124:136] = size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + b"N.\n".ljust(512, b"\0") + bytes(1024)


def tar_rows():
    base256 = (-1).to_bytes(12, "big", signed=True)
    huge = b"\x80" + (2**62).to_bytes(11, "big")
    yield Row("T1 tar size base256 neg", tar_of(base256), "loads", "tar.negative-size", "has the size -1", policy="tarfile takes a size of -1", file="x.tar", loader="tarfile")
    yield Row("T1 tar size base256 2^62", tar_of(huge), "!unexpected end of data", "tar.member-cut", file="x.tar", loader="tarfile")
    yield Row("T1 tar size octal junk", tar_of(b"12x456789012"), "!invalid header", "container.malformed", "is no number", file="x.tar", loader="tarfile")
    yield Row("T1 tar size ok", tar_of(b"00000000003\0"), "loads", file="x.tar", loader="tarfile")


def rows():
    yield Row("base (no zip64)", archive(), "loads", root="one", zipfile="'one'")
    for group in (zip64_rows, end_rows, size_rows, name_rows, tar_rows):
        yield from group()
