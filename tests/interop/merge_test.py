# SPDX-License-Identifier: Apache-2.0
"""`upinspect merge` held against numpy in float64: every family, every dtype of base, what is refused, what is undone."""

import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SHARED, SOURCE, Checks, environment, need, run, tool  # noqa: E402

np = need("numpy")
from gguf_interop import gguf  # noqa: E402
from merge_numbers import PEFT, decode, encode, numbers, rounded, ulp  # noqa: E402
from merge_rotations import ROTATIONS, boft  # noqa: E402

checks = Checks()


# --- files -----------------------------------------------------------------------------------------------------------

def write(path, tensors, dtype="F32", metadata=None):
    """`tensors` maps names to float64 arrays, or to (dtype, array)."""
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for name, tensor in tensors.items():
        kind, array = tensor if isinstance(tensor, tuple) else (dtype, np.asarray(tensor))
        raw = array if isinstance(array, bytes) else array.tobytes() if array.dtype.kind in "iu" else encode(array, kind)
        shape = [len(raw)] if isinstance(array, bytes) else list(array.shape)
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def read(path):
    """name -> (dtype, shape, bytes), and the metadata."""
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + length])
    metadata = header.pop("__metadata__", None)
    data = raw[8 + length:]
    return {name: (e["dtype"], tuple(e["shape"]), data[slice(*e["data_offsets"])]) for name, e in header.items()}, metadata


# --- families: (adapter's tensors, adapter_config.json or None, shapes of the base, what each weight becomes) ---------

def peft(rank=4):
    config = {"peft_type": "LORA", "r": rank, "lora_alpha": 10, "use_rslora": True, "rank_pattern": {"layers.1.q": 2},
              "alpha_pattern": {"layers.1.q": 3}}
    a0, b0, a1, b1 = numbers(rank, 37), numbers(70, rank, spread=0.1), numbers(2, 37), numbers(70, 2, spread=0.1)
    bias = numbers(70)
    tensors = {PEFT + "model.layers.0.q.lora_B.bias": bias, PEFT + "model.layers.0.q.lora_A.weight": a0, PEFT + "model.layers.0.q.lora_B.weight": b0,
               PEFT + "model.layers.1.q.lora_A.weight": a1, PEFT + "model.layers.1.q.lora_B.weight": b1}
    shapes = {"model.layers.0.q.weight": (70, 37), "model.layers.0.q.bias": (70,), "model.layers.1.q.weight": (70, 37)}
    return tensors, config, shapes, {
        "model.layers.0.q.bias": lambda w: w + 10 / np.sqrt(rank) * bias,
        "model.layers.0.q.weight": lambda w: w + 10 / np.sqrt(rank) * b0 @ a0,
        "model.layers.1.q.weight": lambda w: w + 3 / np.sqrt(2) * b1 @ a1}


def peft_dora():
    config = {"peft_type": "LORA", "r": 3, "lora_alpha": 6, "use_dora": True}
    a, b, m = numbers(3, 20), numbers(33, 3, spread=0.2), np.abs(numbers(33)) + 1
    k, l, n = numbers(3, 5, 3, 3), numbers(7, 3, 1, 1), np.abs(numbers(1, 7, 1, 1)) + 1
    tensors = {PEFT + "fc.lora_A.weight": a, PEFT + "fc.lora_B.weight": b, PEFT + "fc.lora_magnitude_vector": rounded(m, "F32"),
               PEFT + "conv.lora_A.weight": k, PEFT + "conv.lora_B.weight": l, PEFT + "conv.lora_magnitude_vector": rounded(n, "F32")}
    m, n = rounded(m, "F32"), rounded(n, "F32")

    def linear(w):
        v = w + 2 * b @ a
        return m[:, None] * v / np.linalg.norm(v, axis=1, keepdims=True)

    def convolution(w):
        v = w + 2 * np.einsum("or,rikl->oikl", l[:, :, 0, 0], k)
        return n.reshape(7, 1, 1, 1) * v / np.sqrt((v ** 2).sum(axis=(1, 2, 3), keepdims=True))
    return tensors, config, {"fc.weight": (33, 20), "conv.weight": (7, 5, 3, 3)}, {"fc.weight": linear, "conv.weight": convolution}


def peft_gpt2():
    """fan_in_fan_out, and names that have a prefix more than the base's."""
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "fan_in_fan_out": True}
    a, b = numbers(4, 12), numbers(36, 4, spread=0.1)
    c, d = numbers(4, 48), numbers(12, 4, spread=0.1)
    return ({PEFT + "transformer.h.0.attn.c_attn.lora_A.weight": a, PEFT + "transformer.h.0.attn.c_attn.lora_B.weight": b,
             PEFT + "transformer.h.0.mlp.c_proj.lora_A.weight": c, PEFT + "transformer.h.0.mlp.c_proj.lora_B.weight": d}, config,
            {"h.0.attn.c_attn.weight": (12, 36), "h.0.mlp.c_proj.weight": (48, 12)},
            {"h.0.attn.c_attn.weight": lambda w: w + 2 * (b @ a).T, "h.0.mlp.c_proj.weight": lambda w: w + 2 * (d @ c).T})


def peft_embedding():
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 4}
    a, b = numbers(4, 50), numbers(16, 4)
    return ({PEFT + "model.embed.lora_embedding_A": a, PEFT + "model.embed.lora_embedding_B": b}, config,
            {"model.embed.weight": (50, 16)}, {"model.embed.weight": lambda w: w + (b @ a).T})


def peft_ia3():
    config = {"peft_type": "IA3", "feedforward_modules": ["down"]}
    out, inner = numbers(24, 1), numbers(1, 18)
    return ({PEFT + "k.ia3_l": out, PEFT + "down.ia3_l": inner}, config,
            {"k.weight": (24, 10), "k.bias": (24,), "down.weight": (9, 18), "down.bias": (9,)},
            {"k.weight": lambda w: w * out, "k.bias": lambda w: w * out[:, 0], "down.weight": lambda w: w * inner})


