# SPDX-License-Identifier: Apache-2.0
"""One sample for each family and method: keys and shapes as real files have them, and what they mean.

The meaning is written down here by hand, from the families' own sources (docs/lora.md names them), and shares nothing
with the code under test. Values are random and small.
"""

import json


class Sample:
    """`tensors` maps a key to a shape, or to a number for a scalar. `modules` maps a module's name to its facts."""

    def __init__(self, name, family, tensors, modules, *, method="lora", metadata=None, config=None, other=(), findings=(),
                 kind="safetensors", guessed=False, base=None):
        self.name, self.family, self.method, self.kind, self.guessed = name, family, method, kind, guessed
        self.tensors, self.modules, self.metadata, self.config = tensors, modules, metadata, config
        self.other, self.findings = list(other), set(findings)
        self.base = base or (config or {}).get("base_model_name_or_path", (config or {}).get("model"))


def fact(up, down, rank, out, into, alpha=None, source="absent", scale=None, method="lora", **more):
    return {"up": up, "down": down, "rank": rank, "out_features": out, "in_features": into, "alpha": alpha,
            "alpha_source": source, "scale": scale, "method": method, **more}


def pairs(names, down, up, shapes, alpha=".alpha", value=None, **facts):
    """Tensors and facts of modules that are all alike: {name: (out, in)}, suffixes of their halves."""
    tensors, modules = {}, {}
    for name in names:
        rank, out, into = shapes
        tensors[name + down] = (rank, into)
        tensors[name + up] = (out, rank)
        more = {}
        if value is not None:
            tensors[name + alpha] = value
            more = {"alpha": value, "source": "tensor", "scale": value / rank}
        modules[name] = fact(name + up, name + down, rank, out, into, **{**more, **facts})
    return tensors, modules


