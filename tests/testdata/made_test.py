# SPDX-License-Identifier: Apache-2.0
"""testdata is what testdata/make.py writes, byte for byte and every time."""

import importlib.util
import sys
import tempfile
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SOURCE, Checks, need, skip  # noqa: E402

BIGGEST_FILE = 64 * 1024
BIGGEST_TOTAL = 1024 * 1024


def writers():
    """The versions that the bytes depend on."""
    numpy, torch = need("numpy", "torch")
    return f"torch {torch.__version__[:4]}, numpy {numpy.__version__[:4]}, zlib {zlib.ZLIB_RUNTIME_VERSION}"


def maker():
    spec = importlib.util.spec_from_file_location("make", SOURCE / "testdata" / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    committed = SOURCE / "testdata"
    if writers() not in (committed / "README.md").read_text(encoding="utf-8"):
        skip(f"testdata was written by other versions than {writers()}")
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        names = maker().write_all(Path(folder))
        for name in names:
            there = committed / name
            checks.that(there.is_file() and there.read_bytes() == (Path(folder) / name).read_bytes(),
                        f"testdata/{name} is not what make.py writes")
    present = [path for path in committed.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    for path in present:
        name = str(path.relative_to(committed))
        checks.that(name in names or (name.startswith("make") and name.endswith(".py")), f"testdata/{name} is not written by make.py")
        checks.that(path.stat().st_size <= BIGGEST_FILE, f"testdata/{name} is too big")
    checks.that(sum(path.stat().st_size for path in present) <= BIGGEST_TOTAL, "testdata is too big")
    checks.finish()


if __name__ == "__main__":
    main()