def kohya():
    up, down = numbers(40, 8, spread=0.1), numbers(8, 24)
    kup, kdown = numbers(6, 4, 1, 1), numbers(4, 5, 3, 3)
    tup, tmid, tdown = numbers(6, 4, 1, 1), numbers(4, 4, 3, 3), numbers(4, 5, 1, 1)
    one, two = "lora_unet_down_blocks_0_attentions_0_proj_in", "lora_unet_down_blocks_0_resnets_0_conv1"
    three = "lora_unet_down_blocks_0_resnets_0_conv2"
    tensors = {one + ".lora_up.weight": up, one + ".lora_down.weight": down, one + ".alpha": np.float64(4),
               two + ".lora_up.weight": kup, two + ".lora_down.weight": kdown, two + ".alpha": np.float64(2),
               three + ".lora_up.weight": tup, three + ".lora_mid.weight": tmid, three + ".lora_down.weight": tdown,
               three + ".alpha": np.float64(1)}
    return tensors, None, {"down_blocks.0.attentions.0.proj_in.weight": (40, 24), "down_blocks.0.resnets.0.conv1.weight": (6, 5, 3, 3),
                           "down_blocks.0.resnets.0.conv2.weight": (6, 5, 3, 3)}, {
        "down_blocks.0.attentions.0.proj_in.weight": lambda w: w + 0.5 * up @ down,
        "down_blocks.0.resnets.0.conv1.weight": lambda w: w + 0.5 * np.einsum("or,rikl->oikl", kup[:, :, 0, 0], kdown),
        "down_blocks.0.resnets.0.conv2.weight": lambda w: w + 0.25 * np.einsum(
            "oa,abkl,bi->oikl", tup[:, :, 0, 0], tmid, tdown[:, :, 0, 0])}


def kohya_sdxl():
    """The original UNet's names, as sd-scripts has them, against a base in the same spelling and against diffusers'."""
    up, down = numbers(16, 4), numbers(4, 16)
    module = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q"
    text = "lora_te1_text_model_encoder_layers_0_mlp_fc1"
    base = {"model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight": (16, 16)}
    name = next(iter(base))
    del text
    return ({module + ".lora_up.weight": up, module + ".lora_down.weight": down, module + ".alpha": np.float64(4)}, None, base,
            {name: lambda w: w + up @ down})


def flux():
    """A fused layer as one pair, and as split dims."""
    fused, split = "lora_unet_double_blocks_0_img_attn_qkv", "lora_unet_double_blocks_0_txt_attn_qkv"
    up, down = numbers(48, 4, spread=0.1), numbers(4, 16)
    ups, downs = [numbers(n, 4, spread=0.1) for n in (16, 20, 12)], [numbers(4, 16) for _ in range(3)]
    tensors = {fused + ".lora_up.weight": up, fused + ".lora_down.weight": down, fused + ".alpha": np.float64(4),
               split + ".alpha": np.float64(2)}
    for i in range(3):
        tensors |= {f"{split}.lora_up.{i}.weight": ups[i], f"{split}.lora_down.{i}.weight": downs[i]}
    return tensors, None, {"double_blocks.0.img_attn.qkv.weight": (48, 16), "double_blocks.0.txt_attn.qkv.weight": (48, 16)}, {
        "double_blocks.0.img_attn.qkv.weight": lambda w: w + up @ down,
        "double_blocks.0.txt_attn.qkv.weight": lambda w: w + 0.5 * np.concatenate([u @ d for u, d in zip(ups, downs)])}


def xlabs():
    up, down = numbers(48, 4), numbers(4, 16)
    pup, pdown = numbers(16, 4), numbers(4, 16)
    module = "double_blocks.0.processor."
    return ({module + "qkv_lora1.down.weight": down, module + "qkv_lora1.up.weight": up,
             module + "proj_lora2.down.weight": pdown, module + "proj_lora2.up.weight": pup}, None,
            {"double_blocks.0.img_attn.qkv.weight": (48, 16), "double_blocks.0.txt_attn.proj.weight": (16, 16)},
            {"double_blocks.0.img_attn.qkv.weight": lambda w: w + up @ down,
             "double_blocks.0.txt_attn.proj.weight": lambda w: w + pup @ pdown})


def xlabs_single():
    """Queries, keys and values of a single block are the first rows of a weight that has more."""
    up, down, pup, pdown = numbers(48, 4), numbers(4, 16), numbers(16, 4), numbers(4, 80)
    module = "single_blocks.3.processor."

    def first_rows(w):
        out = w.copy()
        out[:48] += up @ down
        return out
    return ({module + "qkv_lora.down.weight": down, module + "qkv_lora.up.weight": up, module + "proj_lora.down.weight": pdown,
             module + "proj_lora.up.weight": pup}, None, {"single_blocks.3.linear1.weight": (112, 16), "single_blocks.3.linear2.weight": (16, 80)},
            {"single_blocks.3.linear1.weight": first_rows, "single_blocks.3.linear2.weight": lambda w: w + pup @ pdown})


def flux_to_diffusers():
    """XLabs' and kohya's fused layers, DoRA among them, in a base that keeps their parts by themselves."""
    pairs = {name: (numbers(rows, 4, spread=0.1), numbers(4, 16)) for name, rows in (
        ("double_blocks.1.processor.qkv_lora2", 48), ("single_blocks.0.processor.qkv_lora", 48), ("double_blocks.1.processor.proj_lora1", 16))}
    kohya_pairs = {name: (numbers(rows, 4, spread=0.1), numbers(4, 16)) for name, rows in (
        ("lora_unet_single_blocks_2_linear1", 112), ("lora_unet_double_blocks_1_img_attn_qkv", 48), ("lora_unet_double_blocks_1_img_mlp_0", 64))}
    lengths = rounded(np.abs(numbers(48, 1)) + 1, "F32")
    tensors = {f"{m}.{half}.weight": t for m, (up, down) in pairs.items() for half, t in (("up", up), ("down", down))}
    for m, (up, down) in kohya_pairs.items():
        tensors |= {m + ".lora_up.weight": up, m + ".lora_down.weight": down, m + ".alpha": np.float64(2)}
    tensors["lora_unet_double_blocks_1_img_attn_qkv.dora_scale"] = lengths
    double, single = "transformer_blocks.1.", "single_transformer_blocks."
    split = {"double_blocks.1.processor.qkv_lora2": [double + f"attn.add_{n}_proj" for n in "qkv"],
             "double_blocks.1.processor.proj_lora1": [double + "attn.to_out.0"],
             "single_blocks.0.processor.qkv_lora": [single + f"0.attn.to_{n}" for n in "qkv"],
             "lora_unet_single_blocks_2_linear1": [single + f"2.attn.to_{n}" for n in "qkv"] + [single + "2.proj_mlp"],
             "lora_unet_double_blocks_1_img_attn_qkv": [double + f"attn.to_{n}" for n in "qkv"],
             "lora_unet_double_blocks_1_img_mlp_0": [double + "ff.net.0.proj"]}
    shapes, becomes = {}, {}
    for module, names in split.items():
        up, down = (pairs | kohya_pairs)[module]
        delta = (0.5 if module in kohya_pairs else 1) * up @ down
        row = 0
        for name in names:
            rows = 64 if name.endswith("proj_mlp") or "ff.net" in name else 16
            part = slice(row, row + rows)

            def merged(w, delta=delta[part], length=lengths[part] if "img_attn" in module else None):
                v = w + delta
                return v if length is None else length * v / np.linalg.norm(v, axis=1, keepdims=True)
            shapes[name + ".weight"], becomes[name + ".weight"] = (rows, 16), merged
            row += rows
    return tensors, None, shapes, becomes


