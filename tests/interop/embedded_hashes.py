# SPDX-License-Identifier: Apache-2.0
"""The hashes that weight files state of themselves and those of model sites, computed here once more with hashlib from
the definitions of the programs that write them: sd-scripts (addnet_hash_legacy, addnet_hash_safetensors over what
safetensors.torch.save gives for the ss_ keys alone), OneTrainer, ModelSpec, A1111, Civitai. And what the metadata give
away of those who trained them.

    UPINSPECT=build/dev/upinspect python3 tests/interop/embedded_hashes.py
"""

import hashlib
import json
import random
import struct
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import Checks, run  # noqa: E402

checks = Checks()
HOME = "/ho" "me/"  # in two pieces, because no file of ours may name a home
EMPTY = hashlib.sha256(b"").hexdigest()
RANDOM = random.Random(7)


def serialized(tensors, metadata, pad=True, order=None):
    """As safetensors.torch.save writes: dtype descending, then name; compact JSON padded with spaces to 8 bytes."""
    rank = {"F32": 3, "BF16": 2, "F16": 1}
    names = order or sorted(tensors, key=lambda name: (-rank[tensors[name][0]], name.encode()))
    header, data = ({} if metadata is None else {"__metadata__": metadata}), b""
    for name in names:
        dtype, shape, raw = tensors[name]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8 if pad else 0)
    return struct.pack("<Q", len(text)) + text + data


def data_area(file):
    return file[8 + struct.unpack("<Q", file[:8])[0]:]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def addnet_legacy(file):
    return sha256(file[0x100000:0x110000])[:8]


def kohya_metadata(tensors, metadata, pad=True):
    """What precalculate_safetensors_hashes adds."""
    only_ss = {key: value for key, value in metadata.items() if key.startswith("ss_")}
    first = serialized(tensors, only_ss, pad)
    return {**metadata, "sshs_model_hash": sha256(data_area(first)), "sshs_legacy_hash": addnet_legacy(first)}


