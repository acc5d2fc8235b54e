# SPDX-License-Identifier: Apache-2.0
"""What torch wrote before its zip archives, TorchScript, and plain pickles."""

import functools
import io
import pickle
import struct
import sys
import zipfile

import numpy as np
import torch

from make_common import EPOCH, sample, weights
from make_named import tar_of
from make_torch import peft_state, saved, tensor


@sample("torch-zip/layouts.pt", "torch.save", "sparse and quantised tensors, which are made of several")
def _():
    numbers, scales = tensor(4, 6, seed=26, std=1.0), torch.linspace(0.05, 0.2, 4, dtype=torch.float64)
    return saved({"coo": numbers.relu().to_sparse(), "csr": numbers.relu().to_sparse_csr(),
                  "per_tensor": torch.quantize_per_tensor(numbers, 0.05, 3, torch.qint8),
                  "per_channel": torch.quantize_per_channel(numbers, scales, torch.arange(4), 0, torch.quint8)})


# --- PyTorch's other containers -------------------------------------------------------------------------------------


class LegacyPickler(pickle.Pickler):
    """Names storages as torch's legacy writer does, but by number: torch takes their addresses, which always differ."""

    def __init__(self, stream, protocol):
        super().__init__(stream, protocol)
        self.storages = {}

    def persistent_id(self, found):
        if not torch.is_storage(found):
            return None
        number, _ = self.storages.setdefault(found.data_ptr(), (str(1000 + len(self.storages)), found))
        return "storage", getattr(torch, found.pickle_storage_type()), number, "cpu", len(found), None


def legacy(value, protocol=2):
    """The stream of torch.save(..., _use_new_zipfile_serialization=False)."""
    stream = io.BytesIO()
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    for part in (0x1950A86A20F9469CFC6C, 1001, system):
        pickle.dump(part, stream, protocol)
    pickler = LegacyPickler(stream, protocol)
    pickler.dump(value)
    storages = dict(sorted(pickler.storages.values(), key=lambda item: item[0]))
    pickle.dump(list(storages), stream, protocol)
    for storage in storages.values():
        data = bytes(torch.tensor(storage, dtype=storage.dtype).numpy().tobytes())
        stream.write(struct.pack("<q", len(storage)) + data)
    return stream.getvalue()


@sample("torch-legacy/lora.bin", "pickle, as torch.save before 1.6", "the tensors of safetensors/lora.safetensors: both have one content digest")
def _():
    return legacy(peft_state())


@sample("torch-legacy/views.pt", "pickle, as torch.save before 1.6", "transposed and stepped views of one storage, an int64 tensor, plain values; protocol 4")
def _():
    base = tensor(6, 8, seed=27)
    return legacy({"transposed": base.t(), "stepped": base[1::2, ::3], "steps": torch.arange(5), "rank": 4}, 4)


@sample("torch-legacy/truncated.pt", "pickle, then cut", "a download that stopped inside the last storage")
def _():
    return legacy(peft_state())[:-100]


@functools.lru_cache(maxsize=1)
def traced():
    """torch names a class once and then in other ways: it is traced once."""
    module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()).eval()
    with torch.no_grad():
        module[0].weight.copy_(tensor(3, 4, seed=28))
        module[0].bias.copy_(tensor(3, seed=29))
    stream = io.BytesIO()
    torch.jit.save(torch.jit.trace(module, torch.ones(1, 4)), stream)
    return stream.getvalue()


