# SPDX-License-Identifier: Apache-2.0
"""upinspect file --base: adapters against bases in every container, with names and shapes that fit and that do not, and
what is said where the base is none. What fits is told here by hand.

    UPINSPECT=build/dev/upinspect python3 tests/cli/base_test.py
"""

import json
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "interop"))
from support.adapters import write_safetensors  # noqa: E402
from support.scripts import Checks, need, run  # noqa: E402

np = need("numpy")
checks = Checks()


def zeros(shapes):
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def fit(base, adapter, *options, code=0):
    result = run("file", "--format", "json", "--base", base, *options, adapter)
    checks.equal(result.returncode, code, f"{adapter} on {base}: exit code ({result.stderr.decode(errors='replace')})")
    return json.loads(result.stdout)["artifacts"][0]


def verdicts(artifact):
    return {module["module"]: (module["verdict"], module.get("weight")) for module in artifact["base_fit"]["modules"]}


def findings(artifact):
    return {finding["id"]: finding["severity"] for finding in artifact["findings"] if finding["id"].startswith("lora.base")}


LLAMA = {"model.layers.0.self_attn.q_proj.weight": (32, 16), "model.layers.0.mlp.down_proj.weight": (16, 64), "model.embed_tokens.weight": (100, 16),
         "model.norm.weight": (16,)}
PEFT = "base_model.model.model.layers.0."


def peft(folder, **shapes):
    """`shapes` maps q, down, up and so on to (rank, in, out)."""
    names = {"q": "self_attn.q_proj", "down": "mlp.down_proj", "up": "mlp.up_proj"}
    tensors = {}
    for key, (rank, into, out) in shapes.items():
        tensors[f"{PEFT}{names[key]}.lora_A.weight"] = (rank, into)
        tensors[f"{PEFT}{names[key]}.lora_B.weight"] = (out, rank)
    folder.mkdir(exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 4, "lora_alpha": 8}))
    return write_safetensors(folder / "adapter_model.safetensors", zeros(tensors))


def names_and_shapes(root):
    base = write_safetensors(root / "model.safetensors", zeros(LLAMA))
    good = fit(base, peft(root / "good", q=(4, 16, 32), down=(4, 64, 16)))
    checks.equal(verdicts(good), {PEFT + "self_attn.q_proj": ("fits", "model.layers.0.self_attn.q_proj.weight"),
                                  PEFT + "mlp.down_proj": ("fits", "model.layers.0.mlp.down_proj.weight")}, "all fit")
    checks.equal(findings(good), {}, "all fit: findings")
    checks.equal(good["base_fit"]["fitting"], 2, "all fit: how many")
    checks.equal([module["weight_shape"] for module in good["base_fit"]["modules"]], [[32, 16], [16, 64]], "shapes of the base")

    bad = fit(base, peft(root / "bad", q=(4, 17, 32), up=(4, 16, 64), down=(4, 64, 16)), "--fail-on", "error", code=1)
    checks.equal({name.removeprefix(PEFT): verdict for name, (verdict, _) in verdicts(bad).items()},
                 {"self_attn.q_proj": "wrong-shape", "mlp.up_proj": "missing", "mlp.down_proj": "fits"}, "some do not fit")
    checks.equal(findings(bad), {"lora.base-missing": "warning", "lora.base-shape": "error"}, "some do not fit: findings")
    shape = next(finding for finding in bad["findings"] if finding["id"] == "lora.base-shape")
    checks.that("32 x 17" in shape["message"] and "32 x 16" in shape["message"], f"both shapes are told: {shape['message']}")
    checks.that(shape["tensor"].startswith(PEFT + "self_attn.q_proj") and shape["offset"] > 0, f"the finding has its place: {shape}")

    foreign = fit(base, write_safetensors(root / "foreign.safetensors", zeros(
        {"lora_unet_x.lora_down.weight": (4, 16), "lora_unet_x.lora_up.weight": (16, 4)})))
    checks.equal(findings(foreign), {"lora.base-missing": "error"}, "an adapter for another model")

    extra = zeros({f"{PEFT}self_attn.q_proj.lora_A.weight": (4, 16), f"{PEFT}self_attn.q_proj.lora_B.weight": (32, 4), "strange": (3,)})
    ignored = fit(base, write_safetensors(root / "ignored.safetensors", extra))
    checks.equal(ignored["base_fit"]["ignored"], ["strange"], "what no module explains")
    checks.that(findings(ignored).get("lora.base-ignored") == "note", "what no module explains: a finding")

    whole = {**extra, "base_model.model.model.embed_tokens.modules_to_save.weight": np.zeros(LLAMA["model.embed_tokens.weight"], np.float32),
             PEFT + "mlp.down_proj.weight": np.zeros((3, 3), np.float32)}
    saved = fit(base, write_safetensors(root / "saved.safetensors", whole))
    checks.equal(verdicts(saved), {PEFT + "self_attn.q_proj": ("fits", "model.layers.0.self_attn.q_proj.weight"),
                                   "base_model.model.model.embed_tokens": ("fits", "model.embed_tokens.weight"),
                                   PEFT + "mlp.down_proj": ("wrong-shape", "model.layers.0.mlp.down_proj.weight")}, "layers that were saved whole")
    checks.equal(saved["base_fit"]["ignored"], ["strange"], "and what is none")

    placed = fit(base, write_safetensors(root / "placed.safetensors", zeros({"unet:0:up": (16, 2), "unet:0:down": (2, 16)})))
    told = next(finding for finding in placed["findings"] if finding["id"] == "lora.base-missing")
    checks.that("positions, not names" in told["message"], f"why positions mean nothing here: {told}")

    moved = fit(write_safetensors(root / "moved.safetensors", zeros({"language_model." + key: shape for key, shape in LLAMA.items()})),
                root / "good" / "adapter_model.safetensors")
    checks.equal([verdict for verdict, _ in verdicts(moved).values()], ["fits", "fits"], "a prefix that all names of the base have")
    checks.that("language_model" in moved["base_fit"].get("prefix", ""), "the prefix is told")

    plain = fit(base, base)
    checks.equal(findings(plain), {"lora.base-no-adapter": "note"}, "a base held against itself")
    checks.that("base_fit" not in plain, "a base held against itself has no fit")


