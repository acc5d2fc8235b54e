# SPDX-License-Identifier: Apache-2.0
"""`upinspect convert` held against numpy: every family to PEFT, there and back to kohya, containers, dtypes, metadata."""

import hashlib
import io
import json
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SHARED, SOURCE, Checks, need, run  # noqa: E402

np = need("numpy")
from gguf_interop import gguf  # noqa: E402
from support.adapters import Random, Safetensors, content, peft_scale, write_safetensors  # noqa: E402

try:
    import torch
except ImportError:
    torch = None

checks = Checks()
PEFT = "base_model.model."


def convert(*arguments):
    """The report of a conversion that must succeed."""
    done = run("convert", "--format", "json", *arguments)
    if not checks.equal(done.returncode, 0, f"convert {' '.join(map(str, arguments))}: {done.stderr.decode()}"):
        raise RuntimeError("not converted")
    checks.equal(done.stderr, b"", "nothing on stderr")
    return json.loads(done.stdout)["conversion"]


def refused(*arguments, words=()):
    """The messages of one that must not."""
    output = Path(arguments[arguments.index("-o") + 1])
    done = run("convert", *arguments)
    text = done.stderr.decode()
    checks.equal(done.returncode, 2, f"convert {' '.join(map(str, arguments))} is refused ({done.stdout.decode()})")
    checks.that(not output.exists(), f"{output.name} is not there after a refusal")
    for word in words:
        checks.that(word in text, f"the message says \"{word}\": {text!r}")
    checks.that(all(line.startswith("upinspect: ") for line in text.splitlines()) and text, f"messages are ours: {text!r}")
    return text


def read(path):
    """An output by the independent reader, and by our own without a finding."""
    file = Safetensors(path)
    checks.that(file.in_reference_order(), f"{path.name} is in the reference's order")
    report = json.loads(run("file", "--format", "json", "--digest", "content", path).stdout)["artifacts"][0]
    own = [finding for finding in report["findings"] if not finding["id"].startswith(("lora.", "adapter.", "privacy.", "tensor.non-finite"))]
    checks.equal(own, [], f"findings about {path.name}")
    if all(dtype in ("F32", "F16", "BF16", "F64") for dtype in file.dtypes.values()):
        checks.equal(report["digests"]["content"], file.content(), f"content digest of {path.name}")
    return file


def adapter_digest(path):
    return json.loads(run("file", "--format", "json", "--digest", "adapter", path).stdout)["artifacts"][0]["adapter"]["digest"]


def folder(path):
    checks.equal(sorted(os.listdir(path)), ["adapter_config.json", "adapter_model.safetensors"], f"files of {path.name}")
    text = (path / "adapter_config.json").read_text()
    config = json.loads(text)
    checks.equal(text, json.dumps(config, indent=2, sort_keys=True), "the configuration is spelled as PEFT spells it")
    checks.equal(config["peft_type"], "LORA", "peft_type")
    return read(path / "adapter_model.safetensors"), config


def same(got, wanted, message):
    checks.that(got.dtype == wanted.dtype and got.shape == wanted.shape and got.tobytes() == wanted.tobytes(),
                f"{message}: {got.dtype}{got.shape} is not {wanted.dtype}{wanted.shape} bit for bit")


def check_module(file, config, path, down, up, scale, magnitude=None):
    """A module of a PEFT folder, bit for bit, with the scale that PEFT makes of the configuration."""
    same(file[f"{PEFT}{path}.lora_A.weight"], down, f"{path}.lora_A")
    same(file[f"{PEFT}{path}.lora_B.weight"], up, f"{path}.lora_B")
    checks.equal(peft_scale(config, path), (down.shape[0], scale), f"rank and scale of {path}")
    checks.that(path in config["target_modules"] or any(path.endswith("." + t) for t in config["target_modules"]), f"{path} is a target")
    if magnitude is not None:
        same(file[f"{PEFT}{path}.lora_magnitude_vector"], magnitude, f"{path}.lora_magnitude_vector")
        checks.equal(config["use_dora"], True, "use_dora")


def check_update(file, config, path, update):
    """The update of a module whose factors were put together, as a product in float64."""
    up = file[f"{PEFT}{path}.lora_B.weight"].astype(np.float64)
    down = file[f"{PEFT}{path}.lora_A.weight"].astype(np.float64)
    got = peft_scale(config, path)[1] * up @ down
    checks.that(got.shape == update.shape and np.allclose(got, update, rtol=1e-12, atol=1e-12), f"the update of {path}")


# --- PEFT and kohya -------------------------------------------------------------------------------------------------

PATHS = ["down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_q", "mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj",
         "up_blocks.1.attentions.2.transformer_blocks.0.attn2.to_out.0", "odd_name.with_many.under_scores_4"]


def peft_tensors(random, ranks, dtype=np.float32):
    tensors = {}
    for path, rank in ranks.items():
        tensors[f"{PEFT}{path}.lora_A.weight"] = random(rank, 24, dtype=dtype)
        tensors[f"{PEFT}{path}.lora_B.weight"] = random(16, rank, dtype=dtype)
    return tensors


def write_peft(path, tensors, config, metadata=None):
    path.mkdir()
    write_safetensors(path / "adapter_model.safetensors", tensors, metadata)
    (path / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "target_modules": PATHS, **config}))
    return path


def test_peft_to_kohya_and_back(tmp):
    ranks = dict(zip(PATHS, (4, 4, 8, 2)))
    tensors = peft_tensors(Random(1), ranks)
    config = {"r": 4, "lora_alpha": 6, "rank_pattern": {PATHS[2]: 8, PATHS[3]: 2}, "alpha_pattern": {PATHS[3]: 3.7},
              "task_type": "X", "base_model_name_or_path": "some/base"}
    write_peft(tmp / "peft", tensors, config)
    report = convert(tmp / "peft", "-o", tmp / "kohya.safetensors", "--to", "kohya")
    checks.equal(report["proof"]["kind"], "adapter", "proof of new names")
    checks.equal(adapter_digest(tmp / "kohya.safetensors"), report["proof"]["digest"], "the digest printed is that of file --digest adapter")
    checks.equal(report["modules"], 4, "modules")
    kohya = read(tmp / "kohya.safetensors")
    for path in PATHS:
        name = "lora_unet_" + path.replace(".", "_")
        same(kohya[name + ".lora_down.weight"], tensors[f"{PEFT}{path}.lora_A.weight"], name)
        same(kohya[name + ".lora_up.weight"], tensors[f"{PEFT}{path}.lora_B.weight"], name)
        rank, scale = peft_scale(config, path)
        checks.equal(float(kohya[name + ".alpha"]) / rank, scale, f"alpha of {name}")
        checks.equal(kohya[name + ".alpha"].shape, (), "alpha is a scalar")
    checks.equal(kohya.metadata["ss_network_dim"], "Dynamic", "ss_network_dim of mixed ranks")
    convert(tmp / "kohya.safetensors", "-o", tmp / "back")
    back, config_back = folder(tmp / "back")
    checks.equal(back.content(), Safetensors(convert_same(tmp, "peft")).content(), "content after PEFT -> kohya -> PEFT")
    checks.equal((config_back["task_type"], config_back["base_model_name_or_path"]), ("X", "some/base"), "the rest of the configuration")
    for path in PATHS:
        checks.equal(peft_scale(config_back, path), peft_scale(config, path), f"scale of {path} after the round trip")


