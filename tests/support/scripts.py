# SPDX-License-Identifier: Apache-2.0
"""What the script tests share: where things lie, how a test is skipped, and how failures are told."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(os.environ.get("UPINSPECT_SOURCE", Path(__file__).resolve().parents[2]))
SHARED = Path(os.environ.get("UPINSPECT_SHARED", SOURCE.parent / "shared"))
SKIPPED = 77


def skip(why):
    """Ends the script as skipped; ctest knows the exit code."""
    print(f"SKIPPED: {why}")
    sys.exit(SKIPPED)


def need(*modules):
    """The named modules, imported; skips the test where one is missing."""
    found = []
    for module in modules:
        try:
            found.append(__import__(module))
        except ImportError as error:
            skip(f"python module {module} is not here ({error})")
    return found[0] if len(found) == 1 else found


def tool():
    """The path of the program under test, or a skip."""
    named = os.environ.get("UPINSPECT")
    candidates = [Path(named)] if named else [SOURCE / "build" / preset / "upinspect" for preset in ("dev", "release")]
    for candidate in candidates:
        if candidate.is_file():
            return str(candidate.resolve())
    return skip("no upinspect program; set UPINSPECT to its path")


def environment(**extra):
    """A fixed environment, so that a test sees the same terminal and locale everywhere."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "COLUMNS": "100", "TERM": "dumb", **extra}


def run(*arguments, timeout=120, **options):
    """Runs the tool with `arguments`; gives the finished process with bytes in stdout and stderr."""
    options.setdefault("env", environment())
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([tool(), *map(str, arguments)], capture_output=True, timeout=timeout, check=False, **options)


class Checks:
    """Counts what holds and prints what does not; `finish` ends the script."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def that(self, holds, message):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {message}")
        return bool(holds)

    def equal(self, got, wanted, message):
        return self.that(got == wanted, f"{message}: got {got!r}, wanted {wanted!r}")

    def run(self, names):
        """Calls every test_... among `names`, a script's globals(), with a folder of its own if it takes one, and ends the
        script. The script's arguments, if any, are the only tests to run."""
        for name, test in list(names.items()):
            if not name.startswith("test_") or (sys.argv[1:] and name not in sys.argv[1:]):
                continue
            with tempfile.TemporaryDirectory() as folder:
                before = self.failed
                try:
                    test(Path(folder).resolve()) if test.__code__.co_argcount else test()
                except Exception as error:  # one broken test must not hide the others
                    self.that(False, f"{name}: {type(error).__name__}: {error}")
                print(f"{'ok' if self.failed == before else 'FAILED'}  {name}")
        self.finish()

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)
