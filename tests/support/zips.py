# SPDX-License-Identifier: Apache-2.0
"""Zip archives byte by byte, honest and not: every field of both headers can be told to lie."""

import struct
import zlib
from dataclasses import dataclass, field


@dataclass
class Entry:
    """`local` and `central` replace fields by name: flags method crc packed unpacked name extra offset external."""
    name: bytes
    data: bytes
    deflate: bool = False
    local: dict = field(default_factory=dict)
    central: dict = field(default_factory=dict)
    shares: int = -1  # no local header of its own but that of the entry with this index

    @property
    def packed(self):
        if not self.deflate:
            return self.data
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(self.data) + packer.flush()

    def fields(self, lies, **more):
        honest = {"flags": 0, "method": 8 if self.deflate else 0, "crc": zlib.crc32(self.data), "packed": len(self.packed),
                  "unpacked": len(self.data), "name": self.name, "extra": b"", "external": 0, **more}
        return {**honest, **lies}


def common(f):
    return struct.pack("<HHHHHIIIHH", 0, f["flags"], f["method"], 0, 0, f["crc"], f["packed"], f["unpacked"],
                       len(f["name"]), len(f["extra"]))


def records(entries, start=0):
    """(local headers and data, directory) of entries whose first header lies at `start`."""
    body, directory, offsets = b"", b"", []
    for entry in entries:
        offsets.append(offsets[entry.shares] if entry.shares >= 0 else start + len(body))
        if entry.shares < 0:
            local = entry.fields(entry.local)
            body += b"PK\3\4" + common(local) + local["name"] + local["extra"] + entry.packed
        f = entry.fields(entry.central, offset=offsets[-1])
        directory += b"PK\1\2" + struct.pack("<H", 0) + common(f) + struct.pack("<HHHII", 0, 0, 0, f["external"], f["offset"])
        directory += f["name"] + f["extra"]
    return body, directory


def end64(count, size, offset):
    return b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, offset)


def locator(offset):
    return b"PK\6\7" + struct.pack("<IQI", 0, offset, 1)


def end(count, size, offset, comment=b"", disk=0):
    return b"PK\5\6" + struct.pack("<HHHHIIH", disk, disk, count, count, size, offset, len(comment)) + comment


def build(entries, zip64=False, comment=b"", **lies):
    """A whole archive; `count`, `size`, `offset` and `disk` may be given to the end record in place of the truth."""
    body, directory = records(entries)
    truth = {"count": len(entries), "size": len(directory), "offset": len(body)}
    tail = b""
    if zip64:
        tail = end64(*truth.values()) + locator(len(body) + len(directory))
    return body + directory + tail + end(**{**truth, **lies}, comment=comment)
