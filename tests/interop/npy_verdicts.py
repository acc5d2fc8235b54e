# SPDX-License-Identifier: Apache-2.0
"""Thousands of npy headers, honest and odd: numpy.load and upinspect must agree on which it takes, and on the shape.

Left out is what docs/formats/npy.md lists as different. `npy_verdicts.py SEED COUNT` tries others than the fixed ones.
"""

import json
import random
import struct
import sys
import tempfile
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import Checks, need, run, skip  # noqa: E402

np = need("numpy")

TYPES = """<f4 f4 >f2 =f8 |f16 <i1 i2 >i4 <i8 u1 <u2 u4 >u8 |b1 ? c8 >c16 c32 <c4 |S4 S <U2 U <V2 V0 S0 <M8[ns] m8[D] M8
M8[25s] M8[7s/2] M8[x] m8[] O O8 b B h l L q p e g F a3 a c x f3 float32 int long str bool object f+4 1f4 ()f4 3f4 (2,)f4
(2,3)i2 2S i4,f4 i4, 2i4,(3,)f8 <2f4 <2>f4 (2,)3f4 3(2,)f4 i4;f4 , 2,3f4 i4,M8[ns] f4[ f4] datetime64[ns] timedelta64""".split() + ["", "i4, f4 "]
REPEATS = ["3", "1", "0", "(2,)", "(2,3)", "()", "(1,)", "[2]", "True", "-1", "(2.0,)", "(True,)", "2**3"]
NAMES = ["'a'", "'b'", "'c'", "''", "('T', 'd')", "('T', 'a')", "1", "b'a'", "'\\xe9'", "((1, 2), 'z')", "('a', 'a')",
         "(None, 'q')", "(1, 2, 'q')"]
DIMENSIONS = ["0", "-1", "-6", "True", "6L", "0x6", "6.0", "0_6", "6_0", "9223372036854775807", "9223372036854775808",
              "4294967296", "+6", "- 6", "(6)", "-(2)", "--2", "3+3", "2*3", "3+3j", "6 L", "6LL", "0b11", "1e1", "...", '"6"']
SHAPES = ["6", "[6]", "(6)", "None", '"6"', "{6}", "()", "((6,),)", "6,"]
SPACES = ["", "  ", "\t", "\n", " # c\n", "\\\n", "\r", "\r\n", "\f"]
BEFORE = [" ", "\n", "\t", "#c\n", "\n ", "\\\n", "\f", "\n\n"]
BEHIND = [";", ",", "#x", "\n", "\n\n", "\n #x\n", "\n[1]", "}", "()", "[0]", ".x", "\r", " \\", "\x00", "\xa0", "+1j", "if 1 else 2"]
EXTRA = ["'x': 1", "'shape': (6,)", "b'shape': (6,)", "'descr': '<f4'", "u'sh' 'ape': (3,)", "'sha\\x70e': (2,)", "[1]: 1"]


class Headers:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.pick = self.random.choice

    def maybe(self, chance):
        return self.random.random() < chance

    def descr(self, depth=0):
        kind = self.random.random()
        if kind < 0.5 or depth == 3:
            return repr(self.pick(TYPES))
        if kind < 0.65:
            return f"({self.descr(depth + 1)}, {self.pick(REPEATS)}{self.pick(['', ',', ', 0'])})"
        return "[" + ", ".join(self.field(depth) for _ in range(self.random.randrange(4))) + "]"

    def field(self, depth):
        if self.maybe(0.05):
            return self.pick(["'ab'", "'a'", "('a',)", "3", "None", "{'a': 1, 'b': 2}"])
        shape = ", " + self.pick(["2", "(2,)", "(2, 2)", "()", "-1"]) if self.maybe(0.25) else ""
        return f"({self.pick(NAMES)}, {self.descr(depth + 1)}{shape})"

    def shape(self):
        if self.maybe(0.12):
            return self.pick(SHAPES)
        return "(" + "".join(f"{self.pick(DIMENSIONS) if self.maybe(0.3) else self.random.randrange(5)}, "
                             for _ in range(self.random.randrange(1, 5))) + ")"

    def space(self):
        return self.pick(SPACES) if self.maybe(0.1) else " "

    def header(self):
        order = self.pick(["True", "False", "1", "None"]) if self.maybe(0.4) else "False"
        items = [f"'descr':{self.space()}{self.descr() if self.maybe(0.7) else repr('<f4')}",
                 f"'fortran_order'{self.space()}: {order}", f"'shape':{self.space()}{self.shape()}"]
        if self.maybe(0.05):
            items.append(self.pick(EXTRA))
        text = "{" + self.space() + ", ".join(items) + self.space() + "}"
        text = (self.pick(BEFORE) if self.maybe(0.1) else "") + text + (self.pick(BEHIND) if self.maybe(0.1) else "")
        if self.maybe(0.02):
            text = text[:self.random.randrange(len(text))]
        return text + " " * self.random.randrange(30) + "\n"

    def file(self):
        version = self.pick([1, 1, 2, 3])
        text = self.header().encode("utf-8" if version == 3 else "latin-1")
        length = struct.pack("<H" if version == 1 else "<I", len(text))
        data = self.random.randbytes(self.pick([0, 4, 20, 24, 24, 48, 64, 100, 2000]))
        return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def numpy_says(path):
    """(taken, shape, bytes); None where numpy only ran out of memory."""
    try:
        array = np.load(path)
        return True, array.shape, array.nbytes
    except MemoryError:
        return None
    except Exception:  # numpy refuses in many ways
        return False, None, None


def we_say(artifact):
    if any(found["severity"] == "error" for found in artifact["findings"]):
        return False, None, None
    tensor = artifact["tensors"][0]
    return True, tuple(tensor["shape"]), tensor["bytes"]


def differs_by_intent(content):
    """Negative widths, which numpy takes and we do not."""
    return b", -1" in content.split(b"'fortran_order'")[0] and b"-1" in content


def main():
    if not np.__version__.startswith("1."):
        skip(f"the verdicts are those of numpy 1, this is {np.__version__}")
    warnings.simplefilter("ignore")
    seed, count = (int(argument) for argument in (sys.argv[1:] + ["1", "2000"][len(sys.argv) - 1:])[:2])
    headers = Headers(seed)
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        contents = [content for content in (headers.file() for _ in range(count)) if not differs_by_intent(content)]
        paths = [Path(folder) / f"{number}.npy" for number in range(len(contents))]
        for path, content in zip(paths, contents):
            path.write_bytes(content)
        for start in range(0, len(paths), 200):
            batch = paths[start:start + 200]
            lines = run("file", "--quick", "--format", "ndjson", *batch).stdout.splitlines()
            if not checks.equal(len(lines), len(batch), "a line for each file"):
                break
            for path, line in zip(batch, lines):
                wanted = numpy_says(path)
                if wanted is not None:
                    checks.equal(we_say(json.loads(line)["artifact"]), wanted, repr(path.read_bytes()[:300]))
    checks.finish()


if __name__ == "__main__":
    main()
