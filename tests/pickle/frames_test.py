# SPDX-License-Identifier: Apache-2.0
"""Frames that lie: what pickle.loads and pickle.load of a file object fetch, and that both are in the report."""

import io
import json
import pickle
import random
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import Checks, run, skip  # noqa: E402

checks = Checks()


class Thing:
    """Stands for everything that is fetched: calling it and writing to it do nothing."""

    def __init__(self, *arguments, **keywords):
        pass

    def __setstate__(self, state):
        pass

    def __repr__(self):
        return "Thing"


class AllAtOnce:
    """A file that shows all of its bytes beforehand: the C machine then reads them from memory, as pickle.loads does."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def peek(self, _):
        return self.data[self.at:]

    def read(self, length):
        piece = self.data[self.at:self.at + length]
        self.at += len(piece)
        return piece

    def readline(self):
        return self.read((self.data.find(b"\n", self.at) + 1 or len(self.data)) - self.at)


def reading(file):
    """(what was fetched, how it ended) of CPython's own machine, which here can fetch nothing but Thing."""
    fetched = []

    class Recorder(pickle.Unpickler):
        def find_class(self, module, name):
            fetched.append((module, name))
            return Thing

        def persistent_load(self, _):
            return "persistent"

    try:
        return fetched, repr(Recorder(file).load())[:2000]
    except Exception as error:  # pylint: disable=broad-except
        return fetched, type(error).__name__


def plain(data):
    """What pickle.loads itself makes of a pickle that fetches nothing."""
    try:
        return repr(pickle.loads(data))[:2000]
    except Exception as error:  # pylint: disable=broad-except
        return type(error).__name__


def frame(length, content):
    return b"\x95" + struct.pack("<Q", length) + content


# Opcodes with an argument that a frame's end can cut, and a global for either side to fetch.
PIECES = [b"K\1", b"M\1\2", b"J\1\2\3\4", b"X\3\0\0\0abc", b"\x8c\3xyz", b"C\2hi", b"B\3\0\0\0ABC", b"I12\n", b"L34L\n", b"F1.5\n", b"G@\0\0\0\0\0\0\0",
          b"\x8a\2\1\2", b"U\2ok", b"Vu\n", b"S'q'\n", b"cos\nsystem\n", b"cbuiltins\neval\n", b"ccollections\nOrderedDict\n", b"\x8c\2os\x8c\6system\x93", b"]",
          b"N", b"cmine\nK\1\n", b"\x8c\x0cN]cos\ngetpid\n", b"X\x0d\0\0\0cnt\nremove\nNNN", b"Pid\n", b"\x8e\2\0\0\0\0\0\0\0zz"]


def samples():
    """Named by hand, then a few hundred made by chance, the same each time."""
    yield "splits-uint1", b"\x80\4" + frame(1, b"K\1.")
    yield "splits-text", b"\x80\4" + frame(7, b"X\3\0\0\0abc.")
    yield "splits-bytes", b"\x80\4" + frame(4, b"C\5hello.")
    yield "hides-a-call", b"\x80\4" + frame(3, b"M\1" + b"\0\0cos\nsystem\n)R.")
    yield "hides-a-line", b"\x80\4" + frame(3, b"I1" + b"2\n" + b"0cos\nsystem\n)R.")
    yield "too-long", b"\x80\4" + frame(100, b"K\1.")
    yield "nested", b"\x80\4" + frame(14, frame(1, b"K\1") + b"K\2.")
    chance = random.Random(20)
    for number in range(300):
        data = b"\x80\4]"
        for _ in range(chance.randrange(1, 6)):
            content = b"".join(chance.choice(PIECES) + chance.choice([b"a", b"a", b"0"]) for _ in range(chance.randrange(1, 5)))
            data += frame(max(0, len(content) - chance.choice([0, 0, 1, 2, 3, 5, 9, -3])), content)
        yield f"chance-{number:03}", data + b"."


def main():
    if sys.implementation.name != "cpython" or not (3, 8) <= sys.version_info[:2]:
        skip("CPython 3.8 or later is the reference")
    if pickle.Unpickler is pickle._Unpickler:  # pylint: disable=protected-access
        skip("this Python has no _pickle in C")
    differing = 0
    with tempfile.TemporaryDirectory() as folder:
        files = dict(samples())
        for name, data in files.items():
            (Path(folder) / f"{name}.pkl").write_bytes(data)
        done = run("file", "--format", "json", *(Path(folder) / f"{name}.pkl" for name in files))
        artifacts = {Path(each["path"]).stem: each for each in json.loads(done.stdout)["artifacts"]}
    for name, data in files.items():
        memory, file = reading(AllAtOnce(data)), reading(io.BytesIO(data))
        if not memory[0] and b"P" not in data:
            checks.equal(memory[1], plain(data), f"{name}: showing all at once and pickle.loads")
        artifact = artifacts[name]
        if artifact["format"]["id"] != "pickle":
            continue
        told = [each for each in artifact["findings"] if each["id"] == "pickle.two-readings"]
        differing += memory != file
        if memory != file:
            checks.that(told, f"{name}: {memory} from memory, {file} from a file, and nothing is told")
        got = {(each["module"], each["name"]) for each in artifact["pickle"]["globals"]}
        checks.equal(got, set(memory[0]) | set(file[0]), f"{name}: globals of both readings")
    checks.that(differing >= 50, f"only {differing} samples are read in two ways")
    print(f"{len(files)} samples, {differing} read in two ways")
    checks.finish()


if __name__ == "__main__":
    main()