def methods(root):
    """Convolutions, embeddings, LoHa, LoKr, full differences, biases, packed weights."""
    base = write_safetensors(root / "unet.safetensors", {**zeros({
        "model.diffusion_model.conv.weight": (8, 6, 3, 3), "model.diffusion_model.lin.weight": (8, 6), "model.diffusion_model.lin.bias": (8,),
        "model.diffusion_model.kr.weight": (8, 12), "model.diffusion_model.tok.weight": (50, 6), "model.diffusion_model.n.weight": (8,)}),
        "model.diffusion_model.packed.weight": np.zeros((24, 1), np.uint8)})
    for what, shapes, expected in (
            ("a convolution", {"lora_unet_conv.lora_down.weight": (2, 6, 3, 3), "lora_unet_conv.lora_up.weight": (8, 2, 1, 1)}, "fits"),
            ("a convolution of another kernel", {"lora_unet_conv.lora_down.weight": (2, 6, 1, 1), "lora_unet_conv.lora_up.weight": (8, 2, 1, 1)}, "wrong-shape"),
            ("Tucker", {"lora_unet_conv.lora_down.weight": (2, 6, 1, 1), "lora_unet_conv.lora_mid.weight": (2, 2, 3, 3), "lora_unet_conv.lora_up.weight": (8, 2, 1, 1)}, "fits"),
            ("LoHa", {"lora_unet_lin.hada_w1_a": (8, 2), "lora_unet_lin.hada_w1_b": (2, 6), "lora_unet_lin.hada_w2_a": (8, 2), "lora_unet_lin.hada_w2_b": (2, 6)}, "fits"),
            ("LoHa of another size", {"lora_unet_lin.hada_w1_a": (8, 2), "lora_unet_lin.hada_w1_b": (2, 7), "lora_unet_lin.hada_w2_a": (8, 2), "lora_unet_lin.hada_w2_b": (2, 7)}, "wrong-shape"),
            ("LoKr", {"lora_unet_kr.lokr_w1": (2, 3), "lora_unet_kr.lokr_w2": (4, 4)}, "fits"),
            ("LoKr of another size", {"lora_unet_kr.lokr_w1": (2, 2), "lora_unet_kr.lokr_w2": (4, 4)}, "wrong-shape"),
            ("a whole difference", {"lora_unet_lin.diff": (8, 6)}, "fits"),
            ("a difference turned", {"lora_unet_lin.diff": (6, 8)}, "wrong-shape"),
            ("a bias", {"lora_unet_lin.diff_b": (8,)}, "fits"),
            ("a bias that is not there", {"lora_unet_conv.diff_b": (8,)}, "missing"),
            ("BOFT, which merge does not know", {"lora_unet_lin.oft_blocks": (2, 2, 4, 4)}, "fits"),
            ("a norm", {"lora_unet_n.w_norm": (8,)}, "fits"),
            ("a packed weight", {"lora_unet_packed.lora_down.weight": (2, 6), "lora_unet_packed.lora_up.weight": (8, 2)}, "unknown")):
        artifact = fit(base, write_safetensors(root / "adapter.safetensors", zeros(shapes)))
        if checks.that("base_fit" in artifact, f"{what}: is an adapter"):
            checks.equal([module["verdict"] for module in artifact["base_fit"]["modules"]], [expected], what)


def gguf(tensors):
    from gguf_interop import gguf as written
    return written("<", [(name, 0, list(reversed(shape)), bytes(4 * int(np.prod(shape)))) for name, shape in tensors.items()])


