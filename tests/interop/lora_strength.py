# SPDX-License-Identifier: Apache-2.0
"""Norms, singular values and effective rank of every module, against numpy's SVD of the whole update to 1e-5: all families
and methods, halves that are hard to factorise, the real files; and the findings that rest on them.

    UPINSPECT=build/dev/upinspect python3 tests/interop/lora_strength.py [NAME...]
"""

import json
import math
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads that wait for each other on a busy machine take minutes
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from lora_families import REAL, checks, inspect, safetensors, values_of, write  # noqa: E402
from lora_samples import samples  # noqa: E402
from support.scripts import SHARED, need, run  # noqa: E402

np = need("numpy")
from support.adapters import NUMPY, write_safetensors  # noqa: E402

CLOSE = 1e-5
FLOOR = 1e-9  # of the largest singular value: what an SVD of the whole product resolves


# --- Updates, whole ---------------------------------------------------------------------------------------------------


def flat(array):
    return array.reshape(array.shape[0], -1)


def tucker(core, left, right):
    """left (out x a), core (a x b x kernel), right (b x in): out x (in kernel)."""
    return np.einsum("oa,abk,bi->oik", left, core.reshape(*core.shape[:2], -1), right).reshape(left.shape[0], -1)


def low_rank(get, fact):
    if get("lora_up.0.weight") is not None:
        return np.concatenate([flat(get(f"lora_up.{i}.weight")) @ flat(get(f"lora_down.{i}.weight")) for i in range(fact["groups"])])
    up, down = get(fact["up"]), get(fact["down"])
    if fact.get("experts"):
        if up.ndim == 2:  # PEFT's ParamWrapper.get_delta_weight
            down = down.reshape(fact["experts"], -1, down.shape[-1])
            up = up.reshape(up.shape[0], -1, fact["experts"]).transpose(2, 0, 1)
        blocks = [up[i] @ down[i] for i in range(fact["experts"])]
        whole = np.zeros((sum(b.shape[0] for b in blocks), sum(b.shape[1] for b in blocks)))
        row = column = 0
        for block in blocks:
            whole[row:row + block.shape[0], column:column + block.shape[1]] = block
            row, column = row + block.shape[0], column + block.shape[1]
        return whole
    if fact.get("transposed"):
        down = down.T
        up = up.T if fact["transposed"] == "both" else up
    if fact.get("groups"):
        groups, up = fact["groups"], flat(up)
        return np.concatenate([u @ d for u, d in zip(np.split(up, groups), np.split(down, groups))])
    if fact.get("mid"):
        return tucker(get(fact["mid"]), flat(up), flat(down))
    if get("lora_E") is not None:
        down = get("lora_E").reshape(-1, 1) * down
    return flat(up) @ flat(down)


def hadamard(get):
    def one(number):
        a, b, core = get(f"hada_w{number}_a"), get(f"hada_w{number}_b"), get(f"hada_t{number}")
        return a @ flat(b) if core is None else tucker(core, a.T, b)
    return one(1) * one(2)


def kronecker(get):
    first = get("lokr_w1") if get("lokr_w1") is not None else get("lokr_w1_a") @ get("lokr_w1_b")
    second, core = get("lokr_w2"), get("lokr_t2")
    if second is None and core is not None:
        second = tucker(core, get("lokr_w2_a").T, get("lokr_w2_b"))
    elif second is None:
        second = get("lokr_w2_a") @ get("lokr_w2_b")
    return np.kron(first, flat(second))