def cloneofsimo():
    """Positions for names: down, up and middle blocks, in each attn1, ff and attn2, as lora_diffusion met them."""
    tensors, shapes, becomes, position = {}, {}, {}, 0
    for part, width in (("down_blocks.0.attentions.0", 12), ("up_blocks.1.attentions.0", 20), ("mid_block.attentions.0", 16)):
        layers = [f"attn1.to_{n}" for n in ("q", "k", "v", "out.0")] + ["ff.net.0.proj"] + [f"attn2.to_{n}" for n in ("q", "k", "v", "out.0")]
        for layer in layers:
            rows, columns = (8 * width if "ff" in layer else width), (10 if layer in ("attn2.to_k", "attn2.to_v") else width)
            up, down = numbers(rows, 2), numbers(2, columns)
            tensors |= {str(position): up, str(position + 1): down}
            position += 2
            name = f"{part}.transformer_blocks.0.{layer}.weight"
            shapes[name], becomes[name] = (rows, columns), (lambda w, d=up @ down: w + d)
    return tensors, None, shapes, becomes


def diffusers():
    up, down = numbers(16, 4), numbers(4, 16)
    module = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1"
    return ({module + ".processor.to_out_lora.up.weight": up, module + ".processor.to_out_lora.down.weight": down,
             module + ".to_q.lora.up.weight": up, module + ".to_q.lora.down.weight": down}, None,
            {module[5:] + ".to_out.0.weight": (16, 16), module[5:] + ".to_q.weight": (16, 16)},
            {module[5:] + ".to_out.0.weight": lambda w: w + up @ down, module[5:] + ".to_q.weight": lambda w: w + up @ down})


def lycoris_dora():
    up, down, rows = numbers(30, 4), numbers(4, 22), rounded(np.abs(numbers(30, 1)) + 1, "F32")
    kup, kdown, columns = numbers(6, 4, 1, 1), numbers(4, 5, 3, 3), rounded(np.abs(numbers(1, 5, 1, 1)) + 1, "F32")
    one, two = "lycoris_blocks_0_fc", "lycoris_blocks_0_conv"
    tensors = {one + ".lora_up.weight": up, one + ".lora_down.weight": down, one + ".alpha": np.float64(2), one + ".dora_scale": rows,
               two + ".lora_up.weight": kup, two + ".lora_down.weight": kdown, two + ".alpha": np.float64(4), two + ".dora_scale": columns}

    def by_rows(w):
        v = w + 0.5 * up @ down
        return rows * v / np.linalg.norm(v, axis=1, keepdims=True)

    def by_columns(w):
        v = w + np.einsum("or,rikl->oikl", kup[:, :, 0, 0], kdown)
        return columns * v / np.sqrt((v ** 2).sum(axis=(0, 2, 3), keepdims=True))
    return tensors, None, {"blocks.0.fc.weight": (30, 22), "blocks.0.conv.weight": (6, 5, 3, 3)}, {
        "blocks.0.fc.weight": by_rows, "blocks.0.conv.weight": by_columns}


def loha():
    w = {name: numbers(*shape, spread=0.5) for name, shape in {
        "a.hada_w1_a": (20, 3), "a.hada_w1_b": (3, 14), "a.hada_w2_a": (20, 3), "a.hada_w2_b": (3, 14),
        "c.hada_w1_a": (6, 3), "c.hada_w1_b": (3, 45), "c.hada_w2_a": (6, 3), "c.hada_w2_b": (3, 45),
        "t.hada_w1_a": (3, 6), "t.hada_w1_b": (3, 5), "t.hada_w2_a": (3, 6), "t.hada_w2_b": (3, 5),
        "t.hada_t1": (3, 3, 3, 3), "t.hada_t2": (3, 3, 3, 3)}.items()}
    tensors = {"lycoris_" + name: value for name, value in w.items()} | {f"lycoris_{m}.alpha": np.float64(1.5) for m in "act"}

    def plain(m, weight):
        return weight + 0.5 * ((w[m + ".hada_w1_a"] @ w[m + ".hada_w1_b"]) * (w[m + ".hada_w2_a"] @ w[m + ".hada_w2_b"])).reshape(weight.shape)

    def tucker(weight):
        half = [np.einsum("ijkl,jr,ip->prkl", w[f"t.hada_t{n}"], w[f"t.hada_w{n}_b"], w[f"t.hada_w{n}_a"]) for n in (1, 2)]
        return weight + 0.5 * half[0] * half[1]
    return tensors, None, {"a.weight": (20, 14), "c.weight": (6, 5, 3, 3), "t.weight": (6, 5, 3, 3)}, {
        "a.weight": lambda x: plain("a", x), "c.weight": lambda x: plain("c", x), "t.weight": tucker}


def lokr():
    w = {name: numbers(*shape, spread=0.5) for name, shape in {
        "f.lokr_w1": (4, 3), "f.lokr_w2": (5, 7), "p.lokr_w1": (4, 3), "p.lokr_w2_a": (5, 2), "p.lokr_w2_b": (2, 7),
        "q.lokr_w1_a": (4, 2), "q.lokr_w1_b": (2, 3), "q.lokr_w2": (5, 7), "c.lokr_w1": (2, 2), "c.lokr_w2_a": (3, 2),
        "c.lokr_w2_b": (2, 4 * 9), "t.lokr_w1": (2, 2), "t.lokr_t2": (2, 2, 3, 3), "t.lokr_w2_a": (2, 3), "t.lokr_w2_b": (2, 4),
        "k.lokr_w1": (2, 2), "k.lokr_w2": (3, 4, 3, 3)}.items()}
    tensors = {"lycoris_" + name: value for name, value in w.items()} | {f"lycoris_{m}.alpha": np.float64(3) for m in "fpqctk"}

    def kron(one, two):
        return np.kron(one.reshape(one.shape + (1,) * (two.ndim - 2)), two)
    pairs = {"f": (1, w["f.lokr_w1"], w["f.lokr_w2"]), "k": (1, w["k.lokr_w1"], w["k.lokr_w2"]),
             "p": (1.5, w["p.lokr_w1"], w["p.lokr_w2_a"] @ w["p.lokr_w2_b"]),
             "q": (1.5, w["q.lokr_w1_a"] @ w["q.lokr_w1_b"], w["q.lokr_w2"]),
             "c": (1.5, w["c.lokr_w1"], (w["c.lokr_w2_a"] @ w["c.lokr_w2_b"]).reshape(3, 4, 3, 3)),
             "t": (1.5, w["t.lokr_w1"], np.einsum("ijkl,jr,ip->prkl", w["t.lokr_t2"], w["t.lokr_w2_b"], w["t.lokr_w2_a"]))}
    shapes = {m: (20, 21) if m in "fpq" else (6, 8, 3, 3) for m in pairs}
    return tensors, None, {f"{m}.weight": shape for m, shape in shapes.items()}, {
        f"{m}.weight": (lambda x, p=pair: x + p[0] * kron(p[1], p[2])) for m, pair in pairs.items()}


