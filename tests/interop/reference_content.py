# SPDX-License-Identifier: Apache-2.0
"""What a data.pkl may say of one storage of six floats, and torch.load of 1.13 with weights_only off and on.

The column weights_only is filled where the restricted unpickler itself decides. That of 1.13 takes a little more and a
little less than that of today, on which we report. What calls something is not run here.
"""

import struct

from reference import Row
from support.pickles import (FALSE, NONE, ORDERED, PROTO2, SIX, STOP, TRUE, call, dict_of, floats, name, number, numbers, pickle_of,
                             storage, tensor, text, tuple_of)
from support.zips import Entry, build

REBUILD = name("torch._utils", "_rebuild_tensor_v2")
FLOAT = name("torch", "FloatStorage")


def archive(pickle):
    return build([Entry(b"archive/data.pkl", pickle), Entry(b"archive/data/0", floats()), Entry(b"archive/version", b"3\n")])


def row(title, pickle, reference, ours="", words="", **more):
    return Row(f"content: {title}", archive(pickle), reference, ours, words, **more)


def of(title, value, *rest, **more):
    return row(title, pickle_of(value), *rest, **more)


def view_rows():
    bad, wrapped = "tensor.malformed", "!Storage size calculation overflowed"
    yield of("ok", tensor(), "loads", sees=SIX, weights_only="loads")
    yield of("off+size beyond", tensor(offset=1), "!Trying to resize storage that is not resizable", bad, "reaches element 6 of a storage of 6")
    yield of("neg offset", tensor(offset=-1), "!Tensor: invalid storage offset -1", bad, "negative element -1")
    yield of("neg stride", tensor(stride=(-1,)), f"{wrapped} with sizes=[6] and strides=[-1]", bad, "negative stride -1")
    yield of("neg size", tensor((-6,)), "!numel: integer multiplication overflow", bad, "negative size -6")
    yield of("stride0 huge size (overlap)", tensor((1 << 40,), (0,)), "loads", words="tensor.expanded-view")
    yield of("stride0 2^62", tensor((1 << 62,), (0,)), "loads", words="tensor.expanded-view", weights_only="loads")
    yield of("size/stride len mismatch", tensor((2, 3)), "!unequal size length (2) and stride length (1)", bad, "2 dimensions but 1 strides")
    yield of("size overflow 2^33x2^33 st0", tensor((1 << 33, 1 << 33), (0, 0)), "!numel: integer multiplication overflow", bad, "more elements than 2^63")
    yield of("stride huge wrap", tensor((2,), (1 << 62,)), wrapped, bad, "view reaches element")


def elements_rows():
    def with_elements(value, **more):
        return tensor(base=storage(elements=value), **more)
    yield of("numel neg", with_elements(number(-1)), "!incompatible function arguments", "tensor.malformed", "number of elements is negative")
    yield of("numel huge", with_elements(number(1 << 40)), "loads", "torch.short-storage", loader="", policy="torch reads past the record's end before 2.0")
    yield of("numel float", with_elements(b"G" + struct.pack(">d", 6.0)), "!incompatible function arguments", "tensor.malformed", "number of elements")
    yield of("bool numel", with_elements(TRUE, size=(1,)), "loads", words="torch.long-storage", weights_only="loads")


def place_rows():
    def at(location):
        return tensor(base=storage(location=location))
    needs = "needs map_location here; where the device exists it loads"
    yield of("loc cuda:0", at("cuda:0"), "!Attempting to deserialize object on a CUDA device", sees=SIX, policy=needs)
    yield of("loc cuda:0 maploc", at("cuda:0"), "loads", sees=SIX, loader="torch-mapped")
    for location in ("xyz", "cpu:0"):
        yield of(f"loc {location}", at(location), f"!(tagged with {location})", words=f'"{location}"', policy="with map_location it loads", sees=SIX)


def storage_rows():
    def kind(module, attribute, **more):
        return tensor(base=storage(name(module, attribute)), **more)
    none = "!Can't get attribute"
    yield of("storage torch.cuda.FloatStorage", kind("torch.cuda", "FloatStorage"), "loads", sees=SIX, weights_only="loads")
    yield of("storage bogus.FloatStorage", kind("bogus.mod", "FloatStorage"), "loads", words="bogus.mod.FloatStorage", sees=SIX, weights_only="refuses")
    yield of("storage EvilStorage", kind("torch", "EvilStorage"), f"{none} 'EvilStorage'", "tensor.malformed", "torch.EvilStorage is none of torch's",
             weights_only="refuses")
    yield of("storage __main__.XStorageY", kind("os", "systemStorage"), f"{none} 'systemStorage'", "tensor.malformed", "os.systemStorage is none",
             weights_only="refuses")
    untyped = storage(name("torch.storage", "UntypedStorage"), elements=number(24))
    yield of("UntypedStorage n=24", tensor(base=untyped), "loads", words="", weights_only="loads")
    yield of("key with slash ../version", tensor(base=storage(key="../version")), "!failed locating file data/../version: file not found",
             "torch.missing-storage", "../version")
    integers = tensor(base=storage(name("torch", "IntStorage")))
    yield of("same key two dtypes", tuple_of(tensor(), integers), "loads", words="torch.conflicting-storage", sees=SIX, weights_only="loads")
    yield of("same key diff numel", tuple_of(tensor(), tensor((1,), base=storage(elements=number(1)))), "loads", words="torch.conflicting-storage", sees=SIX,
             weights_only="loads")


