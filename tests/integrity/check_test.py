# SPDX-License-Identifier: Apache-2.0
"""`upinspect lock` and `check`: what became of files, held against sha256sum and against what was done to them."""

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.schemas import valid_against_schema  # noqa: E402
from support.scripts import SOURCE, Checks, run  # noqa: E402

checks = Checks()


def safetensors(tensors, metadata=None, pad=0):
    """The bytes of a file: {name: (dtype, shape, data)}."""
    header, data = {}, b""
    if metadata:
        header["__metadata__"] = metadata
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * ((-len(text)) % 8 + 8 * pad)
    return struct.pack("<Q", len(text)) + text + data


def some_tensors(count=6):
    return {f"layer.{i}.weight": ("F32", [2, 4], struct.pack("<8f", *(i + j / 7 for j in range(8)))) for i in range(count)}


def check(*arguments, cwd=None):
    """The JSON document, after its schema; the exit code."""
    done = run("check", "--format", "json", *arguments, cwd=cwd)
    document = json.loads(done.stdout) if done.stdout else None
    if document:
        valid_against_schema(checks, done.stdout, "check")
    return document, done.returncode, done.stderr.decode()


def subject_of(document, name):
    return next((subject for subject in document["subjects"] if subject["path"].endswith(name)), None)


def tree(folder):
    (folder / "adapters" / "style").mkdir(parents=True)
    (folder / "adapters" / "style" / "model.safetensors").write_bytes(safetensors(some_tensors(), {"format": "pt", "note": "first"}))
    (folder / "adapters" / "plain.npy").write_bytes((SOURCE / "testdata" / "npy" / "v1-f32.npy").read_bytes())
    (folder / "adapters" / "lora.bin").write_bytes((SOURCE / "testdata" / "torch-zip" / "lora.bin").read_bytes())
    (folder / "adapters" / "README.md").write_text("An adapter.\n")
    made = run("lock", "adapters", "-o", "upinspect.lock", cwd=folder)
    checks.equal((made.returncode, made.stdout, made.stderr), (0, b"", b""), "lock")
    return folder / "upinspect.lock"


def lock_as_sha256sum(folder, lock):
    document = json.loads(lock.read_text())
    valid_against_schema(checks, lock.read_text(), "lock")
    files = sorted(str(path.relative_to(folder)) for path in (folder / "adapters").rglob("*") if path.is_file())
    checks.equal([file["path"] for file in document["files"]], files, "files of the lock")
    sums = subprocess.run(["sha256sum", *files], cwd=folder, capture_output=True, text=True, check=True).stdout
    checks.equal([(file["sha256"], file["path"]) for file in document["files"]], [tuple(line.split("  ")) for line in sums.splitlines()], "digests of the lock")
    for file in document["files"]:
        checks.equal(file["size"], (folder / file["path"]).stat().st_size, "size of the lock")
    model = next(file for file in document["files"] if file["path"].endswith("model.safetensors"))
    checks.equal([(tensor["name"], tensor["dtype"], tensor["shape"], tensor["sha256"]) for tensor in model["tensors"]],
                 [(name, "f32", shape, hashlib.sha256(data).hexdigest()) for name, (_, shape, data) in sorted(some_tensors().items())], "tensors of the lock")
    again = run("lock", "adapters", "-j", "1", cwd=folder)
    checks.equal(again.stdout.decode(), lock.read_text(), "the lock again, with one thread, to standard output")
    checks.that(str(folder) not in lock.read_text(), "the lock holds no absolute path")


