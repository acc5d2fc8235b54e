# SPDX-License-Identifier: Apache-2.0
"""numpy doing what `upinspect file` does of headerless float32: SHA-256, statistics, entropy, byte planes and bit planes."""

import hashlib
import sys

import numpy as np

data = np.fromfile(sys.argv[1], np.uint8)
print(hashlib.sha256(data).hexdigest())
values = data.view("<f4")
finite = values[np.isfinite(values)]
print(values.size - finite.size, np.count_nonzero(finite == 0), finite.min(), finite.max(), finite.mean(dtype=np.float64), finite.std(dtype=np.float64))
planes = [np.bincount(data[plane::4], minlength=256) for plane in range(4)]
for counts in (sum(planes), *planes):
    share = counts[counts > 0] / counts.sum()
    print(-(share * np.log2(share)).sum())
bits = ((np.arange(256)[:, None] >> np.arange(8)) & 1)
print([int(count) for plane in planes for count in plane @ bits])
