# SPDX-License-Identifier: Apache-2.0
"""What lies beside the tensors: encoded text in metadata and pickles, comments, records of no tensor, slack, white space."""

import base64
import gzip
import hashlib
import io
import json
import struct
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import need  # noqa: E402

np = need("numpy")
from diff.messages_test import png  # noqa: E402
from diff.weights import one, patterns, safetensors  # noqa: E402
from lsb.honest_test import checks, silent  # noqa: E402
from lsb.layouts_test import Files  # noqa: E402
from support.pickles import dict_of, number, pickle_of, storage, tensor, text  # noqa: E402

MESSAGE = b"Meet me at the calibration bench after the night shift; bring the old firmware with you."
SECRET = np.random.RandomState(3).bytes(600)
WEIGHTS = {"w": ("F32", (40, 50), patterns("F32", 2000, seed=1))}


def of_header(header, data=b"\0" * 8):
    return struct.pack("<Q", len(header)) + header + data


def archive(records=(), comment=b"", entry_comment=b"", elements=100, slack=b"", extra=b"", packed=()):
    """A torch-zip archive of one tensor; `slack` follows its elements in their storage."""
    values = patterns("F32", elements, seed=2).tobytes() + slack
    held = storage(elements=number(len(values) // 4))
    pickled = pickle_of(dict_of(w=tensor(size=(elements,), stride=(1,), base=held), note=text(extra.decode())))
    written = {"archive/data.pkl": pickled, "archive/byteorder": b"little", "archive/data/0": values, "archive/version": b"3\n", **dict(records)}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as writer:
        for name, content in written.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED if name in packed else zipfile.ZIP_STORED
            entry.comment = entry_comment if name == "archive/version" else b""
            writer.writestr(entry, content)
        writer.comment = comment
    return file.getvalue()


def holds(files, content, shown, wanted, where=None, suffix="safetensors", slack=0):
    report = files.lsb(content, suffix=suffix)
    if not checks.that(report["payloads"], f"{shown}: nothing found"):
        return
    best = report["payloads"][0]
    checks.equal(report["verdict"], "message", f"{shown}: the verdict")
    checks.equal(best["layout"]["stream"], "container", f"{shown}: the stream")
    if slack:
        got = best["text"].encode()
        checks.that(wanted in got and len(got) <= len(wanted) + slack, f"{shown}: {got}")
    else:
        checks.equal(best["sha256"], hashlib.sha256(wanted).hexdigest(), f"{shown}: {best['title']} {best.get('text', best['hex'])}")
    if where is not None:
        checks.equal(content.find(where), best["layout"]["start_element"], f"{shown}: the place")


def check_metadata(files):
    picture, packed = png(30), gzip.compress(MESSAGE, mtime=0)
    encoded = {"text": MESSAGE, "a picture": picture, "gzip": packed}
    for shown, content in encoded.items():
        letters = base64.b64encode(content)
        holds(files, safetensors(WEIGHTS, {"ss_tag": letters.decode()}), f"{shown} in base64", content, letters)
        holds(files, safetensors(WEIGHTS, {"ss_tag": content.hex()}), f"{shown} in hex", content, content.hex().encode())
    holds(files, safetensors(WEIGHTS, {"n": json.dumps({"deep": base64.urlsafe_b64encode(MESSAGE).decode()})}), "in JSON in JSON", MESSAGE)
    lines = base64.encodebytes(picture)
    holds(files, archive(extra=lines), "base64 in lines in a pickle", picture, suffix="pt")
    holds(files, archive(extra=b"Q" + base64.b64encode(MESSAGE)), "base64 behind a letter", MESSAGE, suffix="pt")
    report = files.lsb(safetensors(WEIGHTS, {"x": base64.b64encode(SECRET).decode()}))
    checks.equal((report["verdict"], [p["evidence"] for p in report["payloads"]]), ("suspicious", ["field"]), "an encrypted value")
    checks.equal(report["payloads"][0]["sha256"], hashlib.sha256(SECRET).hexdigest(), "an encrypted value: its bytes")


def check_records(files):
    holds(files, archive({"archive/data/7": MESSAGE}), "a storage of no tensor", MESSAGE, MESSAGE, suffix="pt")
    holds(files, archive({"archive/notes": MESSAGE}), "a record that is none of torch's", MESSAGE, MESSAGE, suffix="pt")
    holds(files, archive({"archive/notes": png(20)}, packed=("archive/notes",)), "a deflated record", png(20), suffix="pt")
    holds(files, archive(comment=MESSAGE), "the comment of the archive", MESSAGE, MESSAGE, suffix="pt")
    holds(files, archive(comment=base64.b64encode(png(20))), "base64 in the comment", png(20), suffix="pt")
    holds(files, archive(entry_comment=MESSAGE), "the comment of an entry", MESSAGE, MESSAGE, suffix="pt")
    padded = MESSAGE + b"\0" * (-len(MESSAGE) % 4)
    holds(files, archive(slack=padded), "slack of a storage", MESSAGE, MESSAGE, suffix="pt")
    holds(files, archive() + MESSAGE, "after the archive", MESSAGE, MESSAGE, suffix="pt")


def blanks(bits, zero=" ", one="\t"):
    return "".join(one if bit else zero for bit in bits)


def check_white_space(files):
    bits = np.unpackbits(np.frombuffer(MESSAGE, np.uint8))
    low_first = np.unpackbits(np.frombuffer(MESSAGE, np.uint8), bitorder="little")
    plain = '{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    spaced = json.dumps(json.loads(plain))
    tails = {"spaces and tabs": blanks(bits), "the other way round": blanks(bits, "\t", " "), "from the lowest bit": blanks(low_first),
             "in lines": "\n".join(blanks(bits[i:i + 32]) for i in range(0, len(bits), 32)),
             "two bits each": "".join(" \t\n\r"[2 * a + b] for a, b in bits.reshape(-1, 2))}
    for shown, tail in tails.items():
        for header in (plain, spaced):
            holds(files, of_header((header + tail).encode()), f"white space after the header, {shown}", MESSAGE, slack=2)
    many = {f"layer.{i}": {"dtype": "F32", "shape": [], "data_offsets": [0, 0]} for i in range(120)}
    pieces = json.dumps({**json.loads(plain), **many}, separators=(",\0", ":\0")).split("\0")
    slots = bits[:len(pieces) - 1]
    between = "".join(piece + " " * int(bit) for piece, bit in zip(pieces, [*slots, *[0] * (len(pieces) - len(slots))]))
    checks.that(len(slots) >= 8 * 60, "slots enough for a text")
    report = files.lsb(of_header(between.encode()))
    best = report["payloads"][0] if report["payloads"] else {"text": ""}
    checks.that(best["text"].encode()[:50] == MESSAGE[:50], f"a space or none after commas and colons: {best}")


def check_innocent(files):
    """Hashes, previews, indented headers, shared storages: nothing."""
    digest = hashlib.sha256(b"weights").hexdigest()
    preview = "data:image/png;base64," + base64.b64encode(png(30)).decode()
    photo = "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8\xff\xe0" + SECRET).decode()
    metadata = {"modelspec.hash_sha256": digest, "sshs_model_hash": digest.upper(), "modelspec.thumbnail": preview, "cover": photo,
                "ss_network_module": "networks.lora", "path": "models/Stable-diffusion/AnythingV5_Inkpunk/v5PrtRE.safetensors",
                "ss_tag_frequency": json.dumps({"10_cat": {"LongHairedCat": 10, "AnotherTagWithManyCapitalLettersInOneWord": 3}})}
    silent(files.lsb(safetensors(WEIGHTS, metadata)), "hashes and previews")
    header = {f"base_model.model.h.{i}.attn.c_attn.lora_{half}.weight": {"dtype": "F32", "shape": [0, i], "data_offsets": [0, 0]}
              for i in range(60) for half in "AB"}
    header["w"] = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    for indent in (None, 1, 2, 3, 4, 8, "\t"):
        silent(files.lsb(of_header(json.dumps(header, indent=indent).encode())), f"a header indented by {indent!r}")
    silent(files.lsb(archive(), suffix="pt"), "a plain archive")
    silent(files.lsb(archive(slack=patterns("F32", 500, seed=9).tobytes()), suffix="pt"), "slack of weights")


def main():
    with tempfile.TemporaryDirectory() as folder:
        files = Files(folder)
        for check in (check_metadata, check_records, check_white_space, check_innocent):
            check(files)
    checks.finish()


if __name__ == "__main__":
    main()