def convert_same(tmp, name):
    convert(tmp / name, "-o", tmp / f"{name}-same.safetensors", "--to", "same")
    return tmp / f"{name}-same.safetensors"


def test_rslora_and_dora_there_and_back(tmp):
    random = Random(2)
    ranks = {path: 3 for path in PATHS[:2]}
    tensors = peft_tensors(random, ranks, np.float16)
    for path in ranks:
        tensors[f"{PEFT}{path}.lora_magnitude_vector"] = random(16)
    config = {"r": 3, "lora_alpha": 5, "use_rslora": True, "use_dora": True}
    write_peft(tmp / "peft", tensors, config)
    report = convert(tmp / "peft", "-o", tmp / "kohya.safetensors", "--to", "kohya")
    kohya = read(tmp / "kohya.safetensors")
    name = "lora_unet_" + PATHS[0].replace(".", "_")
    same(kohya[name + ".dora_scale"], tensors[f"{PEFT}{PATHS[0]}.lora_magnitude_vector"].reshape(16, 1), "dora_scale is (out, 1)")
    checks.equal(float(kohya[name + ".alpha"]) / 3, 5 / np.sqrt(3), "alpha of rsLoRA keeps the scale in double")
    checks.equal(kohya.dtypes[name + ".alpha"], "F64", "an alpha that is no float32 is float64")
    checks.that(any("float64" in note for note in report["notes"]), f"and the report says so: {report['notes']}")
    convert(tmp / "kohya.safetensors", "-o", tmp / "back")
    back, config_back = folder(tmp / "back")
    for path in ranks:
        check_module(back, config_back, path, tensors[f"{PEFT}{path}.lora_A.weight"], tensors[f"{PEFT}{path}.lora_B.weight"],
                     5 / np.sqrt(3), tensors[f"{PEFT}{path}.lora_magnitude_vector"])


def test_kohya_to_peft_and_back(tmp):
    random = Random(3)
    unet, encoder = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k", "lora_te_text_model_encoder_layers_3_self_attn_q_proj"
    conv = "lora_unet_up_blocks_0_resnets_1_conv1"
    tensors = {f"{unet}.lora_down.weight": random(4, 20), f"{unet}.lora_up.weight": random(12, 4), f"{unet}.alpha": np.float32(2),
               f"{encoder}.lora_down.weight": random(2, 8), f"{encoder}.lora_up.weight": random(8, 2), f"{encoder}.alpha": np.float32(1.3),
               f"{conv}.lora_down.weight": random(4, 6, 3, 3), f"{conv}.lora_up.weight": random(5, 4, 1, 1), f"{conv}.alpha": np.float32(2),
               f"{conv}.dora_scale": random(5, 1, 1, 1)}
    metadata = {"ss_tag": "a", "ss_network_module": "networks.lora"}
    write_safetensors(tmp / "kohya.safetensors", tensors, metadata)
    convert(tmp / "kohya.safetensors", "-o", tmp / "peft/")
    file, config = folder(tmp / "peft")
    path = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
    check_module(file, config, path, tensors[f"{unet}.lora_down.weight"], tensors[f"{unet}.lora_up.weight"], 0.5)
    path = "text_encoder.text_model.encoder.layers.3.self_attn.q_proj"
    check_module(file, config, path, tensors[f"{encoder}.lora_down.weight"], tensors[f"{encoder}.lora_up.weight"],
                 float(np.float32(1.3)) / 2)
    check_module(file, config, "up_blocks.0.resnets.1.conv1", tensors[f"{conv}.lora_down.weight"], tensors[f"{conv}.lora_up.weight"], 0.5,
                 tensors[f"{conv}.dora_scale"].reshape(1, 5, 1, 1))
    checks.equal(file.metadata["ss_tag"], "a", "metadata are kept")
    checks.equal(file.metadata["format"], "pt", "format")
    report = convert(tmp / "kohya.safetensors", "-o", tmp / "alone.safetensors", "--to", "peft")
    checks.equal(adapter_digest(tmp / "alone.safetensors"), adapter_digest(tmp / "kohya.safetensors"), "PEFT in one file keeps its scales")
    checks.equal(adapter_digest(tmp / "alone.safetensors"), report["proof"]["digest"], "and that digest is printed")
    convert(tmp / "peft", "-o", tmp / "again.safetensors", "--to", "kohya")
    again = read(tmp / "again.safetensors")
    checks.equal(sorted(again.names), sorted(tensors), "names after kohya -> PEFT -> kohya")
    for name, tensor in tensors.items():
        same(again[name], np.asarray(tensor), f"{name} after kohya -> PEFT -> kohya")


def test_alphas_that_disagree(tmp):
    tensors = peft_tensors(Random(26), {PATHS[0]: 4, PATHS[1]: 4}) | {f"{PEFT}{PATHS[0]}.alpha": np.float32(8)}
    write_peft(tmp / "peft", tensors, {"r": 4, "lora_alpha": 16})
    for target in (["-o", tmp / "out"], ["-o", tmp / "kohya.safetensors", "--to", "kohya"]):
        (note,) = [note for note in convert(tmp / "peft", *target)["notes"] if "alphas differ" in note]
        checks.that(PATHS[0] in note and PATHS[1] not in note, f"only the module that has two: {note}")
    config = folder(tmp / "out")[1]
    checks.equal([peft_scale(config, path)[1] for path in PATHS[:2]], [2.0, 4.0], "the tensor's alpha is taken where there is one")


def test_two_text_encoders(tmp):
    random = Random(4)
    tensors = {}
    for prefix, path in (("lora_te1", "text_model_encoder_layers_0_mlp_fc1"), ("lora_te2", "text_model_encoder_layers_0_mlp_fc1"),
                         ("lora_unet", "input_blocks_4_1_transformer_blocks_0_attn1_to_q")):
        name = f"{prefix}_{path}"
        tensors |= {f"{name}.lora_down.weight": random(2, 8), f"{name}.lora_up.weight": random(8, 2), f"{name}.alpha": np.float32(2)}
    write_safetensors(tmp / "sdxl.safetensors", tensors)
    convert(tmp / "sdxl.safetensors", "-o", tmp / "peft")
    file, _ = folder(tmp / "peft")
    for path in ("text_encoder.text_model.encoder.layers.0.mlp.fc1", "text_encoder_2.text_model.encoder.layers.0.mlp.fc1",
                 "input_blocks.4.1.transformer_blocks.0.attn1.to_q"):
        checks.that(f"{PEFT}{path}.lora_A.weight" in file.names, f"{path} among {file.names}")
    convert(tmp / "peft", "-o", tmp / "again.safetensors", "--to", "kohya")
    checks.equal(sorted(read(tmp / "again.safetensors").names), sorted(tensors), "te1 and te2 come back")