def glora():
    a1, a2, b1, b2 = numbers(18, 4, spread=0.2), numbers(4, 18, spread=0.2), numbers(26, 4), numbers(4, 18)
    tensors = {f"lycoris_fc.{n}.weight": t for n, t in (("a1", a1), ("a2", a2), ("b1", b1), ("b2", b2))}
    old = {f"lycoris_old.{n}.weight": t for n, t in (("a2", a1), ("a1", a2), ("b2", b1), ("b1", b2))}
    alphas = {"lycoris_fc.alpha": np.float64(2), "lycoris_old.alpha": np.float64(4)}
    return tensors | old | alphas, None, {"fc.weight": (26, 18), "old.weight": (26, 18)}, {
        "fc.weight": lambda w: w + 0.5 * (w @ a1 @ a2 + b1 @ b2), "old.weight": lambda w: w + (w @ a1 @ a2 + b1 @ b2)}


def glora_convolution():
    """Over the input channels at every position of a kernel, and with a Tucker core."""
    a1, a2, b1, b2 = numbers(5, 3, 1, 1, spread=0.3), numbers(3, 5, 1, 1, spread=0.3), numbers(6, 3, 1, 1), numbers(3, 5, 3, 2)
    t2, core = numbers(3, 5, 1, 1), numbers(3, 3, 3, 2)
    tensors = {f"lycoris_conv.{n}.weight": t for n, t in (("a1", a1), ("a2", a2), ("b1", b1), ("b2", b2))}
    tensors |= {f"lycoris_core.{n}.weight": t for n, t in (("a1", a1), ("a2", a2), ("b1", b1), ("b2", t2), ("bm", core))}
    tensors |= {"lycoris_conv.alpha": np.float64(1.5), "lycoris_core.alpha": np.float64(3)}

    def inner(w):
        return np.einsum("oikl,ir,rj->ojkl", w, a1[:, :, 0, 0], a2[:, :, 0, 0])
    return tensors, None, {"conv.weight": (6, 5, 3, 2), "core.weight": (6, 5, 3, 2)}, {
        "conv.weight": lambda w: w + 0.5 * (inner(w) + np.einsum("or,rikl->oikl", b1[:, :, 0, 0], b2)),
        "core.weight": lambda w: w + inner(w) + np.einsum("oa,abkl,bi->oikl", b1[:, :, 0, 0], core, t2[:, :, 0, 0])}


def peft_saved():
    """modules_to_save: whole layers, under their names as old and new releases write them."""
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 4, "modules_to_save": ["score", "lm_head"]}
    a, b, score, bias, head = numbers(4, 12), numbers(10, 4), numbers(3, 10), numbers(3), numbers(20, 10)
    return ({PEFT + "model.fc.lora_A.weight": a, PEFT + "model.fc.lora_B.weight": b, PEFT + "score.weight": score, PEFT + "score.bias": bias,
             PEFT + "lm_head.modules_to_save.weight": head}, config,
            {"model.fc.weight": (10, 12), "score.weight": (3, 10), "score.bias": (3,), "lm_head.weight": (20, 10)},
            {"model.fc.weight": lambda w: w + b @ a, "score.weight": lambda w: score, "score.bias": lambda w: bias, "lm_head.weight": lambda w: head})


def lycoris_ia3():
    out, inner = numbers(24), numbers(18)
    return ({"lycoris_k.weight": out.reshape(24, 1), "lycoris_k.on_input": np.float64(0), "lycoris_down.weight": inner.reshape(1, 18),
             "lycoris_down.on_input": np.float64(1)}, None, {"k.weight": (24, 10), "down.weight": (9, 18)},
            {"k.weight": lambda w: w * (1 + out[:, None]), "down.weight": lambda w: w * (1 + inner)})


def differences():
    """Wan's full differences, biases too, and LyCORIS' norms."""
    d, b, n, o = numbers(12, 8), numbers(12), numbers(9), numbers(9)
    return ({"diffusion_model.head.head.diff": d, "diffusion_model.head.head.diff_b": b, "diffusion_model.norm.w_norm": n,
             "diffusion_model.norm.b_norm": o}, None,
            {"head.head.weight": (12, 8), "head.head.bias": (12,), "norm.weight": (9,), "norm.bias": (9,)},
            {"head.head.weight": lambda w: w + d, "head.head.bias": lambda w: w + b, "norm.weight": lambda w: w + n,
             "norm.bias": lambda w: w + o})


def mlx():
    a, b = numbers(24, 4, spread=0.2), numbers(4, 30, spread=0.2)
    config = {"fine_tune_type": "lora", "lora_parameters": {"rank": 4, "scale": 20.0, "dropout": 0.0}, "num_layers": 1, "model": "x"}
    return ({"model.layers.0.self_attn.q_proj.lora_a": a, "model.layers.0.self_attn.q_proj.lora_b": b}, config,
            {"model.layers.0.self_attn.q_proj.weight": (30, 24)},
            {"model.layers.0.self_attn.q_proj.weight": lambda w: w + 20 * b.T @ a.T})


def mlx_experts():
    """A pair for each expert of a mixture."""
    a, b = numbers(3, 4, 24, spread=0.2), numbers(3, 10, 4, spread=0.2)
    config = {"fine_tune_type": "lora", "lora_parameters": {"rank": 4, "scale": 2.5, "dropout": 0.0}, "num_layers": 1, "model": "x"}
    return ({"model.layers.0.mlp.switch_mlp.up_proj.lora_a": a, "model.layers.0.mlp.switch_mlp.up_proj.lora_b": b}, config,
            {"model.layers.0.mlp.switch_mlp.up_proj.weight": (3, 10, 24)},
            {"model.layers.0.mlp.switch_mlp.up_proj.weight": lambda w: w + 2.5 * np.einsum("eor,eri->eoi", b, a)})


