# SPDX-License-Identifier: Apache-2.0
"""Files that would make a careless reader take all memory or never end. Each maker gives the bytes of one."""

import io
import json
import struct
import tarfile
import zipfile
import zlib

HUGE = 1 << 60


# --- Pickles ----------------------------------------------------------------------------------------------------------


def billion_laughs(depth=20_000):
    """Tuples of the tuple before, twice: 2^depth leaves in a few bytes."""
    steps = (b"j" + struct.pack("<I", i) + b"j" + struct.pack("<I", i) + b"\x86r" + struct.pack("<I", i + 1) + b"0" for i in range(depth))
    return b"\x80\x02]r\0\0\0\0" + b"0" + b"".join(steps) + b"j" + struct.pack("<I", depth) + b"."


def laughing_dict(depth=5_000):
    """Mappings of names to the mapping before: the paths of its leaves are longer than any memory."""
    out = [b"\x80\x02}q\0X\x01\0\0\0aK\x01s0"]
    for i in range(depth):
        get = b"j" + struct.pack("<I", i)
        out.append(b"}r" + struct.pack("<I", i + 1) + b"(X\x01\0\0\0a" + get + b"X\x01\0\0\0b" + get + b"u0")
    return b"".join(out) + b"j" + struct.pack("<I", depth) + b"."


def nested_lists(depth=2_000_000):
    return b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b"."


def cyclic_list():
    return b"\x80\x02]q\0h\0ah\0a."


def cyclic_dict():
    return b"\x80\x02}q\0(X\x01\0\0\0ah\0X\x01\0\0\0b]q\x01(h\0h\x01eu."


def cyclic_state():
    return b"\x80\x02ccollections\nOrderedDict\nq\0)Rq\x01}q\x02X\x04\0\0\0selfh\x01sb."


def memo_places():
    """LONG_BINPUT at places spread over four billion."""
    return b"\x80\x02N" + b"".join(b"r" + struct.pack("<I", (i * 4_001) % (1 << 32)) for i in range(1_000_000)) + b"."


def stack_bomb(count=30_000_000):
    return b"\x80\x02" + b"N" * count + b"."


def mark_bomb(count=30_000_000):
    return b"\x80\x02" + b"(" * count + b"."


def dup_bomb(count=30_000_000):
    return b"\x80\x02]" + b"2" * count + b"."


def tuple_bomb(count=10_000_000):
    """Tuples of tuples, each a new object."""
    return b"\x80\x02)" + b"\x85" * count + b"."


def long4():
    return b"\x80\x02\x8b\xff\xff\xff\x7f" + b"\x01" * 64 + b"."


def digits(count=3_000_000):
    """An integer in decimal, which takes time that grows with the square of its length."""
    return b"I" + b"9" * count + b"\n."


def binbytes8():
    return b"\x80\x04\x8e" + struct.pack("<Q", HUGE) + b"x" * 64 + b"."


def binunicode8():
    return b"\x80\x04\x8d" + struct.pack("<Q", HUGE) + b"x" * 64 + b"."


def bytearray8():
    return b"\x80\x05\x96" + struct.pack("<Q", HUGE) + b"x" * 64 + b"."


def frame():
    return b"\x80\x04\x95" + struct.pack("<Q", HUGE) + b"N."


def globals_bomb(count=500_000):
    return b"\x80\x02" + b"".join(b"cm%d\nf\n0" % i for i in range(count)) + b"N."


# --- Zip --------------------------------------------------------------------------------------------------------------


def npy(shape, data=b"", descr="<f4"):
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def zipped(entries, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in entries:
            with archive.open(name, "w") as entry:
                for piece in content if isinstance(content, list) else [content]:
                    entry.write(piece)
    return out.getvalue()


def deflated_zeros(size):
    """(deflate stream, CRC) of `size` zero bytes after a head, without holding them."""
    squeeze, crc, out = zlib.compressobj(9, zlib.DEFLATED, -15), 0, []
    head = npy((size // 4,))
    for piece in [head, *[bytes(1 << 20)] * (size >> 20)]:
        crc = zlib.crc32(piece, crc)
        out.append(squeeze.compress(piece))
    return b"".join(out) + squeeze.flush(), crc, len(head) + (size >> 20 << 20)


LOCAL = struct.Struct("<4sHHHHHIIIHH")
CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")


def archive(names, locals_of, body, crc, packed, unpacked, method):
    """A zip whose directory lists `names`; locals_of(i) is where entry i's local header lies."""
    central = b"".join(
        CENTRAL.pack(b"PK\1\2", 20, 20, 0, method, 0, 33, crc, packed, unpacked, len(name), 0, 0, 0, 0, 0, locals_of(i)) + name
        for i, name in enumerate(names))
    end, count = len(body) + len(central), len(names)
    if count < 0xFFFF:
        return body + central + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(central), len(body), 0)
    zip64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(central), len(body))
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    return body + central + zip64 + locator + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(central), len(body), 0)


