# SPDX-License-Identifier: Apache-2.0
"""The Calibration Ghost in small: a backup, and a current file with a message in its lowest bits."""

import sys
from pathlib import Path

from make_common import sample

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from support.calibration_ghost import haunted, weights  # noqa: E402

BACKUP = weights(128, 64, 1985)


@sample("raw/ghost-backup.bin", "ndarray.tofile", "128 x 64 float32: the older side of a comparison")
def _():
    return BACKUP.tobytes()


@sample("raw/ghost-current.bin", "ndarray.tofile", "the same but for 680 lowest bits, which spell a path again and again")
def _():
    return haunted(BACKUP, 680)[0].tobytes()
