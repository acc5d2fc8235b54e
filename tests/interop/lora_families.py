# SPDX-License-Identifier: Apache-2.0
"""Adapters of every family, written here, against a table of what they mean (lora_samples.py); every finding about
adapters against a file that has it; and the real files, whose pairs are told here once more by their own readers.

    UPINSPECT=build/dev/upinspect python3 tests/interop/lora_families.py [NAME...]
"""

import hashlib
import json
import re
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from lora_samples import pairs, samples  # noqa: E402
from support.scripts import SHARED, Checks, need, run  # noqa: E402

np = need("numpy")
checks = Checks()
NOTES = {"lora.whole-layer", "lora.mixed-ranks", "lora.collapsed-rank", "lora.dominant-module"}


# --- Files ---------------------------------------------------------------------------------------------------------


def values_of(tensors):
    """Random halves, scalars as they are told, from one seed."""
    rng = np.random.default_rng(20)
    out = {}
    for key, shape in tensors.items():
        if isinstance(shape, np.ndarray):
            out[key] = shape
        elif isinstance(shape, tuple):
            out[key] = rng.normal(0, 0.02, shape).astype(np.float32)
        else:
            out[key] = np.array(shape, np.float32)
    return out


def safetensors(arrays, metadata):
    header, body = {"__metadata__": metadata} if metadata else {}, b""
    for key, array in arrays.items():
        data = array.tobytes()
        header[key] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def gguf_file(arrays):
    from gguf_interop import gguf
    return gguf("<", [(key, 0, list(reversed(array.shape)), array.tobytes()) for key, array in arrays.items()])


def write(folder, kind, tensors, metadata, config):
    arrays = values_of(tensors)
    if kind == "list":
        torch = need("torch")
        path = folder / "adapter.pt"
        torch.save([torch.from_numpy(arrays[key]) for key in sorted(arrays, key=int)], path)
    else:
        path = folder / ("adapter.gguf" if kind == "gguf" else "adapter.safetensors")
        path.write_bytes(gguf_file(arrays) if kind == "gguf" else safetensors(arrays, metadata))
    if config is not None:
        (folder / "adapter_config.json").write_text(json.dumps(config))
    return path


def inspect(path, *options):
    result = run("file", "--format", "json", *options, path)
    if not checks.equal(result.returncode, 0, f"{path}: exit code ({result.stderr.decode(errors='replace')})"):
        return None
    return json.loads(result.stdout)["artifacts"][0]


# --- Families --------------------------------------------------------------------------------------------------------

PLAIN = {"canonical", "kernel", "transposed", "base_transposed", "magnitude_axis", "groups", "enabled", "experts", "mid"}


def compare_module(shown, got, wanted):
    for key, value in wanted.items():
        if key == "scale" and value is not None and got["scale"] is not None:
            checks.that(abs(got["scale"] - value) <= 1e-12 * abs(value), f"{shown}: scale: got {got['scale']}, wanted {value}")
        else:
            checks.equal(got.get(key), value, f"{shown}: {key}")
    for key in PLAIN - wanted.keys() - {"canonical"}:
        checks.that(key not in got, f"{shown}: {key} is {got.get(key)!r}, where there is none")


def compare(sample, artifact):
    adapter = artifact.get("adapter")
    if not checks.that(adapter is not None, f"{sample.name}: no adapter"):
        return
    for key in ("family", "method", "guessed"):
        checks.equal(adapter[key], getattr(sample, key), f"{sample.name}: {key}")
    checks.equal(adapter["base_model"], sample.base, f"{sample.name}: base model")
    got = {module["name"]: module for module in adapter["modules"]}
    checks.equal(sorted(got), sorted(sample.modules), f"{sample.name}: modules")
    for name in got.keys() & sample.modules.keys():
        compare_module(f"{sample.name}: {name}", got[name], sample.modules[name])
    checks.equal(sorted(adapter["other"]), sorted(sample.other), f"{sample.name}: other tensors")
    checks.equal(adapter["unpaired"], [], f"{sample.name}: unpaired")
    placed = [part["tensor"] for module in adapter["modules"] for part in module["parts"]]
    checks.equal(sorted(placed + adapter["other"]), sorted(sample.tensors), f"{sample.name}: every tensor has its place")
    found = {finding["id"] for finding in artifact["findings"] if finding["id"].startswith("lora.")}
    checks.equal(found - NOTES, sample.findings - NOTES, f"{sample.name}: findings")


