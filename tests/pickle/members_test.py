# SPDX-License-Identifier: Apache-2.0
"""Archives within archives: what their members would do, by which way, and what is said where they are not looked into."""

import gzip
import io
import json
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.pickles import name, pickle_of  # noqa: E402
from support.scripts import Checks, run  # noqa: E402
from support.zips import Entry, build  # noqa: E402

checks = Checks()
EVIL = pickle_of(name("os", "system") + b")R")
INERT = pickle_of(b"}")


def torch_zip(record):
    return build([Entry(b"archive/data.pkl", record), Entry(b"archive/version", b"3\n")])


def zipped(member, content, deflate=True):
    return build([Entry(member.encode(), content, deflate)])


def tarred(member, content):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def listed(path, *options):
    done = run("pickle", "--format", "json", *options, path)
    checks.equal((done.returncode, done.stderr), (0, b""), f"{path.name}: exit and stderr")
    return json.loads(done.stdout)


def found(document, finding):
    return [one["message"] for one in document["findings"] if one["id"] == finding]


def check(path, *options):
    done = run("check", "--format", "json", *options, path)
    return json.loads(done.stdout)["subjects"][0]


def test_the_way_is_told(folder):
    path = folder / "outer.zip"
    path.write_bytes(zipped("inner.pt", torch_zip(EVIL)))
    document = listed(path)
    way = "outer.zip > inner.pt > archive/data.pkl"
    checks.equal([(one["entry"], one["offset"], one["called"], one["verdict"]) for one in document["pickle"]["globals"]],
                 [(way, 30 + len("inner.pt"), True, "dangerous")], "the global")
    checks.equal(document["pickle"]["weights_only"], {"loads": False, "reason": "torch.load opens no such archive; its members are judged one by one"}, "weights_only")
    checks.equal(found(document, "pickle.dangerous-global"), [f"{way}: unpickling would call os.system, which can run code"], "the finding")
    checks.equal([(one["entry"], one["opcodes"], one["unpacked_from"]["offset"]) for one in document["streams"]], [(way, 5, 38)], "the listing")
    text = run("pickle", path).stdout.decode()
    checks.that(f"os.system is called in {way}" in " ".join(text.split()), f"the sentence: {text}")
    subject = check(path)
    checks.that(subject["status"] == "policy" and way in subject["why"], f"check: {subject}")
    told = json.loads(run("file", "--format", "json", path).stdout)["artifacts"][0]
    checks.equal(told["pickle"]["globals"], document["pickle"]["globals"], "upinspect file says the same")


def test_an_archive_at_the_end_of_another(folder):
    """Its directory is found from the end of the outer one: it is told as the member that it is, and once."""
    path = folder / "outer.tar"
    path.write_bytes(tarred("inner.zip", zipped("e.pkl", EVIL, deflate=False)))
    document = listed(path)
    checks.equal([one["entry"] for one in document["pickle"]["globals"]], ["outer.tar > inner.zip > e.pkl"], "the global, once")
    checks.equal(found(document, "format.polyglot"), [], "no polyglot")
    checks.equal(check(path)["status"], "policy", "check")
    path.write_bytes(tarred("inner.txt", b"x" * 100) + zipped("e.pkl", EVIL, deflate=False))
    checks.that(found(listed(path), "format.polyglot"), "an archive behind another is a polyglot")


def test_several_pickles_are_all_listed(folder):
    path = folder / "two.tar"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member, content in (("a.pkl", INERT), ("b.pkl", INERT + INERT), ("c.pkl", INERT)):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    path.write_bytes(out.getvalue())
    document = listed(path)
    checks.equal([one["entry"] for one in document["streams"]], ["two.tar > a.pkl", "two.tar > b.pkl", "two.tar > b.pkl", "two.tar > c.pkl"], "streams")
    checks.equal((document["pickle"]["verdict"], check(path)["status"]), ("inert", "ok"), "verdict and check")


def test_kinds(folder):
    for file, content, way in (
            ("a.tar.gz", gzip.compress(tarred("w.bin", EVIL), mtime=0), "a.tar.gz > the unpacked content > w.bin"),
            ("a.nemo", tarred("model.ckpt", torch_zip(EVIL)), "a.nemo > model.ckpt > archive/data.pkl"),
            ("a.npz", build([Entry(b"w.npy", EVIL)]), "a.npz > w.npy"),
            ("a.zip", zipped("b.npz", build([Entry(b"o.npy", npy_of_objects(EVIL))])), "a.zip > b.npz > o.npy"),
            ("a.gz", gzip_with_name(b"x.pkl", EVIL), "a.gz > x.pkl"),
            ("several.gz", gzip.compress(EVIL[:4], mtime=0) + gzip.compress(EVIL[4:], mtime=0) + bytes(8), "several.gz > the unpacked content")):
        path = folder / file
        path.write_bytes(content)
        document = listed(path)
        checks.that(way in [one.get("entry") for one in document["pickle"]["globals"]], f"{file}: the way: {document['pickle']['globals']}")
        checks.equal(check(path)["status"], "policy", f"{file}: check")