def whole(folder):
    for arguments in (["--lock", "upinspect.lock"], ["--lock", "upinspect.lock", "adapters"], ["adapters"]):
        document, code, _ = check(*arguments, cwd=folder)
        checks.equal((document["verdict"], code, {subject["status"] for subject in document["subjects"]}, len(document["subjects"])),
                     ("pass", 0, {"ok"}, 4), f"untouched: {arguments}")
    document, code, _ = check("--lock", folder / "upinspect.lock", cwd="/")
    checks.equal((document["verdict"], code), ("pass", 0), "from another folder")
    text = run("check", "--lock", "upinspect.lock", cwd=folder)
    checks.equal(text.stdout.decode(), "4 files are as they should be\n", "text of a pass")
    lines = run("check", "--lock", "upinspect.lock", "--format", "ndjson", cwd=folder).stdout.decode().splitlines()
    checks.equal((len(lines), json.loads(lines[-1])["verdict"]), (5, "pass"), "NDJSON")
    for line in lines:
        valid_against_schema(checks, line, "a line")


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def repacked(data):
    """The same zip with its records deflated."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "a", Path(folder) / "b"
        source.write_bytes(data)
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
            for info in old.infolist():
                new.writestr(info.filename, old.read(info))
        return target.read_bytes()


def matrix(folder):
    """(file, its new content, what `why` must say, the fates of tensors, whether the metadata changed)"""
    model, lora = "adapters/style/model.safetensors", "adapters/lora.bin"
    was = (folder / model).read_bytes()
    header = 8 + struct.unpack("<Q", was[:8])[0]
    tensors = some_tensors()
    swapped = dict(tensors, **{"layer.0.weight": tensors["layer.1.weight"], "layer.1.weight": tensors["layer.0.weight"]})
    renamed = {name.replace("layer.3", "other.3"): tensor for name, tensor in tensors.items()}
    dropped = {name: tensor for name, tensor in tensors.items() if "5" not in name}
    shaped = dict(tensors, **{"layer.2.weight": ("F32", [8], tensors["layer.2.weight"][2])})
    typed = dict(tensors, **{"layer.2.weight": ("I32", [2, 4], tensors["layer.2.weight"][2])})
    told = {"format": "pt", "note": "first"}
    yield model, flipped(was, header + 3), "1 of 6 tensors changed (layer.0.weight)", {"layer.0.weight": "changed"}, False
    yield model, safetensors(swapped, told), "2 of 6 tensors changed (layer.0.weight, layer.1.weight)", {"layer.0.weight": "changed", "layer.1.weight": "changed"}, False
    yield model, safetensors(renamed, told), "1 of 6 tensors renamed (layer.3.weight to other.3.weight)", {"other.3.weight": "renamed"}, False
    yield model, safetensors(dropped, told), "1 of 6 tensors gone (layer.5.weight)", {"layer.5.weight": "removed"}, False
    yield model, safetensors(dict(tensors, more=("U8", [1], b"x")), told), "1 of 6 tensors added (more)", {"more": "added"}, False
    yield model, safetensors(shaped, told), "with another dtype or shape (layer.2.weight)", {"layer.2.weight": "reshaped"}, False
    yield model, safetensors(typed, told), "with another dtype or shape (layer.2.weight)", {"layer.2.weight": "reshaped"}, False
    yield model, safetensors(tensors, dict(told, note="second")), "only the metadata changed; all 6 tensors as locked", {}, True
    yield model, safetensors(tensors, told, pad=3), "only the container changed; all 6 tensors as locked", {}, False
    yield model, safetensors(dict(reversed(tensors.items())), told), "only the container changed", {}, False
    yield model, was + b"more", "only the container changed", {}, False
    yield model, was[:-40], "cut short: ", None, False
    yield model, was[:20], "cut short: ", None, None
    yield model, b"", "the file is empty", None, None
    yield model, b"<!DOCTYPE html><html><body>404</body></html>\n", "this is a web page (", None, None
    yield model, b'{"error": "Repository not found"}\n', "this is JSON text (", None, None
    yield model, b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n", "this is a Git LFS pointer (", None, None
    archive = (folder / lora).read_bytes()
    yield lora, repacked(archive), "only the container changed", {}, False
    yield lora, archive[:len(archive) // 2], "cut short: ", None, None
    yield lora, was, "safetensors in place of torch-zip", None, None


def corruption(folder):
    for file, content, words, fates, metadata in list(matrix(folder)):
        path = folder / file
        kept = path.read_bytes()
        path.write_bytes(content)
        document, code, _ = check("--lock", "upinspect.lock", cwd=folder)
        subject = subject_of(document, file)
        what = f"{file}, {words}"
        checks.equal((document["verdict"], code, subject["status"]), ("fail", 1, "modified"), what)
        checks.that(words in subject["why"], f"{what}: why is {subject['why']}")
        checks.equal(subject["actual"]["sha256"], hashlib.sha256(content).hexdigest(), what)
        checks.equal(sum(one["status"] != "ok" for one in document["subjects"]), 1, f"{what}: the others")
        if fates is not None:
            checks.equal({one["name"]: one["fate"] for one in subject["changes"]["tensors"]}, fates, what)
            checks.equal(subject["changes"]["metadata"], metadata, f"{what}: metadata")
        path.write_bytes(kept)


def every_region(folder):
    """One bit anywhere is told, whatever it belongs to."""
    path = folder / "adapters/style/model.safetensors"
    kept = path.read_bytes()
    for at in range(0, len(kept), 23):
        path.write_bytes(flipped(kept, at))
        document, code, _ = check("--lock", "upinspect.lock", cwd=folder)
        checks.equal((code, subject_of(document, "model.safetensors")["status"]), (1, "modified"), f"bit 0 of byte {at}")
    path.write_bytes(kept)


def comings_and_goings(folder):
    path = folder / "adapters/plain.npy"
    kept = path.read_bytes()
    path.unlink()
    document, code, _ = check("--lock", "upinspect.lock", cwd=folder)
    checks.equal((code, subject_of(document, "plain.npy")["status"]), (1, "missing"), "a missing file")
    outside = folder.parent / f"{folder.name}-outside"
    outside.write_bytes(kept)
    path.symlink_to(outside)
    document, code, _ = check("--lock", "upinspect.lock", cwd=folder)
    checks.equal((code, subject_of(document, "plain.npy")["status"]), (1, "unreadable"), "a link that leaves the folder")
    path.unlink()
    outside.unlink()
    os.mkfifo(path)
    document, code, _ = check("--lock", "upinspect.lock", cwd=folder)
    checks.equal((code, subject_of(document, "plain.npy")["status"]), (1, "unreadable"), "a FIFO in its place")
    path.unlink()
    path.write_bytes(kept)
    (folder / "adapters/new.npy").write_bytes(kept)
    for options, status, code_wanted in ((["adapters"], "extra", 1), (["--allow-extra", "adapters"], "ok", 0), ([], None, 0)):
        document, code, _ = check("--lock", "upinspect.lock", *options, cwd=folder)
        subject = subject_of(document, "new.npy")
        checks.equal((subject and subject["status"], code), (status, code_wanted), f"a file on no list, {options}")
    (folder / "adapters/new.npy").unlink()
    document, _, _ = check("--lock", "upinspect.lock", "adapters/style", cwd=folder)
    checks.equal([Path(subject["path"]).name for subject in document["subjects"]], ["model.safetensors"], "only what was asked for")


def danger(folder):
    """The right bytes do not help where loading them runs code."""
    (folder / "evil.pkl").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
    run("lock", "evil.pkl", "-o", "evil.lock", cwd=folder)
    for options, code in (([], 1), (["--fail-on", "never"], 0)):
        document, got, _ = check("--lock", "evil.lock", *options, cwd=folder)
        checks.equal((got, document["subjects"][0]["status"]), (code, "policy" if code else "ok"), f"a locked pickle that acts, {options}")
    text = run("check", "evil.pkl", cwd=folder).stdout.decode()
    checks.that("FAIL  evil.pkl" in text and "pickle.dangerous-global" in text and "1 of 1 failed" in text, f"text of a refusal: {text}")


def checksums(folder):
    """Lines as sha256sum writes them; what it says of them is what we say."""
    names = ["adapters/plain.npy", "adapters/README.md", "a\\b", "new\nline", " blank ", "(1) = x"]
    for name in names[2:]:
        (folder / name).write_bytes(b"content of " + name.encode())
    for options in ([], ["--binary"], ["--tag"]):
        sums = subprocess.run(["sha256sum", *options, *names], cwd=folder, capture_output=True, check=True).stdout
        for ending in (b"\n", b"\r\n"):
            (folder / "SHA256SUMS").write_bytes(b"# made by a test\n\n" + sums.replace(b"\n", ending))
            document, code, errors = check("--checksums", "SHA256SUMS", cwd=folder)
            checks.equal((code, errors), (0, ""), f"sha256sum {options}, {ending}")
            checks.equal(sorted(subject["path"] for subject in document["subjects"]), sorted(names), f"names of sha256sum {options}")
    (folder / "a\\b").write_bytes(b"another")
    theirs = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False)
    document, code, _ = check("--checksums", "SHA256SUMS", cwd=folder)
    failed = [subject["path"] for subject in document["subjects"] if subject["status"] != "ok"]
    checks.equal((code, failed), (theirs.returncode, ["a\\b"]), "a changed file")
    digest = hashlib.sha256((folder / "adapters/plain.npy").read_bytes()).hexdigest()
    for hexadecimal, wanted in ((digest, 0), (digest.upper(), 0), ("0" * 64, 1), ("12", 2)):
        checks.equal(run("check", "--sha256", hexadecimal, "adapters/plain.npy", cwd=folder).returncode, wanted, f"--sha256 {hexadecimal}")
    size = (folder / "adapters/plain.npy").stat().st_size
    for told, wanted in ((size, 0), (size + 1, 1)):
        (folder / "pointer").write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {told}\n")
        checks.equal(run("check", "--lfs-pointer", "pointer", "adapters/plain.npy", cwd=folder).returncode, wanted, f"--lfs-pointer of {told} bytes")
    for bad in ("nonsense\n", "", f"{digest} name\n", f"\\{digest}  a\\q\n", f"SHA256 (x = {digest}\n", f"{digest}  \n"):
        (folder / "SHA256SUMS").write_text(bad)
        done = run("check", "--checksums", "SHA256SUMS", cwd=folder)
        checks.that(done.returncode == 2 and b"SHA256SUMS" in done.stderr, f"checksums {bad!r}: {done.stderr}")


def hostile_locks(folder, lock):
    good = json.loads(lock.read_text())
    file = good["files"][0]

    def changed(**members):
        return json.dumps({"schema": "upinspect.lock/1", "files": [{**file, **members}]})

    cases = {
        "leads out": changed(path="../secret"), "leads out ": changed(path="a/../../b"), "no path from": changed(path="/etc/passwd"),
        "no path from ": changed(path=""), "shortest form": changed(path="a//b"), "shortest form ": changed(path="./a"), "no path from  ": changed(path="a\0b"),
        "64 hex digits": changed(sha256="abc"), "whole number": changed(size=-1), "whole number ": changed(size=1.5), "whole number  ": changed(size="7"),
        "not known": changed(surprise=1), "expected a list": changed(tensors={}), "expected a text": changed(format=7),
        "stands twice": '{"schema":"upinspect.lock/1","schema":"upinspect.lock/1","files":[]}',
        "stands twice ": json.dumps({"schema": "upinspect.lock/1", "files": [file, file]}),
        "is missing": json.dumps({"schema": "upinspect.lock/1"}), "expected \"upinspect.lock/1\"": json.dumps({"schema": "upinspect.lock/2", "files": []}),
        "expected an object": "[]", "offset": '{"schema": ', "offset ": "[" * 100000, "whole number    ": changed(size=10**30), "UTF-8": b"\xff\xfe",
        "expected an object ": json.dumps({"schema": "upinspect.lock/1", "files": [1]}),
        "shape": changed(tensors=[{"name": "a", "dtype": "f32", "shape": [-1]}]), "tensors[0]": changed(tensors=[{"name": "a"}]),
    }
    bad = folder / "bad.lock"
    for words, content in cases.items():
        bad.write_bytes(content if isinstance(content, bytes) else content.encode())
        done = run("check", "--lock", bad, cwd=folder)
        checks.that(done.returncode == 2 and words.strip().encode() in done.stderr and done.stdout == b"", f"lock, {words}: exit {done.returncode}, {done.stderr}")


def beside(folder):
    """What the files beside a file say of it counts."""
    def half(name, shape):
        count = shape[0] * shape[1]
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
        header += b" " * (-(len(header) + 11) % 64) + b"\n"
        (folder / name).write_bytes(b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + struct.pack(f"<{count}f", *range(1, count + 1)))

    (folder / "pair").mkdir()
    for up, down, code, words in (((6, 2), (2, 4), 0, ""), ((6, 2), (3, 4), 1, "rank"), ((6, 2), None, 1, "dead"), (None, (2, 4), 1, "dead")):
        for name, shape in (("up-param", up), ("down-param", down)):
            (folder / "pair" / f"{name}.npy").unlink(missing_ok=True)
            if shape:
                half(f"pair/{name}.npy", shape)
        document, got, _ = check("pair", cwd=folder)
        whys = [subject["why"] for subject in document["subjects"] if subject["status"] != "ok"]
        checks.equal((got, all(words in why for why in whys)), (code, True), f"halves {up} and {down}: {whys}")
    shutil.rmtree(folder / "pair")
    (folder / "shards").mkdir()
    shard = "model-00001-of-00001.safetensors"
    (folder / "shards" / shard).write_bytes(safetensors({"a": ("F32", [1], b"\0\0\0\0")}))
    for weight_map, code in (({"a": shard}, 0), ({"a": shard, "b": "model-00002-of-00002.safetensors"}, 1), ({"a": shard, "b": shard}, 1)):
        (folder / "shards" / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": 4}, "weight_map": weight_map}))
        document, got, _ = check("shards", cwd=folder)
        failed = [Path(subject["path"]).name for subject in document["subjects"] if subject["status"] != "ok"]
        checks.equal((got, failed), (code, ["model.safetensors.index.json"] if code else []), f"an index of {weight_map}")
    shutil.rmtree(folder / "shards")


def refusals(folder):
    for arguments, words in ((["check"], "check what?"), (["check", "--lock", "nowhere.lock"], "nowhere.lock"), (["check", "--sha256", "0" * 64], "one PATH"),
                             (["check", "--today", "tomorrow", "adapters"], "expected a day"), (["check", "--today", "2030-1-1", "adapters"], "expected a day"),
                             (["lock", "nowhere"], "nowhere"), (["lock", "/bin/true", "-o", "x.lock"], "outside of the folder"),
                             (["check", "--lock", "upinspect.lock", "--sha256", "0" * 64, "x"], "excludes")):
        done = run(*arguments, cwd=folder)
        checks.that(done.returncode == 2 and words in done.stderr.decode(), f"{arguments}: exit {done.returncode}, {done.stderr}")
    checks.that(not (folder / "x.lock").exists(), "a lock that failed leaves nothing")
    document, code, _ = check("nowhere.npy", "adapters/plain.npy", cwd=folder)
    checks.equal((code, [subject["status"] for subject in document["subjects"]]), (1, ["missing", "ok"]), "a file that is not there among others")


def many(folder):
    """One broken file does not stop the rest; threads do not change the answer."""
    (folder / "many").mkdir()
    for number in range(200):
        (folder / "many" / f"{number:03}.safetensors").write_bytes(safetensors(some_tensors(2), {"n": str(number)}))
    run("lock", "many", "-o", "many.lock", cwd=folder)
    (folder / "many" / "077.safetensors").write_bytes(b"broken")
    outputs = {run("check", "--lock", "many.lock", "--format", "json", "-j", jobs, cwd=folder).stdout for jobs in (1, 2, 7)}
    checks.equal(len(outputs), 1, "the same answer with 1, 2 and 7 threads")
    document = json.loads(outputs.pop())
    checks.equal([subject["path"] for subject in document["subjects"] if subject["status"] != "ok"], ["many/077.safetensors"], "one of 200")
    checks.equal([subject["path"] for subject in document["subjects"]], sorted(subject["path"] for subject in document["subjects"]), "order")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "tree"
        folder.mkdir()
        lock = tree(folder)
        lock_as_sha256sum(folder, lock)
        whole(folder)
        corruption(folder)
        every_region(folder)
        comings_and_goings(folder)
        danger(folder)
        beside(folder)
        refusals(folder)
        hostile_locks(folder, lock)
        many(folder)
        shutil.rmtree(folder / "many")
        checksums(folder)
    checks.finish()


if __name__ == "__main__":
    main()