def check_quick(sample, path):
    """Headers alone: the same modules and ranks, and no scale that would need an alpha tensor."""
    artifact = inspect(path, "--quick")
    for module in artifact["adapter"]["modules"] if artifact else []:
        wanted = sample.modules[module["name"]]
        checks.equal(module["rank"], wanted["rank"], f"{sample.name} --quick: rank")
        if wanted["alpha_source"] == "tensor":
            checks.equal(module["alpha"], None, f"{sample.name} --quick: alpha")
            fixed = "alpha is not used" in module["scale_rule"]
            checks.equal(module["scale"], 1 if fixed else None, f"{sample.name} --quick: scale")


def check_families(chosen):
    for sample in samples():
        if chosen and sample.name not in chosen:
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = write(Path(folder), sample.kind, sample.tensors, sample.metadata, sample.config)
            artifact = inspect(path)
            if artifact is not None:
                compare(sample, artifact)
                check_quick(sample, path)


# --- Findings --------------------------------------------------------------------------------------------------------

DOWN, UP = ".lora_down.weight", ".lora_up.weight"
ONE = "lora_unet_mid_block_attentions_0_proj_in"
TWO = "lora_unet_mid_block_attentions_0_proj_out"
PEFT = "base_model.model.layers.0.self_attn.q_proj"


def both(**changes):
    tensors, _ = pairs([ONE, TWO], DOWN, UP, (4, 32, 64), value=2)
    for name in (ONE, TWO):
        tensors.update({name + DOWN: (4, 64), name + UP: (32, 4)})
    tensors.update(changes)
    return {key: shape for key, shape in tensors.items() if shape is not None}


def peft(**changes):
    return {**{PEFT + ".lora_A.weight": (8, 64), PEFT + ".lora_B.weight": (32, 8)}, **changes}


