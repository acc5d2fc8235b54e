# SPDX-License-Identifier: Apache-2.0
"""Makers of PyTorch archives, by torch itself, and of a plain pickle."""

import argparse
import io
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import torch

from make_common import EPOCH, sample, weights
from make_weights import peft_tensors


def saved(value, **options):
    stream = io.BytesIO()
    torch.save(value, stream, **options)
    return stream.getvalue()


def tensor(*shape, seed, std=0.02):
    return torch.from_numpy(weights(*shape, seed=seed, std=std))


def rezipped(archive, method):
    """The same records through Python's zipfile, as merge scripts write them: other order of fields, no alignment."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(stream, "w", method) as target:
        for entry in source.infolist():
            target.writestr(zipfile.ZipInfo(entry.filename, EPOCH), source.read(entry), method)
    return stream.getvalue()


def peft_state(seed=1):
    state = OrderedDict()
    for name, (_, shape, data) in peft_tensors(seed).items():
        state[name] = torch.from_numpy(np.frombuffer(data, np.float32).reshape(shape).copy())
    return state


@sample("torch-zip/lora.bin", "torch.save", "the tensors of safetensors/lora.safetensors: both have one content digest")
def _():
    return saved(peft_state())


@sample("torch-zip/nested.pt", "torch.save", "dicts in dicts, a list, a tuple and plain values beside tensors")
def _():
    return saved({"unet": {"up-param.bin": tensor(16, 4, seed=11), "steps": 1000},
                  "layers": [tensor(2, 2, seed=12), (tensor(3, seed=13), "note", None, True, 0.5)], 7: tensor(1, seed=14)})


@sample("torch-zip/parameters.pt", "torch.save", "the state dict of a module, with its _metadata, and a Parameter by itself")
def _():
    module = torch.nn.Linear(8, 4)
    with torch.no_grad():
        module.weight.copy_(tensor(4, 8, seed=15))
        module.bias.zero_()
    return saved({"state": module.state_dict(), "alpha": torch.nn.Parameter(torch.tensor(16.0), requires_grad=True)})


@sample("torch-zip/views.pt", "torch.save", "offsets, transposes, steps and a broadcast over one storage, and bytes no view covers")
def _():
    base = tensor(8, 12, seed=16)
    return saved({"transposed": base.t(), "row": base[2], "column": base[:, 3], "stepped": base[1::2, ::3],
                  "scalar": base[7, 11], "expanded": torch.from_numpy(weights(1, 3, seed=17)).expand(4, 3)})


@sample("torch-zip/shared.pt", "torch.save", "two names for one storage, as tied weights are saved")
def _():
    tied = tensor(6, 5, seed=18)
    return saved({"embed.weight": tied, "head.weight": tied, "head.bias": tensor(6, seed=19)})


@sample("torch-zip/dtypes.pt", "torch.save", "every element type that torch 1.13 saves")
def _():
    numbers = tensor(4, 6, seed=20, std=1.0)
    kinds = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
             "complex64", "complex128"]
    return saved({kind: (numbers * 40).to(getattr(torch, kind)) for kind in kinds})


@sample("torch-zip/numpy-inside.pt", "torch.save", "numpy arrays and a numpy scalar pickled beside tensors, as training scripts leave them")
def _():
    return saved({"weight": tensor(2, 3, seed=21), "mean": weights(5, seed=22), "step": np.float64(0.25),
                  "counts": np.arange(6, dtype=">i4").reshape(2, 3)})


@sample("torch-zip/namespace.pt", "torch.save", "an object of a class that is not torch's: argparse.Namespace, harmless")
def _():
    return saved({"args": argparse.Namespace(rank=4, lr=1e-4), "weight": tensor(2, 3, seed=23)})


@sample("torch-zip/empty-tensors.pt", "torch.save", "tensors without elements and a 0-d tensor")
def _():
    return saved({"none": torch.empty(0), "no_rows": torch.empty(0, 3, dtype=torch.float16), "scalar": torch.tensor(8)})


@sample("torch-zip/protocol4.pt", "torch.save", "pickle protocol 4: frames, memoize and stack globals")
def _():
    return saved({"weight": tensor(4, 4, seed=24)}, pickle_protocol=4)


@sample("torch-zip/deflated.pt", "torch.save, then Python's zipfile", "compressed and unaligned records, as re-zipped files have")
def _():
    return rezipped(saved({"weight": tensor(16, 8, seed=25), "zeros": torch.zeros(64, 8)}), zipfile.ZIP_DEFLATED)


@sample("torch-zip/truncated.pt", "torch.save, then cut", "a download that stopped before the zip directory")
def _():
    return saved(peft_state())[:-700]


@sample("pickle/settings.pkl", "pickle.dumps", "a pickle of plain values, no tensor in it")
def _():
    return pickle.dumps({"rank": 4, "targets": ["q_proj", "v_proj"], "scale": 0.5}, protocol=4)