def peft():
    layer = "base_model.model.model.layers.{}.self_attn.{}"
    names = [layer.format(i, p) for i in range(2) for p in ("q_proj", "v_proj")]
    tensors, modules = pairs(names, ".lora_A.weight", ".lora_B.weight", (8, 512, 512), alpha=None)
    config = {"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj"],
              "base_model_name_or_path": "meta-llama/Llama-2-7b-hf"}
    known = {n: {**m, "alpha": 16, "alpha_source": "adapter_config", "scale": 2} for n, m in modules.items()}
    yield Sample("peft", "peft", tensors, known, config=config, base="meta-llama/Llama-2-7b-hf")
    yield Sample("peft-alone", "peft", tensors, modules, findings={"lora.scale-unknown"})
    yield Sample("peft-rslora", "peft", tensors, {n: {**m, "scale": 16 / 8 ** 0.5} for n, m in known.items()},
                 config={**config, "use_rslora": True})
    kept = {key.replace(".weight", ".default.weight"): shape for key, shape in tensors.items()}
    yield Sample("peft-adapter-name", "peft", kept,
                 {n: {**m, "up": n + ".lora_B.default.weight", "down": n + ".lora_A.default.weight"} for n, m in known.items()},
                 config=config)
    wide = names[0]
    patterned = {**tensors, wide + ".lora_A.weight": (32, 512), wide + ".lora_B.weight": (512, 32)}
    yield Sample("peft-patterns", "peft", patterned,
                 {**known, wide: fact(wide + ".lora_B.weight", wide + ".lora_A.weight", 32, 512, 512, 8, "adapter_config", 0.25)},
                 config={**config, "rank_pattern": {"layers.0.self_attn.q_proj": 32}, "alpha_pattern": {r"model\.layers\.0\..*q_proj": 8}},
                 findings={"lora.mixed-ranks"})
    dora = dict(tensors)
    for name in names:
        dora[name + ".lora_magnitude_vector"] = (512,)
    yield Sample("peft-dora", "peft", dora, {n: {**m, "method": "dora", "magnitude_axis": "out"} for n, m in known.items()},
                 method="dora", config={**config, "use_dora": True})
    saved = {**tensors, "base_model.model.lm_head.weight": (64, 512), "base_model.model.score.modules_to_save.default.weight": (2, 512)}
    yield Sample("peft-modules-to-save", "peft", saved, known, config={**config, "modules_to_save": ["lm_head", "score"]},
                 other=["base_model.model.lm_head.weight", "base_model.model.score.modules_to_save.default.weight"])
    table = "base_model.model.model.embed_tokens"
    yield Sample("peft-embedding", "peft",
                 {table + ".lora_embedding_A": (8, 1000), table + ".lora_embedding_B": (512, 8), **tensors},
                 {table: fact(table + ".lora_embedding_B", table + ".lora_embedding_A", 8, 512, 1000, 16, "adapter_config", 2,
                              base_transposed=True), **known},
                 config={**config, "target_modules": ["q_proj", "v_proj", "embed_tokens"]})
    conv = "base_model.model.conv1"
    yield Sample("peft-conv-dora", "peft",
                 {conv + ".lora_A.weight": (4, 3, 7, 7), conv + ".lora_B.weight": (64, 4, 1, 1), conv + ".lora_magnitude_vector": (1, 64, 1, 1)},
                 {conv: fact(conv + ".lora_B.weight", conv + ".lora_A.weight", 4, 64, 3, 16, "adapter_config", 4, "dora",
                             kernel=[7, 7], magnitude_axis="out")},
                 method="dora", config={**config, "r": 4, "target_modules": "conv[0-9]+"})
    fused = "base_model.model.transformer.h.0.self_attention.query_key_value"
    yield Sample("peft-fused", "peft", {fused + ".lora_A.weight": (16, 256), fused + ".lora_B.weight": (512, 8, 1)},
                 {fused: fact(fused + ".lora_B.weight", fused + ".lora_A.weight", 8, 512, 256, 16, "adapter_config", 2, groups=2,
                              enabled=[True, False, True], base_transposed=True)},
                 config={"peft_type": "LORA", "r": 8, "lora_alpha": 16, "enable_lora": [True, False, True], "fan_in_fan_out": True})
    factor = "base_model.model.layers.0.k_proj"
    yield Sample("peft-ia3", "peft", {factor + ".ia3_l": (512, 1), "base_model.model.layers.0.down_proj.ia3_l": (1, 1024)},
                 {factor: fact(None, None, None, 512, None, scale=1, method="ia3"),
                  "base_model.model.layers.0.down_proj": fact(None, None, None, None, 1024, scale=1, method="ia3")}, method="ia3")
    turn = "base_model.model.layers.0.q_proj"
    yield Sample("peft-boft", "peft", {turn + ".boft_R": (2, 16, 8, 8), turn + ".boft_s": (64, 1)},
                 {turn: fact(None, None, None, 64, 128, method="boft")}, method="boft",
                 config={"peft_type": "BOFT", "boft_block_size": 8, "boft_n_butterfly_factor": 2, "target_modules": ["q_proj"]})
    experts = "base_model.model.model.layers.0.mlp.experts"
    inner = experts + ".base_layer"
    yield Sample("peft-parameters", "peft",
                 {**tensors, experts + ".lora_A.weight": (32, 48), experts + ".lora_B.weight": (96, 32),
                  inner + ".lora_A.weight": (32, 96), inner + ".lora_B.weight": (48, 32)},
                 {**known, experts: fact(experts + ".lora_B.weight", experts + ".lora_A.weight", 8, 96, 48, 16, "adapter_config", 2, experts=4),
                  inner: fact(inner + ".lora_B.weight", inner + ".lora_A.weight", 8, 48, 96, 16, "adapter_config", 2, experts=4)},
                 config={**config, "target_parameters": ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]})
    ada = names[0]
    yield Sample("peft-adalora", "peft",
                 {ada + ".lora_A": (8, 512), ada + ".lora_B": (512, 8), ada + ".lora_E": (8, 1)},
                 {ada: fact(ada + ".lora_B", ada + ".lora_A", 8, 512, 512, 16, "adapter_config", 2, "adalora")},
                 method="adalora", config=config, findings={"lora.unmatched-target"})