def local(name, crc, packed, unpacked, method):
    return LOCAL.pack(b"PK\3\4", 20, 0, method, 0, 33, crc, packed, unpacked, len(name), 0) + name


def overlapping_bomb(count=60_000, size=400 << 20):
    """Every entry is the same deflated array: 0.4 MB of file that claims terabytes."""
    stream, crc, unpacked = deflated_zeros(size)
    body = local(b"a.npy", crc, len(stream), unpacked, 8) + stream
    return archive([b"a.npy"] + [b"%d.npy" % i for i in range(count)], lambda _: 0, body, crc, len(stream), unpacked, 8)


def inflating_array(size=400 << 20):
    stream, crc, unpacked = deflated_zeros(size)
    return archive([b"a.npy"], lambda _: 0, local(b"a.npy", crc, len(stream), unpacked, 8) + stream, crc, len(stream), unpacked, 8)


def inflating_pickle(size=1 << 30):
    """A torch archive whose data.pkl unpacks to a gigabyte of opcodes."""
    return zipped([("archive/data.pkl", [b"\x80\x02"] + [b"N0" * (1 << 19)] * (size >> 20) + [b"N."]), ("archive/version", b"3\n")])


def many_entries(count=1_000_000):
    """Empty stored entries, each with a local header of its own."""
    names = [b"%07d" % i for i in range(count)]
    each = LOCAL.size + 7
    return archive(names, lambda i: i * each, b"".join(local(name, 0, 0, 0, 0) for name in names), 0, 0, 0, 0)


def overlapping_views(count=1000, side=3 << 10):
    """A torch archive whose thousand tensors are all the same storage, backwards in steps of nothing."""
    tensor = (b"X\x04\0\0\0%04dctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0"
              b"0X\x03\0\0\0cpuM\0\x04tQK\0(M\0\x0cM\0\x0ctK\0K\0\x86\x89ccollections\nOrderedDict\n)RtR")
    pickle = b"\x80\x02}(" + b"".join(tensor % i for i in range(count)) + b"u."
    return zipped([("archive/data.pkl", pickle), ("archive/data/0", bytes(4096)), ("archive/version", b"3\n")], zipfile.ZIP_STORED)


# --- JSON -------------------------------------------------------------------------------------------------------------


def safetensors(header, data=b""):
    return struct.pack("<Q", len(header)) + header + data


def many_tensors(count, elements=1):
    """`count` tensors of one float each, in order."""
    entries = (b'"base_model.model.layer.%06d.lora_A.weight":{"dtype":"F32","shape":[1],"data_offsets":[%d,%d]}' % (i, 4 * i, 4 * i + 4)
               for i in range(count))
    return safetensors(b"{" + b",".join(entries) + b"}", bytes(4 * count))


def header_of_tensors(size=100_000_000):
    """A header as long as the format allows, all of it tensors of nothing."""
    entry = b'"%07d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    count = size // (len(entry % 0) + 1) - 1
    return safetensors(b"{" + b",".join(entry % i for i in range(count)) + b"}")


def header_of_metadata(size=100_000_000):
    entry = b'"%07d":"%07d"'
    count = size // (len(entry % (0, 0)) + 1) - 3
    return safetensors(b'{"__metadata__":{' + b",".join(entry % (i, i) for i in range(count)) + b"}}")


def header_of_space(size=100_000_000):
    return safetensors(b"{" + b" " * (size - 2) + b"}")


def header_of_one_name(size=100_000_000):
    rest = b'":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'
    return safetensors(b'{"' + b"a" * (size - len(rest) - 2) + rest)


