# SPDX-License-Identifier: Apache-2.0
"""Every function with which torch 0.1 to 2.9 rebuilds tensors, and every dtype and storage that it names.

What torch 1.13 cannot read is written after the source of the version that can; the rest is run beside us.
"""

from reference import Row
from support.pickles import (FALSE, NONE, ORDERED, SIX, TRUE, call, dict_of, floats, name, number, numbers, pickle_of, storage, tensor, text,
                             tuple_of)
from support.zips import Entry, build

UTILS = "torch._utils"
# dtype, storage class (none: UntypedStorage only), bytes, our name; float4 and the shells are opaque here
DTYPES = [
    ("uint8", "Byte", 1, "u8"), ("int8", "Char", 1, "i8"), ("int16", "Short", 2, "i16"), ("int32", "Int", 4, "i32"), ("int64", "Long", 8, "i64"),
    ("float16", "Half", 2, "f16"), ("float32", "Float", 4, "f32"), ("float64", "Double", 8, "f64"), ("complex32", "", 4, "c32"),
    ("complex64", "ComplexFloat", 8, "c64"), ("complex128", "ComplexDouble", 16, "c128"), ("bool", "Bool", 1, "bool"), ("qint8", "QInt8", 1, "qint8"),
    ("quint8", "QUInt8", 1, "quint8"), ("qint32", "QInt32", 4, "qint32"), ("bfloat16", "BFloat16", 2, "bf16"), ("quint4x2", "QUInt4x2", 1, "quint4x2"),
    ("quint2x4", "QUInt2x4", 1, "quint2x4"), *[(f"bits{kind}", "", 1, f"bits{kind}") for kind in ("1x8", "2x4", "4x2", "8")], ("bits16", "", 2, "bits16"),
    ("float8_e5m2", "", 1, "f8_e5m2"), ("float8_e4m3fn", "", 1, "f8_e4m3"), ("float8_e5m2fnuz", "", 1, "f8_e5m2fnuz"),
    ("float8_e4m3fnuz", "", 1, "f8_e4m3fnuz"), ("uint16", "", 2, "u16"), ("uint32", "", 4, "u32"), ("uint64", "", 8, "u64"),
    *[(f"{sign}int{bits}", "", 1, f"{sign}int{bits}") for sign in ("u", "") for bits in range(1, 8)], ("float8_e8m0fnu", "", 1, "f8_e8m0"),
    ("float4_e2m1fn_x2", "", 1, "float4_e2m1fn_x2"),
]


def archive(value, record=None, more=()):
    return build([Entry(b"archive/data.pkl", pickle_of(value)), Entry(b"archive/data/0", floats() if record is None else record),
                  *more, Entry(b"archive/version", b"3\n")])


def untyped(size):
    return storage(name("torch.storage", "UntypedStorage"), elements=number(size))


def v3(dtype, count, width, module="torch"):
    return call(name(UTILS, "_rebuild_tensor_v3"), untyped(count * width), number(0), numbers([count]), numbers([1]), FALSE, ORDERED, name(module, dtype))


def dtype_rows():
    """Six elements each, twice where there is a storage class: with it, and untyped."""
    for dtype, kind, width, ours in DTYPES:
        count = {"quint4x2": 12, "quint2x4": 24}.get(dtype, 6)
        record = bytes(range(6 * width))
        yield f"v3 {dtype}", archive(v3(dtype, 6, width), record) if count == 6 else archive(tensor(base=storage(name("torch", f"{kind}Storage"))), record), [
            ("", ours, [6])], ""
        if kind and count == 6:
            plain = tensor(base=storage(name("torch", f"{kind}Storage")))
            yield f"{kind}Storage", archive(plain, record), [("", ours, [6])], "torch"
            yield f"torch.cuda.{kind}Storage", archive(tensor(base=storage(name("torch.cuda", f"{kind}Storage"))), record), [("", ours, [6])], ""


def plain(size=(6,)):
    return tensor(size)


def rebuilt(function, *arguments, module=UTILS):
    return call(name(module, function), *arguments)


def layout(kind):
    return call(name("torch.serialization", "_get_layout"), text(f"torch.{kind}"))


def integers(count):
    return tensor((count,), base=storage(name("torch", "LongStorage"), key="1", elements=number(3)))