def kohya():
    down, up = ".lora_down.weight", ".lora_up.weight"
    sd15 = ["lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q", "lora_unet_mid_block_attentions_0_proj_in",
            "lora_te_text_model_encoder_layers_0_self_attn_q_proj"]
    tensors, modules = pairs(sd15, down, up, (16, 320, 320), value=8)
    yield Sample("kohya-sd15", "kohya", tensors, modules, metadata={"ss_network_module": "networks.lora", "ss_network_alpha": "8.0",
                 "ss_base_model_version": "sd_v1"}, base="sd_v1")
    bare = {key: shape for key, shape in tensors.items() if not key.endswith(".alpha")}
    yield Sample("kohya-no-alpha", "kohya", bare,
                 {n: {**m, "alpha": None, "alpha_source": "absent", "scale": 1} for n, m in modules.items()})
    sdxl = ["lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_k", "lora_te1_text_model_encoder_layers_0_mlp_fc1",
            "lora_te2_text_model_encoder_layers_31_mlp_fc2"]
    tensors, modules = pairs(sdxl, down, up, (32, 640, 640), value=16)
    modules[sdxl[0]]["canonical"] = "down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_k"
    modules[sdxl[1]]["canonical"] = "te1_text_model_encoder_layers_0_mlp_fc1"
    modules[sdxl[2]]["canonical"] = "te2_text_model_encoder_layers_31_mlp_fc2"
    yield Sample("kohya-sdxl", "kohya", tensors, modules)
    conv = "lora_unet_input_blocks_1_0_in_layers_2"
    yield Sample("kohya-conv", "kohya", {conv + down: (4, 320, 3, 3), conv + up: (320, 4, 1, 1), conv + ".alpha": 1},
                 {conv: fact(conv + up, conv + down, 4, 320, 320, 1, "tensor", 0.25, kernel=[3, 3],
                             canonical="down_blocks_0_resnets_0_conv1")})
    flux = "lora_unet_double_blocks_0_img_attn_qkv"
    single = "lora_unet_single_blocks_0_linear1"
    tensors = {flux + down: (4, 3072), flux + up: (9216, 4), flux + ".alpha": 4, single + down: (4, 3072), single + up: (21504, 4),
               single + ".alpha": 4}
    yield Sample("kohya-flux", "kohya", tensors,
                 {flux: fact(flux + up, flux + down, 4, 9216, 3072, 4, "tensor", 1),
                  single: fact(single + up, single + down, 4, 21504, 3072, 4, "tensor", 1)},
                 metadata={"ss_network_module": "networks.lora_flux", "modelspec.architecture": "flux-1-dev/lora"}, base="flux-1-dev/lora")
    split = {flux + ".alpha": 2}
    for i in range(3):
        split[f"{flux}.lora_down.{i}.weight"] = (4, 3072)
        split[f"{flux}.lora_up.{i}.weight"] = (3072, 4)
    yield Sample("kohya-split", "kohya", split,
                 {flux: fact(None, None, 4, 9216, 3072, 2, "tensor", 0.5, groups=3)})


