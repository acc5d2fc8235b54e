# SPDX-License-Identifier: Apache-2.0
"""What the makers of test files share: the list they enter themselves in, and seeded numbers."""

import numpy as np

FILES = []
EPOCH = (1980, 1, 1, 0, 0, 0)


def sample(path, writer, why):
    """Registers the decorated function as the maker of testdata/`path`."""
    def register(make):
        FILES.append((path, writer, why, make))
        return make
    return register


def simple(path, writer, why, content):
    """Registers bytes that are there already."""
    FILES.append((path, writer, why, lambda: content))


def weights(*shape, seed, std=0.02):
    """Numbers as a trained layer holds them. RandomState's stream is frozen by numpy's own promise."""
    return (np.random.RandomState(seed).standard_normal(shape) * std).astype(np.float32)


def to_bf16(values):
    """The upper halves of float32 numbers, rounded to nearest even, as uint16."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
