# SPDX-License-Identifier: Apache-2.0
"""Twenty kinds of change that arithmetic makes in weights, none of which is a message."""

import numpy as np

from diff.weights import to_bf16


def adam(rate):
    """One step of Adam: about `rate` for every weight, whatever its size."""
    def change(old, random):
        step = rate * random.standard_normal(len(old)) / (0.3 + abs(random.standard_normal(len(old))))
        return (old - step.astype(np.float32)).astype(np.float32)
    return change


def sparse_adam(old, random):
    new = old.copy()
    rows = random.rand(len(old)) < 0.05
    new[rows] = adam(1e-4)(old, random)[rows]
    return new


def average(old, random):
    other = (random.standard_normal(len(old)) * 0.02).astype(np.float32)
    return (old * np.float32(0.999) + other * np.float32(0.001)).astype(np.float32)


def scale(old, random):
    return old * np.float32(random.uniform(0.5, 2))


def noise(old, random):
    bits = old.view(np.int32).copy()
    bits += random.randint(-1, 2, len(old)).astype(np.int32)
    return bits.view(np.float32)


def bfloat(old, _):
    return (to_bf16(old).astype(np.uint32) << 16).view(np.float32)


def truncation(old, random):
    return (old.view(np.uint32) & np.uint32(-(1 << random.choice([4, 8, 12, 16])) & 0xFFFFFFFF)).view(np.float32)


def bit_flips(old, random):
    bits = old.view(np.uint32).copy()
    for place in random.choice(len(bits), random.randint(1, 65), replace=False):
        bits[place] ^= np.uint32(1 << random.randint(0, 32))
    return bits.view(np.float32)


def there_and_back(number):
    return lambda old, _: (old * np.float32(number) / np.float32(number)).astype(np.float32)


CHANGES = {f"adam {rate:g}": adam(rate) for rate in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)}
CHANGES |= {
    "sparse adam": sparse_adam, "average": average, "scale": scale, "x * 3 / 3": there_and_back(3),
    "x / 7 * 7": lambda old, _: (old / np.float32(7) * np.float32(7)).astype(np.float32),
    "x * 1.1 / 1.1": there_and_back(1.1), "x + 1 - 1": lambda old, _: ((old + np.float32(1)) - np.float32(1)).astype(np.float32),
    "noise of one ulp": noise, "float16 and back": lambda old, _: old.astype(np.float16).astype(np.float32),
    "bfloat16 and back": bfloat, "truncation": truncation, "bit flips": bit_flips,
}
assert len(CHANGES) == 20

# What each must be called; for the others anything but a field.
NAMES = {"float16 and back": {"cast-f16"}, "bfloat16 and back": {"cast-bf16"}, "truncation": {"truncation"},
         "scale": {"scaled"}, "bit flips": {"bit-flips", "mixed"}}