INDICES, SCALES = Entry(b"archive/data/1", bytes(24)), Entry(b"archive/data/2", bytes(8))
SIX_FLOATS = ("", "f32", [6])


def parameter_rows():
    data = plain()
    yield "_rebuild_tensor", rebuilt("_rebuild_tensor", storage(), number(0), numbers([6]), numbers([1])), [SIX_FLOATS], "torch"
    yield "_rebuild_tensor_v2", data, [SIX_FLOATS], "torch"
    yield "_rebuild_tensor_v2, metadata", tensor(more=[dict_of(neg=TRUE)]), [SIX_FLOATS], ""
    yield "_rebuild_parameter", rebuilt("_rebuild_parameter", data, TRUE, ORDERED), [SIX_FLOATS], "torch"
    yield "_rebuild_parameter_with_state", rebuilt("_rebuild_parameter_with_state", data, TRUE, ORDERED, dict_of(scale=plain())), [SIX_FLOATS, ("scale", "f32", [6])], ""
    slots = rebuilt("_rebuild_parameter_with_state", data, TRUE, ORDERED, tuple_of(dict_of(scale=plain()), dict_of(slot=plain())))
    yield "_rebuild_parameter_with_state, slots", slots, [SIX_FLOATS, ("scale", "f32", [6]), ("slot", "f32", [6])], ""
    built = name("torch.nn.parameter", "Parameter") + tuple_of(data) + b"\x81" + tuple_of(TRUE, FALSE, ORDERED) + b"b"
    yield "Parameter BUILD", built, None, ""
    old = name("torch", "FloatTensor") + b")\x81" + tuple_of(storage(), number(0), numbers([6]), numbers([1])) + b"b"
    yield "FloatTensor NEWOBJ BUILD", old, [SIX_FLOATS], "torch"
    variable = name("torch.autograd.variable", "Variable") + b")\x81" + tuple_of(old, NONE, ORDERED, TRUE, FALSE) + b"b"
    yield "Variable BUILD", variable, [SIX_FLOATS], ""


def quantised_rows():
    def q(*parameters):
        return rebuilt("_rebuild_qtensor", storage(name("torch", "QInt8Storage"), elements=number(24)), number(0), numbers([2, 3]), numbers([3, 1]),
                       tuple_of(*parameters), FALSE, ORDERED)
    tenth = b"G" + bytes.fromhex("3fb999999999999a")
    scales = tensor((2,), base=storage(key="2", elements=number(2)))
    zeros = tensor((2,), base=storage(name("torch", "LongStorage"), key="1", elements=number(3)))
    yield "_rebuild_qtensor, per tensor", q(name("torch", "per_tensor_affine"), tenth, number(3)), [("", "qint8", [2, 3])], "torch"
    channels = [("", "qint8", [2, 3]), ("scales", "f32", [2]), ("zero_points", "i64", [2])]
    yield "_rebuild_qtensor, per channel", q(name("torch", "per_channel_affine"), scales, zeros, number(0)), channels, ""
    as_lists = q(name("torch", "per_channel_affine"), b"](" + tenth * 2 + b"e", b"](" + number(0) * 2 + b"e", number(0))
    yield "_rebuild_qtensor, lists", as_lists, [("", "qint8", [2, 3])], ""


def sparse_rows():
    coo = [("indices", "i64", [1, 3]), ("values", "f32", [3])]
    indices = tensor((1, 3), (3, 1), base=storage(name("torch", "LongStorage"), key="1", elements=number(3)))
    for title, more in (("coo", ()), ("coo, coalesced", (TRUE,))):
        yield f"_rebuild_sparse_tensor {title}", rebuilt("_rebuild_sparse_tensor", layout("sparse_coo"), tuple_of(indices, plain((3,)), numbers([9]), *more)), coo, (
            "torch" if not more else "")
    parts = [("compressed_indices", "i64", [3]), ("plain_indices", "i64", [2]), ("values", "f32", [2])]
    for kind in ("csr", "csc", "bsr", "bsc"):
        data = tuple_of(integers(3), integers(2), plain((2,)), numbers([2, 9]))
        yield f"_rebuild_sparse_tensor {kind}", rebuilt("_rebuild_sparse_tensor", layout(f"sparse_{kind}"), data), parts, ""
        yield f"_rebuild_sparse_csr_tensor {kind}", rebuilt("_rebuild_sparse_csr_tensor", layout(f"sparse_{kind}"), data), parts, ""


