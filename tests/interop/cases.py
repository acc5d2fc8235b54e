# SPDX-License-Identifier: Apache-2.0
"""Files written by real torch and numpy, each with what a reader must find in it."""

import io
import json
import pickle
import struct
import zipfile
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
import torch

TORCH_NAMES = {
    torch.float64: "f64", torch.float32: "f32", torch.float16: "f16", torch.bfloat16: "bf16",
    torch.int64: "i64", torch.int32: "i32", torch.int16: "i16", torch.int8: "i8", torch.uint8: "u8",
    torch.bool: "bool", torch.complex64: "c64", torch.complex128: "c128",
    torch.qint8: "qint8", torch.quint8: "quint8", torch.qint32: "qint32",
}
NUMPY_NAMES = {"f8": "f64", "f4": "f32", "f2": "f16", "i8": "i64", "i4": "i32", "i2": "i16", "i1": "i8",
               "u8": "u64", "u4": "u32", "u2": "u16", "u1": "u8", "b1": "bool", "c16": "c128", "c8": "c64"}
SMALLEST_NORMAL = {"f64": 2.0**-1022, "f32": 2.0**-126, "bf16": 2.0**-126, "f16": 2.0**-14}


@dataclass
class Expected:
    """One tensor: `data` its elements row-major and little-endian, `values` the same as float64 or int64 (or None)."""
    name: str
    dtype: str
    shape: tuple
    data: bytes
    values: object = None
    provenance: str = ""


@dataclass
class Case:
    file: str
    content: bytes
    tensors: list
    format: str
    arguments: list = field(default_factory=list)


def random(*shape, seed=1, std=0.02):
    return (np.random.RandomState(seed).standard_normal(shape) * std).astype(np.float32)


# --- What is expected -----------------------------------------------------------------------------------------------


def of_numpy(name, array, provenance=""):
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).reshape(array.shape)
    values = little if little.dtype.kind in "fiu" else None
    return Expected(name, NUMPY_NAMES[array.dtype.str[1:]], array.shape, little.tobytes(), values, provenance)


def of_torch(name, tensor):
    plain = tensor.detach()
    if plain.is_quantized:
        data = plain.int_repr().contiguous().numpy().tobytes()
        return Expected(name, TORCH_NAMES[plain.dtype], tuple(plain.shape), data)
    whole = plain.contiguous()
    if whole.dtype == torch.bfloat16:
        return Expected(name, "bf16", tuple(plain.shape), whole.view(torch.int16).numpy().tobytes(), whole.float().numpy())
    return Expected(name, TORCH_NAMES[whole.dtype], tuple(plain.shape), whole.numpy().tobytes(),
                    whole.numpy() if whole.dtype not in (torch.bool, torch.complex64, torch.complex128) else None)


def joined(path, part):
    return f"{path}.{part}" if path else part


def parts_of(path, value):
    """A tensor, or what a tensor of another layout is made of."""
    if value.layout == torch.sparse_coo:
        yield of_torch(joined(path, "indices"), value._indices())
        yield of_torch(joined(path, "values"), value._values())
        return
    if value.layout == torch.sparse_csr:
        for name, part in (("compressed_indices", value.crow_indices()), ("plain_indices", value.col_indices()), ("values", value.values())):
            yield of_torch(joined(path, name), part)
        return
    yield of_torch(path, value)
    if value.is_quantized and value.qscheme() != torch.per_tensor_affine:
        yield of_torch(joined(path, "scales"), value.q_per_channel_scales())
        yield of_torch(joined(path, "zero_points"), value.q_per_channel_zero_points())


