# SPDX-License-Identifier: Apache-2.0
"""105 headers of npy and what numpy 1.24's np.load makes of them from a real file; npz archives and np.load with zipfile.

What differs between a file, memory and a memory map is the file's. `npy_verdicts.py` asks numpy about thousands more.
"""

import io
import struct
import zipfile

from reference import Row
from support.pickles import SIX, floats

NONE_SUCH = "!is not a valid dtype descriptor"
SHAPE = "!shape is not valid"
PARSE = "!Cannot parse header"
KEYS = "!Header does not contain the correct keys"
RESHAPE = "!cannot reshape array"
MALFORMED = "container.malformed"
CUT = "container.truncated"


def npy(header, data=None, version=(1, 0), length=None, pad=True):
    text = header if isinstance(header, bytes) else header.encode("utf-8" if version[0] == 3 else "latin-1")
    form = "<H" if version[0] < 2 else "<I"
    if pad:
        text += b" " * (-(8 + struct.calcsize(form) + len(text) + 1) % 64) + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack(form, len(text) if length is None else length) + text + (floats() if data is None else data)


def header(descr="'<f4'", shape="(6,)", order="False"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def of_shape(name, shape, reference, ours="", words="", **more):
    return f"shape {name}", npy(header(shape=shape)), reference, ours, words, more


def container_rows():
    plain, versions = header(), "!we only support format version"
    yield "ok", npy(plain), "loads", "", "", {"sees": SIX}
    for major in (2, 3):
        yield f"v{major}", npy(plain, version=(major, 0)), "loads", "", "", {"sees": SIX}
    for name, version in (("v4", (4, 0)), ("v1.1", (1, 1)), ("v0.0", (0, 0))):
        yield name, npy(plain, version=version), versions, MALFORMED, "version", {}
    yield "no newline/pad", npy(plain, pad=False), "loads", "", "", {"sees": SIX}
    yield "trailing data ignored", npy(plain, floats() + b"tail"), "loads", "", "container.unlabelled-bytes", {"sees": SIX}
    yield "short data", npy(plain, floats()[:20]), RESHAPE, CUT, "needs 24 bytes of data, 20 are there", {}
    yield "hdrlen>file", npy(plain, length=60000), "!EOF: reading array header", CUT, "header", {}
    yield "hdrlen 0", npy(plain, length=0), f"{PARSE}: ''", MALFORMED, "header", {}
    yield "hdr 10001", npy(plain + " " * (10002 - len(plain)), pad=False), "!Header info length", "npy.header-length", "numpy refuses more than 10000", {}
    yield "hdr 10000", npy(plain + " " * (10000 - len(plain)), pad=False), "loads", "", "npy.header-padding", {"sees": SIX}
    yield "v2 hl 4GB", npy(plain, version=(2, 0), length=0xFFFFFFF0), "!EOF: reading array header", CUT, "header", {}
    yield "deep parens", npy("(" * 500 + ")" * 500), PARSE, MALFORMED, "too many nested", {"loader": ""}
    yield "deep minus", npy("-" * 9000 + "1"), "!", MALFORMED, "", {"loader": ""}
    yield "only magic", npy(plain)[:6], "!EOF: reading magic string", CUT, "", {}
    yield "magic+ver", npy(plain)[:8], "!EOF: reading array header length", CUT, "", {}
    yield "empty file", b"", "!", "container.empty-file", "", {}
    yield "pickle", b"\x80\2N.", "!Cannot load file containing pickled data when allow_pickle=False", "", "the content is Python pickle", {
        "policy": "a pickle is read as one; that the name is wrong is a warning"}
    yield "PK0506 empty zip", b"PK\5\6" + bytes(18), "loads", "", "the content is NumPy archive", {}


def shape_rows():
    yield of_shape("()", "()", "loads", words="container.unlabelled-bytes")
    for name, shape in (("list", "[6]"), ("int", "6"), ("(6)", "(6)"), ("float", "(6.0,)")):
        yield of_shape(name, shape, SHAPE, MALFORMED, "shape: expected")
    for name, shape in (("neg -1", "(-1,)"), ("(-6,)", "(-6,)"), ("(-1,3)", "(-1,3)")):
        yield of_shape(name, shape, "loads", words="npy.negative-dimension", sees=SIX)
    yield of_shape("(-2,-3)", "(-2,-3)", "!can only specify one unknown dimension", MALFORMED, "only one dimension")
    yield of_shape("True", "(True,)", "!an integer is required", MALFORMED, "expected an integer, found True")
    yield of_shape("6L", "(6L,)", "loads", sees=SIX)
    yield "shape 6L v3", npy(header(shape="(6L,)"), version=(3, 0)), PARSE, MALFORMED, "number runs into", {}
    yield of_shape("hex", "(0x6,)", "loads", sees=SIX)
    yield of_shape("1_0", "(0_6,)", PARSE, MALFORMED, "leading zeros")
    for name, shape, said in (("2^63", "(9223372036854775808,)", "!Maximum allowed dimension exceeded"), ("2^62", "(4611686018427387904,)", "!array is too big"),
                              ("ovf 2^32,2^32", "(4294967296,4294967296)", RESHAPE), ("2^32*2^32*0", "(4294967296,4294967296,0)", RESHAPE)):
        yield of_shape(name, shape, said, MALFORMED, "63")
    for count in (33, 65):
        yield f"{count} dims", npy(header(shape="(" + "1," * count + ")"), bytes(4)), "!maximum supported dimension for an ndarray is 32", (
            "" if count == 33 else MALFORMED), "dimension", {"policy": "numpy 2 takes 64 dimensions: a warning"} if count == 33 else {}
    yield of_shape("ovf->6", "(6,3)", RESHAPE, CUT, "needs 72 bytes of data, 24 are there")
    yield "fortran", npy(header(shape="(2,3)", order="True")), "loads", "", "", {"sees": [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]}
    for value in ("1", "None"):
        yield f"fortran {value}", npy(header(order=value)), f"!fortran_order is not a valid bool: {value}", MALFORMED, "expected True or False", {}
    for name, shape, said in (("neg pos", "(+6,)", "loads"), ("expr 2*3", "(2*3,)", "!malformed node or string"), ("expr 3+3", "(3+3,)", "!malformed node or string"),
                              ("complex 3+3j", "(3+3j,)", SHAPE)):
        yield name, npy(header(shape=shape)), said, "" if said == "loads" else MALFORMED, "", {}


def type_rows():
    for descr in (">f4 f4 =f4 |f4 float32 <f2 e <f16 g <c8 <c16 |b1 ? |u1 |i1 <u8 <M8[ns] <m8[D] |S4 <U1 |V4 V0 S0 i4,f4 <V2 <b1 b B |S0").split():
        yield f"descr {descr}", npy(header(f"'{descr}'", "(1,)"), bytes(64)), "loads", "", "", {}
    for descr in ("<c4", "<f3", "x", "", "bfloat16", "<f4x"):
        yield f"descr {descr}", npy(header(f"'{descr}'", "(1,)"), bytes(64)), NONE_SUCH, MALFORMED, "no element type of numpy", {}
    for descr in ("O", "|O", "object"):
        yield f"descr {descr}", npy(header(f"'{descr}'", "(1,)"), b"N."), "!Object arrays cannot be loaded when allow_pickle=False", "", "npy.object-array", {
            "policy": "with allow_pickle it loads: what it holds is listed, and judged"}
    for descr in ("3f4", "(2,)f4"):
        yield f"descr {descr}", npy(header(f"'{descr}'", "(1,)"), bytes(64)), RESHAPE, "npy.subarray-type", "only a memory map reads it", {}


def structured_rows():
    for name, descr, reference, ours, words in (
            ("structured", "[('a','<f4'),('b','<i2',(2,))]", "loads", "", ""), ("struct pad", "[('a','<f4'),('','|V4')]", "loads", "", ""),
            ("struct nested", "[('a',[('x','<f4'),('y','u1')])]", "loads", "", ""), ("struct title", "[(('T','a'),'<f4')]", "loads", "", ""),
            ("struct dup names", "[('a','<f4'),('a','<f4')]", "!name already used", MALFORMED, "two fields are called 'a'"),
            ("subarray tuple", "('<f4',(3,))", RESHAPE, "npy.subarray-type", "only a memory map"),
            ("descr dict", "{'names':['a'],'formats':['<f4']}", "!too many values to unpack", MALFORMED, "a field must have"),
            ("descr empty list", "[]", "loads", "", ""), ("descr None", "None", NONE_SUCH, MALFORMED, "None describes no element type")):
        yield name, npy(header(descr, "(2,)"), bytes(64)), reference, ours, words, {}
    objects = npy(header("[('a','O')]", "(2,)"), b"N.")
    yield "struct w/ O", objects, "!Object arrays cannot be loaded when allow_pickle=False", "", "npy.object-array", {"policy": "with allow_pickle it loads"}
    for name, descr in (("itemsize0 huge", "'|V0'"), ("itemsize0 S0 2^40", "'|S0'")):
        shape = "(4611686018427387904,)" if "V0" in descr else "(1099511627776,)"
        yield name, npy(header(descr, shape), b""), "loads", "", "", {}


def text_rows():
    plain = header()
    for name, text in (("leading ws", "  " + plain), ("leading nl", "\n" + plain), ("comment", plain + " # hidden")):
        yield name, npy(text), "loads", "", "npy.header-text", {"sees": SIX}
    for name, text in (("dq strings", plain.replace("'<f4'", '"<f4"')), ("string concat", plain.replace("'<f4'", "'<' 'f4'")),
                       ("esc", plain.replace("'<f4'", "'\\x3cf4'")), ("multi-line", plain.replace(", '", ",\n'"))):
        yield name, npy(text), "loads", "", "", {"sees": SIX}
    yield "dup key", npy(plain.replace("{", "{'descr': '<f8', ")), "loads", "", "npy.duplicate-key", {"sees": SIX}
    for name, text, said in (("extra key", plain.replace(", }", ", 'x': 1, }"), KEYS), ("missing key", "{'descr': '<f4', 'shape': (6,), }", KEYS),
                             ("bytes keys", plain.replace("'descr'", "b'descr'").replace("'shape'", "b'shape'").replace("'fortran", "b'fortran"), KEYS),
                             ("list header", "[1]", "!Header is not a dictionary"), ("set lit", "{'descr', 'x'}", "!Header is not a dictionary"),
                             ("call", "__import__('os').getcwd()", "!malformed node or string"), ("nul in hdr", plain.replace("<f4", "<f4\0"), "!null bytes"),
                             ("nul pad", plain + "\0\0\0", "!null bytes")):
        yield name, npy(text), said, MALFORMED, "header", {}
    named = "{'descr': [('\xe9', '<f4')], 'fortran_order': False, 'shape': (6,), }".encode("latin-1")
    yield "nonlatin v1", npy(named), "loads", "", "", {}
    yield "bad utf8 v3", npy(named, version=(3, 0)), "!codec can't decode byte 0xe9", MALFORMED, "UTF-8", {}


def archive(*members, method=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as target:
        import warnings
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, content in members:
                target.writestr(zipfile.ZipInfo(name), content, method)
    return stream.getvalue()


def archive_rows():
    array, nines = npy(header()), npy(header(), floats([9.0] * 6))
    wrong = bytearray(archive(("a.npy", array)))
    wrong[wrong.index(floats())] ^= 1
    yield "ok", archive(("a.npy", array)), "loads", "", "", {"sees": SIX}
    yield "dup", archive(("a.npy", array), ("a.npy", nines)), "loads", "zip.duplicate-name", "", {"sees": [9.0] * 6, "policy": "readers differ in which they take"}
    yield "a and a.npy", archive(("a", array), ("a.npy", nines)), "loads", "", "npz.key-collision", {"sees": SIX}
    yield "non npy", archive(("a.npy", array), ("a.txt", b"hi")), "loads", "", "npz.other-member", {}
    yield "subdir", archive(("x/a.npy", array)), "loads", "", "", {"sees": SIX}
    yield "dotdot", archive(("../a.npy", array)), "loads", "", "zip.unsafe-name", {"sees": SIX}
    yield "deflate", archive(("a.npy", array), method=zipfile.ZIP_DEFLATED), "loads", "", "", {"sees": SIX}
    for method, packed in (("bz2", zipfile.ZIP_BZIP2), ("lzma", zipfile.ZIP_LZMA)):
        yield method, archive(("a.npy", array), method=packed), "loads", "zip.unknown-method", "which Python's zipfile reads", {"policy": "not unpacked here, and said so"}
    yield "trailing in entry", archive(("a.npy", array + b"tail")), "loads", "", "container.unlabelled-bytes", {"sees": SIX}
    yield "prefix ok", b"PK\3\4junk" + archive(("a.npy", array)), "loads", "", "container.leading-data", {"sees": SIX}
    yield "bad crc", bytes(wrong), "!Bad CRC-32 for file 'a.npy'", "zip.crc-mismatch", "", {}


def rows():
    for group in (container_rows, shape_rows, type_rows, structured_rows, text_rows):
        for name, content, reference, ours, words, more in group():
            yield Row(f"npy {name}", content, reference, ours, words, **{"file": "x.npy", "loader": "numpy", **more})
    for name, content, reference, ours, words, more in archive_rows():
        yield Row(f"npz {name}", content, reference, ours, words, file="x.npz", loader="npz", **more)
