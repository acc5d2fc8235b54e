# SPDX-License-Identifier: Apache-2.0
"""Mutations of weight files, what the reference reader made of each, and what we make of it.

The tables (reference_*.py) are those of torch 1.13.1, numpy 1.24.2 and CPython 3.11 with files written down to the byte.
Where the very same version is here it is run beside us, so that a row cannot claim what the reference does not do.
"""

import hashlib
import importlib
import io
import json
import struct
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import Checks, run  # noqa: E402

TABLES = ("reference_zip", "reference_zip_edges", "reference_content", "reference_legacy", "reference_numpy", "reference_pickles",
          "reference_polyglots", "reference_newer")
checks = Checks()


@dataclass
class Row:
    """One file. `reference` is "loads", or "!" and words of the refusal. `ours` is the id of an error of ours, with
    `words` in its message; without `ours` there must be no error, and `words` may stand in any other finding. `sees` is
    what the object must be: six or other floats for the tensor "a" or the only one; `root` is the value where the object
    is no more than that.
    `policy` says why we report an error where the reference loads, or none where it refuses."""
    name: str
    content: bytes
    reference: str
    ours: str = ""
    words: str = ""
    sees: object = None
    policy: str = ""
    file: str = "adapter.pt"
    loader: str = "torch"  # "" where running it would be unwise, or it is not what the row is about
    verdict: str = ""      # of the pickle
    root: object = None
    also: tuple = ()       # the format and what else the file reads as
    tensors: object = None # [(name, dtype, shape)] of all tensors, in any order; "parts": there are some
    title: str = ""        # of the format, whose detail lists the entries
    live: bytes = b""      # what is given to the reference reader, where that is not the whole file
    weights_only: str = "" # "loads" or "refuses": what the restricted unpickler makes of it
    zipfile: str = ""      # what Python's zipfile makes of data.pkl: its value's repr, or "!" and the error

    @property
    def path(self):
        return self.file


def module(name, version):
    try:
        found = importlib.import_module(name)
    except ImportError:
        return None
    return found if found.__version__.startswith(version) else None


def loaders():
    """The reference readers that are here in the documented version, each from a path to the object."""
    import pickle
    import tarfile
    torch, numpy = module("torch", "1.13."), module("numpy", "1.24.")
    found = {"pickle": lambda path: pickle.loads(Path(path).read_bytes())} if sys.version_info[:2] == (3, 11) else {}
    if found:
        found["pickle-file"] = lambda path: pickle.load(io.BytesIO(Path(path).read_bytes()))
        found["tarfile"] = lambda path: tarfile.open(fileobj=io.BytesIO(Path(path).read_bytes()), mode="r:").getmembers()
    if torch:
        found["torch"] = torch.load
        found["torch-mapped"] = lambda path: torch.load(path, map_location="cpu")
        found["torch-bytes"] = lambda path: torch.load(io.BytesIO(Path(path).read_bytes()))
    if numpy:
        found["numpy"] = numpy.load
        found["npz"] = lambda path: {name: numpy.load(path)[name] for name in numpy.load(path).files}
    return found