def config(**changes):
    return {"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["q_proj"], **changes}


NAN = np.full((32, 4), np.nan, np.float32)
CASES = [
    # id, severity, the words that tell, tensors, metadata, config
    ("lora.missing-down", "error", f"the down half of {ONE} is missing", both(**{ONE + DOWN: None}), None, None),
    ("lora.missing-up", "error", f"the up half of {TWO} is missing", both(**{TWO + UP: None}), None, None),
    ("lora.missing-up", "error", "the up.1 half", {f"{ONE}.lora_down.0.weight": (4, 64), f"{ONE}.lora_up.0.weight": (32, 4),
                                                   f"{ONE}.lora_down.1.weight": (4, 64)}, None, None),
    ("lora.missing-part", "error", "hada_w2_b of", {ONE + ".hada_w1_a": (32, 4), ONE + ".hada_w1_b": (4, 64), ONE + ".hada_w2_a": (32, 4)}, None, None),
    ("lora.missing-part", "error", "lokr_w2_a of", {ONE + ".lokr_w1": (4, 4), ONE + ".lokr_w2_b": (4, 16)}, None, None),
    ("lora.rank-mismatch", "error", "down is 4 x 64 (rank 4), up is 32 x 8 (rank 8)", both(**{ONE + UP: (32, 8)}), None, None),
    ("lora.rank-mismatch", "error", "hada_w1_a is 32 x 4, hada_w1_b is 8 x 64",
     {ONE + ".hada_w1_a": (32, 4), ONE + ".hada_w1_b": (8, 64), ONE + ".hada_w2_a": (32, 4), ONE + ".hada_w2_b": (4, 64)}, None, None),
    ("lora.dimension-mismatch", "error", "the magnitude has 31 values, the module has 32 output features",
     both(**{ONE + ".dora_scale": (31, 1)}), None, None),
    ("lora.dimension-mismatch", "error", "updates of different shapes",
     {ONE + ".hada_w1_a": (32, 4), ONE + ".hada_w1_b": (4, 64), ONE + ".hada_w2_a": (32, 4), ONE + ".hada_w2_b": (4, 65)}, None, None),
    ("lora.magnitude-axis", "warning", "rows or columns", both(**{ONE + DOWN: (4, 32), ONE + ".dora_scale": (32,)}), None, None),
    ("lora.alpha-conflict", "warning", "alpha is 2 in its tensor, 4 in header (ss_network_alpha)", both(), {"ss_network_alpha": "4.0"}, None),
    ("lora.alpha-conflict", "warning", "alpha is 8 in its tensor, 16 in adapter_config.json (lora_alpha), 4 in header (alpha)",
     peft(**{PEFT + ".alpha": 8}), {"alpha": "4"}, config()),
    ("lora.alpha-conflict", "warning", "which loaders do not read; without an alpha tensor they scale by 1",
     both(**{ONE + ".alpha": None, TWO + ".alpha": None}), {"ss_network_alpha": "2"}, None),
    ("lora.scale-unknown", "warning", "adapter_config.json", peft(), None, None),
    ("lora.rank-differs", "error", "the configuration says rank 4, the tensors have rank 8", peft(), None, config(r=4)),
    ("lora.mixed-ranks", "note", "rank 4 in 1, 8 in 1", both(**{ONE + DOWN: (8, 64), ONE + UP: (32, 8)}), None, None),
    ("lora.empty-part", "error", "without elements", peft(**{PEFT + ".lora_B.weight": np.zeros((0,), np.float32)}), None, config()),
    ("lora.untrained", "warning", "some modules do nothing", both(**{ONE + UP: np.zeros((32, 4), np.float32)}), None, None),
    ("lora.untrained", "warning", "no module does anything", peft(**{PEFT + ".lora_B.weight": np.zeros((32, 8), np.float32)}), None, config()),
    ("lora.non-finite", "error", ONE, both(**{ONE + UP: NAN}), None, None),
    ("lora.unknown-key", "warning", "strange.thing", both(**{"strange.thing": (3,)}), None, None),
    ("lora.whole-layer", "note", "score.weight", peft(**{"base_model.model.score.weight": (2, 64)}), None, config()),
    ("lora.unmatched-target", "note", "1 name: v_proj", peft(), None, config(target_modules=["q_proj", "v_proj"])),
    ("lora.unmatched-target", "warning", "1 name: v_proj", peft(), None, config(target_modules=["v_proj"])),
    ("lora.untargeted-module", "warning", PEFT, peft(), None, config(target_modules=["v_proj"])),
    ("lora.untargeted-module", "warning", PEFT, peft(), None, config(target_modules=r".*\.(k|v)_proj")),
]
CLEAN = [
    ("AdaLoRA's r is not its rank", {PEFT + ".lora_A": (8, 64), PEFT + ".lora_B": (32, 8), PEFT + ".lora_E": (8, 1)}, None,
     config(peft_type="ADALORA", r=4, init_r=12)),
    ("the pattern covers it", peft(), None, config(target_modules=r"(?:.*?layers\.\d{1,3}.*?(?:q|k)_proj)")),
    ("f16 rounds an alpha", both(**{ONE + ".alpha": 22.625, TWO + ".alpha": 22.625}), {"ss_network_alpha": "22.627417"}, None),
    ("conv_alpha of its own", both(), {"ss_network_alpha": "4", "ss_network_args": json.dumps({"conv_dim": "4", "conv_alpha": "2"})}, None),
    ("a Dynamic alpha", both(), {"ss_network_alpha": "Dynamic", "ss_network_dim": "Dynamic"}, None),
]


def check_findings():
    for wanted, severity, words, tensors, metadata, settings in CASES:
        with tempfile.TemporaryDirectory() as folder:
            artifact = inspect(write(Path(folder), "safetensors", tensors, metadata, settings))
        found = [finding for finding in artifact["findings"] if finding["id"] == wanted]
        told = "; ".join(finding["message"] for finding in found)
        checks.that(found and words in told, f"{wanted}: {words!r} is not in {told!r}")
        checks.that(all(finding["severity"] == severity for finding in found), f"{wanted}: {severity} wanted")
        at = [finding["offset"] for finding in found if "tensor" in finding and "offset" in finding]
        checks.that(all("offset" in finding for finding in found if "tensor" in finding) or words == "without elements",
                    f"{wanted}: a finding about a tensor has no offset")
        places = {tensor["name"]: tensor["location"]["offset"] for tensor in artifact["tensors"]}
        checks.equal(at, [places[finding["tensor"]] for finding in found if "offset" in finding], f"{wanted}: offsets")
    for what, tensors, metadata, settings in CLEAN:
        with tempfile.TemporaryDirectory() as folder:
            artifact = inspect(write(Path(folder), "safetensors", tensors, metadata, settings))
        found = [finding["message"] for finding in artifact["findings"] if finding["id"].startswith("lora.")]
        checks.equal(found, [], f"{what}: findings")


# --- The adapter digest ----------------------------------------------------------------------------------------------


def digest_of(lines):
    return hashlib.sha256("".join(text for _, text in sorted(lines)).encode()).hexdigest()


def digest_line(name, array):
    shape = "x".join(map(str, array.shape)) or "scalar"
    return name, f"{hashlib.sha256(array.tobytes()).hexdigest()} f32 {shape} {json.dumps(name)}\n"


def scale_line(name, scale):
    text = "unknown" if scale is None else repr(float(scale)).removesuffix(".0")
    return name, f"scale {text} {json.dumps(name)}\n"


def adapter_digest(tensors, metadata=None, settings=None):
    with tempfile.TemporaryDirectory() as folder:
        return inspect(write(Path(folder), "safetensors", tensors, metadata, settings), "--digest", "adapter")["adapter"].get("digest")


def check_digests():
    """One update in the spellings of five families has one digest, which is the one of the documentation."""
    rng = np.random.default_rng(4)
    down, up = (rng.normal(0, 0.1, shape).astype(np.float32) for shape in ((4, 320), (640, 4)))
    magnitude = rng.normal(1, 0.1, (640,)).astype(np.float32)
    path = "down_blocks.0.attentions.0.transformer_blocks.0.attn1."
    flat = "lora_unet_" + path.replace(".", "_")
    name = path.replace(".", "_") + "to_out_0"
    parts = [digest_line(name + ".down", down), digest_line(name + ".up", up)]
    wanted = digest_of([*parts, scale_line(name, 1)])
    settings = {"peft_type": "LORA", "r": 4, "lora_alpha": 4}
    spellings = {
        "kohya": ({flat + "to_out_0" + DOWN: down, flat + "to_out_0" + UP: up, flat + "to_out_0.alpha": 4}, None, None),
        "sdxl": ({"lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_out_0" + DOWN: down,
                  "lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_out_0" + UP: up}, None, None),
        "diffusers-old": ({f"unet.{path}processor.to_out_lora.up.weight": up, f"unet.{path}processor.to_out_lora.down.weight": down}, None, None),
        "diffusers-new": ({f"unet.{path}to_out.0.lora.up.weight": up, f"unet.{path}to_out.0.lora.down.weight": down}, None, None),
        "peft": ({f"base_model.model.{path}to_out.0.lora_A.weight": down, f"base_model.model.{path}to_out.0.lora_B.weight": up}, None, settings),
        "comfyui": ({f"diffusion_model.{path}to_out.0.lora_A.weight": down, f"diffusion_model.{path}to_out.0.lora_B.weight": up}, None, None),
    }
    for spelling, sample in spellings.items():
        checks.equal(adapter_digest(*sample), wanted, f"adapter digest of {spelling}")
    peft_tensors = spellings["peft"][0]
    checks.equal(adapter_digest(peft_tensors), digest_of([*parts, scale_line(name, None)]), "adapter digest without an alpha")
    checks.equal(adapter_digest(peft_tensors, None, {**settings, "lora_alpha": 3}), digest_of([*parts, scale_line(name, 0.75)]),
                 "adapter digest with another alpha")
    with_magnitude = [*parts, digest_line(name + ".magnitude", magnitude), scale_line(name, 1)]
    checks.equal(adapter_digest({**peft_tensors, f"base_model.model.{path}to_out.0.lora_magnitude_vector": magnitude}, None, settings),
                 digest_of(with_magnitude), "adapter digest of PEFT's DoRA")
    checks.equal(adapter_digest({**spellings["kohya"][0], flat + "to_out_0.dora_scale": magnitude.reshape(640, 1)}),
                 digest_of(with_magnitude), "adapter digest of kohya's DoRA")
    layer = "model.layers.3.self_attn.q_proj"
    settings = {"fine_tune_type": "lora", "lora_parameters": {"rank": 4, "scale": 2.5}}
    turned = {layer + ".lora_a": np.ascontiguousarray(down.T), layer + ".lora_b": np.ascontiguousarray(up.T)}
    straight = {f"base_model.model.{layer}.lora_A.weight": down, f"base_model.model.{layer}.lora_B.weight": up}
    name = layer.replace(".", "_")
    wanted = digest_of([digest_line(name + ".down", down), digest_line(name + ".up", up), scale_line(name, 2.5)])
    checks.equal(adapter_digest(turned, None, settings), wanted, "adapter digest of MLX")
    checks.equal(adapter_digest(straight, None, {"peft_type": "LORA", "r": 4, "lora_alpha": 10}), wanted, "adapter digest of PEFT for MLX")


# --- Real files ------------------------------------------------------------------------------------------------------

# path: family, rank, scale, pattern of a down key, and what its up key is
REAL = {
    "peft-gpt2/adapter_model.safetensors": ("peft", 8, 2, r"(.*)\.lora_A\.weight", r"\1.lora_B.weight", 12),
    "peft-bloom/adapter_model.bin": ("peft", 8, 2, r"(.*)\.lora_A\.weight", r"\1.lora_B.weight", 24),
    "microsoft-lora/roberta_base_lora_mnli.bin": ("loralib", 8, None, r"(.*)\.lora_A", r"\1.lora_B", 24),
    "sam-lora/lora_rank2.safetensors": ("custom", 2, None, r"w_a_(\d+)", r"w_b_\1", 24),
    "mlx/0000100_adapters.safetensors": ("mlx", 8, 10, r"(.*)\.lora_a", r"\1.lora_b", 8),
    "mlx/0000200_adapters.safetensors": ("mlx", 8, 10, r"(.*)\.lora_a", r"\1.lora_b", 8),
    "cloneofsimo/lora_disney.safetensors": ("cloneofsimo", 1, 1, r"(.*):down", r"\1:up", 192),
    "diffusers-sd15/pytorch_lora_weights.safetensors": ("diffusers", 4, 1, r"(.*)_lora\.down\.weight", r"\1_lora.up.weight", 128),
    "diffusers-sd15/pytorch_lora_weights.bin": ("diffusers", 4, 1, r"(.*)_lora\.down\.weight", r"\1_lora.up.weight", 128),
}


def check_real(path, family, rank, scale, down, up, count):
    artifact = inspect(path)
    adapter = artifact["adapter"]
    shown = f"{path.parent.name}/{path.name}"
    checks.equal(adapter["family"], family, f"{shown}: family")
    keys = [tensor["name"] for tensor in artifact["tensors"]]
    wanted = {key: re.sub(down, up, key) for key in keys if re.fullmatch(down, key)}
    checks.equal(len(wanted), count, f"{shown}: number of pairs")
    checks.equal({module["down"]: module["up"] for module in adapter["modules"]}, wanted, f"{shown}: pairs")
    for module in adapter["modules"]:
        checks.equal(module["rank"], rank, f"{shown}: {module['name']}: rank")
        checks.equal(module["scale"], scale, f"{shown}: {module['name']}: scale")
    left = set(keys) - set(wanted) - set(wanted.values())
    checks.equal(set(adapter["other"]), left, f"{shown}: other tensors")


def main():
    check_families(sys.argv[1:])
    if not sys.argv[1:]:
        check_findings()
        check_digests()
        for name, wanted in REAL.items():
            path = SHARED / "real" / name
            if path.is_file():
                check_real(path, *wanted)
            else:
                print(f"SKIPPED: {name} is not here")
    checks.finish()


if __name__ == "__main__":
    main()
