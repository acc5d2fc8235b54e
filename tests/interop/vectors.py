# SPDX-License-Identifier: Apache-2.0
"""The shared safetensors vectors: the reference reader's verdict and ours, and whether ours names the cause."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SHARED, Checks, run, skip  # noqa: E402

# Words of which one must stand in an error's message, by what the reference said. The first match decides.
CAUSES = [
    ("HeaderTooSmall", ["8 bytes", "too short", "too small", "truncat"]),
    ("HeaderTooLarge", ["100,000,000", "100000000", "limit", "too large", "longest"]),
    ("InvalidHeaderLength", ["header", "truncat"]),
    ("Utf8Error", ["utf-8"]),
    ("InvalidOffset", ["offset", "hole", "overlap", "gap", "begin", "start"]),
    ("ValidationOverflow", ["overflow", "too large", "too many", "exceed", "2^"]),
    ("MisalignedSlice", ["whole", "bits", "byte"]),
    ("TensorInvalidInfo", ["bytes", "size"]),
    ("MetadataIncompleteBuffer", ["after", "follow", "trailing", "missing", "end", "truncat", "beyond", "past", "overflow"]),
    ("EOF while parsing", ["empty", "end", "header"]),
    ("trailing characters", ["after", "trailing"]),
    ("expected value", ["json", "value", "expected"]),
    ("invalid type: sequence, expected struct HashMetadata", ["object"]),
    ("duplicate field", ["twice", "duplicate", "repeated", "second"]),
    ("missing field", ["missing", "no ", "without", "lacks"]),
    ("unknown variant", ["dtype", "type"]),
    ("invalid length", ["data_offsets", "two", "offset"]),
    ("expected a string", ["string", "text"]),
    ("expected a map", ["object", "metadata"]),
    ("recursion limit", ["deep", "nest", "depth"]),
    ("control character", ["control"]),
    ("unexpected end of hex escape", ["surrogate", "escape"]),
    ("trailing comma", ["comma", "json", "expected"]),
    ("key must be a string", ["key", "name", "string", "json"]),
    ("invalid number", ["number"]),
    ("expected struct TensorInfo", ["object", "tensor"]),
    ("expected usize", ["integer", "dimension", "number", "shape"]),
]
# What the reference takes although people would not expect it: at least a warning. Numbers of the files.
SURPRISING = {"25": "duplicate names", "26": "duplicate names", "29": "duplicate metadata keys", "66": "control characters in a name",
              "92": "duplicate names, one spelt with an escape"}


def verdicts():
    """(file, accepted, what the reference said) of each safetensors vector."""
    table = SHARED / "vectors" / "EXPECTED.tsv"
    if not table.is_file():
        skip(f"no shared vectors at {table.parent}")
    for line in table.read_text(encoding="utf-8").splitlines():
        if line.startswith("safetensors/"):
            file, verdict, said = (line.split("\t") + [""])[:3]
            yield file, verdict == "accept", said


def names_cause(messages, said):
    words = next((words for cause, words in CAUSES if cause in said), None)
    return words is not None and any(word in message.lower() for message in messages for word in words)


def check_vector(checks, file, accepted, said):
    result = run("file", "--format", "json", SHARED / "vectors" / file)
    if not checks.equal(result.returncode, 0, f"{file}: exit code ({result.stderr.decode(errors='replace')})"):
        return
    artifact = json.loads(result.stdout)["artifacts"][0]
    by_severity = {"note": [], "warning": [], "error": []}
    for finding in artifact["findings"]:
        by_severity[finding["severity"]].append(finding["message"])
    if accepted:
        checks.that(not by_severity["error"], f"{file}: the reference takes it, we say {by_severity['error']}")
    elif checks.that(by_severity["error"], f"{file}: the reference says {said}, we say no error"):
        checks.that(names_cause(by_severity["error"], said), f"{file}: {by_severity['error']} does not name the cause, {said}")
    surprise = SURPRISING.get(Path(file).name.split("_")[0])
    if surprise:
        checks.that(by_severity["warning"] or by_severity["error"], f"{file}: no warning about {surprise}")


def main():
    checks = Checks()
    vectors = list(verdicts())
    for file, accepted, said in vectors:
        check_vector(checks, file, accepted, said)
    print(f"{len(vectors)} vectors")
    checks.finish()


if __name__ == "__main__":
    main()