def lycoris():
    loc = "lora_unet_up_blocks_1_resnets_0_conv1"
    yield Sample("lycoris-tucker", "lycoris",
                 {loc + ".lora_down.weight": (8, 640, 1, 1), loc + ".lora_mid.weight": (8, 8, 3, 3), loc + ".lora_up.weight": (320, 8, 1, 1),
                  loc + ".alpha": 4},
                 {loc: fact(loc + ".lora_up.weight", loc + ".lora_down.weight", 8, 320, 640, 4, "tensor", 0.5, kernel=[3, 3],
                            mid=loc + ".lora_mid.weight")})
    yield Sample("lycoris-dora", "lycoris",
                 {loc + ".lora_down.weight": (8, 640, 3, 3), loc + ".lora_up.weight": (320, 8, 1, 1), loc + ".alpha": 4,
                  loc + ".dora_scale": (1, 640, 1, 1)},
                 {loc: fact(loc + ".lora_up.weight", loc + ".lora_down.weight", 8, 320, 640, 4, "tensor", 0.5, "dora", kernel=[3, 3],
                            magnitude_axis="in")}, method="dora")
    lin = "lycoris_blocks_0_attn_to_q"
    yield Sample("lycoris-dora-out", "lycoris",
                 {lin + ".lora_down.weight": (8, 64), lin + ".lora_up.weight": (64, 8), lin + ".alpha": 8, lin + ".dora_scale": (64, 1),
                  lin + ".scalar": 1},
                 {lin: fact(lin + ".lora_up.weight", lin + ".lora_down.weight", 8, 64, 64, 8, "tensor", 1, "dora", magnitude_axis="out")},
                 method="dora")
    # rs_lora: the stored alpha is alpha x sqrt(rank) already; 8 x sqrt(16) = 32.
    yield Sample("lycoris-rs", "lycoris",
                 {lin + ".lora_down.weight": (16, 64), lin + ".lora_up.weight": (64, 16), lin + ".alpha": 32},
                 {lin: fact(lin + ".lora_up.weight", lin + ".lora_down.weight", 16, 64, 64, 32, "tensor", 2)},
                 metadata={"ss_network_module": "lycoris.kohya", "ss_network_alpha": "8", "ss_network_args": json.dumps({"rs_lora": "True"})})
    unet = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_v"
    yield Sample("loha", "lycoris",
                 {unet + ".hada_w1_a": (640, 8), unet + ".hada_w1_b": (8, 768), unet + ".hada_w2_a": (640, 8), unet + ".hada_w2_b": (8, 768),
                  unet + ".alpha": 4}, {unet: fact(None, None, 8, 640, 768, 4, "tensor", 0.5, "loha")}, method="loha")
    yield Sample("loha-tucker", "lycoris",
                 {loc + ".hada_t1": (8, 8, 3, 3), loc + ".hada_t2": (8, 8, 3, 3), loc + ".hada_w1_a": (8, 320), loc + ".hada_w1_b": (8, 640),
                  loc + ".hada_w2_a": (8, 320), loc + ".hada_w2_b": (8, 640), loc + ".alpha": 8},
                 {loc: fact(None, None, 8, 320, 640, 8, "tensor", 1, "loha", kernel=[3, 3])}, method="loha")
    yield Sample("lokr-full", "lycoris", {lin + ".lokr_w1": (8, 8), lin + ".lokr_w2": (40, 96), lin + ".alpha": 100},
                 {lin: fact(None, None, None, 320, 768, 100, "tensor", 1, "lokr")}, method="lokr")
    yield Sample("lokr-factored", "lycoris",
                 {lin + ".lokr_w1": (8, 8), lin + ".lokr_w2_a": (40, 4), lin + ".lokr_w2_b": (4, 96), lin + ".alpha": 2},
                 {lin: fact(None, None, 4, 320, 768, 2, "tensor", 0.5, "lokr")}, method="lokr")
    yield Sample("lokr-both-factored", "lycoris",
                 {lin + ".lokr_w1_a": (8, 2), lin + ".lokr_w1_b": (2, 8), lin + ".lokr_w2_a": (40, 2), lin + ".lokr_w2_b": (2, 96),
                  lin + ".alpha": 2}, {lin: fact(None, None, 2, 320, 768, 2, "tensor", 1, "lokr")}, method="lokr")
    yield Sample("lokr-tucker", "lycoris",
                 {loc + ".lokr_w1": (4, 4), loc + ".lokr_t2": (8, 8, 3, 3), loc + ".lokr_w2_a": (8, 80), loc + ".lokr_w2_b": (8, 160),
                  loc + ".alpha": 4}, {loc: fact(None, None, 8, 320, 640, 4, "tensor", 0.5, "lokr", kernel=[3, 3])}, method="lokr")
    yield Sample("glora", "lycoris",
                 {unet + ".a1.weight": (768, 8), unet + ".a2.weight": (8, 768), unet + ".b1.weight": (640, 8), unet + ".b2.weight": (8, 768),
                  unet + ".alpha": 4}, {unet: fact(None, None, 8, 640, 768, 4, "tensor", 0.5, "glora")}, method="glora")
    yield Sample("ia3", "lycoris", {unet + ".weight": (640,), unet + ".on_input": 0},
                 {unet: fact(None, None, None, None, None, scale=1, method="ia3")}, method="ia3")
    yield Sample("diag-oft", "lycoris", {unet + ".oft_blocks": (16, 40, 40), unet + ".alpha": 1, unet + ".rescale": (640, 1)},
                 {unet: fact(None, None, None, 640, None, 1, "tensor", None, "oft")}, method="oft")
    yield Sample("boft", "lycoris", {unet + ".oft_blocks": (3, 16, 40, 40), unet + ".alpha": 1},
                 {unet: fact(None, None, None, 640, None, 1, "tensor", None, "boft")}, method="boft")
    norm = "lora_unet_conv_norm_out"
    yield Sample("full-and-norm", "lycoris",
                 {unet + ".diff": (640, 768), unet + ".diff_b": (640,), norm + ".w_norm": (320,), norm + ".b_norm": (320,)},
                 {unet: fact(None, None, None, 640, 768, scale=1, method="full"),
                  norm: fact(None, None, None, 320, None, scale=1, method="norm")}, method="mixed")