def whole_update(arrays, name, fact):
    """scale x update as numpy makes it; nothing where the method adds nothing of its own."""
    def get(key):
        for candidate in (key, f"{name}.{key}"):
            if candidate in arrays:
                return arrays[candidate].astype(np.float64)
        return None
    scale = 1 if fact["scale"] is None else fact["scale"]
    method = fact["method"]
    if method in ("lora", "dora", "adalora"):
        update = low_rank(get, fact)
    elif method == "loha":
        update = hadamard(get)
    elif method == "lokr":
        update = kronecker(get)
    elif method == "glora":
        b1, b2 = get("b1.weight"), get("b2.weight")
        update = b1 @ b2 if b1.shape[1] == b2.shape[0] and b1.shape[1] == fact["rank"] else b2 @ b1
    elif method in ("full", "norm"):
        update = get("w_norm" if method == "norm" else "diff")
        update = None if update is None else update.reshape(1, -1) if update.ndim < 2 else flat(update)
    else:
        return None
    return None if update is None else scale * (1 if get("scalar") is None else float(get("scalar"))) * update


# --- Comparing --------------------------------------------------------------------------------------------------------


def close(got, wanted, floor=0.0):
    return got is not None and abs(got - wanted) <= CLOSE * abs(wanted) + floor


def compare(shown, module, update):
    delta = module.get("delta")
    if not checks.that(delta is not None, f"{shown}: no figures ({module.get('delta_note')})"):
        return
    if module["method"] == "full" and min(update.shape) > 256:
        checks.that(close(delta["frobenius"], np.linalg.norm(update)) and delta["spectral"] is None, f"{shown}: a Frobenius norm alone")
        return
    agree(shown, delta, np.linalg.svd(update, compute_uv=False), np.linalg.norm(update))


def agree(shown, delta, values, norm):
    squares = values ** 2 / max((values ** 2).sum(), 1e-300)
    squares = squares[squares > 0]
    rank = math.exp(-(squares * np.log(squares)).sum()) if len(squares) else 0
    checks.that(close(delta["frobenius"], norm), f"{shown}: frobenius {delta['frobenius']}, numpy {norm}")
    checks.that(close(delta["spectral"], values[0]), f"{shown}: spectral {delta['spectral']}, numpy {values[0]}")
    checks.that(close(delta["effective_rank"], rank), f"{shown}: effective rank {delta['effective_rank']}, numpy {rank}")
    listed = delta["singular_values"]
    checks.that(0 < len(listed) <= len(values) and listed == sorted(listed, reverse=True), f"{shown}: {len(listed)} singular values in order")
    checks.that(all(close(got, wanted, FLOOR * values[0]) for got, wanted in zip(listed, values)),
                f"{shown}: singular values {listed[:4]}…, numpy {values[:4]}…")
    checks.that(len(listed) == 1024 or (values[len(listed):] <= FLOOR * values[0]).all(), f"{shown}: singular values are missing")