def outcome(loader, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            loader(path)
            return "loads"
        except BaseException as error:  # noqa: BLE001  the reference raises everything
            return f"!{type(error).__name__}: {error}"


def check_live(row, found):
    if row.loader in found:
        path = row.path
        if row.live or row.loader == "pickle":
            path += ".live"
            Path(path).write_bytes(row.live)
        live = outcome(found[row.loader], path)
        wanted = row.reference
        holds = live == "loads" if wanted == "loads" else live.startswith("!") and wanted[1:] in live
        checks.that(holds, f"{row.name}: the table says {wanted!r}, the reference {live[:200]!r}")


def zipfile_value(path):
    """What Python's zipfile gives for data.pkl, as text."""
    import pickle
    import zipfile
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with zipfile.ZipFile(path) as archive:
                return repr(pickle.loads(archive.read("archive/data.pkl")))
    except Exception as error:  # noqa: BLE001
        return f"!{type(error).__name__}: {error}"


def check_zipfile(row):
    if row.zipfile and sys.version_info[:2] == (3, 11):
        value = zipfile_value(row.path)
        holds = value.startswith("!") and row.zipfile[1:] in value if row.zipfile.startswith("!") else value == row.zipfile
        checks.that(holds, f"{row.name}: the table says of zipfile {row.zipfile!r}, it says {value[:200]!r}")


def check_errors(row, findings, told):
    errors = [finding for finding in findings if finding["severity"] == "error"]
    if row.ours:
        holds = any(finding["id"] == row.ours and row.words in finding["message"] for finding in errors)
        checks.that(holds, f"{row.name}: no error {row.ours} with {row.words!r} in {told}")
    else:
        checks.that(not errors, f"{row.name}: the reference says {row.reference!r}, we have errors: {told}")
        if row.words:
            checks.that(any(row.words in f"{finding['id']}: {finding['message']}" for finding in findings),
                        f"{row.name}: {row.words!r} is not in {told}")
    agrees = (row.reference == "loads") == (not row.ours)
    checks.that(agrees != bool(row.policy), f"{row.name}: a policy must be stated where we differ, and only there")


def check_content(row, artifact):
    tensors = artifact["tensors"]
    if row.tensors == "parts":
        checks.that(tensors and all(not tensor.get("unread") for tensor in tensors), f"{row.name}: nothing is read: {tensors}")
    elif row.tensors is not None:
        got = sorted((tensor["name"], tensor["dtype"], tensor["shape"]) for tensor in tensors)
        checks.equal(got, sorted((a, b, c) for a, b, c in row.tensors), f"{row.name}: tensors")
    if row.root is not None:
        checks.equal(artifact["metadata"].get(""), row.root, f"{row.name}: the object")
    elif row.sees is not None:
        wanted = hashlib.sha256(struct.pack(f"<{len(row.sees)}f", *row.sees)).hexdigest()
        got = [tensor for tensor in tensors if tensor["name"] == "a"] or tensors
        checks.that(got and got[0]["digests"].get("sha256") == wanted, f"{row.name}: the elements are not those that the reference loads")


def check_row(row, artifact, found):
    findings = artifact["findings"]
    told = [f"{finding['severity']} {finding['id']}: {finding['message']}" for finding in findings]
    check_live(row, found)
    check_zipfile(row)
    check_errors(row, findings, told)
    check_content(row, artifact)
    if row.also:
        readings = (artifact["format"]["id"], *artifact.get("also_reads_as", []))
        checks.that(set(row.also) <= set(readings) and readings[0] == row.also[0], f"{row.name}: it reads as {readings}, wanted {row.also}")
    if row.title:
        checks.equal(artifact["format"]["title"], row.title, f"{row.name}: title")
        checks.that(len(artifact["format"]["detail"]["entries"]) > 1, f"{row.name}: its records are not listed")
    if row.weights_only:
        checks.equal("loads" if artifact["pickle"]["weights_only"]["loads"] else "refuses", row.weights_only, f"{row.name}: weights_only")
    if row.verdict:
        checks.equal(artifact.get("pickle", {}).get("verdict"), row.verdict, f"{row.name}: verdict")


def main():
    wanted = sys.argv[1:] or TABLES
    rows = [row for table in wanted for row in importlib.import_module(table).rows()]
    checks.equal(len({row.name for row in rows}), len(rows), "every row has a name of its own")
    found = loaders()
    with tempfile.TemporaryDirectory() as folder:
        for number, row in enumerate(rows):
            row.file = str(Path(folder) / str(number) / row.file)
            Path(row.file).parent.mkdir()
            Path(row.file).write_bytes(row.content)
        done = run("file", "--format", "json", "--digest", "content", *[row.file for row in rows], timeout=600)
        checks.equal(done.returncode, 0, f"exit code: {done.stderr.decode()[:300]}")
        artifacts = {artifact["path"]: artifact for artifact in json.loads(done.stdout)["artifacts"]}
        for row in rows:
            if checks.that(row.path in artifacts, f"{row.name}: not in the report"):
                check_row(row, artifacts[row.path], found)
    print(f"{len(rows)} rows, beside {', '.join(sorted(found)) or 'no reference reader'}")
    checks.finish()


if __name__ == "__main__":
    main()
