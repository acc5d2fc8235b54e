# SPDX-License-Identifier: Apache-2.0
"""torch loading an adapter and telling minimum, maximum, mean, deviation and norm of each of its tensors."""

import json
import struct
import sys

import torch

if sys.argv[1].endswith(".safetensors"):
    raw = open(sys.argv[1], "rb").read()
    length = struct.unpack("<Q", raw[:8])[0]
    tensors = {}
    for name, entry in json.loads(raw[8:8 + length]).items():
        begin, end = entry["data_offsets"]
        tensors[name] = torch.frombuffer(bytearray(raw[8 + length + begin:8 + length + end]), dtype=torch.float16).reshape(entry["shape"])
else:
    tensors = torch.load(sys.argv[1])
for name, tensor in tensors.items():
    values = tensor.float()
    print(name, values.min().item(), values.max().item(), values.mean().item(), values.std().item(), values.norm().item(), torch.isnan(values).sum().item())
