# SPDX-License-Identifier: Apache-2.0
"""Files put together from pieces of real adapters: honest ones, and with random content over everything."""

import numpy as np

from steganalysis import carriers, methods, runs
from support.scripts import SHARED

ADAPTERS = ("cloneofsimo/lora_disney", "diffusers-sd15/pytorch_lora_weights", "mlx/0000200_adapters", "peft-gpt2/adapter_model", "sam-lora/lora_rank2")
# Seeds of this section; every other one counts from 0, and what was looked at while the tool was made.
FIRST_SEED = 2_000_000
FILLS = ((22, 2500), (21, 2500), (20, 12_000))


def rectangle(array, shape, random):
    """Some rows and columns."""
    rows = array.reshape(-1, shape[-1])
    first, left = random.randint(rows.shape[0]), random.randint(rows.shape[1])
    return rows[first:first + 1 + random.randint(rows.shape[0]), left:left + 1 + random.randint(rows.shape[1])]


def pieces(tensors, elements, random, least):
    """Pieces of at least `least` numbers each, `elements` in all, as tensors of their own."""
    real = [(shape, array) for dtype, shape, array in tensors.values() if dtype == "F32" and len(array) >= least and shape]
    made, count = {}, 0
    while count < elements and len(made) < 60:
        shape, array = real[random.randint(len(real))]
        piece = rectangle(array, shape, random)
        if piece.size >= least:
            made[f"piece.{len(made)}.weight"] = ("F32", piece.shape, piece.ravel())
            count += piece.size
    return made


def table(bench, size):
    lines = ["| pieces of real adapters | honest | alarms | " + " | ".join(f"x = {bits}, {elements:,}" for bits, elements in FILLS) + " |", "|---" * (3 + len(FILLS)) + "|"]
    for name in ADAPTERS:
        path = SHARED / "real" / f"{name}.safetensors"
        if not path.exists():
            lines.append(f"| {name} | not here |" + " |" * (1 + len(FILLS)))
            continue
        real = carriers.read_safetensors(path)

        def honest(trial, real=real):
            random = np.random.RandomState(FIRST_SEED + trial)
            return runs.is_alarm(bench.report(carriers.content_of(pieces(real, int(10 ** random.uniform(2.9, 5)), random, 20)), "--no-messages")[0])

        def filled(trial, bits, elements, real=real):
            random = np.random.RandomState(FIRST_SEED + 1000 * bits + trial)
            tensors = pieces(real, elements, random, 800)
            patterns = carriers.flat(tensors)
            hidden = methods.fill(patterns, random.bytes(len(patterns) * bits // 8), bits)
            return runs.is_alarm(bench.report(carriers.content_of(carriers.filled(tensors, hidden.patterns)), "--no-messages")[0])
        count = size.trials(400, 20)
        alarms = sum(bench.map(honest, range(count)))
        rates = []
        for bits, elements in FILLS:
            found = bench.map(lambda trial, bits=bits, elements=elements: filled(trial, bits, elements), range(size.trials(50, 4)))
            rates.append(f"{sum(found) / len(found):.2f}")
        lines.append(f"| {name} | {count} | {alarms} | " + " | ".join(rates) + " |")
    return lines
