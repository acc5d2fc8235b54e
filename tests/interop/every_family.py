# SPDX-License-Identifier: Apache-2.0
"""Every sample of lora_samples.py converted to PEFT and merged into a base, against numpy.

What LoRA can express comes out bit for bit in PEFT's orientation with the scale of the table, what it cannot is refused by
name, and either leaves its output or nothing. Merging adds scale x update, as lora_strength.py makes it whole, and rounds once.
"""

import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from support.scripts import need, run  # noqa: E402

np = need("numpy")
from lora_families import checks, inspect, values_of, write  # noqa: E402
from lora_samples import samples  # noqa: E402
from lora_strength import smaller, whole_update  # noqa: E402
from support.adapters import Safetensors, peft_scale, write_safetensors  # noqa: E402

PEFT = "base_model.model."
# Parts of a module that plain LoRA has no place for, and rows that the samples have fewer of than Flux.
REFUSED = {"lycoris-tucker": "Tucker core", "lycoris-dora": "one value for each input", "lycoris-dora-out": "trained scalar",
           "onetrainer": "one value for each input", "mlx-moe": "mixture of experts", "peft-parameters": "mixture of experts",
           "wan": "bias difference", "xlabs": "first rows of linear1", "full-and-norm": "no low rank"}
# Names that could have had their dots in two places: the base tells.
UNDECIDED = {"kohya-flux", "kohya-split", "musubi-hunyuan"}
METHODS = {"loha": "LoHa", "lokr": "LoKr", "glora": "GLoRA", "ia3": "IA3", "oft": "OFT", "boft": "BOFT", "adalora": "AdaLoRA"}


def wanted_refusal(sample):
    return REFUSED.get(sample.name) or METHODS.get(sample.method)


def stacked(arrays, name, fact):
    """Down and up of a fused or split layer as one pair, zeros between the parts."""
    groups = fact["groups"]
    if fact["up"] is None:
        downs = [arrays[f"{name}.lora_down.{i}.weight"] for i in range(groups)]
        ups = [arrays[f"{name}.lora_up.{i}.weight"] for i in range(groups)]
    else:
        downs, up = [arrays[fact["down"]]], arrays[fact["up"]]
        ups = np.split(up.reshape(up.shape[0], -1), groups)
    enabled, rank = fact.get("enabled") or [True] * groups, fact["rank"]
    rows, parts = [], iter(enumerate(ups))
    for on in enabled:
        index, part = next(parts) if on else (0, np.zeros_like(ups[0]))
        block = np.zeros((part.shape[0], rank * groups), part.dtype)
        block[:, index * rank:(index + 1) * rank] = part
        rows.append(block)
    return np.concatenate(downs), np.concatenate(rows)


def halves(arrays, name, fact):
    if fact.get("groups"):
        return stacked(arrays, name, fact)
    down, up = arrays[fact["down"]], arrays[fact["up"]]
    return down.T if fact.get("transposed") else down, up.T if fact.get("transposed") == "both" else up


def options_of(sample):
    nameless = sample.guessed or any(":" in name for name in sample.modules)
    return [*(["--alpha", "6"] if any(fact["scale"] is None for fact in sample.modules.values()) else []),
            *(word for i in range(len(sample.modules) if nameless else 0) for word in ("--module", f"layers.{i}.fc")),
            *(["--base", "heads/config.json"] if sample.family == "gguf" else []),
            *(["--base", "heads/flux.safetensors"] if sample.name in UNDECIDED else [])]


def convert(sample, path, arrays, folder):
    out = folder / "peft"
    (folder / "heads").mkdir()
    (folder / "heads" / "config.json").write_text(json.dumps({"num_attention_heads": 1}))
    layers = ("double_blocks.0.img_attn.qkv", "single_blocks.0.linear1")
    write_safetensors(folder / "heads" / "flux.safetensors", {f"{layer}.weight": np.zeros((2, 2), np.float32) for layer in layers})
    glob = ["--tensor", "*:*"] if sample.name == "safeloras" else []  # embeddings beside the halves are no layers
    arguments = [word.replace("heads/", f"{folder}/heads/") for word in options_of(sample)]
    done = run("convert", "--format", "json", path, "-o", out, *arguments, *glob)
    words = wanted_refusal(sample)
    if words:
        checks.equal(done.returncode, 2, f"{sample.name} is refused")
        checks.that(words in done.stderr.decode(), f"{sample.name}: {words!r} is not in {done.stderr.decode()!r}")
        checks.that(not out.exists(), f"{sample.name}: nothing is left")
        return
    if not checks.equal(done.returncode, 0, f"{sample.name} to PEFT: {done.stderr.decode()}"):
        return
    paths = {row["from"]: row["to"] for row in json.loads(done.stdout)["conversion"]["renamed"]}
    checks.equal(sorted(paths), sorted(sample.modules), f"{sample.name}: modules converted")
    file, config = Safetensors(out / "adapter_model.safetensors"), json.loads((out / "adapter_config.json").read_text())
    for name, fact in sample.modules.items():
        check_converted(f"{sample.name}: {name}", file, config, paths[name], fact, *halves(arrays, name, fact))