def walk(value, path=""):
    """The tensors of an object under the names of the contract: keys and indices joined with dots."""
    if isinstance(value, torch.Tensor):
        yield from parts_of(path, value)
    elif isinstance(value, np.ndarray):
        yield of_numpy(path, value)
    elif isinstance(value, (dict, list, tuple)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from walk(inner, f"{path}.{key}" if path else str(key))


# --- PyTorch --------------------------------------------------------------------------------------------------------


def saved(value, **options):
    stream = io.BytesIO()
    torch.save(value, stream, **options)
    return stream.getvalue()


def deflated(archive):
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return stream.getvalue()


def torch_of_every_dtype():
    numbers = torch.from_numpy(random(6, 10, std=1.0)) * 30
    kinds = [kind for kind, name in TORCH_NAMES.items() if not name.startswith("q")]
    value = {TORCH_NAMES[kind]: numbers.to(kind) for kind in kinds}
    for kind, low in ((torch.qint8, 0), (torch.quint8, 128), (torch.qint32, 0)):
        value[TORCH_NAMES[kind]] = torch.quantize_per_tensor(numbers, 0.5, low, kind)
    return value


def torch_views():
    base = torch.from_numpy(random(9, 14, seed=2))
    cube = torch.from_numpy(random(3, 4, 5, seed=3)).half()
    return {"base": base, "transposed": base.t(), "row": base[4], "column": base[:, 5], "last": base[8, 13],
            "stepped": base[1::3, 2::4], "narrow": base.narrow(1, 3, 6), "expanded": base[0:1].expand(4, 14),
            "no_rows": base[3:3], "permuted": cube.permute(2, 0, 1), "slab": cube[:, 1:3, ::2], "diagonal": base.diagonal(),
            "flipped": base.flip(0), "scalar_of_cube": cube[2, 3, 4]}


def torch_nested():
    inner = {"a": torch.arange(6).reshape(2, 3), "b.c": torch.zeros(3), "": torch.ones(2)}
    return {"model": OrderedDict(inner), "list": [torch.tensor(1.5), {"deep": (torch.tensor([True, False]), "text")}],
            3: torch.tensor([3], dtype=torch.int16), "none": None, "tuple": (1, torch.full((2, 2), -1, dtype=torch.int8))}


def torch_special():
    return {name: torch.tensor([float("nan"), float("inf"), float("-inf"), 0.0, -0.0, tiny, -tiny, huge, -huge, 1.0], dtype=kind)
            for name, kind, tiny, huge in (("f64", torch.float64, 5e-324, 1e150), ("f32", torch.float32, 1e-45, 3.4028234e38),
                                           ("bf16", torch.bfloat16, 1e-39, 3e38), ("f16", torch.float16, 6e-8, 65504.0))} | {
        "all_nan": torch.full((5,), float("nan")), "all_inf": torch.full((3,), float("inf")),
        "offset": torch.from_numpy(random(4000, seed=4)) * 1e-3 + 1e4, "constant": torch.full((7, 7), 0.1),
        "integers": torch.tensor([-2**63, 2**63 - 1, 0, 1]), "mean_is_tiny": torch.tensor([1e8, -1e8, 1e-8, 3.0])}


def torch_cases():
    shared = torch.from_numpy(random(4, 8, seed=5))
    parameter = torch.nn.Parameter(torch.from_numpy(random(3, 3, seed=6)))
    module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    values = {
        "dtypes": torch_of_every_dtype(), "views": torch_views(), "nested": torch_nested(), "special": torch_special(),
        "shared": {"one": shared, "two": shared, "part": shared[1:3], "flat": shared.view(-1)},
        "parameters": {"p": parameter, "frozen": torch.nn.Parameter(torch.ones(2), requires_grad=False)},
        "state": module.state_dict(),
        "empty": {"none": torch.empty(0), "planes": torch.empty(2, 0, 3), "scalar": torch.tensor(7.25)},
        "numpy": {"t": torch.ones(2), "f": random(3, 4, seed=7), "big": random(4, 3, seed=8).astype(">f8"),
                  "fortran": np.asfortranarray(random(5, 3, seed=9)), "i": np.arange(5, dtype=np.uint16), "empty": np.zeros((0, 2))},
        "root": torch.from_numpy(random(5, 5, seed=10)), "list": [torch.ones(3), torch.zeros(2, 2)],
        "nothing": {"steps": 3}, "large": {"w": torch.from_numpy(random(1201, 997, seed=11)).t(), "tail": torch.arange(1_500_007)},
    }
    for name, value in values.items():
        expected = list(walk(value))
        yield Case(f"{name}.pt", saved(value), expected, "torch-zip")
        yield Case(f"{name}-deflated.pt", deflated(saved(value)), expected, "torch-zip")
    for protocol in (2, 3, 4, 5):
        for name in ("nested", "dtypes", "numpy", "views"):
            content = saved(values[name], pickle_protocol=protocol)
            yield Case(f"{name}-protocol{protocol}.bin", content, list(walk(values[name])), "torch-zip")
    layouts = torch_layouts()
    yield Case("layouts.pt", saved(layouts), list(walk(layouts)), "torch-zip")
    yield Case("layouts-deflated.pt", deflated(saved(layouts)), list(walk(layouts)), "torch-zip")
    yield Case("layouts-legacy.pt", saved(layouts, _use_new_zipfile_serialization=False), list(walk(layouts)), "torch-legacy")
    yield from legacy_cases(values)
    yield from script_cases()
    yield from pickle_cases(values)


# --- PyTorch in its other containers, and plain pickles --------------------------------------------------------------


def torch_layouts():
    numbers = torch.from_numpy(random(6, 10, seed=12, std=1.0))
    scales = torch.from_numpy(np.linspace(0.01, 0.4, 6))
    return {"coo": numbers.relu().to_sparse(), "hybrid": numbers.to_sparse(1), "csr": numbers.relu().to_sparse_csr(),
            "per_tensor": torch.quantize_per_tensor(numbers, 0.05, 3, torch.qint8),
            "per_channel": torch.quantize_per_channel(numbers, scales, torch.arange(6), 0, torch.quint8)}


def plain_of(values, names):
    return {name: values[name] for name in names}


def legacy_cases(values):
    for name in ("dtypes", "views", "nested", "special", "shared", "parameters", "state", "empty", "numpy", "root", "list", "large"):
        yield Case(f"{name}-legacy.pt", saved(values[name], _use_new_zipfile_serialization=False), list(walk(values[name])), "torch-legacy")
    for protocol in (1, 2, 3, 4, 5):
        content = saved(values["nested"], _use_new_zipfile_serialization=False, pickle_protocol=protocol)
        yield Case(f"nested-legacy-protocol{protocol}.bin", content, list(walk(values["nested"])), "torch-legacy")


class Scripted(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.from_numpy(random(5, 4, seed=13)).t())
        self.register_buffer("steps", torch.arange(7))
        self.inner = torch.nn.Linear(4, 3)

    def forward(self, x):
        return self.inner(x) + self.weight.sum()


def script_cases():
    module = Scripted().eval()
    stream = io.BytesIO()
    torch.jit.save(torch.jit.script(module), stream)
    yield Case("scripted.pt", stream.getvalue(), list(walk(dict(module.state_dict()))), "torchscript")
    yield Case("scripted-deflated.pt", deflated(stream.getvalue()), list(walk(dict(module.state_dict()))), "torchscript")


def pickle_cases(values):
    small = {"views": values["views"], "nested": values["nested"], "numpy": values["numpy"]}
    for protocol in range(6):
        for name, value in small.items():
            yield Case(f"{name}-protocol{protocol}.pkl", pickle.dumps(value, protocol), list(walk(value)), "pickle")
        several = [{"w": random(3, 5, seed=60 + i)} for i in range(3)]
        yield Case(f"several-protocol{protocol}.pkl", b"".join(pickle.dumps(item, protocol) for item in several), list(walk(several)), "pickle")


# --- numpy ----------------------------------------------------------------------------------------------------------


def npy(array, version=None):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=version)
    return stream.getvalue()