def other_rows():
    nested = rebuilt("_rebuild_nested_tensor", plain(), integers(3), integers(3), integers(3))
    yield "_rebuild_nested_tensor", nested, "parts", ""
    meta = rebuilt("_rebuild_meta_tensor_no_storage", name("torch", "float32"), numbers([2, 3]), numbers([3, 1]), FALSE)
    yield "_rebuild_meta_tensor_no_storage", meta, [("", "f32", [2, 3])], "torch"
    device = call(name("torch", "device"), text("cpu"))
    wrapper = rebuilt("_rebuild_wrapper_subclass", name("my.module", "Wrapper"), name("torch", "float32"), numbers([2, 3]), numbers([3, 1]), number(0),
                      layout("strided"), device, FALSE)
    yield "_rebuild_wrapper_subclass", wrapper, [("", "f32", [2, 3])], ""
    typed = rebuilt("_rebuild_from_type_v2", name(UTILS, "_rebuild_tensor_v2"), name("my.module", "Sub"),
                    tuple_of(storage(), number(0), numbers([6]), numbers([1]), FALSE, ORDERED), dict_of(inner=plain()), module="torch._tensor")
    yield "_rebuild_from_type_v2", typed, [SIX_FLOATS, ("inner", "f32", [6])], ""
    for module in ("torch._tensor", "torch.tensor"):
        older = rebuilt("_rebuild_from_type", name(UTILS, "_rebuild_tensor_v2"), name("torch", "Tensor"),
                        tuple_of(storage(), number(0), numbers([6]), numbers([1]), FALSE, ORDERED), b"}", module=module)
        yield f"{module}._rebuild_from_type", older, [SIX_FLOATS], ""
    copied = rebuilt("_rebuild_device_tensor_from_cpu_tensor", plain(), name("torch", "float32"), text("xla:0"), FALSE)
    yield "_rebuild_device_tensor_from_cpu_tensor", copied, "parts", ""
    array = (call(name("numpy.core.multiarray", "_reconstruct"), name("numpy", "ndarray"), numbers([0]), b"C\1b")
             + tuple_of(number(1), numbers([6]), call(name("numpy", "dtype"), text("f4"), FALSE, TRUE)
                        + tuple_of(number(3), text("<"), NONE, NONE, NONE, number(-1), number(-1), number(0)) + b"b", FALSE, b"C\x18" + floats()) + b"b")
    for function in ("_rebuild_device_tensor_from_numpy", "_rebuild_xla_tensor", "_rebuild_mlc_tensor"):
        yield function, rebuilt(function, array, name("torch", "float32"), text("xla:0"), FALSE), [SIX_FLOATS], ""


def named_rows():
    """Archives of torch that are named, with their records, and not read."""
    def records(*names):
        return build([Entry(entry.encode(), b"1") for entry in names])
    packaged = records("stem/.data/extern_modules", "stem/.data/version", "stem/.data/0.storage", "stem/model/model.pkl", "stem/python_version")
    exported = records("stem/archive_format", "stem/archive_version", "stem/models/model.json", "stem/data/weights/weight_0", "stem/.data/version")
    for title, content in (("torch.package archive", packaged), ("torch.export .pt2 archive", exported),
                           ("torch-model-archiver archive", records("MAR-INF/MANIFEST.json", "model.pt"))):
        yield Row(f"newer: {title}", content, "loads", file="x.pt2", loader="", title=title)


def rows():
    yield from named_rows()
    for title, content, tensors, loader in dtype_rows():
        yield Row(f"newer: {title}", content, "loads", tensors=tensors, loader=loader)
    for group in (parameter_rows, quantised_rows, sparse_rows, other_rows):
        for title, value, tensors, loader in group():
            yield Row(f"newer: {title}", archive(value, more=[INDICES, SCALES]), "loads", tensors=tensors, loader=loader)
    settings = [Entry(b"archive/.format_version", b"1"), Entry(b"archive/.storage_alignment", b"64"), Entry(b"archive/byteorder", b"little")]
    yield Row("newer: .format_version, .storage_alignment, byteorder", archive(plain(), more=settings), "loads", sees=SIX, loader="torch")
