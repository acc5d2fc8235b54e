# SPDX-License-Identifier: Apache-2.0
"""Files that want to hurt their reader: small ones that claim much, large ones that hold much of one thing.

    python3 tests/support/hostile.py FOLDER

writes the set into FOLDER. Each line of SET is the file's name and what makes its bytes, in pieces.
"""

import struct
import sys
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.pickles import NONE, PROTO2, STOP, call, name, number, storage, tensor, text, tuple_of  # noqa: E402
from support.zips import Entry, build, end, end64, locator  # noqa: E402

MILLION = 1_000_000


def u32(value):
    return struct.pack("<I", value)


def u64(value):
    return struct.pack("<Q", value)


# --- pickles --------------------------------------------------------------------------------------------------------


def laughs():
    """Lists of ten references to the list before: ten to the power of thirty leaves."""
    yield PROTO2 + b"]q\0" + b"".join(b"(" + b"h\0" * 10 + b"lq\0" for _ in range(30)) + STOP


def long_names():
    """Eighteen mappings within each other, whose two keys of 4 KB make 2^18 names of 72 KB."""
    yield PROTO2 + text("a" * 4096) + b"q\1" + text("b" * 4096) + b"q\2" + b"00" + b"Nq\0" + b"}" + b"h\1Ns" + b"q\0"
    yield b"".join(b"}h\1h\0sh\2h\0sq\0" for _ in range(18)) + STOP


def cyclic():
    yield PROTO2 + b"}q\0" + text("self") + b"h\0s" + text("list") + b"]q\1h\1ah\1as" + STOP


def attached_lists():
    """Ten thousand tensors, each with a list of a thousand items hanging on it as its hooks."""
    yield PROTO2 + b"](" + b"".join(
        call(name("torch._utils", "_rebuild_tensor_v2"), storage(), number(0), tuple_of(number(6)), tuple_of(number(1)),
             b"\x89", b"}" + text("k") + b"](" + b"N" * 1000 + b"es") for _ in range(10_000)) + b"e" + STOP


def repeated_keys():
    yield PROTO2 + b"}(" + (b"X\1\0\0\0k" + NONE) * MILLION + b"u" + STOP


def shared_tensors():
    """One call of a rebuild function, named a million times."""
    yield PROTO2 + tensor() + b"q\0" + b"0](" + b"h\0" * MILLION + b"e" + STOP