def scripted(version=None):
    """torch.jit.save's records without those that hold paths of the machine that wrote them."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(traced())) as source, zipfile.ZipFile(stream, "w") as target:
        for entry in source.infolist():
            if not entry.filename.endswith(".debug_pkl"):
                content = source.read(entry) if version is None or not entry.filename.endswith("/version") else version
                target.writestr(zipfile.ZipInfo(entry.filename, EPOCH), content)
    return stream.getvalue()


@sample("torchscript/linear.pt", "torch.jit.save, then Python's zipfile", "a traced layer: tensors, constants and code; without debug records")
def _():
    return scripted()


@sample("torchscript/version-11.pt", "torch.jit.save, then Python's zipfile", "the same with a version that torch 1.13 refuses")
def _():
    return scripted(b"11\n")


def tar_checkpoint():
    """What torch 0.1.9 would write of {"weight": 3 x 4 floats, "row": its second row}, by hand."""
    def dumped(value):
        return pickle.dumps(value, 2)
    values = weights(3, 4, seed=34)
    storages = dumped(1) + dumped((10, "cpu", torch.FloatStorage)) + struct.pack("<q", 12) + values.tobytes() + dumped([(11, 10, 4, 4)])
    tensors = dumped(2)
    for key, storage, size, stride in ((1, 10, (3, 4), (4, 1)), (2, 11, (4,), (1,))):
        count = len(size)
        tensors += dumped((key, storage, torch.FloatTensor)) + struct.pack(f"<i4x{2 * count + 1}q", count, *size, *stride, 0)
    persistent = b"\x80\x02}(X\x06\0\0\0weightX\x01\0\0\x001QX\x03\0\0\0rowX\x01\0\0\x002Qu."
    return tar_of({"sys_info": dumped({"protocol_version": 1000}), "pickle": persistent, "tensors": tensors, "storages": storages})


@sample("torch-tar/weights.tar", "tarfile and pickle, by hand", "a checkpoint as torch 0.1.9 wrote it, with a storage that is a part of another")
def _():
    return tar_checkpoint()


# --- Plain pickles ---------------------------------------------------------------------------------------------------


class StoragePickler(pickle.Pickler):
    """As pickle.dump sees tensors: each storage becomes the bytes of a torch stream."""

    def reducer_override(self, found):
        return (torch.storage._load_from_bytes, (legacy(found),)) if torch.is_storage(found) else NotImplemented


def plain(value, protocol):
    stream = io.BytesIO()
    StoragePickler(stream, protocol).dump(value)
    return stream.getvalue()


@sample("pickle/tensors.pkl", "pickle.dump", "torch tensors and numpy arrays in a pickle of protocol 4")
def _():
    return plain({"weight": tensor(4, 3, seed=35), "mean": weights(4, seed=36), "steps": [torch.arange(3)]}, 4)


@sample("pickle/protocol2.pkl", "pickle.dump", "the same kinds in protocol 2, where byte strings are Latin-1 texts")
def _():
    return plain({"weight": tensor(2, 3, seed=37), "mean": weights(4, seed=38)}, 2)


@sample("pickle/protocol0.pkl", "pickle.dump", "protocol 0, which is text and has no mark at its beginning")
def _():
    return pickle.dumps({"rank": 4, "scale": 0.5, "mean": weights(2, seed=39)}, 0)


@sample("pickle/several.pkl", "pickle.dump", "three pickles in a row")
def _():
    return b"".join(pickle.dumps({"step": step, "loss": weights(2, seed=84 + step)}, 4) for step in range(3))


@sample("pickle/acts.pkl", "pickle, by hand", "a pickle that calls os.getcwd and then breaks off: harmless, but it would have run")
def _():
    return b"cos\ngetcwd\n)R\xff"


class NumpyArrayWrapper:
    """Stands for joblib's class of this name."""


NumpyArrayWrapper.__module__ = "joblib.numpy_pickle"


class JoblibPickler(pickle._Pickler):
    """Writes arrays as joblib 1.2 does: a wrapper, padding to 16 bytes, and the elements."""

    def __init__(self, stream):
        super().__init__(stream, 4)
        self.stream = stream

    def save(self, value, save_persistent_id=True):
        if not isinstance(value, np.ndarray):
            return super().save(value, save_persistent_id)
        wrapper = NumpyArrayWrapper()
        wrapper.__dict__.update(subclass=np.ndarray, shape=value.shape, order="C", dtype=value.dtype, allow_mmap=True,
                                numpy_array_alignment_bytes=16)
        super().save(wrapper)
        self.framer.commit_frame(force=True)
        padding = 16 - (self.stream.tell() + 1) % 16
        self.stream.write(bytes([padding]) + b"\xff" * padding + value.tobytes())


@sample("pickle/joblib.joblib", "pickle, as joblib", "arrays between the opcodes of the pickle")
def _():
    module = type(sys)("joblib.numpy_pickle")
    module.NumpyArrayWrapper = NumpyArrayWrapper
    sys.modules.update({"joblib": type(sys)("joblib"), "joblib.numpy_pickle": module})
    stream = io.BytesIO()
    JoblibPickler(stream).dump({"coef": weights(3, 4, seed=88), "names": ["a", "b"], "bias": weights(3, seed=89)})
    return stream.getvalue()