def npy_of_objects(content):
    head = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head + content


def gzip_with_name(member, content):
    plain = gzip.compress(content, mtime=0)
    return plain[:3] + b"\x08" + plain[4:10] + member + b"\0" + plain[10:]


def test_depth(folder):
    content = EVIL
    for depth in range(1, 7):
        content = zipped(f"{depth}", content)
        path = folder / f"{depth}.zip"
        path.write_bytes(content)
        document = listed(path)
        dangerous = (document["pickle"] or {}).get("verdict") == "dangerous"
        checks.equal(dangerous, depth <= 3, f"a pickle {depth} levels down is judged")
        checks.equal(bool(found(document, "container.not-inspected")), depth > 3, f"a pickle {depth} levels down: not inspected")
        checks.equal(check(path)["status"], "policy", f"a pickle {depth} levels down: check")
    text = run("pickle", "-q", folder / "6.zip").stdout.decode()
    checks.that("not fully inspected" in text and "no pickle in this file" not in text, f"the sentence: {text}")


def test_what_is_not_inspected(folder):
    plain = gzip.compress(INERT, mtime=0)
    for file, content, words in (
            ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(30), "was not looked at"),
            ("a.zip", build([Entry(b"w.rar", b"Rar!\x1a\7\1\0" + bytes(30))]), "a.zip > w.rar: what is packed in it was not looked at"),
            ("b.zip", build([Entry(b"w", INERT, True, local={"flags": 1}, central={"flags": 1})]), "b.zip > w: not fully inspected: it is marked as encrypted"),
            ("c.zip", build([Entry(b"w", b"abc", local={"method": 12}, central={"method": 12})]), "it is packed with bzip2"),
            ("cut.gz", plain[:-12], "it is cut short"),
            ("crc.gz", plain[:-8] + bytes(4) + plain[-4:], "does not have the CRC-32"),
            ("more.gz", plain + b"more", "is followed by 4 bytes that are not gzip"),
            ("many.zip", build([Entry(b"%d" % i, b"x") for i in range(10_002)]), "2 more members"),
            ("big.zip", zipped("zeros", bytes(40 << 20)), "unpacks to more than")):
        path = folder / file
        path.write_bytes(content)
        options = ("--max-memory", "64M") if file == "big.zip" else ()
        messages = found(listed(path, *options), "container.not-inspected")
        checks.that(any(words in message for message in messages), f"{file}: {messages}")
        subject = check(path, *options)
        checks.equal(subject["status"], "policy", f"{file}: check")
        checks.that(any(finding["id"] == "container.not-inspected" for finding in subject["findings"]), f"{file}: findings of check")


def test_what_broke_is_judged(folder):
    path = folder / "cut.pkl.gz"
    path.write_bytes(gzip.compress(EVIL, mtime=0)[:-9])
    checks.equal(listed(path)["pickle"]["verdict"], "dangerous", "a gzip file that is cut behind the payload")


def test_honest_archives_pass(folder):
    header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.ljust(56)
    weights = len(header).to_bytes(8, "little") + header + bytes(4)
    for file, content in (("a.zip", build([Entry(b"x/adapter_model.safetensors", weights, True), Entry(b"x/README.md", b"hello", True), Entry(b"x/empty", b"")])),
                          ("b.tar.gz", gzip.compress(tarred("adapter_model.safetensors", weights), mtime=0)), ("c.pt.zip", zipped("w.pt", torch_zip(INERT)))):
        (folder / file).write_bytes(content)
        subject = check(folder / file)
        checks.that(subject["status"] == "ok", f"{file}: {subject}")


def test_bombs_come_to_an_end(folder):
    zeros = zipped("zeros", bytes(8 << 20))
    many = build([Entry(b"%d.zip" % i, zeros) for i in range(200)])
    path = folder / "bombs.zip"
    path.write_bytes(build([Entry(b"%d.zip" % i, many, True) for i in range(50)]))
    done = run("check", "--max-memory", "64M", "--format", "json", path, timeout=60)
    findings = json.loads(done.stdout)["subjects"][0]["findings"]
    checks.that(any(finding["id"] == "container.not-inspected" for finding in findings), "eighty gigabytes of zeros, fifty times two hundred archives")


if __name__ == "__main__":
    checks.run(globals())