def check_converted(shown, file, config, path, fact, down, up):
    table = f"{PEFT}{path}.lora_embedding_A" in file.names
    got = [file[f"{PEFT}{path}.lora_{'embedding_' if table else ''}{half}{'' if table else '.weight'}"] for half in "AB"]
    for half, array, wanted in zip("AB", got, (down, up)):
        same = array.tobytes() == np.ascontiguousarray(wanted).tobytes() and array.size == wanted.size
        # Rows of queries in the sample for llama.cpp are one head's, reordered.
        reordered = "attn_q" in shown and half == "B" and wanted.reshape(-1, 2, wanted.shape[1]).swapaxes(0, 1).tobytes() == array.tobytes()
        checks.that(same or reordered, f"{shown}: half {half} is {array.shape}, wanted {wanted.shape} bit for bit")
    rank, scale = peft_scale(config, path)
    groups = fact.get("groups", 1)
    wanted = fact["scale"] if fact["scale"] is not None else 6 / fact["rank"]
    checks.equal(rank, fact["rank"] * groups, f"{shown}: rank")
    checks.that(abs(scale - wanted) <= 4e-16 * abs(wanted), f"{shown}: scale {scale}, wanted {wanted}")


def base_of(artifact, arrays, sample):
    """A weight for each module under its canonical name, and what it becomes."""
    rng, weights, updates = np.random.default_rng(3), {}, {}
    for module in artifact["adapter"]["modules"]:
        fact = sample.modules[module["name"]]
        update = whole_update(arrays, module["name"], fact)
        if update is None or module["method"] == "norm":
            return None, None
        if fact.get("enabled"):  # rows of blocks that are not adapted
            blocks, update = np.split(update, fact["groups"]), []
            parts = iter(blocks)
            update = np.concatenate([next(parts) if on else np.zeros_like(blocks[0]) for on in fact["enabled"]])
        turned = fact.get("base_transposed") or fact.get("transposed") == "down"
        update = update.T if turned else update
        kernel = fact.get("kernel")
        shape = (update.shape[0], -1, *kernel) if kernel else update.shape
        name = module["canonical"] + ".weight"
        updates[name] = update.reshape(shape)
        weights[name] = rng.standard_normal(updates[name].shape).astype(np.float32)
    return weights, updates


def merge(sample, artifact, path, arrays, folder):
    plain = sample.method in ("lora", "loha", "lokr", "adalora", "full") and not sample.guessed and ":" not in "".join(sample.modules)
    known = all(fact["scale"] is not None for fact in sample.modules.values())
    if not plain or sample.other or sample.name in ("peft-parameters", "mlx-moe", "xlabs"):
        return False
    weights, updates = base_of(artifact, arrays, sample)
    if weights is None:
        return False
    (folder / "base").mkdir()
    base = write_safetensors(folder / "base" / "model.safetensors", weights)
    (folder / "base" / "config.json").write_text(json.dumps({"num_attention_heads": 1}))
    done = run("merge", base, path, "-o", folder / "merged.safetensors", "--precise")
    if not known:
        checks.that(done.returncode == 2 and b"scale is unknown" in done.stderr, f"{sample.name}: no merge without a scale: {done.stderr!r}")
        checks.that(not (folder / "merged.safetensors").exists(), f"{sample.name}: nothing is left")
        return True
    if not checks.equal(done.returncode, 0, f"merging {sample.name}: {done.stderr.decode()}"):
        return True
    merged = Safetensors(folder / "merged.safetensors")
    for name, weight in weights.items():
        update = updates[name]
        if "self_attn_q_proj" in name and sample.family == "gguf":
            update = update.reshape(-1, 2, update.shape[1]).swapaxes(0, 1).reshape(update.shape)
        exact = weight.astype(np.float64) + update * (adalora(sample.modules) if sample.method == "adalora" else 1)
        off = np.abs(merged[name] - exact) / np.spacing(np.abs(exact).astype(np.float32))
        checks.that(off.max() <= 1, f"merging {sample.name}: {name} is within 1 ulp ({off.max()})")
    return True


def adalora(modules):
    """PEFT divides by a little more than the rank."""
    (fact,) = modules.values()
    return fact["rank"] / (fact["rank"] + 1e-5)


def main():
    merged = 0
    for sample in samples():
        if sys.argv[1:] and sample.name not in sys.argv[1:]:
            continue
        tensors = {key: smaller(shape) for key, shape in sample.tensors.items()}
        arrays = values_of(tensors)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "in").mkdir()
            path = write(folder / "in", sample.kind, tensors, sample.metadata, sample.config)
            convert(sample, path, arrays, folder)
            merged += merge(sample, inspect(path), path, arrays, folder)
    print(f"{merged} of the samples were merged")
    checks.finish()


if __name__ == "__main__":
    main()
