# SPDX-License-Identifier: Apache-2.0
"""The shared safetensors vectors: the reference reader's verdict and ours, and whether ours names the cause."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SHARED, Checks, run, skip  # noqa: E402

# What must be found, by what the reference said: the id of an error and words of which one stands in its message. The
# first match decides.
OFFSET, SHORT, LONG = "safetensors.invalid-offset", "container.truncated", "container.trailing-data"
JSON = "container.malformed"
CAUSES = [
    ("HeaderTooSmall", [SHORT], ["header too small"]),
    ("HeaderTooLarge", [JSON], ["header too large"]),
    ("InvalidHeaderLength", [SHORT], ["invalid header length"]),
    ("Utf8Error", [JSON], ["utf-8"]),
    ("InvalidOffset", [OFFSET], ["invalid offset"]),
    ("ValidationOverflow", ["safetensors.overflow"], ["validation overflow"]),
    ("MisalignedSlice", ["safetensors.misaligned-slice"], ["misaligned slice"]),
    ("TensorInvalidInfo", ["safetensors.size-mismatch"], ["invalid tensor info"]),
    ("MetadataIncompleteBuffer", [SHORT, LONG], ["incomplete"]),
    ("EOF while parsing", [JSON, SHORT], ["empty", "end", "header"]),
    ("trailing characters", [JSON], ["after", "trailing"]),
    ("expected value", [JSON], ["value", "expected"]),
    ("invalid type: sequence, expected struct HashMetadata", [JSON], ["object"]),
    ("duplicate field", [JSON], ["twice", "duplicate", "repeated", "second"]),
    ("missing field", [JSON], ["missing", "no ", "without", "lacks"]),
    ("unknown variant", [JSON], ["dtype", "type"]),
    ("invalid length", [JSON], ["data_offsets", "two", "offset"]),
    ("expected a string", [JSON], ["string", "text"]),
    ("expected a map", [JSON], ["object", "metadata"]),
    ("recursion limit", [JSON], ["deep", "nest", "depth"]),
    ("control character", [JSON], ["control"]),
    ("unexpected end of hex escape", [JSON], ["surrogate", "escape"]),
    ("trailing comma", [JSON], ["comma", "expected"]),
    ("key must be a string", [JSON], ["key", "name", "string"]),
    ("invalid number", [JSON], ["number"]),
    ("expected struct TensorInfo", [JSON], ["object", "tensor"]),
    ("expected usize", [JSON], ["integer", "dimension", "number", "shape"]),
]
# What the reference takes although people would not expect it: at least a warning. Numbers of the files.
SURPRISING = {"25": "duplicate names", "26": "duplicate names", "29": "duplicate metadata keys", "66": "control characters in a name",
              "92": "duplicate names, one spelt with an escape", "93": "names in two spellings of Unicode"}


def verdicts():
    """(file, accepted, what the reference said) of each safetensors vector."""
    table = SHARED / "vectors" / "EXPECTED.tsv"
    if not table.is_file():
        skip(f"no shared vectors at {table.parent}")
    for line in table.read_text(encoding="utf-8").splitlines():
        if line.startswith("safetensors/"):
            file, verdict, said = (line.split("\t") + [""])[:3]
            yield file, verdict == "accept", said


def names_cause(errors, said):
    """True where one of our errors has the id that belongs to what the reference said, and words for it."""
    ids, words = next(((ids, words) for cause, ids, words in CAUSES if cause in said), ((), ()))
    # Where the header is so broken that nothing shows the format, the error is that of the name.
    ids = (*ids, "format.extension-mismatch")
    return any(error["id"] in ids and any(word in error["message"].lower() for word in words) for error in errors)


def check_vector(checks, file, accepted, said):
    result = run("file", "--format", "json", SHARED / "vectors" / file)
    if not checks.equal(result.returncode, 0, f"{file}: exit code ({result.stderr.decode(errors='replace')})"):
        return
    artifact = json.loads(result.stdout)["artifacts"][0]
    by_severity = {"note": [], "warning": [], "error": []}
    for finding in artifact["findings"]:
        by_severity[finding["severity"]].append(finding)
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