def million_globals():
    yield PROTO2 + b"](" + b"".join(b"cmodule_%d\nname\n" % i for i in range(MILLION // 2)) + b"e" + STOP


def million_calls():
    yield PROTO2 + b"](" + b"cos\nsystem\nq\0" + b"h\0)R" * MILLION + b"e" + STOP


def joblib_like():
    """Byte strings of 4 KB, a hundred thousand times the same."""
    yield PROTO2 + b"B" + u32(4096) + b"x" * 4096 + b"q\0" + b"0](" + b"h\0" * (MILLION // 10) + b"e" + STOP


def legacy_with_keys():
    """A legacy file whose list of storages has a million names."""
    magic = PROTO2 + b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19" + STOP
    yield magic + PROTO2 + b"M\xe9\x03" + STOP + PROTO2 + b"}" + STOP + PROTO2 + tensor() + STOP
    yield PROTO2 + b"](" + b"".join(b"X\7\0\0\0%07d" % i for i in range(MILLION)) + b"e" + STOP


PICKLES = {
    "laughs.pkl": laughs,
    "long-names.pkl": long_names,
    "cyclic.pkl": cyclic,
    "attached-lists.pkl": attached_lists,
    "repeated-keys.pkl": repeated_keys,
    "shared-tensors.pkl": shared_tensors,
    "million-globals.pkl": million_globals,
    "million-calls.pkl": million_calls,
    "shared-bytes.pkl": joblib_like,
    "legacy-keys.pt": legacy_with_keys,
    "stack.pkl": lambda: [PROTO2 + NONE * (5 * MILLION) + STOP],
    "marks.pkl": lambda: [PROTO2 + b"(" * MILLION + NONE + STOP],
    "memo.pkl": lambda: [b"\x80\4N", b"\x94" * (5 * MILLION), STOP],
    "memo-index.pkl": lambda: [PROTO2 + b"Nr\xff\xff\xff\xff" + STOP],
    "deep.pkl": lambda: [PROTO2 + NONE + b"\x85" * (3 * MILLION) + STOP],
    "empty-dicts.pkl": lambda: [PROTO2 + b"](" + b"}" * (900_000) + b"e" + STOP],
    "many-small.pkl": lambda: [(PROTO2 + b"K\1" + STOP) * 200_000],
    "long4.pkl": lambda: [PROTO2 + b"]\x8b" + u32(0x7fffffff) + b"\1" * 100 + STOP],
    "binbytes8.pkl": lambda: [b"\x80\4]\x8e" + u64(1 << 60) + b"\1" * 100 + STOP],
    "binunicode8.pkl": lambda: [b"\x80\4]\x8d" + u64(1 << 60) + b"\1" * 100 + STOP],
    "bytearray8.pkl": lambda: [b"\x80\5]\x96" + u64(1 << 60) + b"\1" * 100 + STOP],
    "frame.pkl": lambda: [b"\x80\4\x95" + u64(1 << 60) + b"]" + STOP],
    "digits.pkl": lambda: [b"](I" + b"9" * (4 * MILLION) + b"\nL" + b"7" * (4 * MILLION) + b"L\ne."],
    "expanded.pkl": lambda: [PROTO2 + tensor(size=(1 << 31 - 1, 1 << 31 - 1), stride=(0, 0)) + STOP],
}


# --- zip archives ---------------------------------------------------------------------------------------------------


def npy(shape, data=b"", dtype=b"<f4"):
    head = b"{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" % (dtype, shape)
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head) + 1) + head + b"\n" + data


def zeros(blocks):
    """A deflated stream of `blocks` times 64 MB of zeros, and its length unpacked."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(64 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * blocks + b"\3\0", blocks * (64 << 20)


def zip_bomb():
    """An array of a gigabyte of zeros in a megabyte, and a stream that gives more than it says."""
    packed, length = zeros(16)
    header = npy(b"%d," % (length // 4))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(header) + packer.flush(zlib.Z_FULL_FLUSH) + packed
    unpacked = len(header) + length
    lies = {"method": 8, "packed": len(packed)}
    yield build([Entry(b"bomb.npy", packed, local={**lies, "unpacked": unpacked}, central={**lies, "unpacked": unpacked}),
                 Entry(b"liar.npy", packed, local={**lies, "unpacked": 1000}, central={**lies, "unpacked": 1000})])


def many_entries(pattern, count, content=b"", shared=False):
    """An archive of `count` entries; with `shared` all of them have the first one's local header and data."""
    def make():
        crc = zlib.crc32(content)
        fields = struct.pack("<HHHHHIIIHH", 0, 0, 0, 0, 0, crc, len(content), len(content), len(pattern % 0), 0)
        header = b"PK\3\4" + fields
        names = [pattern % i for i in range(count)]
        size = 0
        if shared:
            yield header + names[0] + content
            size = len(header) + len(names[0]) + len(content)
            step = 0
        else:
            step = len(header) + len(names[0]) + len(content)
            size = step * count
            yield b"".join(header + each + content for each in names)
        pack = struct.Struct("<I").pack
        central = b"PK\1\2\0\0" + fields + struct.pack("<HHHI", 0, 0, 0, 0)
        yield b"".join(central + pack(step * i) + each for i, each in enumerate(names))
        length = (len(central) + 4 + len(names[0])) * count
        yield end64(count, length, size) + locator(size + length) + end(min(count, 65535), length, size)
    return make


def torch_zip(record, *more):
    def make():
        yield build([Entry(b"archive/data.pkl", record()), *more, Entry(b"archive/version", b"3\n")])
    return make


def many_tensors():
    """Three hundred thousand views of one storage under names of their own."""
    view = call(name("torch._utils", "_rebuild_tensor_v2"), b"h\0", number(0), tuple_of(number(6)), tuple_of(number(1)), b"\x89",
                b"}")
    return PROTO2 + storage() + b"q\0" + b"0}(" + b"".join(b"X\6\0\0\0%06d" % i + view for i in range(300_000)) + b"u" + STOP


def packed_once(names, content):
    """Entries with one content, which is packed once for all of them."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    lies = {"method": 8, "packed": len(packed), "unpacked": len(content), "crc": zlib.crc32(content)}
    return [Entry(each, packed, local=lies, central=lies) for each in names]


def nested_bombs():
    """Fifty archives of two hundred archives, each with 64 MB of zeros."""
    packed, length = zeros(1)
    lies = {"method": 8, "unpacked": length, "packed": len(packed)}
    one = build([Entry(b"zeros", packed, local=lies, central=lies)])
    many = build([Entry(b"%d.zip" % i, one) for i in range(200)])
    yield build(packed_once([b"%d.zip" % i for i in range(50)], many))


def nested_pickles():
    """Two thousand pickles, each of which names a thousand globals."""
    record = PROTO2 + b"](" + b"".join(b"cmodule_%d\nname\n" % i for i in range(1000)) + b"e" + STOP
    yield build(packed_once([b"%d.pkl" % i for i in range(2_000)], record))


ZIPS = {
    "nested-bombs.zip": nested_bombs,
    "nested-pickles.zip": nested_pickles,
    "bomb.npz": zip_bomb,
    "million.npz": many_entries(b"%07d.npy", MILLION),
    "million.zip": many_entries(b"%07d", MILLION),
    "long-names.zip": many_entries(b"%07d" + b"n" * 60_000, 300),
    "overlapping.npz": many_entries(b"%06d.npy", 100_000, npy(b"1024,", bytes(4096)), shared=True),
    "arrays.npz": many_entries(b"%06d.npy", 200_000, npy(b"1,", bytes(4))),
    "tensors.pt": torch_zip(many_tensors, Entry(b"archive/data/0", bytes(24))),
    "laughs.pt": torch_zip(lambda: next(laughs())),
}


# --- JSON -----------------------------------------------------------------------------------------------------------


def safetensors(header):
    def make():
        pieces = list(header())
        yield u64(sum(map(len, pieces)))
        yield from pieces
    return make


def tensor_header(count, pad=0):
    """`count` tensors of no bytes."""
    entry = b'"%07d' + b"n" * pad + b'":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'

    def make():
        yield b"{" + b",".join(entry % i for i in range(count)) + b"}"
    return make


def weight_map(count):
    yield b'{"metadata":{"total_size":0},"weight_map":{'
    yield b",".join(b'"tensor.%07d":"model-00001-of-00001.safetensors"' % i for i in range(count))
    yield b"}}"


def many_shards(count):
    yield b'{"metadata":{"total_size":0},"weight_map":{'
    yield b",".join(b'"tensor.%07d":"model-%07d.safetensors"' % (i, i) for i in range(count))
    yield b"}}"


JSON = {
    "hundred-thousand.safetensors": safetensors(tensor_header(100_000)),
    "tensors-100M.safetensors": safetensors(tensor_header(1_300_000, 15)),
    "metadata-40M.safetensors": safetensors(lambda: [b'{"__metadata__":{"a":"', b"x" * 40_000_000, b'"}}']),
    "keys-40M.safetensors": safetensors(lambda: [b'{"__metadata__":{', b",".join(b'"%07d":""' % i for i in range(3 * MILLION)), b"}}"]),
    "duplicates.safetensors": safetensors(lambda: [b'{"__metadata__":{', b",".join([b'"a":""'] * MILLION), b"}}"]),
    "control-names.safetensors": safetensors(lambda: [b"{", b",".join(
        b'"\\u0001%06d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % i for i in range(300_000)), b"}"]),
    "shape-40M.safetensors": safetensors(
        lambda: [b'{"a":{"dtype":"F32","data_offsets":[0,0],"shape":[0', b",1" * 20_000_000, b"]}}"]),
    "unknown-40M.safetensors": safetensors(
        lambda: [b'{"a":{"dtype":"F32","data_offsets":[0,0],"shape":[0],"other":[0', b",1" * 20_000_000, b"]}}"]),
    "spaces-40M.safetensors": safetensors(lambda: [b"{", b" " * 40_000_000, b"}"]),
    "claims.safetensors": lambda: [u64(1 << 62) + b"{}"],
    "huge-shape.safetensors": safetensors(
        lambda: [b'{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,18446744073709551615]}}']),
    "deep.safetensors": safetensors(lambda: [b'{"a":', b"[" * MILLION, b"]" * MILLION, b"}"]),
    "deep/adapter_config.json": lambda: [b'{"peft_type":"LORA","r":', b"[" * MILLION, b"]" * MILLION, b"}"],
    "numbers/adapter_config.json": lambda: [b'{"peft_type":"LORA","r":8,"target_modules":[0', b",1" * (20 * MILLION), b"]}"],
    "modules/adapter_config.json": lambda: [b'{"peft_type":"LORA","r":8,"target_modules":["q"', b',"q"' * (5 * MILLION), b"]}"],
    "model.safetensors.index.json": lambda: weight_map(MILLION),
    "shards/model.safetensors.index.json": lambda: many_shards(200_000),
}


# --- npy, gguf, tar -------------------------------------------------------------------------------------------------


def gguf(tensors, pairs, body=b""):
    return b"GGUF" + u32(3) + u64(tensors) + u64(pairs) + body


def gguf_text(value):
    return u64(len(value)) + value


def gguf_tensors():
    count = 300_000
    yield gguf(count, 0)
    yield b"".join(u64(7) + b"%07d" % i + u32(1) + u64(0) + u32(0) + u64(0) for i in range(count))


def gguf_pairs():
    count = MILLION
    yield gguf(0, count)
    yield b"".join(u64(7) + b"%07d" % i + b"\0\0\0\0\1" for i in range(count))


def tar_header(member):
    header = member.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"00000000000\0" * 2 + b"        0" + bytes(100) + b"ustar\00000"
    header = header.ljust(512, b"\0")
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]


def tar_members():
    yield b"".join(tar_header(b"storages") if i == 0 else tar_header(b"member%07d" % i) for i in range(60_000))
    yield bytes(1024)


def structured_npy():
    """A structured element type of two hundred thousand fields, in an npy header of format version 2."""
    fields = b"".join(b"('%07d', '<f4'), " % i for i in range(200_000))
    head = b"{'descr': [" + fields + b"], 'fortran_order': False, 'shape': (0,), }\n"
    yield b"\x93NUMPY\2\0" + u32(len(head)) + head


OTHERS = {
    "huge-shape.npy": lambda: [npy(b"4611686018427387904,", bytes(64))],
    "huge-product.npy": lambda: [npy(b"4294967296, 4294967296, 4294967296", bytes(64))],
    "long-header.npy": lambda: [b"\x93NUMPY\2\0" + u32(0xffffffff) + b"{'descr': " + bytes(100)],
    "deep.npy": lambda: [b"\x93NUMPY\2\0" + u32(2 * MILLION) + b"(" * (2 * MILLION)],
    "fields.npy": structured_npy,
    "many-dimensions.npy": lambda: [b"\x93NUMPY\2\0" + u32(3_000_060) + b"{'descr': '<f4', 'fortran_order': False, 'shape': ("
                                    + b"1, " * MILLION + b"), }"],
    "counts.gguf": lambda: [gguf(1 << 60, 1 << 60)],
    "string.gguf": lambda: [gguf(0, 1, u64(1 << 60) + b"x" * 100)],
    "array.gguf": lambda: [gguf(0, 1, gguf_text(b"a") + u32(9) + u32(0) + u64(1 << 40) + b"x" * 1000)],
    "array-40M.gguf": lambda: [gguf(0, 1, gguf_text(b"a") + u32(9) + u32(0) + u64(40_000_000)), bytes(40_000_000)],
    "texts.gguf": lambda: [gguf(0, 1, gguf_text(b"a") + u32(9) + u32(8) + u64(3 * MILLION)), (u64(1) + b"x") * (3 * MILLION)],
    "nested.gguf": lambda: [gguf(0, 1, gguf_text(b"a") + u32(9) + (u32(9) + u64(1)) * (MILLION // 4))],
    "tensors.gguf": gguf_tensors,
    "pairs.gguf": gguf_pairs,
    "members.tar": tar_members,
}

SET = {**PICKLES, **ZIPS, **JSON, **OTHERS}


def write(folder, names=SET):
    for each in names:
        path = Path(folder) / each
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for piece in SET[each]():
                file.write(piece)


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2:] or SET)
