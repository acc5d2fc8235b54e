# SPDX-License-Identifier: Apache-2.0
"""Makers of adapters: a plain one of kohya's family, one of several methods, and one with everything wrong."""

import hashlib
import io
import json

import numpy as np
from make_common import sample, weights
from make_weights import safetensors

UNET = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_"


def entry(array):
    array = np.asarray(array, np.float32)
    return "F32", array.shape, array.tobytes()


def pair(module, rank, out, into, seed, alpha=None):
    tensors = {module + ".lora_down.weight": entry(weights(rank, into, seed=seed)),
               module + ".lora_up.weight": entry(weights(out, rank, seed=seed + 1))}
    if alpha is not None:
        tensors[module + ".alpha"] = entry(alpha)
    return tensors


@sample("safetensors/kohya.safetensors", "by hand", "a kohya adapter in small, for a UNet and a text encoder, with its metadata")
def kohya():
    tensors = {**pair(UNET + "to_q", 4, 32, 32, 60, 2), **pair(UNET + "to_v", 4, 32, 32, 62, 2),
               **pair("lora_te_text_model_encoder_layers_0_mlp_fc1", 4, 64, 24, 64, 2)}
    return safetensors(tensors, {"ss_network_module": "networks.lora", "ss_network_dim": "4", "ss_network_alpha": "2.0",
                                 "ss_base_model_version": "sd_v1"})


@sample("safetensors/lycoris.safetensors", "by hand", "modules of several methods: LoHa, LoKr, a Tucker convolution, DoRA, a norm")
def lycoris():
    block = "lora_unet_up_blocks_0_resnets_0_"
    tensors = {}
    for i, role in enumerate(("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")):
        tensors[f"{UNET}to_q.{role}"] = entry(weights(*((32, 4) if i % 2 == 0 else (4, 32)), seed=70 + i))
    tensors[UNET + "to_q.alpha"] = entry(1)
    tensors.update({UNET + "to_k.lokr_w1": entry(weights(4, 4, seed=74)), UNET + "to_k.lokr_w2_a": entry(weights(8, 2, seed=75)),
                    UNET + "to_k.lokr_w2_b": entry(weights(2, 8, seed=76)), UNET + "to_k.alpha": entry(2)})
    tensors.update({block + "conv1.lora_down.weight": entry(weights(4, 16, 1, 1, seed=77)),
                    block + "conv1.lora_mid.weight": entry(weights(4, 4, 3, 3, seed=78)),
                    block + "conv1.lora_up.weight": entry(weights(16, 4, 1, 1, seed=79)), block + "conv1.alpha": entry(4)})
    tensors.update({**pair(UNET + "to_v", 4, 32, 32, 80, 4), UNET + "to_v.dora_scale": entry(1 + weights(32, 1, seed=82))})
    tensors[block + "norm1.w_norm"] = entry(weights(16, seed=83))
    return safetensors(tensors, {"ss_network_module": "lycoris.kohya"})


@sample("safetensors/broken-adapter.safetensors", "by hand",
        "an adapter with a half missing, ranks that do not fit, an untrained and a spoilt module, a foreign key, an alpha that is contested")
def broken():
    tensors = {**pair(UNET + "to_q", 4, 32, 32, 90, 2), **pair(UNET + "to_k", 4, 32, 32, 92, 2), **pair(UNET + "to_v", 4, 32, 32, 94, 2),
               **pair(UNET + "to_out_0", 4, 32, 32, 96, 2)}
    del tensors[UNET + "to_q.lora_up.weight"]
    tensors[UNET + "to_k.lora_up.weight"] = entry(weights(32, 3, seed=98))
    tensors[UNET + "to_v.lora_up.weight"] = entry(np.zeros((32, 4)))
    tensors[UNET + "to_out_0.lora_up.weight"] = entry(np.full((32, 4), np.nan))
    tensors["conditioner.step"] = entry(100)
    return safetensors(tensors, {"ss_network_alpha": "8"})


@sample("safetensors/trained.safetensors", "by hand",
        "a kohya adapter with the metadata of its training: hashes right, empty and stale, and what gives away who trained it")
def trained():
    tensors = {**pair(UNET + "to_q", 4, 32, 32, 100, 2), **pair(UNET + "to_v", 4, 32, 32, 102, 2)}
    data = b"".join(raw for dtype, shape, raw in tensors.values())
    return safetensors(tensors, {
        "ss_network_module": "networks.lora", "ss_network_dim": "4", "ss_network_alpha": "2.0", "ss_base_model_version": "sd_v1",
        "ss_sd_model_name": "C:\\Users\\jane\\models\\v1-5-pruned.safetensors", "ss_sd_model_hash": "e1441589",
        "ss_output_name": "my_dog", "ss_steps": "1500", "ss_max_train_steps": "2000", "ss_epoch": "3", "ss_num_epochs": "4",
        "ss_training_started_at": "1709296200.25", "ss_training_finished_at": "1709299800.5", "ss_num_train_images": "310",
        "ss_learning_rate": "0.0001", "ss_optimizer": "bitsandbytes.optim.adamw.AdamW8bit", "ss_seed": "42",
        "ss_dataset_dirs": json.dumps({"10_sks dog": {"n_repeats": 10, "img_count": 31}}),
        "ss_tag_frequency": json.dumps({"10_sks dog": {"sks dog": 31, "outdoors": 12, "jane's kitchen": 2}}),
        "ss_bucket_info": "{broken",
        "modelspec.author": "Jane", "modelspec.hash_sha256": "0x" + hashlib.sha256(b"stale").hexdigest(),
        "sshs_model_hash": hashlib.sha256(data).hexdigest(), "sshs_legacy_hash": hashlib.sha256(b"").hexdigest()[:8]})


# --- Halves in files of their own -----------------------------------------------------------------------------------


@sample("raw-triad/style/up-param.bin", "ndarray.tobytes", "the up half of a raw triad, 64 x 8 float32 without a header")
def triad_up():
    return weights(64, 8, seed=100).tobytes()


@sample("raw-triad/style/down-param.bin", "ndarray.tobytes", "its down half, 8 x 48")
def triad_down():
    return weights(8, 48, seed=101).tobytes()


@sample("raw-triad/style/adapter_config.json", "json.dumps", "its rank and alpha, which give the halves their shapes")
def triad_config():
    return json.dumps({"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["q_proj"]}, indent=2).encode()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@sample("raw-triad/alpha/lora_B.npy", "numpy.save", "an up half under PEFT's letter")
def letter_up():
    return npy(weights(32, 4, seed=102))


@sample("raw-triad/alpha/lora_A.npy", "numpy.save", "its down half")
def letter_down():
    return npy(weights(4, 24, seed=103))


@sample("raw-triad/alpha/alpha.npy", "numpy.save", "their alpha in a file of its own")
def letter_alpha():
    return npy(np.array(2, np.float32))


@sample("raw-triad/dead/down-param.bin", "ndarray.tobytes", "a down half and nothing else: a dead adapter")
def dead_down():
    return weights(8, 48, seed=104).tobytes()