def smaller(shape):
    """Shapes of real files whose whole update numpy would take minutes for."""
    return tuple(size // 8 if size >= 320 else size for size in shape) if isinstance(shape, tuple) else shape


def check_families(chosen):
    for sample in samples():
        if chosen and sample.name not in chosen:
            continue
        tensors = {key: smaller(shape) for key, shape in sample.tensors.items()}
        arrays = values_of(tensors)
        with tempfile.TemporaryDirectory() as folder:
            artifact = inspect(write(Path(folder), sample.kind, tensors, sample.metadata, sample.config))
        for module in artifact["adapter"]["modules"]:
            shown = f"{sample.name}: {module['name']}"
            update = whole_update(arrays, module["name"], sample.modules[module["name"]])
            if update is None:
                checks.that("delta" not in module, f"{shown}: no figures")
            else:
                compare(shown, module, update)


# --- Hard cases -------------------------------------------------------------------------------------------------------

ONE, DOWN, UP = "lora_unet_mid_block_attentions_0_proj_in", ".lora_down.weight", ".lora_up.weight"
rng = np.random.default_rng(7)


def inspected(tensors, *options, config=None, name="adapter.safetensors"):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(safetensors({key: np.asarray(array, np.float32) for key, array in tensors.items()}, None))
        if config is not None:
            (Path(folder) / "adapter_config.json").write_text(json.dumps(config))
        return inspect(path, *options)


def pair(down, up):
    return {ONE + DOWN: down.astype(np.float32), ONE + UP: up.astype(np.float32)}


def normal(*shape):
    return rng.standard_normal(shape)


def with_spectrum(rows, columns, values):
    left, right = np.linalg.qr(normal(rows, len(values)))[0], np.linalg.qr(normal(columns, len(values)))[0]
    return left * values, right.T


def check_hard():
    nearly = np.repeat(normal(1, 90), 6, 0) + 1e-5 * normal(6, 90)   # six rows that are nearly one
    zero_rows = normal(8, 50)
    zero_rows[3:] = 0
    steep_up, steep_down = with_spectrum(80, 60, np.logspace(0, -7, 8))
    cases = {
        "plain": pair(normal(5, 64), normal(33, 5)),
        "nearly parallel": pair(nearly, normal(70, 6)),
        "parallel": pair(np.repeat(normal(1, 90), 6, 0), normal(70, 6)),
        "zero rows": pair(zero_rows, normal(40, 8)),
        "sizes from 1 to 1e-7": pair(steep_down, steep_up),
        "features of sizes from 1e-20 to 1e20": pair(normal(5, 40) * np.logspace(-10, 10, 5)[:, None], normal(30, 5) * np.logspace(10, -10, 5)),
        "rank above the outputs": pair(normal(16, 64), normal(3, 16)),
        "rank above both": pair(normal(40, 7), normal(9, 40)),
        "rank 1": pair(normal(1, 64), normal(33, 1)),
        "rank 130 of many samples": pair(normal(130, 700), normal(400, 130)),
        "one output": pair(normal(4, 64), normal(1, 4)),
        "tiny": pair(1e-18 * normal(4, 64), 1e-18 * normal(32, 4)),
        "huge": pair(1e18 * normal(4, 64), 1e17 * normal(32, 4)),
        "zero": pair(normal(4, 64), np.zeros((32, 4))),
    }
    for shown, tensors in cases.items():
        module = inspected(tensors)["adapter"]["modules"][0]
        compare(shown, module, flat(tensors[ONE + UP].astype(np.float64)) @ flat(tensors[ONE + DOWN].astype(np.float64)))
    for shown, shapes in {"LoHa of more rank than outputs": (20, 8, 40), "LoHa of more rank than inputs": (300, 8, 30)}.items():
        out, rank, into = shapes
        tensors = {ONE + ".hada_w1_a": normal(out, rank), ONE + ".hada_w1_b": normal(rank, into), ONE + ".hada_w2_a": normal(out, rank),
                   ONE + ".hada_w2_b": normal(rank, into)}
        tensors = {key: array.astype(np.float32) for key, array in tensors.items()}
        module = inspected(tensors)["adapter"]["modules"][0]
        compare(shown, module, whole_update(tensors, ONE, {"method": "loha", "scale": module["scale"]}))


def half_precision():
    """f16 and bf16 halves are what their bytes say."""
    down, up = normal(6, 200).astype(np.float32), normal(150, 6).astype(np.float32)
    bits = {key: (array.view(np.uint32) >> 16).astype(np.uint16) for key, array in ((DOWN, down), (UP, up))}
    back = {key: (array.astype(np.uint32) << 16).view(np.float32) for key, array in bits.items()}
    halves = {key: array.astype(np.float16) for key, array in ((DOWN, down), (UP, up))}
    for dtype, stored, wanted in (("F16", halves, halves), ("BF16", bits, back)):
        with tempfile.TemporaryDirectory() as folder:
            path = write_safetensors(Path(folder) / "adapter.safetensors", {ONE + key: (dtype, array) for key, array in stored.items()})
            module = inspect(path)["adapter"]["modules"][0]
        compare(dtype, module, wanted[UP].astype(np.float64) @ wanted[DOWN].astype(np.float64))


def check_glora_core():
    """b1 @ b2 with a Tucker core between, as LyCORIS has it for kernels."""
    b1, b2, core = normal(24, 3, 1, 1), normal(3, 10, 1, 1), normal(3, 3, 3, 2)
    found = inspected({ONE + ".a1.weight": normal(10, 3, 1, 1), ONE + ".a2.weight": normal(3, 10, 1, 1), ONE + ".b1.weight": b1,
                       ONE + ".b2.weight": b2, ONE + ".bm.weight": core})
    compare("GLoRA with a core", found["adapter"]["modules"][0], tucker(core, flat(b1), flat(b2)))


def check_limits():
    big = inspected({ONE + ".hada_w1_a": normal(600, 32), ONE + ".hada_w1_b": normal(32, 700), ONE + ".hada_w2_a": normal(600, 32),
                     ONE + ".hada_w2_b": normal(32, 700)})
    module = big["adapter"]["modules"][0]
    checks.that(module["delta"]["spectral"] is None and module["delta"]["singular_values"] == [] and "the 512 up to which" in module["delta_note"],
                f"a LoHa of rank 600 has a Frobenius norm only: {module.get('delta_note')}")
    wide = normal(300, 400).astype(np.float32)
    for shown, tensor in (("a difference", wide), ("a small difference", wide[:40]), ("a vector", wide[0])):
        key = "diffusion_model.head.head.diff"
        found = inspected({key: tensor, "diffusion_model.blocks.0.q.lora_A.weight": normal(4, 64), "diffusion_model.blocks.0.q.lora_B.weight": normal(64, 4)})
        module = next(m for m in found["adapter"]["modules"] if m["method"] == "full")
        norm = np.linalg.norm(tensor.astype(np.float64))
        checks.that(close(module["delta"]["frobenius"], norm), f"{shown}: frobenius {module['delta']['frobenius']}, numpy {norm}")
        if tensor is wide:
            checks.that(module["delta"]["effective_rank"] is None and "more than 256" in module["delta_note"], f"{shown}: {module.get('delta_note')}")
        else:
            compare(shown, module, np.atleast_2d(tensor.astype(np.float64)))
    broken = pair(normal(4, 64), normal(32, 4))
    broken[ONE + UP][3, 2] = np.nan
    module = inspected(broken)["adapter"]["modules"][0]
    checks.that("delta" not in module and "not all finite" in module["delta_note"], f"NaN: {module}")
    deep = inspected(pair(normal(2049, 4), normal(4, 2049)))["adapter"]["modules"][0]
    checks.that("delta" not in deep and "2049 is more than the 2048" in deep["delta_note"], f"a rank of 2049 is not measured: {deep.get('delta_note')}")
    module = inspected(pair(normal(4, 64), normal(32, 4)), "--quick")["adapter"]["modules"][0]
    checks.that("delta" not in module and "delta_note" not in module, "--quick reads no tensor")
    half = {ONE + DOWN: normal(4, 64)}
    module = inspected(half)["adapter"]["modules"][0]
    checks.that("delta" not in module and module["delta_note"] == 'no figures: its part "up" is missing', f"half a module has no figures: {module.get('delta_note')}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "huge.safetensors"
        header = {ONE + DOWN: {"dtype": "F8_E4M3", "shape": [16, 2 ** 21 + 1], "data_offsets": [0, 2 ** 25 + 16]},
                  ONE + UP: {"dtype": "F8_E4M3", "shape": [2, 16], "data_offsets": [2 ** 25 + 16, 2 ** 25 + 48]}}
        text = json.dumps(header).encode()
        with path.open("wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            file.truncate(8 + len(text) + 2 ** 25 + 48)
        module = inspect(path)["adapter"]["modules"][0]
    checks.that("delta" not in module and "too many to be measured" in module["delta_note"], f"a part of more than 2^25 elements: {module.get('delta_note')}")


def check_jobs():
    tensors = {}
    for i in range(23):
        name = f"lora_unet_down_blocks_{i}_attentions_0_proj_in"
        tensors[name + DOWN], tensors[name + UP] = normal(4 + i, 300), normal(200, 4 + i)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "adapter.safetensors"
        path.write_bytes(safetensors({key: array.astype(np.float32) for key, array in tensors.items()}, None))
        outputs = {run("file", "--format", "json", "--jobs", jobs, path).stdout for jobs in (1, 2, 3, 16)}
    checks.equal(len(outputs), 1, "the same bytes for any number of threads")


# --- Findings ---------------------------------------------------------------------------------------------------------


def adapter_of(count, change=None, rank=8):
    """Modules that are all sound, but for what `change` does to the halves of the third."""
    tensors = {}
    for i in range(count):
        down, up = normal(rank, 96).astype(np.float32) / 10, normal(64, rank).astype(np.float32) / 100
        if change is not None and i == 2:
            down, up = change(down, up)
        name = f"base_model.model.layers.{i}.q_proj"
        tensors[name + ".lora_A.weight"], tensors[name + ".lora_B.weight"] = down, up
    return tensors


def found_in(tensors):
    config = {"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["q_proj"]}
    return [(f["id"], f["severity"], f["message"]) for f in inspected(tensors, config=config)["findings"] if f["id"].startswith("lora.")]


def drawn(rank, into, fused):
    """As torch draws on a CPU, with and without fused multiply-add."""
    bound = np.float32(math.sqrt(3) * math.sqrt(2 / (1 + math.sqrt(5) ** 2)) / math.sqrt(into))
    share = rng.integers(0, 1 << 24, (rank, into)).astype(np.float64) / (1 << 24)
    width = np.float64(bound) * 2
    return (share * width - bound).astype(np.float32) if fused else (share * width).astype(np.float32) - bound


def check_findings():
    checks.equal(found_in(adapter_of(10)), [], "a sound adapter has no findings")
    strong = found_in(adapter_of(10, lambda down, up: (down * 30, up)))
    checks.that(len(strong) == 1 and strong[0][:2] == ("lora.dominant-module", "note") and "layers.2.q_proj" in strong[0][2] and
                "1 module" in strong[0][2], f"a module far stronger than the rest: {strong}")
    checks.equal(found_in(adapter_of(10, lambda down, up: (down * 5, up))), [], "five times the median is nothing to tell")
    checks.equal(found_in(adapter_of(7, lambda down, up: (down * 30, up))), [], "six modules are no rest")
    padded = found_in(adapter_of(10, lambda down, up: (down, np.concatenate([up[:, :3], np.zeros((64, 5), np.float32)], 1))))
    checks.that(len(padded) == 1 and padded[0][:2] == ("lora.collapsed-rank", "note") and "3 of 8 directions" in padded[0][2], f"padded: {padded}")
    one = normal(1, 96)
    flat_all = {key: (one * 5 + array if "lora_A" in key else array).astype(np.float32) for key, array in adapter_of(10).items()}
    for key in [key for key in flat_all if "lora_B" in key]:
        flat_all[key] = (flat_all[key] + 1).astype(np.float32)
    narrow = found_in(flat_all)
    checks.that(len(narrow) == 1 and narrow[0][0] == "lora.collapsed-rank" and "one direction" in narrow[0][2], f"one direction: {narrow}")
    checks.equal(found_in(adapter_of(10, lambda down, up: ((one + down) / 50, (up + 1) / 50))), [], "one module of one direction is nothing to tell")
    for into, fused in ((96, False), (96, True), (64, False), (64, True), (1000, True)):
        shown = f"drawn for {into} inputs, {'fused' if fused else 'not fused'}"
        trained = found_in(adapter_of(4, lambda down, up: (drawn(8, into, fused), up)))
        checks.that(len(trained) == 1 and trained[0][:2] == ("lora.initial-down", "note"), f"{shown}: {trained}")
        start = found_in(adapter_of(4, lambda down, up: (drawn(8, into, fused), up * 0)))
        checks.that(len(start) == 1 and start[0][0] == "lora.untrained", f"{shown}, up zero: {start}")

        def stepped(down, up):
            down = drawn(8, into, fused)
            return down + np.float32(1e-4) * np.sign(normal(8, into)).astype(np.float32), up
        checks.equal(found_in(adapter_of(4, stepped)), [], f"{shown}, one step of Adam later")
        halved = adapter_of(4, lambda down, up: (drawn(8, into, fused).astype(np.float16).astype(np.float32), up))
        checks.equal(found_in(halved), [], f"{shown}, rounded to f16")
        truncated = adapter_of(4, lambda down, up: ((drawn(8, into, fused).view(np.uint32) & 0xFFFF0000).view(np.float32), up))
        checks.equal(found_in(truncated), [], f"{shown}, cut to bf16")
    try:
        import torch
    except ImportError:
        print("SKIPPED: torch draws nothing, since it is not here")
        return
    for into in (96, 64, 1000, 3072):
        weight = torch.empty(8, into)
        torch.nn.init.kaiming_uniform_(weight, a=math.sqrt(5))
        got = found_in(adapter_of(4, lambda down, up: (weight.numpy(), up)))
        checks.that([finding[0] for finding in got] == ["lora.initial-down"], f"torch's own draw for {into} inputs: {got}")


# --- Real files -------------------------------------------------------------------------------------------------------

LARGE = 60_000  # elements; of larger updates one in 192 is held against its SVD, the others against that of numpy's triangles


def arrays_of(path):
    if path.suffix == ".bin":
        torch = need("torch")
        return {key: value.numpy() for key, value in torch.load(path, map_location="cpu").items()}
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:8 + length])
    header.pop("__metadata__", None)
    return {key: np.frombuffer(raw[8 + length:], NUMPY[e["dtype"]], (e["data_offsets"][1] - e["data_offsets"][0]) // np.dtype(NUMPY[e["dtype"]]).itemsize,
                               e["data_offsets"][0]).reshape(e["shape"]) for key, e in header.items()}


def check_real():
    for name in REAL:
        path = SHARED / "real" / name
        if not path.is_file():
            print(f"SKIPPED: {name} is not here")
            continue
        artifact, arrays = inspect(path), arrays_of(path)
        for i, module in enumerate(artifact["adapter"]["modules"]):
            up, down = arrays[module["up"]].astype(np.float64), arrays[module["down"]].astype(np.float64)
            up, down = (up.T, down.T) if module.get("transposed") == "both" else (flat(up), flat(down))
            groups, scale = module.get("groups", 1), 1 if module["scale"] is None else module["scale"]
            shown = f"{name}: {module['name']}"
            if up.shape[0] * down.shape[1] > LARGE and i % 192 and groups == 1:
                values = scale * np.linalg.svd(np.linalg.qr(up, "r") @ np.linalg.qr(down.T, "r").T, compute_uv=False)
                agree(shown, module["delta"], values, np.linalg.norm(values))
            elif groups == 1 or i % 16 == 0:
                compare(shown, module, scale * np.concatenate([u @ d for u, d in zip(np.split(up, groups), np.split(down, groups))]))
        told = [f["id"] for f in artifact["findings"] if f["id"] in ("lora.collapsed-rank", "lora.dominant-module", "lora.initial-down", "lora.untrained")]
        checks.equal(told, [], f"{name}: no false alarm")


def main():
    check_families(sys.argv[1:])
    if not sys.argv[1:]:
        check_hard()
        half_precision()
        check_glora_core()
        check_limits()
        check_jobs()
        check_findings()
        check_real()
    checks.finish()


if __name__ == "__main__":
    main()