def adalora():
    """PEFT's SVDLinear: B @ (A * E) * alpha / (rank + 1e-5), whatever r the configuration has."""
    a, b, e = numbers(6, 20), numbers(12, 6, spread=0.2), numbers(6, 1)
    config = {"peft_type": "ADALORA", "r": 8, "init_r": 12, "target_r": 6, "lora_alpha": 24,
              "rank_pattern": {"layers.0.q.lora_E": [True, False, True, True, True, True, True]}}
    return ({PEFT + "layers.0.q.lora_A": a, PEFT + "layers.0.q.lora_B": b, PEFT + "layers.0.q.lora_E": e}, config,
            {"layers.0.q.weight": (12, 20)}, {"layers.0.q.weight": lambda w: w + 24 / (6 + 1e-5) * b @ (a * e)})


def loralib():
    """MergedLinear: the first and the last third of a fused layer."""
    a, b = numbers(8, 12), numbers(24, 4)
    config = {"r": 4, "lora_alpha": 8, "enable_lora": [True, False, True], "peft_type": "LORA"}

    def merged(w):
        delta = np.zeros((36, 12))
        delta[:12], delta[24:] = b[:12] @ a[:4], b[12:] @ a[4:]
        return w + 2 * delta
    return ({"attn.qkv.lora_A": a, "attn.qkv.lora_B": b}, config, {"attn.qkv.weight": (36, 12)}, {"attn.qkv.weight": merged})


FAMILIES = [peft, peft_dora, peft_gpt2, peft_embedding, peft_ia3, kohya, kohya_sdxl, flux, xlabs, xlabs_single, flux_to_diffusers, cloneofsimo, diffusers, lycoris_dora, loha, lokr,
            glora, glora_convolution, peft_saved, lycoris_ia3, *ROTATIONS, differences, mlx, mlx_experts, adalora, loralib]
NOT_LINEAR = {glora_convolution, peft_saved, peft_dora, flux_to_diffusers, peft_ia3, lycoris_dora, glora, lycoris_ia3, *ROTATIONS}


# --- what is tried ---------------------------------------------------------------------------------------------------

def merge(*arguments):
    done = run("merge", "--format", "json", *arguments)
    if not checks.equal(done.returncode, 0, f"merge {' '.join(map(str, arguments))}: {done.stderr.decode()}"):
        return None
    checks.equal(done.stderr, b"", "nothing on stderr")
    report = json.loads(done.stdout)
    validate(report)
    return report["merge"]


def validate(report):
    try:
        import jsonschema
    except ImportError:
        return
    schema = json.loads((SOURCE / "docs/schema/merge-1.schema.json").read_text())
    try:
        jsonschema.validate(report, schema)
        checks.that(True, "")
    except jsonschema.ValidationError as error:
        checks.that(False, f"the report fits its schema: {error.message}")


def write_adapter(folder, tensors, config, dtype="F32"):
    folder.mkdir()
    if config is not None:
        (folder / "adapter_config.json").write_text(json.dumps(config))
    return write(folder / "adapter_model.safetensors", tensors, dtype)


def make_base(shapes, dtype):
    """Weights of a usual size, and two tensors that no adapter touches."""
    weights = {name: numbers(*shape, dtype=dtype) for name, shape in shapes.items()}
    others = {"untouched.weight": (dtype, numbers(5, 3, dtype=dtype)), "positions": ("I64", np.arange(7)),
              "odd": ("U8", bytes(range(11)))}
    return weights, {name: (dtype, w) for name, w in weights.items()} | others


def compare(label, path, dtype, weights, becomes, strict=True):
    """All of an output against float64: within one ulp, untouched tensors bit for bit."""
    tensors, _ = read(path)
    exact = total = 0
    for name, weight in weights.items():
        kind, shape, raw = tensors[name]
        checks.equal((kind, shape), (dtype, weight.shape), f"{label}: {name} keeps dtype and shape")
        got = decode(raw, dtype, shape)
        wanted = becomes[name](weight) if name in becomes else weight
        off = np.abs(got - wanted) / ulp(wanted, dtype)
        near = off <= 1
        # What is lost where a sum nearly cancels, in parts of the tensor's largest number; numpy's f64 loses it as well.
        if dtype == "F64" or not strict:
            near |= np.abs(got - wanted) <= 2.0 ** (-50 if dtype == "F64" else -21) * np.abs(wanted).max()
        checks.that(near.all(), f"{label}: {name} is within 1 ulp ({off.max():.3f})")
        exact, total = exact + int((got == rounded(wanted, dtype)).sum()), total + got.size
    return exact, total


def try_family(folder, family, dtype, *options):
    tensors, config, shapes, becomes = family()
    label = f"{family.__name__} {dtype} {' '.join(options)}"
    here = folder / label.replace(" ", "-")
    here.mkdir()
    adapter = write_adapter(here / "adapter", tensors, config)
    weights, all_tensors = make_base(shapes, dtype)
    base = write(here / "base.safetensors", all_tensors, metadata={"format": "pt", "note": "kept"})
    out = here / "out.safetensors"
    report = merge(base, adapter, "-o", out, *options)
    if report is None:
        return 0, 0
    merged, metadata = read(out)
    before, _ = read(base)
    checks.equal(metadata, {"format": "pt", "note": "kept"}, f"{label}: metadata")
    untouched = [name for name in before if name not in becomes]
    checks.that(all(merged[name] == before[name] for name in untouched), f"{label}: untouched tensors are the same bytes")
    checks.equal(report["unchanged"], len(untouched), f"{label}: unchanged tensors")
    checks.equal({row["tensor"] for row in report["merged"]}, set(becomes), f"{label}: merged tensors")
    largest = max(np.abs(becomes[name](weights[name]) - weights[name]).max() for name in becomes)
    told = max(row["largest_change"] for row in report["merged"])
    checks.that(abs(told - largest) <= 1e-5 * largest, f"{label}: largest change {told}, wanted {largest}")
    precise = dtype in ("F32", "F64") or "--precise" in options
    checks.equal({row["arithmetic"] for row in report["merged"]}, {"f64" if precise else "f32"}, f"{label}: arithmetic")
    return compare(label, out, dtype, weights, becomes, strict=precise)


def try_families(folder):
    for dtype in ("F32", "F16", "BF16", "F64"):
        exact = total = 0
        for family in FAMILIES:
            for options in [()] if dtype in ("F32", "F64") else [(), ("--precise",)]:
                one, all_of = try_family(folder, family, dtype, *options)
                exact, total = exact + one, total + all_of
        if dtype != "F64":
            checks.that(exact >= 0.999 * total, f"{dtype}: {exact} of {total} numbers are the correctly rounded ones")
        print(f"{dtype}: {exact} of {total} numbers are the correctly rounded ones")