def argument_rows():
    def rebuilt(*arguments):
        return call(REBUILD, *arguments)
    conjugate = b"}" + text("conj") + TRUE + b"s"
    grads = rebuilt(storage(name("torch", "IntStorage")), number(0), numbers([6]), numbers([1]), TRUE, ORDERED)
    old = b"c" + b"torch\nFloatTensor\n" + b")\x81" + tuple_of(storage(), number(0), numbers([6]), numbers([1])) + b"b"
    yield of("list size", tensor(sizes=b"](" + number(6) + b"e"), "loads", sees=SIX)
    yield of("torch.Size size", tensor(sizes=call(name("torch", "Size"), numbers([6]))), "loads", sees=SIX, weights_only="loads")
    yield of("hooks None", tensor(hooks=NONE), "loads", sees=SIX, weights_only="loads")
    yield of("metadata conj", tensor(more=[conjugate]), "!takes 6 positional arguments but 7 were given", words="tensor.lazy-sign",
             policy="torch takes the seventh argument since 2.0")
    yield of("rg int grad", grads, "!only Tensors of floating point and complex dtype can require gradients", "tensor.malformed", "requires gradients")
    yield of("v1 _rebuild_tensor", call(name("torch._utils", "_rebuild_tensor"), storage(), number(0), numbers([6]), numbers([1])), "loads", sees=SIX,
             weights_only="loads")
    yield of("BUILD tensor legacy", old, "loads", sees=SIX)


def stream_rows():
    broken, cut = "pickle.malformed", "container.truncated"
    yield row("proto 4 empty", b"\x80\4K\1.", "loads", root=1, weights_only="loads")
    yield row("proto 7", b"\x80\7K\1.", "!unsupported pickle protocol: 7", broken, "protocol 7", weights_only="loads")
    yield row("no proto", b"K\1.", "loads", root=1, weights_only="loads")
    yield row("double proto", b"\x80\2\x80\2K\1.", "loads", words="pickle.repeated-proto", root=1, weights_only="loads")
    yield row("empty pkl", b"", "!Ran out of input", cut, "there are no bytes", weights_only="refuses")
    yield row("no stop", PROTO2 + b"K\1", "!Ran out of input", cut, "before STOP", weights_only="refuses")
    yield row("stack underflow", PROTO2 + STOP, "!unpickling stack underflow", broken, "stack underflow", weights_only="refuses")
    yield row("LONG_BINPUT 2^28", PROTO2 + b"K\1r" + struct.pack("<I", 1 << 28) + STOP, "loads", words="pickle.memo-index", root=1, loader="",
              weights_only="loads")
    yield row("memo miss", PROTO2 + b"h\5.", "!Memo value not found at index 5", broken, "at index 5", weights_only="refuses")
    yield row("self-cycle list", PROTO2 + b"]q\0h\0a.", "loads", weights_only="loads")
    yield row("dict self key", PROTO2 + b"}q\0h\0K\1s.", "!unhashable type: 'dict'", broken, "cannot be a key", weights_only="refuses")
    yield row("extra on stack", PROTO2 + b"K\1K\2.", "loads", words="pickle.stack-left-over", root=2, weights_only="loads")


def called_rows():
    module = tuple_of(text("module"), name("a", "B"), text("f.py"), text("source")) + b"Q"
    refused = "weights_only refuses it"
    yield of("module persid in zip", module, "!Unknown typename for persistent_load, expected 'storage' but got 'module'", "torch.persistent-id",
             "Unknown typename for persistent_load", loader="", weights_only="refuses")
    yield of("os.system blocked", call(name("os", "system"), text("pwd")), "loads", "pickle.dangerous-global", "os.system", verdict="dangerous", loader="",
             policy=refused, weights_only="refuses")
    yield of("builtins.getattr", name("__builtin__", "getattr"), "loads", "pickle.dangerous-global", "builtins.getattr", verdict="dangerous", policy=refused,
             weights_only="refuses")
    yield of("numpy scalar", name("numpy.core.multiarray", "scalar"), "loads", verdict="inert", weights_only="refuses")


def rows():
    for group in (view_rows, elements_rows, place_rows, storage_rows, argument_rows, stream_rows, called_rows):
        yield from group()
