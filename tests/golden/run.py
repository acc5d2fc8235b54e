# SPDX-License-Identifier: Apache-2.0
"""Golden tests: the command, its exit code, stdout and stderr, compared with tests/golden/<group>/<name>.golden.

    UPINSPECT=build/dev/upinspect python3 tests/golden/run.py [--update] [GROUP[/NAME]...]

A golden is text:

    $ upinspect file npy/scalar.npy
    exit 0
    --- stdout
    ...
    --- stderr
    ...

To add one, write its first line and run --update. A group runs in testdata, the group `real` in the shared folder of
real adapters. The command is split into words as a shell splits it; nothing else of a shell is there.
"""

import hashlib
import re
import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SHARED, SOURCE, Checks, run  # noqa: E402

HERE = Path(__file__).resolve().parent
FOLDERS = {"real": SHARED / "real"}
VERSION = re.compile(r'("name": ?"upinspect", ?\n? *"version": ?)"[^"]*"|^(upinspect )\d+\.\d+\.\d+', re.M)
BIT_PLANES = re.compile(r'"bit_planes": ?\[\s*(\{[^\]]*\})\s*\]')

checks = Checks()


def normalised(data):
    text = data.decode("utf-8", "backslashreplace")
    return VERSION.sub(lambda m: f'{m.group(1)}"VERSION"' if m.group(1) else f"{m.group(2)}VERSION", text)


def folded(text):
    """Bit planes fill nine tenths of a big JSON report: a golden of a real file holds their number and digest."""
    def fold(match):
        planes = re.sub(r"\s+", "", match.group(1))
        return f'"bit_planes": "{planes.count("{")} planes, sha256 {hashlib.sha256(planes.encode()).hexdigest()[:16]}"'
    return BIT_PLANES.sub(fold, text)


def section(title, text):
    """A section of a golden; one that does not end in a newline says so."""
    if not text:
        return f"--- {title}\n"
    return f"--- {title}\n{text}" if text.endswith("\n") else f"--- {title} (no newline at the end)\n{text}\n"


def result_of(command, group):
    arguments = shlex.split(command)
    if arguments[:1] != ["upinspect"]:
        raise ValueError(f"a golden runs upinspect, not {command!r}")
    done = run(*arguments[1:], cwd=FOLDERS.get(group, SOURCE / "testdata"))
    output = normalised(done.stdout)
    if group == "real":
        output = folded(output)
    return done, f"$ {command}\nexit {done.returncode}\n{section('stdout', output)}{section('stderr', normalised(done.stderr))}"


def check_schema(shown, command, output):
    """A JSON report must hold to its schema; says nothing where jsonschema is not installed."""
    try:
        import jsonschema  # noqa: F401
    except ImportError:
        return
    from report.validate_schema import errors_of
    ndjson = "ndjson" in command
    lines = output.decode().splitlines() if ndjson else [output.decode()]
    for line in lines:
        errors = errors_of(line, {})
        checks.that(not errors, f"{shown}: against its schema: {errors[:3]}")
    checks.that(lines, f"{shown}: no JSON was printed")


def difference(old, new):
    import difflib
    return "\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), "golden", "now", lineterm="", n=1))


def check_golden(path, update):
    group, shown = path.parent.name, path.relative_to(HERE)
    old = path.read_text(encoding="utf-8")
    command = old.splitlines()[0].removeprefix("$ ")
    done, new = result_of(command, group)
    if update:
        if old != new:
            path.write_text(new, encoding="utf-8")
            print(f"updated {shown}")
    else:
        checks.that(old == new, f"{shown}:\n{difference(old, new)}")
    if re.search(r"--format[= ](nd)?json", command) and done.returncode < 2:
        check_schema(shown, command, done.stdout)


def main():
    update = "--update" in sys.argv[1:]
    chosen = [argument for argument in sys.argv[1:] if argument != "--update"]
    for path in sorted(HERE.glob("*/*.golden")):
        name = f"{path.parent.name}/{path.stem}"
        if chosen and path.parent.name not in chosen and name not in chosen:
            continue
        if not FOLDERS.get(path.parent.name, SOURCE).is_dir():
            print(f"SKIPPED: {name}, {FOLDERS[path.parent.name]} is not here")
            continue
        check_golden(path, update)
    if not update:
        checks.finish()


if __name__ == "__main__":
    main()