def try_scale(folder):
    tensors, config, shapes, becomes = kohya()
    adapter = write_adapter(folder / "scaled", tensors, config)
    weights, all_tensors = make_base(shapes, "F32")
    base = write(folder / "scaled.safetensors", all_tensors)
    report = merge(base, adapter, "-o", folder / "scaled-out.safetensors", "--scale", "-0.25")
    checks.equal(report["strength"], -0.25, "strength")
    becomes = {name: (lambda w, f=f: w - 0.25 * (f(w) - w)) for name, f in becomes.items()}
    compare("--scale", folder / "scaled-out.safetensors", "F32", weights, becomes)


def try_rotation_strength(folder):
    """LyCORIS weighs every stage of a butterfly against the identity."""
    tensors, config, shapes, becomes = boft(0.375)
    adapter = write_adapter(folder / "weighed", tensors, config)
    weights, all_tensors = make_base(shapes, "F32")
    base = write(folder / "weighed.safetensors", all_tensors)
    merge(base, adapter, "-o", folder / "weighed-out.safetensors", "--scale", "0.375")
    compare("boft --scale", folder / "weighed-out.safetensors", "F32", weights, becomes)


def try_undo(folder):
    """Merging rounds once, and undoing once more: half an ulp of the merged number, and half of the outcome's."""
    for family in FAMILIES:
        for dtype in ("F32", "F16", "BF16"):
            tensors, config, shapes, becomes = family()
            here = folder / f"undo-{family.__name__}-{dtype}"
            here.mkdir()
            adapter = write_adapter(here / "adapter", tensors, config)
            weights, all_tensors = make_base(shapes, dtype)
            base = write(here / "base.safetensors", all_tensors)
            there, back = here / "there.safetensors", here / "back.safetensors"
            if family in NOT_LINEAR:
                refused(here, base, adapter, "--undo", words=["--undo cannot take back"])
                continue
            merge(base, adapter, "-o", there, "--precise")
            report = merge(there, adapter, "-o", back, "--undo", "--precise")
            checks.that(report["undo"] and all(row["scale"] < 0 for row in report["merged"]), "the report says that it was taken back")
            merged, returned = read(there)[0], read(back)[0]
            for name, weight in weights.items():
                middle, got = (decode(t[name][2], dtype, weight.shape) for t in (merged, returned))
                allowed = 0.5 * ulp(middle, dtype) + 0.5 * ulp(got, dtype) + 1e-12
                checks.that((np.abs(got - weight) <= allowed).all(), f"undo {family.__name__} {dtype}: {name} returns to the base")


def listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def refused(folder, base, adapter, *options, words=(), out="out.safetensors"):
    before = listing(folder)
    done = run("merge", base, adapter, "-o", folder / out, *options)
    text = done.stderr.decode()
    checks.equal(done.returncode, 2, f"merge {base.name} {adapter} {' '.join(map(str, options))} is refused ({done.stdout.decode()})")
    checks.equal(listing(folder), before, "nothing is left after a refusal")
    for word in words:
        checks.that(word in text, f"the message says \"{word}\": {text!r}")
    checks.that(text and all(line.startswith("upinspect: ") for line in text.splitlines()), f"messages are ours: {text!r}")
    return text


def try_refusals(folder):
    here = folder / "refusals"
    here.mkdir()
    one = numbers(8, 6)
    base = write(here / "base.safetensors", {"a.weight": one, "b.weight": numbers(8, 6), "c.weight": ("I8", np.zeros((8, 6), "<i1")),
                                             "n.weight": ("F32", np.full((8, 6), np.nan))})
    up, down, alpha = numbers(8, 2), numbers(2, 6), np.float64(2)

    def kohya_file(name, **parts):
        tensors = {}
        for key, value in parts.items():
            module, part = key.split("__")
            tensors[f"lora_unet_{module}.{ {'up': 'lora_up.weight', 'down': 'lora_down.weight', 'mid': 'lora_mid.weight'}.get(part, part)}"] = value
        return write(here / name, tensors)
    bad = up.copy()
    bad[3, 1] = np.inf
    cases = [
        ("no weight", dict(z__up=up, z__down=down, z__alpha=alpha), ["no weight of the base has this name", "lora_unet_z"]),
        ("shape", dict(a__up=numbers(9, 2), a__down=down, a__alpha=alpha), ["9 x 6", "8 x 6", "lora_unet_a"]),
        ("turned", dict(a__up=numbers(6, 2), a__down=numbers(2, 8), a__alpha=alpha), ["the other way round"]),
        ("rank", dict(a__up=numbers(8, 3), a__down=down, a__alpha=alpha), ["lora_unet_a"]),
        ("half", dict(a__up=up, a__alpha=alpha), ["half is missing", "lora_unet_a.lora_up.weight"]),
        ("infinite", dict(a__up=bad, a__down=down, a__alpha=alpha), ["holds NaN or infinite values", "\"up\""]),
        ("integers", dict(c__up=up, c__down=down, c__alpha=alpha), ["i8", "cannot be rounded to"]),
        ("NaN in the base", dict(n__up=up, n__down=down, n__alpha=alpha), ["would hold NaN or infinite values", "n.weight"]),
        ("oft", dict(a__oft_blocks=numbers(3, 2, 2), a__alpha=alpha), ["its blocks are 3 x 2 x 2"]),
        ("oft_R", {"a__oft_R.weight": numbers(4, 2, 2)}, ["its rotations are 4 x 2 x 2"]),
        ("boft", dict(a__oft_blocks=numbers(4, 4, 2, 2), a__alpha=alpha), ["its blocks are 4 x 4 x 2 x 2, the weight 8 x 6"]),
        ("boft odd", dict(a__oft_blocks=numbers(1, 8, 1, 1), a__alpha=alpha), ["its blocks are 1 x 8 x 1 x 1"]),
        ("bias below", {"a__up": up, "a__down": down, "a__alpha": alpha, "a__lora_down.bias": numbers(2)}, ["\"down_bias\" is nothing"]),
        ("set", dict(a__set_weight=numbers(8, 6)), ["\"set_weight\" is nothing"]),
        ("two at once", dict(z__up=up, z__down=down, a__up=numbers(9, 2), a__down=down, b__up=bad, b__down=down),
         ["no weight of the base has this name", "9 x 6", "holds NaN or infinite values"]),
    ]
    for label, parts, words in cases:
        refused(here, base, kohya_file("adapter.safetensors", **parts), words=words)
        (here / "adapter.safetensors").unlink()
    more = write(here / "more.safetensors", {"lora_unet_a.lora_up.weight": up, "lora_unet_a.lora_down.weight": down, "stray.thing": down})
    refused(here, base, more, words=["stray.thing", "belongs to no module"])
    twice = write(here / "twice.safetensors", {k: v for m in ("lora_unet_a", "unet.a") for k, v in
                                               ((m + ".lora_up.weight", up), (m + ".lora_down.weight", down))})
    refused(here, base, twice, words=["is meant by"])
    unknown = write(here / "unknown.safetensors", {PEFT + "a.lora_A.weight": down, PEFT + "a.lora_B.weight": up})
    refused(here, base, unknown, words=["scale is unknown", "adapter_config.json"])
    turning = here / "turning"
    turning.mkdir()
    turned = write(turning / "adapter_model.safetensors", {PEFT + "a.oft_R.weight": numbers(3, 1)})
    for words, settings in ((["says use_cayley_neumann"], {}),
                            (["its rotations are 3 x 1", "8 x 6"], {"use_cayley_neumann": False, "block_share": True})):
        (turning / "adapter_config.json").write_text(json.dumps({"peft_type": "OFT", **settings}))
        refused(here, base, turned, words=words)
    placed = write(here / "placed.safetensors", {"0": numbers(8, 2), "1": numbers(2, 6)})
    refused(here, base, placed, words=["positions, not names", "attention layers"])
    butterfly = write(here / "butterfly.safetensors", {"lora_unet_double_blocks_0_img_attn_qkv.oft_blocks": numbers(3, 6, 4, 4)})
    fused = write(here / "fused.safetensors", {f"transformer_blocks.0.attn.to_{n}.weight": numbers(8, 6) for n in "qkv"})
    refused(here, fused, butterfly, words=["its blocks are 3 x 6 x 4 x 4, the weight 24 x 6"])
    rows = write(here / "rows.safetensors", {"lora_unet_double_blocks_0_img_attn_qkv.oft_blocks": numbers(6, 4, 4)})
    refused(here, fused, rows, words=["cannot be shared out among them"])
    good = kohya_file("good.safetensors", a__up=up, a__down=down, a__alpha=alpha)
    refused(here, base, base, words=["no adapter"])
    refused(here, here / "missing.safetensors", good, words=["missing.safetensors"])
    refused(here, base, here / "missing.safetensors", words=["missing.safetensors"])
    refused(here, base, good, out="base.safetensors", words=["is what is merged"])
    refused(here, base, good, out="more.safetensors", words=["is there already"])
    refused(here, base, good, out="out.bin", words=[".safetensors"])
    refused(here, base, good, "--scale", "much", words=["expected a number"])
    cut = here / "cut.safetensors"
    cut.write_bytes(base.read_bytes()[:-40])
    refused(here, cut, good, words=["cut.safetensors"])
    full = write(here / "full.safetensors", {"a.weight": ("F16", np.full((8, 6), 65000.0))})
    strong = kohya_file("strong.safetensors", a__up=np.full((8, 2), 500.0), a__down=np.full((2, 6), 5.0), a__alpha=alpha)
    refused(here, full, strong, words=["more than f16 can"])