def numpy_arrays():
    numbers = random(7, 11, seed=20, std=1.0) * 40
    for code, name in NUMPY_NAMES.items():
        for order in "<>":
            yield f"{name}-{'big' if order == '>' else 'little'}", numbers.astype(np.dtype(order + code))
    cube = random(3, 4, 5, seed=21)
    yield "scalar", np.array(2.5)
    yield "one", np.array([3], np.int32)
    yield "empty", np.zeros((0,), np.float32)
    yield "no-columns", np.zeros((4, 0), np.float64)
    yield "fortran", np.asfortranarray(cube)
    yield "fortran-big", np.asfortranarray(cube.astype(">f8"))
    yield "transposed", cube.transpose(2, 0, 1)
    yield "sliced", cube[:, ::2, 1:4]
    yield "reversed", cube[::-1]
    yield "special", np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-320, 1e150, -1e150])
    yield "wide-integers", np.array([0, 1, 2**64 - 1, 2**63], np.uint64)
    yield "large", random(1_100_003, seed=22)
    yield "large-fortran", np.asfortranarray(random(701, 1103, seed=23))
    yield "constant", np.full((33, 3), 0.1, np.float32)


def numpy_cases():
    arrays = dict(numpy_arrays())
    for name, array in arrays.items():
        yield Case(f"{name}.npy", npy(array), [of_numpy("", array)], "npy")
    for version in ((1, 0), (2, 0), (3, 0)):
        yield Case(f"version{version[0]}.npy", npy(arrays["fortran"], version), [of_numpy("", arrays["fortran"])], "npy")
    for name, writer in (("stored", np.savez), ("deflated", np.savez_compressed)):
        stream = io.BytesIO()
        writer(stream, **arrays)
        yield Case(f"{name}.npz", stream.getvalue(), [of_numpy(key, array) for key, array in arrays.items()], "npz")


