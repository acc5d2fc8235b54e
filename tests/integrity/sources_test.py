# SPDX-License-Identifier: Apache-2.0
"""What `upinspect check` takes expectations from beside locks: answers of the Hub held against git itself, AutoV2 and AutoV3; and runs in parts."""

import hashlib
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.schemas import valid_against_schema  # noqa: E402
from support.scripts import SOURCE, Checks, environment, run, tool  # noqa: E402

checks = Checks()


def safetensors(count=4, metadata=None):
    header = json.dumps({"__metadata__": metadata or {"format": "pt"}, "a": {"dtype": "F32", "shape": [count], "data_offsets": [0, 4 * count]}}).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + struct.pack(f"<{count}f", *range(1, count + 1))


def check(*arguments, cwd=None):
    done = run("check", "--format", "json", *arguments, cwd=cwd)
    document = json.loads(done.stdout) if done.stdout else None
    if document:
        valid_against_schema(checks, done.stdout, arguments)
    return document, done.returncode, done.stderr.decode()


def statuses(document):
    return {Path(subject["path"]).name: subject["status"] for subject in document["subjects"]}


def blob(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


FILES = {"adapter_model.safetensors": safetensors(), "README.md": b"An adapter.\n", "sub/notes.txt": b"n\n" * 100_000}
LFS = {"adapter_model.safetensors"}


def repository(folder):
    """The files, and both answers of the Hub for them."""
    model, tree = [], [{"type": "directory", "oid": "0" * 40, "size": 0, "path": "sub"}]
    for name, content in FILES.items():
        path = folder / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digest, size = hashlib.sha256(content).hexdigest(), len(content)
        pointer = blob(f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {size}\n".encode())
        lfs = name in LFS
        model.append({"rfilename": name, "size": size, "blobId": pointer if lfs else blob(content), **({"lfs": {"sha256": digest, "size": size, "pointerSize": 134}} if lfs else {})})
        tree.append({"type": "file", "path": name, "size": size, "oid": pointer if lfs else blob(content), **({"lfs": {"oid": digest, "size": size, "pointerSize": 134}, "xetHash": "a" * 64} if lfs else {})})
    (folder / "model.json").write_text(json.dumps({"_id": "1", "id": "a/b", "sha": "f" * 40, "siblings": model, "tags": ["x"], "likes": 3, "private": False}))
    (folder / "tree.json").write_text(json.dumps(tree))


def test_hub(folder):
    repository(folder)
    git = shutil.which("git")
    if git is None:
        print("without git: names of content are only computed here")
    for answer in ("model.json", "tree.json"):
        document, code, errors = check("--hub", answer, "repo", cwd=folder)
        checks.equal((code, errors, set(statuses(document).values()), len(document["subjects"])), (0, "", {"ok"}, 3), f"{answer}: as downloaded")
        for subject in document["subjects"]:
            name = subject["path"].removeprefix("repo/")
            if git and name not in LFS:
                theirs = subprocess.run([git, "hash-object", "--no-filters", subject["path"]], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
                checks.equal((subject["expected"]["git_blob"], subject["actual"]["git_blob"]), (theirs, theirs), f"{name}: git hash-object")
            checks.equal("sha256" in subject["expected"], name in LFS, f"{name}: SHA-256 is expected of LFS files")
    shutil.copy(folder / "model.json", folder / "repo" / "model.json")
    document, code, _ = check("--hub", "repo/model.json", cwd=folder)
    checks.equal((code, len(document["subjects"])), (0, 3), "beside the answer, without PATH")
    document, code, _ = check("--hub", "repo/model.json", "repo", cwd=folder)
    checks.equal(code, 0, "the answer itself is not extra")
    (folder / "repo" / "model.json").unlink()


def test_hub_of_what_changed(folder):
    repository(folder)
    repo = folder / "repo"
    for name, content, status, words in (
            ("README.md", b"An adapter!\n", "modified", "name that git gives the content"),
            ("README.md", b"An adapter.\n\n", "modified", "13 bytes in place of 12"),
            ("adapter_model.safetensors", FILES["adapter_model.safetensors"][:-3], "modified", "cut short"),
            ("adapter_model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 1\n", "modified", "Git LFS pointer"),
            ("adapter_model.safetensors", b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>\n", "modified", "AccessDenied"),
            ("adapter_model.safetensors", b"<!DOCTYPE html><title>Sign in</title>\n", "modified", "this is a web page"),
            ("adapter_model.safetensors", b'{"error":"gated"}', "modified", "this is JSON text"),
            ("adapter_model.safetensors", b"", "modified", "empty"),
            ("README.md", None, "missing", "is not there")):
        kept = (repo / name).read_bytes()
        (repo / name).unlink()
        if content is not None:
            (repo / name).write_bytes(content)
        for answer in ("model.json", "tree.json"):
            document, code, _ = check("--hub", answer, "repo", cwd=folder)
            subject = next(one for one in document["subjects"] if one["path"] == f"repo/{name}")
            checks.that((code, subject["status"]) == (1, status) and words in subject["why"], f"{answer}, {name}, {words}: {subject}")
        (repo / name).write_bytes(kept)
    (repo / "more.bin").write_bytes(b"x")
    document, code, _ = check("--hub", "model.json", "repo", cwd=folder)
    checks.equal((code, statuses(document)["more.bin"]), (1, "extra"), "a file that the Hub does not have")


def test_hub_links_of_its_cache(folder):
    """snapshots/REVISION/name -> ../../blobs/DIGEST"""
    repository(folder)
    for place in ("snapshots/f", "blobs"):
        (folder / place).mkdir(parents=True)
    for name, content in FILES.items():
        link = folder / "snapshots/f" / name
        link.parent.mkdir(exist_ok=True)
        digest = hashlib.sha256(content).hexdigest()
        (folder / "blobs" / digest).write_bytes(content)
        link.symlink_to(folder / "blobs" / digest)
    document, code, errors = check("--hub", "model.json", "snapshots/f", cwd=folder)
    checks.equal((code, set(statuses(document).values())), (0, {"ok"}), f"a snapshot of the cache: {errors}")


def test_hostile_answers(folder):
    repository(folder)
    file = {"rfilename": "a", "size": 1, "blobId": "0" * 40}

    def model(**members):
        return json.dumps({"siblings": [{**file, **members}]})

    def without(key):
        return json.dumps({"siblings": [{name: value for name, value in file.items() if name != key}]})

    node = {"type": "file", "path": "a", "size": 1, "oid": "0" * 40}
    cases = {
        "leads out": model(rfilename="../a"), "no path": model(rfilename="/etc/passwd"), "shortest form": model(rfilename="a//b"), "no path ": model(rfilename=""),
        "expected a text": model(rfilename=7), "whole number": model(size=-1), "whole number ": model(size=1.5), "40 hex digits": model(blobId="abc"),
        "expected a text ": model(blobId=None), "?blobs=true": without("blobId"), "is missing": without("rfilename"), "expected an object": model(lfs=[]),
        "64 hex digits": model(lfs={"sha256": "abc"}), "is missing ": model(lfs={}), "siblings[1]": json.dumps({"siblings": [file, 3]}),
        "stands twice": json.dumps({"siblings": [file, file]}), "stands twice ": '{"siblings":[],"siblings":[]}', "expected a list": json.dumps({"siblings": {}}),
        "is missing  ": "{}", "names no file": "[]", "expected an object ": "[1]", "offset": "[", "type: expected": json.dumps([{**node, "type": "link"}]),
        "leads out ": json.dumps([{**node, "path": "b/../../a"}]), "stands twice  ": json.dumps([node, node]), "expected an object  ": "7", "UTF-8": b"\xff",
        "offset ": "[" * 100_000, "?": json.dumps({"error": "Repository not found"}),
    }
    for words, content in cases.items():
        (folder / "bad.json").write_bytes(content if isinstance(content, bytes) else content.encode())
        done = run("check", "--hub", "bad.json", "repo", cwd=folder)
        wanted = words.strip().encode() if words != "?" else b"siblings"
        checks.that(done.returncode == 2 and wanted in done.stderr and b"bad.json" in done.stderr and done.stdout == b"", f"answer, {words}: exit {done.returncode}, {done.stderr}")


def test_autov(folder):
    content = safetensors()
    path = folder / "a.safetensors"
    path.write_bytes(content)
    header = 8 + struct.unpack("<Q", content[:8])[0]
    second, third = hashlib.sha256(content).hexdigest()[:10], hashlib.sha256(content[header:]).hexdigest()
    for option, digits, code in (("--autov2", second, 0), ("--autov2", second.upper(), 0), ("--autov2", "0" * 10, 1), ("--autov2", second[:9], 2), ("--autov2", "g" * 10, 2),
                                 ("--autov3", third[:12].upper(), 0), ("--autov3", third, 0), ("--autov3", "0" * 12, 1), ("--autov3", third[:11], 2)):
        document, got, errors = check(option, digits, path)
        checks.equal(got, code, f"{option} {digits}: {errors}")
        if code == 0:
            weak = [finding for finding in document["subjects"][0]["findings"] if finding["id"] == "check.weak-digest"]
            checks.that(len(weak) == 1 and weak[0]["severity"] == "note", f"{option}: says what it does not show")
        if code == 1:
            checks.that(f"AutoV{option[-1]} hash is another" in document["subjects"][0]["why"], f"{option}: {document}")
    document, code, _ = check("--autov2", second, "--autov3", third[:12], "--sha256", hashlib.sha256(content).hexdigest(), path)
    checks.equal(code, 0, "three digests of one file")
    path.write_bytes(safetensors(metadata={"format": "pt", "note": "other"}))
    checks.equal((check("--autov3", third[:12], path)[1], check("--autov2", second, path)[1]), (0, 1), "other metadata: AutoV3 stays, AutoV2 does not")
    for what, other in (("a large header", struct.pack("<Q", 1 << 40) + b"x" * 100), ("a header beyond the end", struct.pack("<Q", 5000) + b"x" * 100)):
        (folder / "b.bin").write_bytes(other)
        length = struct.unpack("<Q", other[:8])[0]
        data = other[8:] if length >= 16 << 20 else other[8 + length:]
        done = run("check", "--fail-on", "never", "--autov3", hashlib.sha256(data).hexdigest()[:12], folder / "b.bin")
        checks.equal(done.returncode, 0, f"AutoV3 of {what}")
    done = run("check", "--autov3", "0" * 12, path, path)
    checks.that(done.returncode == 2 and b"one PATH" in done.stderr, f"two paths: {done.stderr}")
    done = run("check", "--autov2", second, "--hub", "x.json", path)
    checks.that(done.returncode == 2 and b"excludes" in done.stderr, f"two sources: {done.stderr}")


def test_empty_tensors(folder):
    """Weights without elements, as DeepSpeed leaves them."""
    header = json.dumps({f"base_model.model.q.lora_{half}.weight": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for half in "AB"}).encode()
    header += b" " * (-len(header) % 8)
    path = folder / "adapter_model.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    document, code, _ = check(path)
    checks.that(code == 1 and "lora.empty-part" in [finding["id"] for finding in document["subjects"][0]["findings"]], f"zero-size tensors: {document}")


def many(folder, count=30):
    (folder / "many").mkdir()
    for number in range(count):
        (folder / "many" / f"{number:03}.safetensors").write_bytes(safetensors(metadata={"n": str(number)}))
    run("lock", "many", "-o", "many.lock", cwd=folder)
    (folder / "many" / "007.safetensors").write_bytes(b"broken")


def lines_of(folder, *options):
    done = run("check", "--lock", "many.lock", "--format", "ndjson", *options, "many", cwd=folder)
    return done.stdout.decode().splitlines(), done.returncode


def test_shards(folder):
    many(folder)
    whole, code = lines_of(folder)
    checks.equal((code, len(whole)), (1, 31), "the whole")
    for count in (1, 2, 3, 7, 40):
        joined, codes, shards = [], [], []
        for number in range(1, count + 1):
            lines, code = lines_of(folder, "--shard", f"{number}/{count}")
            for line in lines:
                valid_against_schema(checks, line, "a line of a shard")
            joined += lines[:-1]
            codes.append(code)
            last = json.loads(lines[-1])
            shards.append(last.get("shard"))
            checks.equal(last["verdict"], "fail" if code else "pass", "verdict of a shard")
        checks.equal(sorted(joined), sorted(whole[:-1]), f"{count} shards joined have the lines of the whole")
        checks.equal((sorted(codes), max(codes)), (sorted([0] * (count - 1) + [1]), 1), f"{count} shards: one fails")
        checks.equal(shards, [f"{number}/{count}" if count > 1 else None for number in range(1, count + 1)], "shards by name")
    for bad in ("0/3", "4/3", "1", "1/", "/2", "a/b", "1/0", "-1/2", "1/2/3", "1/99999999999999999999"):
        done = run("check", "--shard", bad, "many", cwd=folder)
        checks.that(done.returncode == 2 and b"--shard" in done.stderr, f"--shard {bad}: {done.returncode} {done.stderr}")


def test_shards_with_parallel(folder):
    parallel = shutil.which("parallel")
    if parallel is None or b"GNU" not in subprocess.run([parallel, "--version"], capture_output=True, check=False).stdout:
        print("without GNU parallel: that it spreads the parts is not tried")
        checks.that(True, "")
        return
    many(folder)
    whole, _ = lines_of(folder)
    script = 'seq 4 | parallel "$UPINSPECT check --lock many.lock --shard {}/4 --format ndjson -o part{}.ndjson many"'
    env = environment(UPINSPECT=tool(), HOME=str(folder))
    done = subprocess.run(["/bin/sh", "-c", script], cwd=folder, capture_output=True, check=False, env=env)
    checks.equal(done.returncode, 1, f"parallel's exit code counts the parts that failed: {done.stderr}")
    joined = subprocess.run(["/bin/sh", "-c", "cat part*.ndjson"], cwd=folder, capture_output=True, text=True, check=True).stdout.splitlines()
    subjects = [line for line in joined if "subject" in json.loads(line)]
    checks.equal(sorted(subjects), sorted(whole[:-1]), "parts joined")


def test_page():
    """docs/check.md shows how the work is spread."""
    page = (SOURCE / "docs" / "check.md").read_text()
    for words in ("parallel", "SLURM_ARRAY_TASK_ID", "--shard", "--hub", "--autov2"):
        checks.that(words in page, f"docs/check.md says {words}")


if __name__ == "__main__":
    checks.run(globals())
