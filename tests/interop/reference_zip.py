# SPDX-License-Identifier: Apache-2.0
"""The archive around a healthy data.pkl, and torch.load of 1.13."""

from reference import Row
from support.pickles import SIX, dict_of, floats, pickle_of, tensor
from support.zips import Entry, build

NINES = [9.0] * 6
OBJECT = pickle_of(dict_of(a=tensor()))
UNCHECKED = "torch never checks a CRC, zipfile does"
LOCAL = "torch goes by the directory alone; others go by the local header or refuse a difference"


def parts(prefix=b"archive/", record=None, version=b"3\n", pickle=OBJECT):
    return [Entry(prefix + b"data.pkl", pickle), Entry(prefix + b"data/0", floats() if record is None else record),
            Entry(prefix + b"version", version)]


def changed(index, **fields):
    entries = parts()
    for key, value in fields.items():
        setattr(entries[index], key, value)
    return build(entries)


def extra(*entries, first=False):
    return build([*entries, *parts()] if first else [*parts(), *entries])


def integer(value):
    """A data.pkl that is a number: what tells the copies apart."""
    return Entry(b"archive/data.pkl", pickle_of(b"K" + bytes([value])))


def flipped():
    whole = bytearray(build(parts()))
    whole[whole.index(floats())] ^= 1
    return bytes(whole)


def crc_rows():
    yield Row("A crc flip", flipped(), "loads", "zip.crc-mismatch", policy=UNCHECKED)
    yield Row("E6 cd crc=0", changed(1, central={"crc": 0}), "loads", "zip.crc-differs", sees=SIX, policy=UNCHECKED)


def rebuilt_rows():
    deflated = parts()
    for entry in deflated:
        entry.deflate = True
    yield Row("B0 rebuilt stored", build(parts()), "loads", sees=SIX)
    yield Row("B0b rebuilt deflated", build(deflated), "loads", words="torch.packed-storage", sees=SIX)
    yield Row("B1 upper-case data name", changed(1, name=b"archive/DATA/0"), "loads", words="torch.other-case", sees=SIX)
    yield Row("B2 case dup 0", extra(Entry(b"archive/DATA/0", floats(NINES))), "loads", words="zip.similar-name", sees=SIX)


def duplicate_rows():
    """Which of several torch reads depends on how many there are; zipfile reads the last."""
    two = "zipfile reads another entry than torch"
    nines = Entry(b"archive/data/0", floats(NINES))
    yield Row("C dup name (2nd=9s)", extra(nines), "loads", "zip.duplicate-name", "zipfile takes the last", SIX, two)
    yield Row("C2 dup name first=9s", extra(nines, first=True), "loads", "zip.duplicate-name", sees=SIX, policy=two)
    yield Row("C3 dup data.pkl", extra(integer(1)), "loads", "torch.rival-record", "is what Python's zipfile reads", SIX, two)
    yield Row("C4 dup data.pkl first", extra(integer(1), first=True), "loads", "torch.rival-record", sees=SIX, policy=two)
    for copies, seen in ((1, None), (2, 1), (3, 1), (4, 2), (5, 2)):
        yield Row(f"C5 dup data.pkl x{copies} after", extra(*map(integer, range(1, copies + 1))), "loads", "torch.rival-record", policy=two,
                  sees=SIX if seen is None else None, root=seen)


def header_rows():
    yield Row("D local name differs", changed(0, local={"name": b"archive/XXXX.pkl"}), "loads", "zip.name-differs",
              "which torch goes by", SIX, LOCAL)
    yield Row("E1 cd enc bit", changed(0, central={"flags": 1}), "!unsupported encryption", "zip.encrypted", "torch and zipfile refuse it")
    yield Row("E2 local enc bit", changed(0, local={"flags": 1}), "loads", words="zip.flags-differ", sees=SIX)
    yield Row("E3 local method=8", changed(0, local={"method": 8}), "loads", "zip.method-differs", sees=SIX, policy=LOCAL)
    yield Row("E4 local sizes garbage", changed(1, local={"packed": 0x11223344, "unpacked": 7}), "loads", "zip.size-differs", sees=SIX,
              policy=LOCAL)
    yield Row("E5 cd method=99", changed(1, central={"method": 99}), "!unsupported method", "torch.missing-storage", "packed with AES encryption")