def test_names_that_cannot_be_dotted(tmp):
    random = Random(5)
    name = "lora_unet_strange_block_0_my_layer"
    write_safetensors(tmp / "k.safetensors", {f"{name}.lora_down.weight": random(2, 8), f"{name}.lora_up.weight": random(8, 2),
                                              f"{name}.alpha": np.float32(2)})
    refused(tmp / "k.safetensors", "-o", tmp / "peft", words=["--base", name])
    write_safetensors(tmp / "base.safetensors", {"strange_block.0.my_layer.weight": random(8, 8), "other.bias": random(3)})
    convert(tmp / "k.safetensors", "-o", tmp / "peft", "--base", tmp / "base.safetensors")
    file, _ = folder(tmp / "peft")
    checks.that(f"{PEFT}strange_block.0.my_layer.lora_A.weight" in file.names, f"the base's names: {file.names}")


# --- Other families to PEFT -----------------------------------------------------------------------------------------

def test_old_diffusers(tmp):
    random = Random(6)
    block = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.processor"
    tensors = {f"{block}.to_q_lora.down.weight": random(4, 20), f"{block}.to_q_lora.up.weight": random(12, 4),
               f"{block}.to_out_lora.down.weight": random(4, 20), f"{block}.to_out_lora.up.weight": random(12, 4)}
    write_safetensors(tmp / "d.safetensors", tensors, {"format": "pt"})
    convert(tmp / "d.safetensors", "-o", tmp / "peft")
    file, config = folder(tmp / "peft")
    path = "mid_block.attentions.0.transformer_blocks.0.attn1."
    check_module(file, config, path + "to_q", tensors[f"{block}.to_q_lora.down.weight"], tensors[f"{block}.to_q_lora.up.weight"], 1.0)
    check_module(file, config, path + "to_out.0", tensors[f"{block}.to_out_lora.down.weight"], tensors[f"{block}.to_out_lora.up.weight"], 1.0)


def test_xlabs(tmp):
    random = Random(7)
    block = "double_blocks.3.processor"
    tensors = {f"{block}.qkv_lora1.down.weight": random(4, 20), f"{block}.qkv_lora1.up.weight": random(12, 4)}
    write_safetensors(tmp / "x.safetensors", tensors)
    convert(tmp / "x.safetensors", "-o", tmp / "peft")
    file, config = folder(tmp / "peft")
    (name,) = [n[len(PEFT):-len(".lora_A.weight")] for n in file.names if n.endswith("lora_A.weight")]
    checks.equal(name, "double_blocks.3.img_attn.qkv", "the layer that it is added to")
    check_module(file, config, name, *tensors.values(), 1.0)
    single = {"single_blocks.0.processor.qkv_lora.down.weight": random(4, 20), "single_blocks.0.processor.qkv_lora.up.weight": random(60, 4),
              "single_blocks.0.processor.proj_lora.down.weight": random(4, 100), "single_blocks.0.processor.proj_lora.up.weight": random(20, 4)}
    down, up, proj_down, proj_up = single.values()
    write_safetensors(tmp / "single.safetensors", tensors | single)
    for target, rows, options in (("flux", 140, []), ("based", 200, ["--base", tmp / "base.safetensors"])):
        write_safetensors(tmp / "base.safetensors", {"model.diffusion_model.single_blocks.0.linear1.weight": random(200, 20)})
        report = convert(tmp / "single.safetensors", "-o", tmp / target, *options)
        checks.that(any("rows of zeros" in note for note in report["notes"]), f"{target}: the report says what was added: {report['notes']}")
        file, config = folder(tmp / target)
        whole = np.concatenate([up, np.zeros((rows - 60, 4), np.float32)])
        check_module(file, config, "single_blocks.0.linear1", down, whole, 1.0)
        check_module(file, config, "single_blocks.0.linear2", proj_down, proj_up, 1.0)
    single["single_blocks.0.processor.qkv_lora.up.weight"] = random(50, 4)
    write_safetensors(tmp / "odd.safetensors", single)
    refused(tmp / "odd.safetensors", "-o", tmp / "odd", words=["first rows of linear1", "--base", "single_blocks.0.processor.qkv_lora"])


def test_mlx(tmp):
    random = Random(8)
    path = "model.layers.5.self_attn.q_proj"
    a, b = random(20, 4), random(4, 12)
    (tmp / "mlx").mkdir()
    write_safetensors(tmp / "mlx" / "adapters.safetensors", {f"{path}.lora_a": a, f"{path}.lora_b": b}, {"format": "mlx"})
    (tmp / "mlx" / "adapter_config.json").write_text(json.dumps(
        {"fine_tune_type": "lora", "lora_parameters": {"rank": 4, "scale": 20.0, "dropout": 0.0}, "model": "some/model"}))
    convert(tmp / "mlx", "-o", tmp / "peft")
    file, config = folder(tmp / "peft")
    check_module(file, config, path, np.ascontiguousarray(a.T), np.ascontiguousarray(b.T), 20.0)
    checks.equal(config["base_model_name_or_path"], "some/model", "MLX names its model")
    check_update(file, config, path, (20.0 * b.T.astype(np.float64)) @ a.T.astype(np.float64))


LLAMA = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
         "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