def diffusers():
    attention = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1"
    canon = "down_blocks_0_attentions_0_transformer_blocks_0_attn1_"
    tensors, modules = {}, {}
    for part, name in (("to_q_lora", "to_q"), ("to_k_lora", "to_k"), ("to_v_lora", "to_v"), ("to_out_lora", "to_out_0")):
        t, m = pairs([f"{attention}.processor.{part}"], ".down.weight", ".up.weight", (4, 320, 320), scale=1, canonical=canon + name)
        tensors, modules = {**tensors, **t}, {**modules, **m}
    t, m = pairs(["text_encoder.text_model.encoder.layers.0.self_attn.q_proj"], ".lora_linear_layer.down.weight",
                 ".lora_linear_layer.up.weight", (4, 768, 768), scale=1, canonical="te1_text_model_encoder_layers_0_self_attn_q_proj")
    yield Sample("diffusers-old", "diffusers", {**tensors, **t}, {**modules, **m})
    t, m = pairs([attention + ".to_q", attention + ".to_out.0"], ".lora.down.weight", ".lora.up.weight", (4, 320, 320), scale=1)
    m[attention + ".to_out.0"]["canonical"] = canon + "to_out_0"
    yield Sample("diffusers-new", "diffusers", t, m)
    flux = ["transformer.transformer_blocks.0.attn.to_q", "transformer.single_transformer_blocks.0.proj_out"]
    t, m = pairs(flux, ".lora_A.weight", ".lora_B.weight", (16, 3072, 3072), scale=1)
    m[flux[0]]["canonical"] = "transformer_blocks_0_attn_to_q"
    yield Sample("diffusers-flux", "diffusers", t, m)
    inner = {"transformer.r": 16, "transformer.lora_alpha": 8, "transformer.alpha_pattern": {"single_transformer_blocks.0.proj_out": 32}}
    yield Sample("diffusers-metadata", "diffusers", t,
                 {flux[0]: {**m[flux[0]], "alpha": 8, "alpha_source": "metadata", "scale": 0.5},
                  flux[1]: {**m[flux[1]], "alpha": 32, "alpha_source": "metadata", "scale": 2}},
                 metadata={"format": "pt", "lora_adapter_metadata": json.dumps(inner)})
    yield Sample("bare-metadata-alpha", "diffusers", t,
                 {n: {**f, "alpha": 1, "alpha_source": "metadata", "scale": 0.0625} for n, f in m.items()}, metadata={"alpha": "1"})
    t, m = pairs(["down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"], ".down", ".up", (64, 320, 320), scale=1)
    yield Sample("control-lora", "control-lora", t, m)
    qwen = ["transformer_blocks.0.attn.to_q", "transformer_blocks.0.img_mod.1"]
    t, m = pairs(qwen, ".lora_A.default.weight", ".lora_B.default.weight", (8, 256, 256), scale=1)
    yield Sample("qwen-image", "diffusers", t, m)
    t, m = pairs(["transformer_blocks.0.attn1.to_q"], ".lora_A", ".lora_B", (8, 256, 256), scale=1)
    yield Sample("mochi", "diffusers", t, m)


