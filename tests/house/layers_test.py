# SPDX-License-Identifier: Apache-2.0
"""The house rules that a machine can see: which room may include which, casts, lengths, licence lines, paths."""

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SOURCE, Checks  # noqa: E402

FLOORS = {
    "upinspect": 0,
    "bytes": 1, "model": 1, "numeric": 1, "pickle": 1, "containers": 1,
    "formats": 2, "lora": 2, "forensics": 2, "measure": 2,
    "diff": 3, "lowbits": 3, "integrity": 3, "analysis": 3, "inspect": 3,
    "report": 4, "convert": 4,
    "cli": 5,
}
# Walls within the rule that includes point down: a room, and the rooms it may never look into.
WALLS = {
    "report": {"formats", "pickle", "bytes"},
    "analysis": {"formats"},
    "numeric": set(FLOORS) - {"upinspect", "numeric"},
}
CASTS_ALLOWED_IN = {"bytes", "numeric"}
LONGEST_FILE = 450
LONGEST_FUNCTION = 60
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
CODE_SUFFIXES = {".cpp", ".hpp", ".py", ".sh", ".cmake"}
MACHINE_PATH = re.compile(r"(?<![\w.~$}/-])/(?:" + "|".join(["wo" + "rk", "fa" + "rm", "ro" + "ot", "ho" + "me"]) + r")/\w")

checks = Checks()


def tracked_files():
    """The project's files as git knows them; every file beside build folders where there is no git."""
    listing = subprocess.run(["git", "-C", str(SOURCE), "ls-files", "-co", "--exclude-standard", "-z"],
                             capture_output=True, check=False)
    if listing.returncode == 0:
        names = [name.decode() for name in listing.stdout.split(b"\0") if name]
        paths = [SOURCE / name for name in names]
    else:
        paths = [p for p in SOURCE.rglob("*") if not {".git", "build"} & set(p.relative_to(SOURCE).parts)]
    return sorted(path for path in paths if path.is_file())


def sources():
    """(room, path) of each C++ file of the library and the tool."""
    for path in sorted([*(SOURCE / "src").rglob("*.?pp"), *(SOURCE / "include").rglob("*.hpp")]):
        top, room = path.relative_to(SOURCE).parts[:2]
        yield ("upinspect" if top == "include" else room), path


def check_include(room, path, number, included):
    where = f"{path.relative_to(SOURCE)}:{number}"
    target, _, file = included.partition("/")
    if not checks.that(target in FLOORS and file, f'{where}: "{included}" names no room of the house'):
        return
    below = FLOORS[target] <= FLOORS[room]
    checks.that(below, f"{where}: {room} (floor {FLOORS[room]}) includes {target} (floor {FLOORS[target]})")
    checks.that(target not in WALLS.get(room, ()), f"{where}: {room} must not know {target}")
    resolved = (SOURCE / "include" if target == "upinspect" else SOURCE / "src") / included
    checks.that(resolved.is_file(), f"{where}: {included} does not exist")


# A format shares nothing with another but the room's own headers: every format is a .cpp without a header.
def check_formats_apart(path, number, included):
    if path.parent.name == "formats" and included.startswith("formats/"):
        sibling = (SOURCE / "src" / included).with_suffix(".cpp")
        reads_a_format = sibling.is_file() and re.search(r"\bsniff\w*\s*\(.*noexcept", sibling.read_text(errors="replace"))
        checks.that(sibling.stem == path.stem or not reads_a_format or path.stem == "registry",
                    f"{path.relative_to(SOURCE)}:{number}: one format includes another ({included})")


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)
    return re.sub(r"//[^\n]*", "", text)


def check_lines(room, path):
    text = path.read_text(errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            check_include(room, path, number, match.group(1))
            check_formats_apart(path, number, match.group(1))
    code = without_comments(text)
    if room not in CASTS_ALLOWED_IN:
        checks.that("reinterpret_cast" not in code, f"{path.relative_to(SOURCE)}: reinterpret_cast outside {CASTS_ALLOWED_IN}")
    if room != "cli":
        calls = re.search(r"\b(?:std::)?(?:exit|abort|_exit)\s*\(|\bstd::c(?:out|err)\b|\bstd(?:out|err)\b", code)
        checks.that(not calls, f"{path.relative_to(SOURCE)}: the library never prints and never exits ({calls and calls.group()})")
    check_functions(path, code)


# A function's body begins where a line ends in ") {" or the like and ends at the brace in the same column.
def check_functions(path, code):
    lines = code.splitlines()
    for start, line in enumerate(lines):
        opens = re.match(r"^( {0,4})(?!namespace|class|struct|enum|union|if|for|while|switch|else|do)\S.*\).*\{\s*$", line)
        if not opens:
            continue
        closing = opens.group(1) + "}"
        end = next((i for i in range(start + 1, len(lines)) if lines[i].startswith(closing)), start)
        checks.that(end - start <= LONGEST_FUNCTION, f"{path.relative_to(SOURCE)}:{start + 1}: a function of {end - start} lines")


def check_file(path):
    shown = path.relative_to(SOURCE)
    data = path.read_bytes()
    is_code = path.suffix in CODE_SUFFIXES or path.name in ("CMakeLists.txt", "bootstrap.sh", "run")
    if is_code:
        head = b"\n".join(data.split(b"\n")[:2])
        checks.that(b"SPDX-License-Identifier: Apache-2.0" in head, f"{shown}: no SPDX line at the top")
    if path.suffix in (".cpp", ".hpp"):
        lines = data.count(b"\n")
        checks.that(lines <= LONGEST_FILE, f"{shown}: {lines} lines, is a room missing?")
    if b"\0" not in data:
        found = MACHINE_PATH.search(data.decode(errors="replace"))
        checks.that(not found, f"{shown}: names a path of one machine ({found and found.group()})")


def check_header(path):
    shown = path.relative_to(SOURCE)
    lines = path.read_text(errors="replace").splitlines()
    checks.that(len(lines) > 1 and lines[1].startswith("// "), f"{shown}: a header opens with a sentence saying what it is")
    checks.that(any(line.strip() == "#pragma once" for line in lines), f"{shown}: no #pragma once")


def main():
    for room, path in sources():
        checks.that(room in FLOORS, f"{path.relative_to(SOURCE)}: the house has no room {room}")
        if room in FLOORS:
            check_lines(room, path)
        if path.suffix == ".hpp":
            check_header(path)
    for path in tracked_files():
        check_file(path)
    checks.finish()


if __name__ == "__main__":
    main()