PHI3 = {"self_attn.qkv_proj": "attn_qkv", "self_attn.o_proj": "attn_output", "mlp.gate_up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
STARCODER2 = {**{theirs: own for theirs, own in LLAMA.items() if "mlp" not in theirs}, "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down"}
GPT2 = {"attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down"}


def permute(weights, n_head, n_head_kv):
    """LlamaModel.permute of llama.cpp's converter."""
    if n_head_kv is not None and n_head != n_head_kv:
        n_head = n_head_kv
    return weights.reshape(n_head, 2, weights.shape[0] // n_head // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def llama_cpp(path, tensors, layers, architecture, heads=None, dtype=np.float32, counts=()):
    """PEFT's tensors as convert_lora_to_gguf.py writes them; `heads` where the architecture's class reorders rows."""
    out = {}
    for name, array in tensors.items():
        array = array.astype(np.float64).astype(dtype)
        module, half = name[len(PEFT):].removesuffix(".weight").rsplit(".", 1)
        up = half.endswith("B")
        if module.endswith(("embed_tokens", "wte")):
            out[f"token_embd.weight.lora_{half[-1].lower()}"] = array if up else array.T
        elif module == "lm_head":
            out[f"output.weight.lora_{half[-1].lower()}"] = array
        else:
            number, layer = re.fullmatch(r"(?:model\.layers|transformer\.h)\.(\d+)\.(.+)", module).groups()
            if up and heads and layer.endswith("q_proj"):
                array = permute(array, heads[0], heads[0])
            if up and heads and layer.endswith("k_proj"):
                array = permute(array, heads[0], heads[1])
            if architecture == "gpt2":  # data_torch.transpose(1, 0) of a pair
                array, half = array.T, "lora_A" if up else "lora_B"
            out[f"blk.{number}.{layers[layer]}.weight.lora_{half[-1].lower()}"] = array
    kind = {np.float32: 0, np.float16: 1}[dtype]
    path.write_bytes(gguf("<", [(name, kind, list(reversed(array.shape)), np.ascontiguousarray(array).tobytes()) for name, array in out.items()],
                          architecture, 12.0, counts))
    return path


def peft_of(random, layers, hidden=16, prefix="model.layers", embeddings="model.embed_tokens", ratios=None, dtype=np.float32):
    tensors = {}
    for number in (0, 11):
        for layer in layers:
            out, into = (ratios or {}).get(layer, (24 if "q_proj" in layer else 8 if layer[-6:] in ("k_proj", "v_proj") else 40, 1))
            out, into = (out * hidden, into * hidden) if ratios else (out, hidden)
            tensors[f"{PEFT}{prefix}.{number}.{layer}.lora_A.weight"] = random(4, into, dtype=dtype)
            tensors[f"{PEFT}{prefix}.{number}.{layer}.lora_B.weight"] = random(out, 4, dtype=dtype)
    tensors[f"{PEFT}{embeddings}.lora_embedding_A"] = random(4, 50, dtype=dtype)
    tensors[f"{PEFT}{embeddings}.lora_embedding_B"] = random(hidden, 4, dtype=dtype)
    tensors[f"{PEFT}lm_head.lora_A.weight"] = random(4, hidden, dtype=dtype)
    tensors[f"{PEFT}lm_head.lora_B.weight"] = random(50, 4, dtype=dtype)
    return tensors


def check_same_peft(out, tensors, what):
    file, config = folder(out)
    checks.equal(sorted(file.names), sorted(tensors), f"{what}: PEFT's names")
    for name, array in tensors.items():
        if name in file.names:
            same(file[name], array, f"{what}: {name}")
    for path in {name[len(PEFT):name.index(".lora_")] for name in tensors}:
        checks.equal(peft_scale(config, path), (4, 3.0), f"{what}: rank and scale of {path}")
    return config


def test_llama_cpp_adapters(tmp):
    """PEFT -> llama.cpp's converter, as numpy has it -> PEFT: the same names and bits."""
    random = Random(23)
    (tmp / "config.json").write_text(json.dumps({"num_attention_heads": 6, "num_key_value_heads": 2}))
    reordered = {name: (LLAMA, (6, 2)) for name in ("llama", "granite", "mistral3", "olmo", "arcee", "minicpm")}
    straight = {name: (LLAMA, None) for name in ("qwen2", "qwen3", "gemma", "gemma2", "gemma3", "olmo2", "cohere2", "command-r")}
    for architecture, (layers, heads) in {**reordered, **straight, "phi3": (PHI3, None), "starcoder2": (STARCODER2, None)}.items():
        for dtype in (np.float32, np.float16):
            tensors = peft_of(random, layers, dtype=dtype)
            source = llama_cpp(tmp / "in.gguf", tensors, layers, architecture, heads, dtype)
            if heads:
                refused(source, "-o", tmp / "peft", words=["reordered", "--base", "num_attention_heads", "blk.11.attn_k"])
            report = convert(source, "-o", tmp / f"{architecture}-{np.dtype(dtype)}", *(["--base", tmp / "config.json"] if heads else []))
            check_same_peft(tmp / f"{architecture}-{np.dtype(dtype)}", tensors, architecture)
            checks.equal([note for note in report["notes"] if "rows" in note],
                         ["the rows of 4 modules (queries and keys) are back in transformers' order, from llama.cpp's"] if heads else [],
                         f"{architecture}: what is said of rows")


def test_llama_cpp_gpt2(tmp):
    """Conv1D: the converter transposes pairs; what was written by hand for llama.cpp is not turned; squares tell nothing."""
    random = Random(24)
    ratios = {"attn.c_attn": (3, 1), "attn.c_proj": (1, 1), "mlp.c_fc": (4, 1), "mlp.c_proj": (1, 4)}
    tensors = peft_of(random, GPT2, prefix="transformer.h", embeddings="transformer.wte", ratios=ratios)
    source = llama_cpp(tmp / "gpt2.gguf", tensors, GPT2, "gpt2")
    convert(source, "-o", tmp / "gpt2")
    config = check_same_peft(tmp / "gpt2", tensors, "gpt2")
    checks.equal(config["fan_in_fan_out"], True, "gpt2's layers are stored in x out")
    module = {m["name"]: m for m in json.loads(run("file", "--format", "json", source).stdout)["artifacts"][0]["adapter"]["modules"]}["blk.0.attn_qkv"]
    checks.equal((module["out_features"], module["in_features"], module["up"]), (48, 16, "blk.0.attn_qkv.weight.lora_a"), "the halves are exchanged")
    square = {name: array for name, array in tensors.items() if "attn.c_proj" in name}
    refused(llama_cpp(tmp / "square.gguf", square, GPT2, "gpt2"), "-o", tmp / "square", words=["not known for the architecture gpt2", "blk.0.attn_output"])


def test_llama_cpp_and_its_base(tmp):
    random = Random(25)
    tensors = peft_of(random, LLAMA)
    source = llama_cpp(tmp / "in.gguf", tensors, LLAMA, "llama", (6, 2))
    paths = {name[len(PEFT):name.index(".lora_")] for name in tensors}
    (tmp / "model").mkdir()
    (tmp / "model" / "config.json").write_text(json.dumps({"text_config": {"num_attention_heads": 6, "num_key_value_heads": 2}}))
    convert(source, "-o", tmp / "by-config", "--base", tmp / "model")
    check_same_peft(tmp / "by-config", tensors, "config.json in a folder")
    base = write_safetensors(tmp / "model" / "model.safetensors", {f"language_model.{path}.weight": random(2, 2) for path in paths})
    for name, path in (("by-folder", tmp / "model"), ("by-file", base)):
        convert(source, "-o", tmp / name, "--base", path)
        checks.equal(sorted(folder(tmp / name)[0].names), sorted(key.replace(PEFT, PEFT + "language_model.") for key in tensors),
                     f"{name}: names as the base spells them")
    write_safetensors(base, {"model.layers.0.self_attn.q_proj.weight": random(2, 2)})
    refused(source, "-o", tmp / "none", "--base", base, words=["the base has no weight for", "model.layers.0.self_attn.k_proj"])
    (tmp / "gguf").mkdir()
    counts = (("llama.attention.head_count", 6), ("llama.attention.head_count_kv", 2))
    model = tmp / "gguf" / "model.gguf"
    model.write_bytes(gguf("<", [("blk.0.attn_q.weight", 0, [2, 2], bytes(16))], counts=counts))
    convert(source, "-o", tmp / "by-gguf", "--base", model)
    check_same_peft(tmp / "by-gguf", tensors, "heads in the header of the base")
    convert(llama_cpp(tmp / "own.gguf", tensors, LLAMA, "llama", (6, 2), counts=counts), "-o", tmp / "by-itself")
    check_same_peft(tmp / "by-itself", tensors, "heads in the header of the adapter")
    (tmp / "odd").mkdir()
    (tmp / "odd" / "config.json").write_text(json.dumps({"num_attention_heads": 5}))
    refused(source, "-o", tmp / "none", "--base", tmp / "odd", words=["no 5 heads"])
    refused(source, "-o", tmp / "none", "--base", tmp / "nowhere", words=["nowhere"])
    refused(llama_cpp(tmp / "plamo.gguf", tensors, LLAMA, "plamo"), "-o", tmp / "none", words=["not known for the architecture plamo", "blk.0.attn_q"])
    refused(llama_cpp(tmp / "nameless.gguf", tensors, LLAMA, ""), "-o", tmp / "none", words=["general.architecture"])
    convert(tmp / "plamo.gguf", "-o", tmp / "same.safetensors")
    digest = adapter_digest(tmp / "by-gguf" / "adapter_model.safetensors")
    report = convert(source, "-o", tmp / "alone.safetensors", "--to", "peft", "--base", model, "--set", "llama.cpp=no")
    checks.equal(report["proof"]["kind"], "adapter", "proof of a conversion from llama.cpp")
    checks.that(digest is not None, "the output has an adapter digest")


def test_gguf(tmp):
    gguf = SOURCE / "testdata" / "gguf" / "lora.gguf"
    report = json.loads(run("file", "--format", "json", gguf).stdout)["artifacts"][0]
    convert(gguf, "-o", tmp / "peft")
    file, _ = folder(tmp / "peft")
    checks.equal(len(file.names), sum(".lora_" in tensor["name"] for tensor in report["tensors"]), "halves")
    convert(gguf, "-o", tmp / "same.safetensors")
    digests = {tensor["name"]: tensor["digests"]["xxh3_128"] for tensor in report["tensors"]}
    again = json.loads(run("file", "--format", "json", tmp / "same.safetensors").stdout)["artifacts"][0]
    checks.equal({tensor["name"]: tensor["digests"]["xxh3_128"] for tensor in again["tensors"]}, digests, "GGUF's tensors under the same names")
    read(tmp / "same.safetensors")


def test_fused_layers(tmp):
    """loralib's MergedLinear, two of three parts adapted, and sd-scripts' split dimensions."""
    random = Random(9)
    a, b = random(8, 20), random(24, 4, 1)
    (tmp / "fused").mkdir()
    write_safetensors(tmp / "fused" / "adapter_model.safetensors", {f"{PEFT}h.0.qkv.lora_A.weight": a, f"{PEFT}h.0.qkv.lora_B.weight": b})
    (tmp / "fused" / "adapter_config.json").write_text(json.dumps(
        {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "enable_lora": [True, False, True], "merge_weights": False, "target_modules": ["qkv"]}))
    convert(tmp / "fused", "-o", tmp / "peft")
    file, config = folder(tmp / "peft")
    a64, b64 = a.astype(np.float64), b[:, :, 0].astype(np.float64)
    update = np.concatenate([b64[:12] @ a64[:4], np.zeros((12, 20)), b64[12:] @ a64[4:]]) * 2
    check_update(file, config, "h.0.qkv", update)
    checks.that("enable_lora" not in config, "what fused layers needed is gone")

    name = "lora_unet_double_blocks_0_img_attn_qkv"
    downs, ups = [random(2, 10) for _ in range(3)], [random(rows, 2) for rows in (4, 6, 4)]
    tensors = {f"{name}.lora_down.{i}.weight": t for i, t in enumerate(downs)} | {f"{name}.lora_up.{i}.weight": t for i, t in enumerate(ups)}
    other = "lora_unet_double_blocks_0_img_mlp_0"
    tensors |= {f"{name}.alpha": np.float32(1), f"{other}.lora_down.weight": random(2, 10), f"{other}.lora_up.weight": random(6, 2),
                f"{other}.alpha": np.float32(1)}
    write_safetensors(tmp / "split.safetensors", tensors)
    convert(tmp / "split.safetensors", "-o", tmp / "flux")
    file, config = folder(tmp / "flux")
    update = np.concatenate([u.astype(np.float64) @ d.astype(np.float64) for u, d in zip(ups, downs)]) * 0.5
    check_update(file, config, "double_blocks.0.img_attn.qkv", update)


def test_loralib(tmp):
    if torch is None:
        return
    random = Random(10)
    tensors = {"roberta.layer.0.query.lora_A": random(8, 20), "roberta.layer.0.query.lora_B": random(12, 8),
               "classifier.dense.weight": random(3, 5), "classifier.dense.bias": random(3)}
    torch.save({name: torch.from_numpy(tensor) for name, tensor in tensors.items()}, tmp / "loralib.bin")
    refused(tmp / "loralib.bin", "-o", tmp / "peft", words=["scale is unknown", "--alpha"])
    convert(tmp / "loralib.bin", "-o", tmp / "peft", "--alpha", "16")
    file, config = folder(tmp / "peft")
    check_module(file, config, "roberta.layer.0.query", tensors["roberta.layer.0.query.lora_A"], tensors["roberta.layer.0.query.lora_B"], 2.0)
    same(file[PEFT + "classifier.dense.bias"], tensors["classifier.dense.bias"], "weights beside the LoRA")
    checks.equal(config["modules_to_save"], ["classifier.dense"], "modules_to_save")


def test_bare_lists(tmp):
    if torch is None:
        return
    random = Random(15)
    halves = [random(12, 4), random(4, 20), random(16, 4), random(4, 24)]
    torch.save([torch.from_numpy(half) for half in halves], tmp / "list.pt")
    refused(tmp / "list.pt", "-o", tmp / "peft", words=["--module"])
    (tmp / "names").write_text("first.layer\nsecond.layer\n")
    convert(tmp / "list.pt", "-o", tmp / "peft", "--module", f"@{tmp / 'names'}", "--alpha", "4")
    file, config = folder(tmp / "peft")
    check_module(file, config, "first.layer", halves[1], halves[0], 1.0)
    check_module(file, config, "second.layer", halves[3], halves[2], 1.0)


# --- What LoRA cannot express ---------------------------------------------------------------------------------------

def test_what_lora_cannot_express(tmp):
    random = Random(16)
    name = "lora_unet_mid_block_attentions_0_proj_in"
    families = {
        "LoHa": {"hada_w1_a": random(8, 2), "hada_w1_b": random(2, 6), "hada_w2_a": random(8, 2), "hada_w2_b": random(2, 6), "alpha": np.float32(1)},
        "LoKr": {"lokr_w1": random(2, 2), "lokr_w2": random(4, 3), "alpha": np.float32(1)},
        "IA3": {"weight": random(8), "on_input": np.array(False)},
        "OFT": {"oft_blocks": random(2, 4, 4), "alpha": np.float32(1)},
        "full difference": {"diff": random(8, 6)},
        "GLoRA": {"a1.weight": random(6, 2), "a2.weight": random(2, 6), "b1.weight": random(8, 2), "b2.weight": random(2, 6), "alpha": np.float32(1)},
        "Tucker": {"lora_down.weight": random(2, 6, 1, 1), "lora_mid.weight": random(2, 2, 3, 3), "lora_up.weight": random(8, 2, 1, 1),
                   "alpha": np.float32(1)},
        "one value for each input": {"lora_down.weight": random(2, 6), "lora_up.weight": random(8, 2), "dora_scale": random(1, 6),
                                     "alpha": np.float32(1)},
    }
    for family, parts in families.items():
        tensors = {f"{name}.{part}": tensor for part, tensor in parts.items()}
        path = write_safetensors(tmp / "in.safetensors", tensors)
        for target in (["-o", tmp / "peft"], ["-o", tmp / "out.safetensors", "--to", "kohya"]):
            refused(path, *target, words=[family, name])
        convert(path, "-o", tmp / "same.safetensors", "--force")
        out = read(tmp / "same.safetensors")
        for key, tensor in tensors.items():
            same(out[key], np.asarray(tensor), f"{family} copied as it is")


# --- Containers, dtypes, metadata -----------------------------------------------------------------------------------

def test_containers(tmp):
    random = Random(17)
    arrays = {"w": random(5, 7), "half": random(3, dtype=np.float16), "n": np.arange(6).reshape(2, 3), "flag": np.array([True, False]),
              "scalar": np.float64(2.5), "empty": np.zeros((0, 3), np.float32), "nan": np.array([np.nan, np.inf, -0.0], np.float32),
              "transposed": np.asfortranarray(random(4, 6))}
    expected = content({name: ({"float32": "f32", "float16": "f16", "int64": "i64", "bool": "bool", "float64": "f64"}[str(np.asarray(a).dtype)],
                               np.ascontiguousarray(a).reshape(np.shape(a))) for name, a in arrays.items()})
    np.savez(tmp / "in.npz", **arrays)
    np.savez_compressed(tmp / "deflated.npz", **arrays)
    inputs = [tmp / "in.npz", tmp / "deflated.npz"]
    if torch is not None:
        tensors = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
        tensors["transposed"] = torch.from_numpy(np.array(arrays["transposed"].T, order="C")).T
        torch.save(tensors, tmp / "in.pt")
        torch.save(tensors, tmp / "legacy.bin", _use_new_zipfile_serialization=False)
        inputs += [tmp / "in.pt", tmp / "legacy.bin"]
    outputs = []
    for path in inputs:
        out = tmp / (path.name + ".safetensors")
        report = convert(path, "-o", out)
        checks.equal((report["proof"]["kind"], report["proof"]["digest"]), ("content", expected), f"content digest of {path.name}")
        file = read(out)
        checks.equal(file.content(), expected, f"content of {out.name} as numpy reads it")
        outputs.append(out.read_bytes())
        convert(path, "-o", out, "--force")
        checks.equal(out.read_bytes(), outputs[-1], f"{out.name} is the same bytes each time")
    checks.equal(len(set(outputs)), 1, "all containers give the same file")
    for name, array in arrays.items():
        convert(tmp / "in.npz", "-o", tmp / f"{name}.npy", "--tensor", name)
        wanted = io.BytesIO()
        np.save(wanted, np.ascontiguousarray(array).reshape(np.shape(array)))
        checks.equal((tmp / f"{name}.npy").read_bytes(), wanted.getvalue(), f"{name}.npy is what numpy.save writes")
    refused(tmp / "in.npz", "-o", tmp / "x.npy", words=["--tensor", "8 tensors"])


def test_dtypes(tmp):
    random = Random(18)
    values = np.concatenate([random(500), np.float32([0.0, -0.0, 1e-8, -1e-8, 6e-8, 65504, 1.0009765625, 1.00048828125, 2049, 2051])])
    write_safetensors(tmp / "in.safetensors", {"w": values, "n": np.arange(4)}, {"format": "pt"})
    convert(tmp / "in.safetensors", "-o", tmp / "f16.safetensors", "--dtype", "f16")
    out = read(tmp / "f16.safetensors")
    same(out["w"], values.astype(np.float16), "float16 as numpy rounds")
    same(out["n"], np.arange(4), "integers stay")
    report = convert(tmp / "in.safetensors", "-o", tmp / "f64.safetensors", "--dtype", "f64")
    same(read(tmp / "f64.safetensors")["w"], values.astype(np.float64), "float64")
    checks.equal(report["proof"]["largest_absolute"], 0, "nothing differs in float64")
    if torch is not None:
        convert(tmp / "in.safetensors", "-o", tmp / "bf16.safetensors", "--dtype", "bf16")
        wanted = torch.from_numpy(values).to(torch.bfloat16).view(torch.int16).numpy().view(np.uint16)
        same(read(tmp / "bf16.safetensors")["w"], wanted, "bfloat16 as torch rounds")
    report = convert(tmp / "in.safetensors", "-o", tmp / "again.safetensors", "--dtype", "f16", "--tensor", "w")
    rounded = values.astype(np.float16).astype(np.float64)
    difference = np.abs(rounded - values.astype(np.float64)).max()
    checks.equal(report["proof"]["largest_absolute"], difference, "the largest difference")
    relative = np.linalg.norm(rounded - values) / np.linalg.norm(values.astype(np.float64))
    checks.that(abs(report["proof"]["largest_relative"] / relative - 1) < 1e-9, "the largest relative difference")
    write_safetensors(tmp / "big.safetensors", {"w": np.float32([1e30])})
    refused(tmp / "big.safetensors", "-o", tmp / "big16.safetensors", "--dtype", "f16", words=["infinite", "\"w\""])


def test_difference_of_an_update(tmp):
    random = Random(19)
    tensors = peft_tensors(random, {PATHS[0]: 4, PATHS[1]: 4})
    write_peft(tmp / "peft", tensors, {"r": 4, "lora_alpha": 8})
    report = convert(tmp / "peft", "-o", tmp / "half", "--dtype", "f16")
    largest = relative = 0
    for path in PATHS[:2]:
        down, up = tensors[f"{PEFT}{path}.lora_A.weight"], tensors[f"{PEFT}{path}.lora_B.weight"]
        old = 2 * up.astype(np.float64) @ down.astype(np.float64)
        now = 2 * up.astype(np.float16).astype(np.float64) @ down.astype(np.float16).astype(np.float64)
        largest, relative = max(largest, np.abs(now - old).max()), max(relative, np.linalg.norm(now - old) / np.linalg.norm(old))
    checks.equal((report["proof"]["kind"], report["proof"]["measured"]), ("difference", "update"), "proof of a rounding")
    checks.that(abs(report["proof"]["largest_absolute"] / largest - 1) < 1e-9, f"{report['proof']} against numpy's {largest}")
    checks.that(abs(report["proof"]["largest_relative"] / relative - 1) < 1e-9, f"{report['proof']} against numpy's {relative}")


def test_metadata(tmp):
    random = Random(20)
    # Names and dtypes in an order that the reference would not write: the data must stay as they lie.
    tensors = {"b": random(3, dtype=np.float16), "a": random(4), "c": random(2, dtype=np.float16)}
    source = write_safetensors(tmp / "in.safetensors", tensors, {"ss_dataset_dirs": "/private", "format": "pt", "keep": "1"})
    data = source.read_bytes()[8 + int.from_bytes(source.read_bytes()[:8], "little"):]
    report = convert(source, "-o", tmp / "out.safetensors", "--strip-metadata", "--set", "title=A = B", "--set", "keep=2")
    out = Safetensors(tmp / "out.safetensors")
    checks.equal(out.metadata, {"format": "pt", "title": "A = B", "keep": "2"}, "metadata")
    checks.equal(out.data, data, "the data area is untouched")
    checks.equal(report["proof"]["data_area"], hashlib.sha256(data).hexdigest(), "and its digest is printed")
    checks.equal(report["metadata"], {"set": ["title", "keep"], "removed": ["ss_dataset_dirs"]}, "what changed is told")
    convert(source, "-o", tmp / "kept.safetensors")
    checks.equal(read(tmp / "kept.safetensors").metadata, {"ss_dataset_dirs": "/private", "format": "pt", "keep": "1"}, "else metadata are kept")


# --- Real files -----------------------------------------------------------------------------------------------------

def test_real_files(tmp):
    real = SHARED / "real"
    if not real.is_dir():
        print("note: the folder of real adapters is not here")
        return
    gpt2 = real / "peft-gpt2" / "adapter_model.safetensors"
    convert(gpt2, "-o", tmp / "gpt2.safetensors")
    checks.equal((tmp / "gpt2.safetensors").read_bytes(), gpt2.read_bytes(), "a file of the reference writer comes out byte for byte")
    for name, source, options in (("gpt2", real / "peft-gpt2", []), ("bloom", real / "peft-bloom", []), ("mlx", real / "mlx" / "0000200_adapters.safetensors", []),
                                  ("sd15", real / "diffusers-sd15" / "pytorch_lora_weights.bin", []),
                                  ("roberta", real / "microsoft-lora" / "roberta_base_lora_mnli.bin", ["--alpha", "16"])):
        report = convert(source, "-o", tmp / name, *options)
        file, config = folder(tmp / name)
        checks.that(report["modules"] > 0 and len(file.names) >= 2 * report["modules"], f"{name}: {report['modules']} modules")
        if name == "gpt2":
            checks.equal(config, json.loads((real / "peft-gpt2" / "adapter_config.json").read_text()), "a configuration of PEFT is kept")
            convert(tmp / name, "-o", tmp / "k.safetensors", "--to", "kohya")
            convert(tmp / "k.safetensors", "-o", tmp / "gpt2-back")
            checks.equal(folder(tmp / "gpt2-back")[0].content(), file.content(), "gpt2 after PEFT -> kohya -> PEFT")
            checks.equal(folder(tmp / "gpt2-back")[1], config, "and its configuration")
        if name == "sd15":
            convert(tmp / name, "-o", tmp / "sd.safetensors", "--to", "kohya")
            convert(tmp / "sd.safetensors", "-o", tmp / "sd-back")
            checks.equal(folder(tmp / "sd-back")[0].content(), file.content(), "sd15 after PEFT -> kohya -> PEFT")
    refused(real / "cloneofsimo" / "lora_disney.safetensors", "-o", tmp / "disney", words=["--module"])
    convert(real / "cloneofsimo" / "lora_disney.safetensors", "-o", tmp / "disney.safetensors")
    convert(real / "sam-lora" / "lora_rank2.safetensors", "-o", tmp / "sam.safetensors")


# --- Halves in files of their own -------------------------------------------------------------------------------------


def raw_file(path, array):
    Path(path).write_bytes(np.ascontiguousarray(array).tobytes())


def torch_file(path, array):
    torch.save(torch.from_numpy(np.array(array)), path)


HALVES = [(".bin", raw_file), (".npy", lambda path, array: np.save(path, array)), (".npz", lambda path, array: np.savez(path, array)),
          (".safetensors", lambda path, array: write_safetensors(path, {"weight": np.array(array)}))]
if torch:
    HALVES.append((".pt", torch_file))


def triad(folder, extension=".npy", write=HALVES[1][1], config=None, dtype=np.float32, names=("up-param", "down-param")):
    """A folder with an up half (48 x 4) and a down half (4 x 32)."""
    folder.mkdir()
    random = np.random.RandomState(7)
    up, down = ((random.standard_normal(shape) * 0.02).astype(dtype) for shape in ((48, 4), (4, 32)))
    write(folder / (names[0] + extension), up)
    write(folder / (names[1] + extension), down)
    if config is not None:
        (folder / "adapter_config.json").write_text(json.dumps(config))
    return up, down


def check_peft(out, path, up, down, alpha, rank=4):
    """The PEFT folder has the two halves bit for bit, under the module's name, and the scale."""
    file = read(out / "adapter_model.safetensors")
    wanted = {f"{PEFT}{path}.lora_A.weight": down, f"{PEFT}{path}.lora_B.weight": up}
    checks.equal(sorted(file.names), sorted(wanted), f"names in {out.name}")
    for name, array in wanted.items():
        checks.that(name in file.names and file[name].tobytes() == array.tobytes() and file[name].shape == array.shape, f"{out.name}: {name} bit for bit")
    config = json.loads((out / "adapter_config.json").read_text())
    checks.equal((config["r"], config["lora_alpha"], config["peft_type"]), (rank, alpha, "LORA"), f"configuration of {out.name}")


def test_triads(folder):
    for number, (extension, write) in enumerate(HALVES):
        for dtype in (np.float32, np.float16):
            place = folder / f"triad-{number}-{np.dtype(dtype)}"
            up, down = triad(place, extension, write, {"r": 4, "lora_alpha": 8, "peft_type": "LORA", "target_modules": ["q_proj"]}, dtype)
            out = folder / f"out-{place.name}"
            done = convert(place, "-o", out)
            checks.equal((done["family"], done["names"], done["proof"]["kind"]), ("raw triad", "peft", "adapter"), f"report of {place.name}")
            check_peft(out, "q_proj", up, down, 8)
            named = folder / f"named-{place.name}"
            convert(place, "-o", named, "--module", "model.layers.0.self_attn.v_proj")
            check_peft(named, "model.layers.0.self_attn.v_proj", up, down, 8)
            single = folder / f"{place.name}.safetensors"
            convert(place, "-o", single)
            checks.equal(sorted(read(single).names), [f"{PEFT}q_proj.lora_{half}.weight" for half in "AB"], f"{single.name} has PEFT's names")
            kohya = folder / f"kohya-{place.name}.safetensors"
            convert(place, "-o", kohya, "--to", "kohya")
            checks.equal(float(read(kohya)["lora_unet_q_proj.alpha"]), 8.0, f"{kohya.name} has the alpha")


def test_halves_by_name(folder):
    up, down = triad(folder / "apart", config={"r": 4, "lora_alpha": 2})
    (folder / "elsewhere").mkdir()
    os.rename(folder / "apart" / "down-param.npy", folder / "elsewhere" / "down-param.npy")
    halves = [folder / "apart" / "up-param.npy", folder / "elsewhere" / "down-param.npy"]
    convert(*halves, "-o", folder / "joined", "--module", "a.q")
    check_peft(folder / "joined", "a.q", up, down, 2)
    os.rename(folder / "apart" / "adapter_config.json", folder / "elsewhere" / "other.json")
    refused(*halves, "-o", folder / "none", "--module", "a.q", words=["scale", "--alpha"])
    convert(*halves, "-o", folder / "told", "--module", "a.q", "--alpha", "6")
    check_peft(folder / "told", "a.q", up, down, 6)
    np.save(folder / "alpha.npy", np.float32(12))
    convert(*halves, folder / "alpha.npy", "-o", folder / "with-alpha", "--module", "a.q")
    check_peft(folder / "with-alpha", "a.q", up, down, 12)


def test_split_files(folder):
    if not torch:
        return
    random = np.random.RandomState(8)
    arrays = {name: ((random.standard_normal((24, 4)) * 0.02).astype(np.float32), (random.standard_normal((4, 16)) * 0.02).astype(np.float32))
              for name in ("down_blocks.0.attn1.to_q", "down_blocks.0.attn1.to_k")}
    tensors = [{name: torch.from_numpy(pair[half]) for name, pair in arrays.items()} for half in (0, 1)]
    place = folder / "split"
    place.mkdir()
    torch.save(tensors[0], place / "lora_unet_up.pt")
    torch.save(tensors[1], place / "lora_unet_down.pt")
    np.save(place / "alpha.npy", np.float32(2))
    for inputs, out in (([place], "from-folder"), (sorted(place.iterdir()), "from-files")):
        convert(*inputs, "-o", folder / out)
        file = read(folder / out / "adapter_model.safetensors")
        wanted = {f"{PEFT}{name}.lora_{'BA'[half]}.weight": pair[half] for name, pair in arrays.items() for half in (0, 1)}
        checks.equal(sorted(file.names), sorted(wanted), f"names of {out}")
        checks.that(all(file[name].tobytes() == array.tobytes() for name, array in wanted.items()), f"{out}: bit for bit")
        checks.equal(json.loads((folder / out / "adapter_config.json").read_text())["lora_alpha"], 2, f"{out}: one alpha for all")


def test_triads_that_are_refused(folder):
    up, down = triad(folder / "plain", ".bin", raw_file)
    out = folder / "never"
    refused(folder / "plain", "-o", out, "--module", "q", "--alpha", "1", words=["guess", "--shape"])
    convert(folder / "plain", "-o", folder / "shaped", "--module", "q", "--alpha", "1", "--as", "f32", "--shape", "48x4")
    check_peft(folder / "shaped", "q", up, down, 1)
    triad(folder / "nameless", config={"r": 4, "lora_alpha": 4})
    refused(folder / "nameless", "-o", out, words=["--module NAME"])
    refused(folder / "nameless", "-o", out, "--module", "a", "--module", "b", words=["--module"])
    refused(folder / "nameless" / "up-param.npy", "-o", out, words=["one half", "folder"])
    os.unlink(folder / "nameless" / "down-param.npy")
    refused(folder / "nameless", "-o", out, "--module", "q", words=["dead", "down half is missing"])
    np.save(folder / "nameless" / "down-param.npy", down[:3])
    refused(folder / "nameless", "-o", out, "--module", "q", words=["3 x 32", "48 x 4"])
    (folder / "nameless" / "down-param.npy").write_bytes(b"")
    refused(folder / "nameless", "-o", out, "--module", "q", words=["empty"])
    (folder / "empty").mkdir()
    refused(folder / "empty", "-o", out, words=["no adapter's"])
    triad(folder / "broken", config={"r": 4})
    (folder / "broken" / "adapter_config.json").write_text("{")
    refused(folder / "broken", "-o", out, "--module", "q", words=["adapter_config.json"])


def test_merging_and_comparing_triads(folder):
    up, down = triad(folder / "one", config={"r": 4, "lora_alpha": 8}, names=("layer.q.up-param", "layer.q.down-param"))
    base = np.random.RandomState(9).standard_normal((48, 32)).astype(np.float32)
    write_safetensors(folder / "base.safetensors", {"layer.q.weight": base})
    done = run("merge", folder / "base.safetensors", folder / "one", "-o", folder / "merged.safetensors")
    if checks.equal(done.returncode, 0, f"merge with a folder of halves: {done.stderr!r}"):
        merged = Safetensors(folder / "merged.safetensors")["layer.q.weight"]
        wanted = base.astype(np.float64) + 2.0 * (up.astype(np.float64) @ down.astype(np.float64))
        checks.that(np.max(np.abs(merged - wanted)) < 1e-6, "the merged weight is W + 2 up @ down")
    triad(folder / "same", ".bin", raw_file, config={"r": 4, "lora_alpha": 8}, names=("layer.q.up-param", "layer.q.down-param"))
    convert(folder / "one", "-o", folder / "peft")
    for other in ("one", "same", "peft"):
        done = run("diff", "--format", "json", folder / "one", folder / other)
        checks.that(done.returncode in (0, 1), f"diff of two folders: {done.stderr!r}")
        report = json.loads(done.stdout)
        checks.equal(report["tensors"]["changed"], 0, f"one against {other}: nothing changed ({report['verdict']})")
        checks.that(report["verdict"] in ("identical", "same-tensors", "same-update", "metadata-only"), f"one against {other}: {report['verdict']}")
    triad(folder / "two", config={"r": 4, "lora_alpha": 8}, names=("layer.q.up-param", "layer.q.down-param"))
    np.save(folder / "two" / "layer.q.up-param.npy", up * 2)
    report = json.loads(run("diff", "--format", "json", folder / "one", folder / "two").stdout)
    checks.equal((report["tensors"]["changed"], report["tensors"]["same"]), (1, 1), "one half changed")


if __name__ == "__main__":
    checks.run(globals())