def trainers():
    xl = "double_blocks.0.processor."
    one = "single_blocks.0.processor."
    canonical = {xl + "qkv_lora1": "double_blocks_0_img_attn_qkv", xl + "proj_lora1": "double_blocks_0_img_attn_proj",
                 xl + "qkv_lora2": "double_blocks_0_txt_attn_qkv", xl + "proj_lora2": "double_blocks_0_txt_attn_proj",
                 one + "qkv_lora": "single_blocks_0_qkv", one + "proj_lora": "single_blocks_0_linear2"}
    t, m = pairs(list(canonical), ".down.weight", ".up.weight", (16, 3072, 3072), scale=1)
    m = {name: {**known, "canonical": canonical[name]} for name, known in m.items()}
    yield Sample("xlabs", "xlabs", t, m)
    names = ["transformer.transformer_blocks.0.attn.to_q", "transformer.transformer_blocks.0.attn.to_k"]
    t, m = pairs(names, ".lora_A.weight", ".lora_B.weight", (16, 3072, 3072), scale=1)
    yield Sample("ai-toolkit", "ai-toolkit", t, m, metadata={"format": "pt", "software": json.dumps({"name": "ai-toolkit", "version": "0.7"})})
    name = "lora_te1_text_model_encoder_layers_0_mlp_fc1"
    t, m = pairs([name], ".lora_down.weight", ".lora_up.weight", (16, 3072, 768), value=16)
    t[name + ".dora_scale"] = (1, 768)
    yield Sample("onetrainer", "onetrainer", t, {name: {**m[name], "method": "dora", "magnitude_axis": "in"}}, method="dora",
                 metadata={"ot_branch": "master", "ot_revision": "0123abc"})
    names = ["transformer.single_transformer_blocks.0.attn.to_q"]
    t, m = pairs(names, ".lora_A.weight", ".lora_B.weight", (16, 3072, 3072))
    yield Sample("simpletuner", "simpletuner", t,
                 {n: {**f, "alpha": 8, "alpha_source": "metadata", "scale": 0.5} for n, f in m.items()},
                 metadata={"modelspec.implementation": "https://github.com/bghira/SimpleTuner",
                           "lora_adapter_metadata": json.dumps({"transformer.r": 16, "transformer.lora_alpha": 8})})
    names = ["lora_unet_blocks_0_self_attn_q", "lora_unet_blocks_0_cross_attn_k"]
    t, m = pairs(names, ".lora_down.weight", ".lora_up.weight", (16, 512, 512), value=8)
    yield Sample("musubi-wan", "musubi", t, m)
    t, m = pairs(["lora_unet_double_blocks_0_img_attn_qkv"], ".lora_down.weight", ".lora_up.weight", (16, 512, 512), value=8)
    yield Sample("musubi-hunyuan", "musubi", t, m, metadata={"ss_network_module": "networks.lora_hv"})
    wan = "diffusion_model.blocks.0.self_attn.q"
    t, m = pairs([wan], ".lora_A.weight", ".lora_B.weight", (16, 512, 512), scale=1)
    t = {**t, wan + ".diff_b": (512,), "diffusion_model.head.head.diff": (64, 512), "diffusion_model.head.head.diff_b": (64,)}
    yield Sample("wan", "comfyui", t,
                 {wan: {**m[wan], "canonical": "blocks_0_self_attn_q"},
                  "diffusion_model.head.head": fact(None, None, None, 64, 512, scale=1, method="full")}, method="mixed")
    t, m = pairs(["diffusion_model.blocks.0.self_attn.q"], ".lora_down.weight", ".lora_up.weight", (16, 512, 512), value=8)
    yield Sample("wan-lora-down", "comfyui", t, m)
    nemo = "model.decoder.layers.0.self_attention.adapter_layer.lora_kqv_adapter"
    t, m = pairs([nemo], ".linear_in.weight", ".linear_out.weight", (8, 512, 512))
    yield Sample("nemo", "nemo", t, m, findings={"lora.scale-unknown"})