def header_of_dimensions(size=100_000_000):
    return safetensors(b'{"a":{"dtype":"F32","shape":[0' + b",1" * (size // 2 - 50) + b'],"data_offsets":[0,0]}}')


def deep_header(depth=5_000_000):
    return safetensors(b'{"a":' + b"[" * depth)


def deep_json(depth=5_000_000):
    return b'{"weight_map":' + b'{"a":' * depth


def index_of_many(count=300_000):
    return json.dumps({"weight_map": {f"layer.{i}.weight": f"s{i}.safetensors" for i in range(count)}}).encode()


def wide_config(size=20_000_000):
    return b'{"peft_type":"LORA","r":8,"lora_alpha":8,"target_modules":[' + b'"q",' * (size // 4) + b'"v"]}'


# --- Shapes and counts ------------------------------------------------------------------------------------------------


def shape_safetensors():
    return safetensors(b'{"a":{"dtype":"F32","shape":[2147483648,2147483648],"data_offsets":[0,64]}}', bytes(64))


def shape_npy():
    return npy((1 << 31, 1 << 31), bytes(64))


def shape_torch():
    """2^62 elements of stride zero over four bytes."""
    pickle = (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0"
              b"0X\x03\0\0\0cpuK\x01tQK\0\x8a\x05\0\0\0\x80\0\x8a\x05\0\0\0\x80\0\x86K\0K\0\x86\x89ccollections\nOrderedDict\n)RtR.")
    return zipped([("archive/data.pkl", pickle), ("archive/data/0", bytes(4)), ("archive/version", b"3\n")], zipfile.ZIP_STORED)


def gguf_counts():
    return b"GGUF" + struct.pack("<IQQ", 3, HUGE, HUGE) + bytes(64)


def gguf_array(kind=8):
    return b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", 9, kind, HUGE) + bytes(64)


def gguf_strings(count=3_000_000):
    """An array of empty strings: eight bytes of file for each object."""
    return b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<IIQ", 9, 8, count) + bytes(8 * count)


def gguf_nested(depth=1_000_000):
    return b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1) + b"a" + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * depth


def gguf_tensors(count=600_000):
    tensor = struct.Struct("<Q7sIQIQ")
    return b"GGUF" + struct.pack("<IQQ", 3, count, 0) + b"".join(tensor.pack(7, b"%07d" % i, 1, 0, 0, 0) for i in range(count)) + bytes(64)


def npy_long_header(size=64 << 20):
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", size) + b" " * size


def npy_fields(count=300_000):
    header = ("{'descr': [" + "".join(f"('f{i}', '<f4'), " for i in range(count)) + "], 'fortran_order': False, 'shape': (0,)}\n").encode()
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(header)) + header


def tar_members(count=100_000):
    head = bytearray(tarfile.TarInfo("a").tobuf(tarfile.USTAR_FORMAT))
    return bytes(head) * count + bytes(1024)


def tar_pax_size():
    head = tarfile.TarInfo("a")
    head.type, head.size = b"x", 8 << 30
    return head.tobuf(tarfile.GNU_FORMAT) + b"20 path=" + bytes(2048)


def legacy_keys(count=3_000_000):
    """A legacy file whose list of storage keys is most of it."""
    magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
    system = b"\x80\x02}(X\x10\0\0\0protocol_versionM\xe9\x03X\x0d\0\0\0little_endian\x88u."
    return magic + b"\x80\x02M\xe9\x03." + system + b"\x80\x02}." + b"\x80\x02](" + b"X\x01\0\0\0a" * count + b"e."


#: name of the file: (maker, whether it is fit to be read without a warning or an error)
HOSTILE = {
    "laughs.pkl": billion_laughs, "laughing-dict.pkl": laughing_dict, "nested.pkl": nested_lists, "cyclic-list.pkl": cyclic_list,
    "cyclic-dict.pkl": cyclic_dict, "cyclic-state.pkl": cyclic_state, "memo.pkl": memo_places, "stack.pkl": stack_bomb,
    "marks.pkl": mark_bomb, "dup.pkl": dup_bomb, "tuples.pkl": tuple_bomb, "long4.pkl": long4, "digits.pkl": digits,
    "binbytes8.pkl": binbytes8, "binunicode8.pkl": binunicode8, "bytearray8.pkl": bytearray8, "frame.pkl": frame,
    "globals.pkl": globals_bomb, "overlapping.npz": overlapping_bomb, "inflating.npz": inflating_array,
    "inflating.pt": inflating_pickle, "entries.zip": many_entries, "views.pt": overlapping_views,
    "tensors.safetensors": header_of_tensors, "metadata.safetensors": header_of_metadata, "space.safetensors": header_of_space,
    "name.safetensors": header_of_one_name, "dimensions.safetensors": header_of_dimensions, "deep.safetensors": deep_header,
    "deep.index.json": deep_json, "many.index.json": index_of_many, "adapter_config.json": wide_config,
    "shape.safetensors": shape_safetensors, "shape.npy": shape_npy, "shape.pt": shape_torch, "counts.gguf": gguf_counts,
    "array.gguf": gguf_array, "strings.gguf": gguf_strings, "nested.gguf": gguf_nested, "tensors.gguf": gguf_tensors,
    "header.npy": npy_long_header, "fields.npy": npy_fields, "members.tar": tar_members, "pax.tar": tar_pax_size,
    "keys.pt": legacy_keys,
}
