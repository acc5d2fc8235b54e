# SPDX-License-Identifier: Apache-2.0
"""`upinspect pickle` beside CPython's pickletools: the same opcodes at the same offsets with the same arguments, in every kind of file."""

import collections
import datetime
import decimal
import io
import json
import pickle
import pickletools
import random
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SHARED, SOURCE, Checks, run  # noqa: E402

checks = Checks()


def listed(path, *options):
    done = run("pickle", "--format", "json", *options, path)
    checks.equal((done.returncode, done.stderr), (0, b""), f"{path}: exit and stderr")
    return json.loads(done.stdout)


def reference(data):
    """[(offset, name, argument)] as far as pickletools follows, and whether it came to STOP."""
    rows, stream = [], io.BytesIO(data)
    try:
        for opcode, argument, offset in pickletools.genops(stream):
            rows.append((offset, opcode.name, argument))
    except Exception:  # pickletools raises whatever its readers do
        return rows, False
    return rows, True


def same_argument(ours, theirs):
    """Numbers and short names as text; texts are the concern of the unit tests of the machine."""
    if isinstance(theirs, bool) or not isinstance(theirs, int):
        return True
    return ours == str(theirs)


def compare(what, stream, data, start=0):
    rows, complete = reference(data[start:])
    # pickletools only reads; the machine also runs, and ends where CPython would.
    steps = stream["steps"]
    if complete and "failure" not in stream:
        checks.equal(len(steps), len(rows), f"{what}: opcodes")
    for step, (offset, name, argument) in zip(steps, rows):
        checks.equal((step["offset"], step["opcode"]), (offset + start, name), f"{what}: opcode")
        checks.that(same_argument(step.get("argument", ""), argument), f"{what}: {name} at {offset}: {step.get('argument')} for {argument}")


class Plain:
    def __init__(self, value):
        self.value = value


def some_object(source, depth=0):
    kinds = [lambda: None, lambda: source.random() < 0.5, lambda: source.randrange(-2**70, 2**70), lambda: source.randrange(300),
             lambda: source.uniform(-1e9, 1e9), lambda: "tëxt\n'" * source.randrange(4), lambda: bytes(source.randrange(256) for _ in range(source.randrange(300)))]
    if depth < 3:
        size = source.randrange(5)
        kinds += [lambda: [some_object(source, depth + 1) for _ in range(size)], lambda: tuple(some_object(source, depth + 1) for _ in range(size)),
                  lambda: {i: some_object(source, depth + 1) for i in range(size)}, lambda: {str(i) for i in range(size)},
                  lambda: frozenset(range(size)), lambda: collections.OrderedDict(a=some_object(source, depth + 1)),
                  lambda: decimal.Decimal("1.5"), lambda: datetime.date(2020, 1, 2), lambda: bytearray(b"ab")]
    return source.choice(kinds)()


def random_pickles(folder):
    source = random.Random(20)
    for number in range(60):
        data = pickle.dumps(some_object(source), protocol=number % 6)
        path = folder / f"{number}.pkl"
        path.write_bytes(data)
        document = listed(path)
        if document["streams"]:
            compare(path.name, document["streams"][0], data)


def files_of_this_tree():
    for path in sorted((SOURCE / "testdata" / "pickle").iterdir()) + sorted((SOURCE / "tests" / "fuzz" / "seeds" / "pickle").iterdir()):
        data = path.read_bytes()
        document = listed(path)
        checks.that(document["streams"], f"{path}: no stream")
        if document["streams"]:
            compare(path.name, document["streams"][0], data)


def archives():
    """Offsets of a stored record are the file's, those of a compressed one are the record's."""
    paths = sorted((SOURCE / "testdata" / "torch-zip").iterdir()) + sorted(SHARED.glob("real/*/*.bin")) + sorted(SHARED.glob("real/*/*.pt"))
    for path in paths:
        if not zipfile.is_zipfile(path):
            continue
        with zipfile.ZipFile(path) as archive:
            name = next((name for name in archive.namelist() if name.endswith("data.pkl")), None)
            try:
                data = archive.read(name) if name else b""
            except (zipfile.BadZipFile, NotImplementedError):
                continue
        document = listed(path)
        stream = next((stream for stream in document["streams"] if stream.get("entry") == name), None)
        if name and checks.that(stream is not None, f"{path}: {name} is not listed"):
            prefix = 0 if "unpacked_from" in stream else stream["start"]
            compare(path.name, stream, b"\0" * prefix + data, prefix)


def memo(folder):
    """What is fetched from the memo, in each of its spellings."""
    path = folder / "memo.pkl"
    for protocol in range(6):
        text = "shared"
        path.write_bytes(pickle.dumps([(text,), 1, (text,)], protocol=protocol))
        steps = listed(path)["streams"][0]["steps"]
        fetched = [step["comment"] for step in steps if step["opcode"] in ("GET", "BINGET", "LONG_BINGET")]
        checks.equal(fetched, ["'shared'"], f"memo of protocol {protocol}")


def limits(folder):
    path = folder / "long.pkl"
    path.write_bytes(pickle.dumps(list(range(1000)), protocol=2))
    stream = listed(path, "--max-opcodes", "10")["streams"][0]
    checks.equal((len(stream["steps"]), stream["opcodes"]), (10, 1006), "opcodes listed and run")
    path.write_bytes(pickle.dumps([[i] for i in range(20000)], protocol=2))
    stream = listed(path)["streams"][0]
    checks.equal((len(stream["object"]), stream["object_whole"]), (10000, False), "lines of the object")
    path.write_bytes(b"".join(pickle.dumps(number) for number in range(40)))
    document = listed(path, "--max-memory", "1M")
    checks.equal((len(document["streams"]), document["unlisted_streams"]), (16, 24), "pickles of a file that are listed in a megabyte")
    checks.that("unlisted_streams" not in listed(path), "all of them are, where there is room")
    text = run("pickle", "--max-memory", "1M", path).stdout.decode()
    checks.that("and 24 more pickles, judged like these" in text, "pickles that are not listed, as text")
    cycle = []
    cycle.append(cycle)
    path.write_bytes(pickle.dumps(cycle))
    checks.that("the object of line 1" in listed(path)["streams"][0]["object"][1]["text"], "a list that holds itself")


def meanings(folder):
    path = folder / "calls.pkl"
    path.write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    document = listed(path)
    comments = [step.get("comment", "") for step in document["streams"][0]["steps"]]
    checks.equal(comments, ["fetches posix.system: dangerous", "", "", "", "calls posix.system('true')", "returns posix.system('true')"], "comments")
    checks.equal(document["pickle"]["verdict"], "dangerous", "verdict")
    checks.equal(run("pickle", "--fail-on", "error", path).returncode, 1, "exit with --fail-on error")
    quiet = run("pickle", "-q", path).stdout.decode()
    checks.that("loading this runs code: posix.system is called at offset 0" in quiet, f"the sentence: {quiet}")
    plain = folder / "plain.npy"
    plain.write_bytes(b"no pickle at all")
    document = listed(plain)
    checks.equal((document["pickle"], document["streams"]), (None, []), "no pickle")
    missing = run("pickle", folder / "missing")
    checks.that(missing.returncode == 2 and b"missing" in missing.stderr, "a missing file")


def main():
    with tempfile.TemporaryDirectory() as folder:
        random_pickles(Path(folder))
        files_of_this_tree()
        archives()
        memo(Path(folder))
        limits(Path(folder))
        meanings(Path(folder))
    checks.finish()


if __name__ == "__main__":
    main()
