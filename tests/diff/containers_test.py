# SPDX-License-Identifier: Apache-2.0
"""The same message inside every container, and from one container to another, written by torch and numpy themselves."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import Checks, need  # noqa: E402

np, torch = need("numpy", "torch")
from diff.weights import Pairs, message_of, normal, safetensors  # noqa: E402
from support.calibration_ghost import LINE, written  # noqa: E402

checks = Checks()
MESSAGE = LINE * 11
START = 7001


def strided(path, array):
    """A view that is not row-major: its elements have to be gathered."""
    torch.save({"w": torch.from_numpy(np.ascontiguousarray(array.T)).t()}, path)


WRITERS = {
    "safetensors": lambda path, array: path.write_bytes(safetensors({"w": ("F32", array.shape, array)})),
    "pt": lambda path, array: torch.save({"w": torch.from_numpy(array)}, path),
    "pth": lambda path, array: torch.save({"w": torch.from_numpy(array)}, path, _use_new_zipfile_serialization=False),
    "npy": np.save,
    "big.npy": lambda path, array: np.save(path, array.astype(">f4")),
    "fortran.npy": lambda path, array: np.save(path, np.asfortranarray(array)),
    "npz": lambda path, array: np.savez(path, w=array),
    "packed.npz": lambda path, array: np.savez_compressed(path, w=array),
    "strided.pt": strided,
    "bin": lambda path, array: array.tofile(path),
}


def expect(report, shown):
    checks.equal((message_of(report), report["verdict"]), (MESSAGE, "lsb-only"), shown)
    if report["payloads"]:
        checks.equal(report["payloads"][0]["layout"]["start_element"], START, f"{shown}: where")


def main():
    old = normal(256 * 128, 1).astype(np.float32).reshape(256, 128)
    new = written(old.view("<u4").ravel(), MESSAGE, START).view("<f4").reshape(256, 128)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for suffix, write in WRITERS.items():
            write(folder / f"old.{suffix}", old)
            write(folder / f"new.{suffix}", new)
        for suffix in WRITERS:
            report, code = Pairs.of_paths(folder / f"old.{suffix}", folder / f"new.{suffix}")
            expect(report, f"in {suffix}")
            checks.equal(code, 1, f"in {suffix}: the exit code")
        for before, after in (("pt", "safetensors"), ("safetensors", "packed.npz"), ("bin", "npy"), ("fortran.npy", "big.npy"), ("pth", "strided.pt")):
            report, _ = Pairs.of_paths(folder / f"old.{before}", folder / f"new.{after}")
            expect(report, f"from {before} to {after}")
            report, _ = Pairs.of_paths(folder / f"old.{before}", folder / f"old.{after}")
            checks.equal((report["verdict"], report["tensors"]["same"]), ("same-tensors", 1), f"the same in {before} and {after}")
    checks.finish()


if __name__ == "__main__":
    main()