def others():
    names = ["text_encoder:0", "text_encoder:10", "unet:0", "unet:31"]
    t, m = pairs(names, ":down", ":up", (1, 320, 320), scale=1)
    yield Sample("safeloras", "cloneofsimo", {**t, "<s1>": (768,)}, m, other=["<s1>"], metadata={"unet": '["CrossAttention"]', "<s1>": "<embed>"})
    listed = {"0": (320, 4), "1": (4, 320), "2": (640, 4), "3": (4, 768)}
    yield Sample("cloneofsimo-list", "cloneofsimo", listed,
                 {"0": fact("0", "1", 4, 320, 320, scale=1), "1": fact("2", "3", 4, 640, 768, scale=1)}, kind="list", guessed=True)
    mlx = ["model.layers.20.self_attn.q_proj", "model.layers.20.self_attn.v_proj"]
    config = {"fine_tune_type": "lora", "lora_parameters": {"rank": 8, "alpha": 16, "dropout": 0.0, "scale": 10.0}, "model": "qwen"}
    t, m = {}, {}
    for name, out in zip(mlx, (896, 128)):
        t = {**t, name + ".lora_a": (896, 8), name + ".lora_b": (8, out)}
        m[name] = fact(name + ".lora_b", name + ".lora_a", 8, out, 896, None, "adapter_config", 10, transposed="both",
                       canonical=name.replace(".", "_"))
    yield Sample("mlx", "mlx", t, m, config=config, base="qwen")
    yield Sample("mlx-alone", "mlx", t, {n: {**f, "alpha_source": "absent", "scale": None} for n, f in m.items()},
                 findings={"lora.scale-unknown"})
    name = mlx[0]
    yield Sample("mlx-dora", "mlx", {name + ".lora_a": (896, 8), name + ".lora_b": (8, 64), name + ".m": (64,)},
                 {name: fact(name + ".lora_b", name + ".lora_a", 8, 64, 896, None, "adapter_config", 10, "dora", transposed="both",
                             magnitude_axis="out")}, method="dora", config={**config, "fine_tune_type": "dora"})
    moe = "model.layers.0.mlp.switch_mlp.gate_proj"
    yield Sample("mlx-moe", "mlx", {moe + ".lora_a": (4, 8, 64), moe + ".lora_b": (4, 96, 8)},
                 {moe: fact(moe + ".lora_b", moe + ".lora_a", 8, 96, 64, None, "adapter_config", 10, experts=4)}, config=config)
    names = ["blk.0.attn_q", "blk.1.ffn_down"]
    t, m = pairs(names, ".weight.lora_a", ".weight.lora_b", (4, 64, 32), alpha=None, )
    m = {n: {**f, "alpha": 16, "alpha_source": "metadata", "scale": 4} for n, f in m.items()}
    m["blk.0.attn_q"]["canonical"] = "model_layers_0_self_attn_q_proj"
    m["blk.1.ffn_down"]["canonical"] = "model_layers_1_mlp_down_proj"
    embedding = {"token_embd.weight.lora_a": (100, 4), "token_embd.weight.lora_b": (32, 4)}
    m["token_embd"] = fact("token_embd.weight.lora_b", "token_embd.weight.lora_a", 4, 32, 100, 16, "metadata", 4, transposed="down",
                           canonical="model_embed_tokens")
    yield Sample("gguf", "gguf", {**t, **embedding}, m, kind="gguf", base="llama")
    names = ["roberta.encoder.layer.0.attention.self.query", "roberta.encoder.layer.0.attention.self.value"]
    t, m = pairs(names, ".lora_A", ".lora_B", (8, 768, 768))
    yield Sample("loralib", "loralib", {**t, "classifier.dense.weight": (768, 768)}, m, other=["classifier.dense.weight"],
                 findings={"lora.scale-unknown", "lora.whole-layer"})
    fused = "transformer.h.0.attn.c_attn"
    yield Sample("loralib-fused", "loralib", {fused + ".lora_A": (8, 768), fused + ".lora_B": (1536, 4)},
                 {fused: fact(fused + ".lora_B", fused + ".lora_A", 4, 1536, 768, groups=2)}, findings={"lora.scale-unknown"})
    t = {**{f"w_a_{i:03}": (2, 768) for i in range(4)}, **{f"w_b_{i:03}": (768, 2) for i in range(4)}}
    yield Sample("custom", "custom", t, {f"w_{i:03}": fact(f"w_b_{i:03}", f"w_a_{i:03}", 2, 768, 768) for i in range(4)},
                 guessed=True, findings={"lora.scale-unknown"})


def samples():
    for group in (peft, kohya, lycoris, diffusers, trainers, others):
        yield from group()