def tensors_of(size, mixed=True):
    """Names that no order of dtypes puts in the order of names."""
    out = {}
    for index, name in enumerate(("lora_unet_b.lora_up.weight", "lora_unet_a.lora_down.weight", "lora_unet_a.lora_up.weight",
                                  "lora_unet_b.lora_down.weight")):
        dtype = ("F16", "F32", "F16", "BF16")[index] if mixed else "F16"
        width = 4 if dtype == "F32" else 2
        columns = max(size // 4 // width // 4, 1)
        shape = [4, columns] if "down" in name else [columns, 4]
        out[name] = (dtype, shape, RANDOM.randbytes(width * 4 * columns))
    return out


def inspect(folder, name, data, *options):
    path = folder / name
    path.write_bytes(data)
    result = run("file", "--format", "json", *options, path)
    checks.equal(result.returncode, 0, f"{name}: exit code ({result.stderr.decode(errors='replace')})")
    return json.loads(result.stdout)["artifacts"][0]


def verdicts(artifact):
    return {stated["key"]: (stated["verdict"], stated["definition"]) for stated in artifact.get("stated_hashes", [])}


def expect(artifact, what, key, verdict, words):
    got = verdicts(artifact).get(key, ("not stated", ""))
    checks.that(got[0] == verdict and words in got[1], f"{what}: {key} is {got}, expected {verdict} with {words!r}")


def hash_findings(artifact):
    return sorted(finding["id"] for finding in artifact["findings"] if finding["id"].startswith("hash."))


SS = {"ss_steps": "500", "ss_training_comment": 'quotes " and \\ and\nlines \x01 and Ünïcode', "ss_tag_frequency": '{"1_x": {"x": 3}}'}


def kohya(folder):
    for size, pad, extra in ((4096, True, {}), (3 << 20, True, {}), (3 << 20, False, {}), (3 << 20, True, {"format": "pt", "modelspec.title": "t" * 999})):
        tensors = tensors_of(size)
        what = f"kohya, {size} bytes, {'padded' if pad else 'not padded'}, {len(extra)} more keys"
        artifact = inspect(folder, "kohya.safetensors", serialized(tensors, kohya_metadata(tensors, {**SS, **extra}, pad)))
        expect(artifact, what, "sshs_model_hash", "matched", "data area")
        expect(artifact, what, "sshs_legacy_hash", "matched", "nothing, rightly" if size < 1 << 20 else "as the trainer first wrote it")
        checks.equal(hash_findings(artifact), [], what)
    # A header of the trainer's file that reaches into the window: nothing can be said, so nothing matches.
    tensors = tensors_of(1 << 20)
    artifact = inspect(folder, "long.safetensors", serialized(tensors, kohya_metadata(tensors, {**SS, "ss_datasets": "x" * (1 << 20)})))
    expect(artifact, "a header of a MiB", "sshs_model_hash", "matched", "data area")
    expect(artifact, "a header of a MiB", "sshs_legacy_hash", "unchecked", "not checked")


def no_settings(folder):
    """Tools that write no ss_ key: {} or nothing stands in the trainer's header."""
    tensors = tensors_of(3 << 20)
    for metadata in ({}, None):
        first = serialized(tensors, metadata)
        artifact = inspect(folder, "none.safetensors", serialized(tensors, {"format": "pt", "sshs_legacy_hash": addnet_legacy(first)}))
        expect(artifact, f"no ss_ keys, {metadata}", "sshs_legacy_hash", "matched", "as the trainer first wrote it")


def modelspec(folder):
    tensors = tensors_of(100_000)
    names = list(tensors)
    by_name = sha256(b"".join(tensors[name][2] for name in sorted(tensors)))
    listed = ["lora_unet_a.lora_up.weight", "lora_unet_b.lora_up.weight", "lora_unet_b.lora_down.weight", "lora_unet_a.lora_down.weight"]
    canonical = data_area(serialized(tensors, {}))
    for what, value, verdict, words in (
            ("the data area", sha256(canonical), "matched", "data area"),
            ("0x before it", "0x" + sha256(canonical).upper(), "matched", "data area"),
            ("12 digits", sha256(canonical)[:12], "matched", "data area"),
            ("the order of the names", by_name, "matched", "order of their names"),
            ("an order that the file does not keep", sha256(b"".join(tensors[name][2] for name in names)), "mismatched", "no definition"),
            ("nothing", "0x" + EMPTY, "empty_string", "nothing"),
            ("no hash", "see the web page", "malformed", "no hash")):
        artifact = inspect(folder, "modelspec.safetensors", serialized(tensors, {"modelspec.hash_sha256": value}))
        expect(artifact, what, "modelspec.hash_sha256", verdict.replace("_", "-"), words)
        findings = {"matched": [], "mismatched": ["hash.mismatch"], "empty_string": ["hash.empty-string"], "malformed": ["hash.malformed"]}
        checks.equal(hash_findings(artifact), findings[verdict], what)
    # A header whose listing is not the order of the data: old kohya's hash goes by the listing.
    file = serialized(tensors, {"modelspec.hash_sha256": sha256(b"".join(tensors[name][2] for name in listed))})
    length = struct.unpack("<Q", file[:8])[0]
    header = json.loads(file[8:8 + length])
    text = json.dumps({key: header[key] for key in ["__metadata__", *listed]}).encode()
    artifact = inspect(folder, "listed.safetensors", struct.pack("<Q", len(text)) + text + data_area(file))
    expect(artifact, "the header's order", "modelspec.hash_sha256", "matched", "header lists them")


def known_mistakes(folder):
    tensors = tensors_of(3 << 20)
    artifact = inspect(folder, "toolkit.safetensors", serialized(tensors, {"ss_output_name": "x", "sshs_model_hash": EMPTY, "sshs_legacy_hash": EMPTY[:8]}))
    expect(artifact, "ai-toolkit", "sshs_model_hash", "empty-string", "nothing")
    expect(artifact, "ai-toolkit", "sshs_legacy_hash", "empty-string", "nothing")
    checks.equal(hash_findings(artifact), ["hash.empty-string"] * 2, "ai-toolkit's empty hashes")
    stale = kohya_metadata(tensors_of(3 << 20), SS)
    artifact = inspect(folder, "stale.safetensors", serialized(tensors, stale))
    checks.equal(hash_findings(artifact), ["hash.mismatch"] * 2, "hashes of another file")
    artifact = inspect(folder, "empty.safetensors", serialized({}, {"sshs_model_hash": EMPTY}))
    expect(artifact, "no tensors", "sshs_model_hash", "matched", "data area")
    artifact = inspect(folder, "quick.safetensors", serialized(tensors, stale), "--quick")
    expect(artifact, "--quick", "sshs_model_hash", "unchecked", "not checked")
    checks.equal(hash_findings(artifact), [], "--quick")


def sites(folder):
    big, small = serialized(tensors_of(3 << 20), {"format": "pt"}), serialized(tensors_of(1000), {"format": "pt"})
    for what, file in (("large", big), ("small", small)):
        digests = inspect(folder, f"{what}.safetensors", file, "--digest", "sites")["digests"]
        checks.equal(digests.get("autov1"), sha256(file[0x100000:0x110000])[:8].upper() if what == "large" else None, f"{what}: AutoV1")
        checks.equal(digests.get("autov2"), sha256(file)[:10].upper(), f"{what}: AutoV2")
        checks.equal(digests.get("autov3"), sha256(data_area(file))[:12].upper(), f"{what}: AutoV3")
        checks.equal(digests.get("addnet"), sha256(data_area(file)), f"{what}: addnet")
        checks.equal("content" in digests, False, f"{what}: what was not asked for")
    checks.equal("autov2" in inspect(folder, "plain.safetensors", big)["digests"], False, "sites' hashes of a file that tells nothing")
    # A header of 16 MiB: AutoV3 then is of all behind the length.
    wide = serialized(tensors_of(1000), {"x": "y" * (16 << 20)})
    digests = inspect(folder, "wide.safetensors", wide, "--digest", "sites")["digests"]
    checks.equal(digests.get("autov3"), sha256(wide[8:])[:12].upper(), "a long header: AutoV3")


def privacy(folder):
    metadata = {
        "ss_sd_model_name": r"C:\Users\jane\models\base.safetensors",
        "ss_vae_name": "https://example.org/home/vae.pt",
        "ss_datasets": json.dumps([{"subsets": [{"image_dir": HOME + "jane/secret project", "img_count": 3}]}]),
        "ss_tag_frequency": json.dumps({"1_x": {"jane doe": 9, "kitchen": 2}}),
        "ot_config": json.dumps({"workspace_dir": r"\\nas\jane\run", "token": "hf_" + "aB3" * 11}),
        "ss_training_comment": "nothing",
    }
    artifact = inspect(folder, "private.safetensors", serialized(tensors_of(1000), metadata))
    found = {}
    for finding in artifact["findings"]:
        if finding["id"].startswith("privacy."):
            found.setdefault(finding["id"], []).append(finding)
    checks.equal({name: len(of) for name, of in found.items()},
                 {"privacy.path": 3, "privacy.caption": 1, "privacy.dataset": 1, "privacy.secret": 1}, "privacy findings")
    texts = " | ".join(finding["message"] for of in found.values() for finding in of)
    for part in (r"C:\Users\jane\models\base.safetensors", '"jane"', HOME + "jane/secret project", r"\\nas\jane\run", '"jane doe"', "Hugging Face"):
        checks.that(part in texts, f"privacy: {part!r} is not quoted in {texts!r}")
    checks.that("example.org" not in texts, "privacy: an address of the web is no path")
    checks.that("hf_" + "aB3" * 11 not in json.dumps(found), "privacy: the token is not repeated whole")
    severities = {name: {finding["severity"] for finding in of} for name, of in found.items()}
    checks.equal(severities["privacy.path"] | severities["privacy.caption"] | severities["privacy.dataset"], {"note"}, "severity")
    checks.equal(severities["privacy.secret"], {"warning"}, "severity of a token")
    clean = inspect(folder, "clean.safetensors", serialized(tensors_of(1000), {"format": "pt", "ss_steps": "5"}))
    checks.equal([f["id"] for f in clean["findings"] if f["id"].startswith("privacy.")], [], "nothing private")


def hostile(folder):
    """Metadata made to cost time: what is searched at every place must not be searched to the end from each of them."""
    million = 1_000_000
    for what, metadata in (("slashes", {"ss_x": "/ " * million}), ("quoted slashes", {"ss_x": '"/' * million}), ("backslashes", {"ss_x": "\\" * million}),
                           ("shares", {"ss_x": " \\\\a" * million}), ("drives", {"ss_x": " c:/a" * million}), ("tokens", {"ss_x": "hf_" * million}),
                           ("paths", {"ss_x": "".join(f'"{HOME}u{i}/x",' for i in range(50_000))}), ("nesting", {"ss_datasets": "[" * million}),
                           ("tags", {"ss_tag_frequency": "{" + ",".join(f'"{i}":1' for i in range(100_000)) + "}"}),
                           ("keys", {f"ss_{i}": HOME + f"u{i}/x" for i in range(20_000)}),
                           ("controls", {"ss_training_comment": "\x1b[31m\u202e", "ss_tag_frequency": json.dumps({"\x1b[2J": 3})})):
        path = folder / "hostile.safetensors"
        path.write_bytes(serialized({}, metadata))
        started = time.monotonic()
        result = run("file", path)
        checks.equal(result.returncode, 0, f"{what}: exit code")
        checks.that(time.monotonic() - started < 60, f"{what}: took {time.monotonic() - started:.0f} seconds")
        checks.that(b"\x1b" not in result.stdout and "\u202e".encode() not in result.stdout, f"{what}: what a terminal obeys is printed")


with tempfile.TemporaryDirectory() as name:
    for test in (kohya, no_settings, modelspec, known_mistakes, sites, privacy, hostile):
        test(Path(name))
checks.finish()
