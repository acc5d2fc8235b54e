# SPDX-License-Identifier: Apache-2.0
"""Every id that a finding can have is explained: in the table behind `upinspect explain`, and on a page of docs/checks.

    UPINSPECT=build/dev/upinspect python3 tests/house/checks_test.py [--update]

The ids are gathered from the sources, so that a new one without an explanation fails here. --update writes the pages anew from
what the tool prints.
"""

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SOURCE, Checks, run  # noqa: E402

PAGES = SOURCE / "docs" / "checks"
INDEX = "README.md"
NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"
ID = re.compile(rf'"({NAME}\.{NAME})"')
TABLES = re.compile(r"(?:advice|explanations\w*)\.cpp")

# First words of ids. A text of this shape with another first word is a file's, a module's or a key's name.
FAMILIES = set("""check config container diff folder format gguf hash index json limit lora lsb name npy npz pickle policy privacy safetensors
    tar tensor torch torchscript zip""".split())

# Texts of that shape that are names all the same: modules of torch, and files.
OTHER_NAMES = set("""config.json torch.autograd torch.cuda torch.nn torch.serialization torch.sparse torch.storage torch.tensor""".split())

# Ids that are put together where they are found: where to look, and what is put before each text found there.
COMPOSED = [
    ("src/pickle", re.compile(rf'\bnote\("({NAME})"'), "pickle."),
    ("src/integrity", re.compile(rf'\bfind\(rule, "({NAME})"'), "policy."),
]
# The same where the last word is a variable: the function, and the ids it can give.
COMPOSED_BY_ROLE = ("src/inspect/triad_files.hpp", '"lora.missing-" + std::string(role)', ["lora.missing-down", "lora.missing-up"])


def sources(folder="src"):
    return [path for path in sorted((SOURCE / folder).rglob("*.?pp")) if not TABLES.fullmatch(path.name)]


def literal_ids():
    found = {}
    for path in sources():
        for finding in ID.findall(path.read_text(encoding="utf-8")):
            if finding.split(".")[0] in FAMILIES and finding not in OTHER_NAMES:
                found.setdefault(finding, path.relative_to(SOURCE))
    return found


def composed_ids(checks):
    found = {}
    for folder, pattern, prefix in COMPOSED:
        names = {name: path.relative_to(SOURCE) for path in sources(folder) for name in pattern.findall(path.read_text())}
        checks.that(names, f"no {pattern.pattern} in {folder}: is {prefix}... put together elsewhere now?")
        found.update({prefix + name: path for name, path in names.items()})
    where, text, ids = COMPOSED_BY_ROLE
    checks.that(text in (SOURCE / where).read_text(), f"{where} holds no {text} any more")
    found.update(dict.fromkeys(ids, where))
    return found


def check_that_nothing_else_is_composed(checks):
    """Each place where a text that ends in a dot or a hyphen is added to is one of those above."""
    known = {("src/formats/pickled.cpp", '"pickle." +'), ("src/integrity/policy.cpp", '"policy.") +'), ("src/report/check_reporter.cpp", '"check." +'),
             (COMPOSED_BY_ROLE[0], '"lora.missing-" +')}
    pattern = re.compile(rf'"(?:{"|".join(sorted(FAMILIES))})\.(?:{NAME}-)?"\)? \+')
    for path in sources():
        for text in pattern.findall(path.read_text(encoding="utf-8")):
            place = (str(path.relative_to(SOURCE)), text)
            checks.that(place in known, f"{place[0]}: {text} puts an id together that this test does not know of")


def table(checks):
    done = run("explain", "--format", "json")
    checks.equal(done.returncode, 0, "upinspect explain --format json")
    rows = json.loads(done.stdout)["findings"]
    ids = [row["id"] for row in rows]
    checks.equal(ids, sorted(set(ids)), "the ids of upinspect explain, sorted and once each")
    return {row["id"]: row for row in rows}


def check_row(checks, finding, row):
    for part in ("meaning", "why", "advice"):
        checks.that(row[part].endswith((".", "?")), f"{finding}: {part} is no sentence: {row[part]!r}")
    checks.that(row["title"] and not row["title"].endswith("."), f"{finding}: a title is some words, not {row['title']!r}")
    checks.that(len(row["title"]) <= 60, f"{finding}: the title is too long for a list")


def printed(checks, *arguments):
    done = run("explain", *arguments, "--format", "markdown")
    checks.equal((done.returncode, done.stderr), (0, b""), "upinspect explain " + " ".join(arguments))
    return done.stdout.decode()


def check_page(checks, name, text, update):
    page = PAGES / name
    old = page.read_text(encoding="utf-8") if page.is_file() else None
    if update and old != text:
        PAGES.mkdir(exist_ok=True)
        page.write_text(text, encoding="utf-8")
        print(f"updated docs/checks/{name}")
    elif not update:
        checks.that(old == text, f"docs/checks/{name} is not what upinspect explain prints; --update writes it anew")


def check_text(checks, finding, row):
    done = run("explain", finding)
    words = " ".join(done.stdout.decode().split())
    checks.equal(done.returncode, 0, f"upinspect explain {finding}")
    for part in ("title", "meaning", "why", "advice"):
        checks.that(" ".join(row[part].split()) in words, f"upinspect explain {finding} does not print its {part}")


def main():
    checks, update = Checks(), "--update" in sys.argv[1:]
    emitted = {**literal_ids(), **composed_ids(checks)}
    check_that_nothing_else_is_composed(checks)
    rows = table(checks)
    for finding, where in sorted(emitted.items()):
        checks.that(finding in rows, f"{finding} ({where}) has no row in src/report/explanations_*.cpp")
    # The pens treat all rows alike: the text of one in each family is enough, the page is held for each.
    first_of_family = {finding.split(".")[0]: finding for finding in sorted(rows, reverse=True)}
    for finding, row in rows.items():
        checks.that(finding in emitted, f"{finding} is explained, but nothing in src can find it")
        check_row(checks, finding, row)
        if finding in first_of_family.values():
            check_text(checks, finding, row)
        check_page(checks, f"{finding}.md", printed(checks, finding), update)
    check_page(checks, INDEX, printed(checks), update)
    for page in PAGES.glob("*"):
        checks.that(page.name == INDEX or page.stem in rows, f"docs/checks/{page.name} is about no finding")
    checks.finish()


if __name__ == "__main__":
    main()