def containers(root):
    adapter = peft(root / "adapter", q=(4, 16, 32), down=(4, 64, 16))
    folder = root / "llama"
    folder.mkdir()
    write_safetensors(folder / "model-00001-of-00002.safetensors", zeros(dict(list(LLAMA.items())[:1])))
    write_safetensors(folder / "model-00002-of-00002.safetensors", zeros(dict(list(LLAMA.items())[1:])))
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": {name: f"model-0000{1 if i == 0 else 2}-of-00002.safetensors"
                                                                for i, name in enumerate(LLAMA)}}))
    (root / "base.gguf").write_bytes(gguf({"blk.0.attn_q.weight": (32, 16), "blk.0.ffn_down.weight": (16, 64)}))
    bases = [("an index", index), ("a folder with an index", folder), ("GGUF", root / "base.gguf")]
    single = root / "single"
    single.mkdir()
    write_safetensors(single / "anything.safetensors", zeros(LLAMA))
    bases.append(("a folder with one file", single))
    try:
        import torch
        torch.save({name: torch.zeros(shape) for name, shape in LLAMA.items()}, root / "base.pt")
        bases.append(("a torch file", root / "base.pt"))
    except ImportError:
        pass
    for what, base in bases:
        artifact = fit(base, adapter)
        checks.equal([verdict for verdict, _ in verdicts(artifact).values()], ["fits", "fits"], what)

    pipeline = root / "pipeline"
    for component, tensors in (("unet", {"mid.to_q.weight": (8, 8)}), ("text_encoder", {"text_model.fc1.weight": (16, 8)})):
        (pipeline / component).mkdir(parents=True)
        name = "model.safetensors" if component == "text_encoder" else "diffusion_pytorch_model.safetensors"
        write_safetensors(pipeline / component / name, zeros(tensors))
    kohya = write_safetensors(root / "kohya.safetensors", zeros({
        "lora_unet_mid_to_q.lora_down.weight": (2, 8), "lora_unet_mid_to_q.lora_up.weight": (8, 2),
        "lora_te_text_model_fc1.lora_down.weight": (2, 8), "lora_te_text_model_fc1.lora_up.weight": (16, 2)}))
    checks.equal(verdicts(fit(pipeline, kohya)), {"lora_unet_mid_to_q": ("fits", "unet.mid.to_q.weight"),
                                                  "lora_te_text_model_fc1": ("fits", "text_encoder.text_model.fc1.weight")}, "a folder of diffusers")


def headers_only(root):
    """A base of a TiB that is not there but for its header: nothing of it is read."""
    header = json.dumps({"model.layers.0.self_attn.q_proj.weight": {"dtype": "F32", "shape": [32, 16], "data_offsets": [0, 2048]},
                         "big": {"dtype": "F32", "shape": [1 << 38], "data_offsets": [2048, 2048 + (1 << 40)]}}).encode()
    base = root / "big.safetensors"
    with base.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        try:
            file.truncate(8 + len(header) + 2048 + (1 << 40))
        except OSError:
            return
    artifact = fit(base, peft(root / "quick", q=(4, 16, 32)), "--quick")
    checks.equal([verdict for verdict, _ in verdicts(artifact).values()], ["fits"], "a base of a TiB")


def texts(root):
    base = write_safetensors(root / "model.safetensors", zeros(LLAMA))
    result = run("file", "--base", base, peft(root / "bad", q=(4, 17, 32), up=(4, 16, 64), down=(4, 64, 16)))
    text = result.stdout.decode()
    for part in ("fits         1 of 3 modules", "no weight    1 module", "wrong shape  1 module", "lora.base-shape", "lora.base-missing"):
        checks.that(part in text, f"the text has {part!r}:\n{text}")
    verbose = run("file", "-v", "--base", base, root / "bad" / "adapter_model.safetensors").stdout.decode()
    checks.that("mlp.down_proj.weight(16x64)" in "".join(verbose.split()), "verbose names the weights that fit")


def errors(root):
    adapter = peft(root / "fine", q=(4, 16, 32))
    (root / "page.safetensors").write_bytes(b"<!DOCTYPE html><html><body>404</body></html>")
    (root / "pointer.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 5\n")
    (root / "empty").mkdir()
    for what, base, words in (("no such file", root / "nowhere", "no such file"), ("a web page", root / "page.safetensors", "holds no tensors"),
                              ("an LFS pointer", root / "pointer.safetensors", "holds no tensors"), ("an empty folder", root / "empty", "name the file"),
                              ("an adapter", adapter, "adapter itself")):
        result = run("file", "--base", base, adapter)
        message = result.stderr.decode().lower()
        checks.equal(result.returncode, 2, f"{what}: exit code")
        checks.equal(result.stdout, b"", f"{what}: nothing is printed")
        checks.that(message.startswith("upinspect: ") and words in message and str(base).lower() in message, f"{what}: {message}")
    output = root / "report.json"
    run("file", "--base", root / "nowhere", "--format", "json", "-o", output, adapter)
    checks.that(not output.exists() and not list(root.glob("*.json.*")), "no report is left")


for test in (names_and_shapes, methods, containers, headers_only, texts, errors):
    with tempfile.TemporaryDirectory() as name:
        test(Path(name))
checks.finish()