def flax_cases():
    """Trees of parameters as JAX and flax users save them: flat, with paths for names."""
    tree = {"params/Dense_0/kernel": random(7, 5, seed=24), "params/Dense_0/bias": np.zeros(5, np.float32), "step": np.array(3, np.int32)}
    stream = io.BytesIO()
    np.savez(stream, **tree)
    yield Case("flax.npz", stream.getvalue(), [of_numpy(key, array) for key, array in tree.items()], "npz")


# --- safetensors and headerless numbers -----------------------------------------------------------------------------


def safetensors(tensors, **more):
    header, data = more, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def safetensors_cases():
    numbers = random(12, 17, seed=30, std=1.0) * 40
    kept = {name.upper(): numbers.astype("<" + code) for code, name in NUMPY_NAMES.items() if name != "c128"}
    expected = [of_numpy(f"t.{name}", array) for name, array in kept.items()]
    tensors = {f"t.{name}": (name, array.shape, array.tobytes()) for name, array in kept.items()}
    halves = torch.from_numpy(numbers).bfloat16()
    expected.append(of_torch("t.BF16", halves))
    tensors["t.BF16"] = ("BF16", halves.shape, halves.view(torch.int16).numpy().tobytes())
    yield Case("dtypes.safetensors", safetensors(tensors), expected, "safetensors")

    # MLX writes no metadata, some converters null in their place.
    weights = random(5, 3, seed=31)
    yield Case("null-metadata.safetensors", safetensors({"w": ("F32", weights.shape, weights.tobytes())}, __metadata__=None),
               [of_numpy("w", weights)], "safetensors")

    upcast = {"from_f16": numbers.astype(np.float16).astype(np.float32), "from_bf16": halves.float().numpy(), "native": numbers}
    kinds = {"from_f16": "upcast-f16", "from_bf16": "upcast-bf16", "native": "native"}
    yield Case("upcast.safetensors", safetensors({n: ("F32", a.shape, a.tobytes()) for n, a in upcast.items()}),
               [of_numpy(n, a, kinds[n]) for n, a in upcast.items()], "safetensors")


def raw_cases():
    numbers = random(64, 80, seed=40)
    for code in ("<f4", "<f2", "<f8", ">f4", "<i2"):
        array = (numbers * (1000 if "i" in code else 1)).astype(code)
        arguments = ["--as", NUMPY_NAMES[code[1:]], "--shape", "64x80", "--skip", "12"]
        yield Case(f"raw-{code[1:]}-{'big' if code[0] == '>' else 'little'}.bin", b"header bytes" + array.tobytes(), [of_numpy("", array)], "raw",
                   arguments + (["--big-endian"] if code[0] == ">" else []))
    yield Case("numbers.bin", random(512, 16, seed=41).tobytes(), [of_numpy("", random(512, 16, seed=41))], "raw", ["--as", "f32", "--shape", "512x16"])


def every_case():
    yield from torch_cases()
    yield from numpy_cases()
    yield from flax_cases()
    yield from safetensors_cases()
    yield from raw_cases()