def try_torch(folder):
    try:
        import torch
    except ImportError:
        return
    tensors, config, shapes, becomes = kohya()
    adapter = write_adapter(folder / "torch", tensors, config)
    weights = {name: numbers(*shape, dtype="F16") for name, shape in shapes.items()}
    state = {name: torch.tensor(w).half() for name, w in weights.items()}
    state["strided.weight"] = torch.arange(12).reshape(3, 4).t()
    for label, options in (("zip", {}), ("legacy", {"_use_new_zipfile_serialization": False})):
        base, out = folder / f"{label}.bin", folder / f"{label}.safetensors"
        torch.save(state, base, **options)
        merge(base, adapter, "-o", out, "--precise")
        compare(f"torch {label}", out, "F16", weights, becomes)
        checks.equal(read(out)[0]["strided.weight"], ("I64", (4, 3), state["strided.weight"].contiguous().numpy().tobytes()), "a strided tensor is copied")


def try_shards(folder):
    tensors, config, shapes, becomes = kohya()
    adapter = write_adapter(folder / "sharded", tensors, config)
    weights, all_tensors = make_base(shapes, "BF16")
    names = list(all_tensors)
    model = folder / "model"
    model.mkdir()
    files = {"model-00001-of-00002.safetensors": names[:2], "model-00002-of-00002.safetensors": names[2:]}
    for file, members in files.items():
        write(model / file, {name: all_tensors[name] for name in members})
    index = {"metadata": {"total_size": 1}, "weight_map": {name: file for file, members in files.items() for name in members}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    out = folder / "merged"
    for base in (model, model / "model.safetensors.index.json"):
        merge(base, adapter, "-o", out, "--precise")
        checks.equal(listing(out), sorted([*files, "model.safetensors.index.json"]), "the shards keep their names")
        written = json.loads((out / "model.safetensors.index.json").read_text())
        checks.equal(written["weight_map"], index["weight_map"], "the index says where each tensor is")
        size = sum(len(raw) for file in files for _, _, raw in read(out / file)[0].values())
        checks.equal(written["metadata"]["total_size"], size, "the index says how large they are")
        for file, members in files.items():
            checks.equal(set(read(out / file)[0]), set(members), f"{file} holds what it held")
            compare(file, out / file, "BF16", {n: w for n, w in weights.items() if n in members}, becomes)
            before, after = read(model / file)[0], read(out / file)[0]
            checks.that(all(after[n] == before[n] for n in members if n not in becomes), f"{file}: untouched tensors are the same bytes")
        for path in out.iterdir():
            path.unlink()
        out.rmdir()
    refused(folder, model, adapter, out="merged.safetensors", words=["in shards"])
    (model / "model-00002-of-00002.safetensors").unlink()
    refused(folder, model, adapter, out="merged", words=["model-00002-of-00002.safetensors"])


def try_stopped(folder):
    """Interrupted in the middle, and out of room: nothing is left."""
    here = folder / "stopped"
    here.mkdir()
    up, down = numbers(2048, 64), numbers(64, 8192)
    adapter = write(here / "adapter.safetensors", {"lora_unet_a.lora_up.weight": up, "lora_unet_a.lora_down.weight": down})
    base = write(here / "base.safetensors", {"a.weight": np.zeros((2048, 8192)), "b.weight": np.zeros((2048, 2048))})
    before = listing(here)
    process = subprocess.Popen([tool(), "merge", str(base), str(adapter), "-o", str(here / "out.safetensors")], env=environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.time() + 60
    while listing(here) == before and process.poll() is None and time.time() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    checks.equal(process.returncode, -signal.SIGINT, "an interrupted merge ends as the signal ends it")
    checks.equal(listing(here), before, "an interrupted merge leaves nothing")

    def little_room():
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    done = subprocess.run([tool(), "merge", str(base), str(adapter), "-o", str(here / "out.safetensors")], env=environment(),
                          capture_output=True, preexec_fn=little_room, check=False)
    checks.equal(done.returncode, 2, "a full disk is an error")
    checks.that(b"cannot be written" in done.stderr, f"and says so: {done.stderr!r}")
    checks.equal(listing(here), before, "a merge that could not be written leaves nothing")


def try_real(folder):
    """A PEFT adapter of gpt2 as it was published, into weights of gpt2's shapes."""
    real = SHARED / "real/peft-gpt2"
    if not real.is_dir():
        print("without the published adapter: ../shared/real is not here")
        return
    config = json.loads((real / "adapter_config.json").read_text())
    adapter = {name: decode(raw, dtype, shape) for name, (dtype, shape, raw) in read(real / "adapter_model.safetensors")[0].items()}
    downs = {name[len(PEFT):-len(".lora_A.weight")]: value for name, value in adapter.items() if name.endswith(".lora_A.weight")}
    ups = {name[len(PEFT):-len(".lora_B.weight")]: value for name, value in adapter.items() if name.endswith(".lora_B.weight")}
    checks.that(len(downs) == 12 and set(downs) == set(ups), "gpt2's twelve modules")
    scale = config["lora_alpha"] / config["r"]
    names = {module: module[len("transformer."):] + ".weight" for module in downs}
    weights, all_tensors = make_base({names[m]: (downs[m].shape[1], ups[m].shape[0]) for m in downs}, "F16")
    base = write(folder / "gpt2.safetensors", all_tensors)
    merge(base, real, "-o", folder / "gpt2-merged.safetensors", "--precise")
    compare("gpt2", folder / "gpt2-merged.safetensors", "F16", weights,
            {names[m]: (lambda w, m=m: w + scale * (ups[m] @ downs[m]).T) for m in downs})


def try_gguf(folder):
    """llama.cpp's adapter of an embedding and of layers, into a base with transformers' names. Its converter reorders the rows of
    queries and keys by heads, which is taken back where the base's config.json says how many there are."""
    a, b, c, d, e, f = (numbers(*shape).astype("<f4") for shape in ((50, 4), (16, 4), (4, 16), (24, 4), (4, 16), (12, 4)))

    def permuted(rows, heads):
        return rows.reshape(heads, 2, len(rows) // heads // 2, -1).swapaxes(1, 2).reshape(rows.shape)
    arrays = {"token_embd.weight.lora_a": a, "token_embd.weight.lora_b": b, "blk.2.attn_q.weight.lora_a": c, "blk.2.attn_q.weight.lora_b": permuted(d, 4),
              "blk.2.attn_k.weight.lora_a": e, "blk.2.attn_k.weight.lora_b": permuted(f, 2)}
    adapter = folder / "adapter.gguf"
    adapter.write_bytes(gguf("<", [(name, 0, list(reversed(array.shape)), array.tobytes()) for name, array in arrays.items()]))
    weights, all_tensors = make_base({"model.embed_tokens.weight": (50, 16), "model.layers.2.self_attn.q_proj.weight": (24, 16),
                                      "model.layers.2.self_attn.k_proj.weight": (12, 16)}, "BF16")
    (folder / "llama").mkdir()
    base = write(folder / "llama" / "model.safetensors", all_tensors)
    refused(folder, base, adapter, words=["reordered the rows of queries and keys by heads", "num_attention_heads", "blk.2.attn_k"])
    (folder / "llama" / "config.json").write_text(json.dumps({"num_attention_heads": 5}))
    refused(folder, base, adapter, words=["its 24 rows are no 5 heads"])
    (folder / "llama" / "config.json").write_text(json.dumps({"num_attention_heads": 4, "num_key_value_heads": 2}))
    merge(base, adapter, "-o", folder / "llama-merged.safetensors", "--precise")
    wide = {name: array.astype(np.float64) for name, array in arrays.items()}
    d, f = d.astype(np.float64), f.astype(np.float64)
    compare("gguf", folder / "llama-merged.safetensors", "BF16", weights, {
        "model.embed_tokens.weight": lambda w: w + 4 * wide["token_embd.weight.lora_a"] @ wide["token_embd.weight.lora_b"].T,
        "model.layers.2.self_attn.q_proj.weight": lambda w: w + 4 * d @ wide["blk.2.attn_q.weight.lora_a"],
        "model.layers.2.self_attn.k_proj.weight": lambda w: w + 4 * f @ wide["blk.2.attn_k.weight.lora_a"]})
    other = folder / "other.gguf"
    other.write_bytes(adapter.read_bytes().replace(b"\5\0\0\0\0\0\0\0llama", b"\5\0\0\0\0\0\0\0plamo"))
    refused(folder, base, other, words=["for the architecture plamo is not known"])


def try_jobs(folder):
    """The same bytes for any number of threads, and from run to run."""
    tensors, config, shapes, _ = kohya()
    adapter = write_adapter(folder / "jobs", tensors, config)
    base = write(folder / "jobs.safetensors", make_base(shapes, "BF16")[1])
    outs = [folder / f"jobs-{jobs}.safetensors" for jobs in (1, 2, 5)]
    for jobs, out in zip((1, 2, 5), outs):
        merge(base, adapter, "-o", out, "--jobs", jobs)
    checks.that(len({out.read_bytes() for out in outs}) == 1, "the number of threads changes no bit")


def try_text(folder):
    tensors, config, shapes, _ = kohya()
    adapter = write_adapter(folder / "text", tensors, config)
    base = write(folder / "text.safetensors", make_base(shapes, "BF16")[1])
    done = run("merge", base, adapter, "-o", folder / "text-out.safetensors", "-v", env=environment(COLUMNS="80"))
    text = done.stdout.decode()
    for word in ("3 modules (lora) merged into 3 tensors", "3 tensors unchanged bit for bit, 3 as computed, read back", "max |dW|",
                 "computed in f32, rounded once to bf16", "down_blocks.0.resnets.0.conv2.weight"):
        checks.that(word in text, f"the report says \"{word}\": {text}")
    quiet = run("merge", base, adapter, "-o", folder / "text-out.safetensors", "-q", "--force").stdout.decode()
    checks.equal(quiet.count("\n"), 1, "one line with --quiet")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(folder)
        for trial in (try_families, try_scale, try_rotation_strength, try_undo, try_refusals, try_torch, try_shards, try_gguf, try_real, try_stopped, try_jobs, try_text):
            trial(folder)
    checks.finish()


main()