def prefix_rows():
    other = Entry(b"other/x", b"x")
    without = "file in archive is not in a subdirectory"
    yield Row("F1 no dir", build(parts(b"")), f"!{without}: data.pkl", "format.extension-mismatch", "not in a subdirectory: data.pkl")
    yield Row("F2 first entry other dir", extra(other, first=True), '!hasRecord("version")', "format.extension-mismatch", "is zip archive")
    yield Row("F3 leading slash", build(parts(b"/archive/")), '!hasRecord("version")', "format.extension-mismatch", "is zip archive")
    yield Row("F4 other dir later", extra(other), f"!{without} archive/: other/x", "torch.outside-prefix", "archive/: other/x")
    yield Row("F5 dotdot prefix", build(parts(b"../")), "loads", words="zip.unsafe-name", sees=SIX)


def place_rows():
    whole = build(parts())
    yield Row("G prefix junk (py offsets)", b"#!/bin/sh\n" + whole, "!invalid load key, '#'", "torch.leading-data", "invalid load key")
    yield Row("G2 prefix PK0304 junk", b"PK\3\4" + b"junk" * 8 + whole, "!invalid header or archive is corrupted", "torch.leading-data",
              "counts offsets")
    yield Row("G3 trailing junk", whole + b"j" * 100, "loads", words="container.trailing-data", sees=SIX)
    yield Row("G4 trailing junk >64k", whole + b"j" * 70000, "!failed finding central directory", "zip.buried-end", "do not look for it")


def record_rows():
    yield Row("I1 record short", build(parts(record=floats()[:8])), "loads", "torch.short-storage", "has 8 bytes; 24 are declared", loader="",
              policy="torch 1.13 reads past the end of the record, 2.0 refuses it")
    yield Row("I2 record long", build(parts(record=floats() + b"hidden")), "loads", words="torch.long-storage", sees=SIX)
    yield Row("I3 record missing", build([parts()[0], parts()[2]]), "!failed locating file data/0: file not found", "torch.missing-storage",
              "is not in the file")
    yield Row("R trailing after STOP", build(parts(pickle=OBJECT + b"tail")), "loads", words="pickle.trailing-bytes", sees=SIX)
    script = extra(Entry(b"archive/constants.pkl", pickle_of(b")")))
    yield Row("R2 constants.pkl present", script, "!Unknown opcode for unpickling at", "torchscript.unknown-opcode", "SETITEM")


def version_rows():
    old, new, none = "minimum supported version", "maximum supported version", "Couldn't parse the version"
    for version, reference, words in ((b"0\n", f"!{old}", "reads versions 1 to 10"), (b"1", "loads", ""), (b"3", "loads", ""), (b"10\n", "loads", ""),
                                      (b"11\n", f"!{new}", '"11"'), (b"abc", f"!{none} abc", "cannot parse it"), (b" 3", "loads", "torch.version-spelling"),
                                      (b"3junk", "loads", "torch.version-spelling"), (b"-1", f"!{new}", '"-1"'), (b"", f"!{none}", "cannot parse it"),
                                      (b"99999999999999999999", "!stoull", "cannot parse it")):
        loads = reference == "loads"
        yield Row(f"M version={version!r}", build(parts(version=version)), reference, "" if loads else "torch.version", words, SIX if loads else None)
    yield Row("M missing version", build(parts()[:2]), '!hasRecord("version")', "torch.missing-record", "archive/version")


def rows():
    for group in (crc_rows, rebuilt_rows, duplicate_rows, header_rows, prefix_rows, place_rows, record_rows, version_rows):
        yield from group()
