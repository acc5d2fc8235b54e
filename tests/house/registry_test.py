# SPDX-License-Identifier: Apache-2.0
"""Each format of the registry has its page, its data, its golden, its fuzz seed and, where it is read, its fuzz target."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SOURCE, Checks, skip  # noqa: E402

ROW = re.compile(r'^\s*(?:\w+\s*)?\{\s*(?:\.\w+\s*=\s*)?"([a-z0-9-]+)"(.*)$')


def table():
    """{format id: the rest of its row} of every row that opens with an id."""
    registry = SOURCE / "src" / "formats" / "registry.cpp"
    if not registry.is_file():
        skip("src/formats/registry.cpp is not written yet")
    return dict(match.groups() for match in map(ROW.match, registry.read_text().splitlines()) if match)


def mentions(path, format_id):
    return path.is_file() and re.search(rf"(?<![\w-]){re.escape(format_id)}(?![\w-])", path.read_text(errors="replace"))


def has_page(format_id):
    own = SOURCE / "docs" / "formats" / f"{format_id}.md"
    return own.is_file() or mentions(SOURCE / "docs" / "formats" / "named.md", format_id)


def has_data(format_id):
    folder = SOURCE / "testdata" / format_id
    return folder.is_dir() and any(folder.iterdir())


def has_golden(format_id):
    wanted = re.compile(rf"\b{re.escape(format_id)}/|\"id\": ?\"{re.escape(format_id)}\"")
    return any(wanted.search(path.read_text(errors="replace")) for path in (SOURCE / "tests" / "golden").rglob("*.golden"))


def has_seed(format_id):
    folder = SOURCE / "tests" / "fuzz" / "seeds" / format_id
    return folder.is_dir() and any(folder.iterdir())


def read_formats():
    """The ids of the rows that do not say that the format is only named."""
    rows = (SOURCE / "src" / "formats" / "registry.cpp").read_text().split("Format{\"")[1:]
    return [row.split('"')[0] for row in rows if "k_named" not in row]


def targets():
    """The ids of the formats whose readers have a fuzz target of their own."""
    listing = (SOURCE / "tests" / "fuzz" / "CMakeLists.txt").read_text()
    return re.search(r"set\(read_formats([^)]*)\)", listing).group(1).split()


def main():
    checks = Checks()
    formats = table()
    checks.that(len(formats) > 1, "the table of src/formats/registry.cpp was not found")
    for format_id in formats:
        checks.that(has_page(format_id), f"{format_id}: no page docs/formats/{format_id}.md, nor a line in named.md")
        checks.that(has_data(format_id), f"{format_id}: no file in testdata/{format_id}/")
        checks.that(has_golden(format_id), f"{format_id}: no golden in tests/golden mentions it")
        checks.that(has_seed(format_id), f"{format_id}: no seed in tests/fuzz/seeds/{format_id}/")
    checks.equal(sorted(targets()), sorted(read_formats()), "formats with a fuzz target in tests/fuzz/CMakeLists.txt")
    checks.finish()


if __name__ == "__main__":
    main()
