# SPDX-License-Identifier: Apache-2.0
"""Numbers of the dtypes of weights in float64: made, rounded in one step, written and read."""

import numpy as np

random = np.random.default_rng(20)
# Bits of the significand, and the exponent of the least normal number.
FORMATS = {"F32": (24, -126, "<f4"), "F16": (11, -14, "<f2"), "BF16": (8, -126, "<u2"), "F64": (53, -1022, "<f8")}
PEFT = "base_model.model."


def ulp(values, dtype):
    bits, least, _ = FORMATS[dtype]
    exponent = np.maximum(np.frexp(values)[1] - 1, least)
    return np.ldexp(1.0, exponent - bits + 1)


def rounded(values, dtype):
    """To the nearest, ties to even, from float64 in one step."""
    step = ulp(values, dtype)
    return np.rint(values / step) * step


def encode(values, dtype):
    """Bytes of values that the dtype holds exactly."""
    if dtype == "BF16":
        return (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return values.astype(FORMATS[dtype][2]).tobytes()


def decode(raw, dtype, shape):
    array = np.frombuffer(raw, FORMATS[dtype][2])
    array = (array.astype("<u4") << 16).view("<f4") if dtype == "BF16" else array
    return array.astype(np.float64).reshape(shape)


def numbers(*shape, spread=1.0, dtype="F32"):
    return rounded(random.standard_normal(shape) * spread, dtype)
