# SPDX-License-Identifier: Apache-2.0
"""Other factors, the same update: adapters that were turned, rescaled, reordered, widened or rounded, against numpy's full products."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import Checks, need, run  # noqa: E402

np = need("numpy")
from support.adapters import write_safetensors  # noqa: E402

checks = Checks()
MODULES = {"layers.0.self_attn.q_proj": (48, 32), "layers.0.self_attn.v_proj": (16, 32), "layers.1.mlp.up_proj": (96, 40)}
RANK = 4


def factors(seed=3, rank=RANK):
    random = np.random.RandomState(seed)
    return {name: (random.normal(0, 0.1, (out, rank)), random.normal(0, 0.1, (rank, into))) for name, (out, into) in MODULES.items()}


def peft(halves, dtype="f4", extra=None):
    tensors = {}
    for name, (up, down) in halves.items():
        tensors[f"base_model.model.{name}.lora_A.weight"] = np.ascontiguousarray(down.astype(dtype))
        tensors[f"base_model.model.{name}.lora_B.weight"] = np.ascontiguousarray(up.astype(dtype))
    return {**tensors, **(extra or {})}


def folder(root, name, tensors, rank=RANK, alpha=8):
    place = root / name
    place.mkdir()
    write_safetensors(place / "adapter_model.safetensors", tensors)
    settings = {"peft_type": "LORA", "r": rank, "lora_alpha": alpha, "target_modules": ["q_proj", "v_proj", "up_proj"]}
    (place / "adapter_config.json").write_text(json.dumps(settings))
    return place / "adapter_model.safetensors"


def products(tensors, scale):
    return {name: scale * tensors[f"base_model.model.{name}.lora_B.weight"].astype("f8") @
            tensors[f"base_model.model.{name}.lora_A.weight"].astype("f8") for name in MODULES}


def furthest(old, new):
    """(module, relative distance) of the module whose full products are furthest apart."""
    apart = {name: np.linalg.norm(old[name] - new[name]) / max(np.linalg.norm(old[name]), np.linalg.norm(new[name])) for name in old}
    return max(apart.items(), key=lambda item: item[1])


def compared(old, new, *options):
    got = run("diff", "--format", "json", *options, old, new)
    checks.equal(got.returncode, 1, f"exit code of {new.parent.name}: {got.stderr!r}")
    return json.loads(got.stdout)


def turned(halves, seed=5):
    """Each pair of factors through a random rotation of the rank."""
    random = np.random.RandomState(seed)
    out = {}
    for name, (up, down) in halves.items():
        q, _ = np.linalg.qr(random.normal(size=(up.shape[1], up.shape[1])))
        out[name] = (up @ q, q.T @ down)
    return out


def check(root, name, old, new, equal, verdict, rank=RANK, alpha=8, old_dtype="f4", dtype="f4", extra=None):
    old_tensors, new_tensors = peft(old, old_dtype), peft(new, dtype, extra)
    report = compared(folder(root, name + "-old", old_tensors), folder(root, name, new_tensors, rank, alpha))
    checks.equal(report["verdict"], verdict, f"verdict of {name}")
    if not checks.that("update" in report, f"{name} has no update: {sorted(report)}"):
        return
    update = report["update"]
    module, distance = furthest(products(old_tensors, 8 / RANK), products(new_tensors, alpha / rank))
    checks.equal(update["equal"], equal, f"{name}: {update}, numpy says {distance}")
    checks.equal(update["modules"], len(MODULES), f"modules of {name}")
    checks.that(abs(update["largest"] - distance) <= 1e-6 * distance + 1e-12, f"{name}: {update['largest']}, numpy says {distance}")
    if not equal:
        checks.that(update["module"].endswith(module), f"{name}: furthest is {update['module']}, numpy says {module}")


def test_other_factors(root):
    halves = factors()
    check(root, "turned", halves, turned(halves), True, "same-update")
    check(root, "turned-f16", halves, turned(halves), True, "same-update", old_dtype="f2", dtype="f2")
    check(root, "rescaled", halves, {name: (up * 3, down / 3) for name, (up, down) in halves.items()}, True, "same-update")
    check(root, "halved-alpha", halves, {name: (up * 2, down) for name, (up, down) in halves.items()}, True, "same-update", alpha=4)
    order = [2, 0, 3, 1]
    check(root, "reordered", halves, {name: (up[:, order], down[order]) for name, (up, down) in halves.items()}, True, "same-update")
    wide = {name: (np.hstack([up * np.sqrt(2), np.zeros_like(up)]), np.vstack([down * np.sqrt(2), np.ones_like(down)])) for name, (up, down) in halves.items()}
    check(root, "wider", halves, wide, True, "same-update", rank=2 * RANK)


def test_other_updates(root):
    halves = factors()
    random = np.random.RandomState(9)
    trained = {name: (up + 1e-3 * random.normal(size=up.shape), down + 1e-3 * random.normal(size=down.shape)) for name, (up, down) in halves.items()}
    check(root, "trained", halves, trained, False, "values")
    one = dict(turned(halves))
    name = "layers.0.self_attn.v_proj"
    one[name] = (one[name][0] * 1.001, one[name][1])
    check(root, "one-module", halves, one, False, "values")
    check(root, "other-alpha", halves, turned(halves), False, "values", alpha=16)
    check(root, "narrower", halves, {name: (up[:, :3], down[:3]) for name, (up, down) in halves.items()}, False, "structure", rank=3, alpha=6)
    extra = {"base_model.model.lm_head.modules_to_save.weight": np.ones((4, 4), "f4")}
    check(root, "and-a-head", halves, turned(halves), True, "structure", extra=extra)


def test_what_cannot_be_compared(root):
    halves = factors()
    old = folder(root, "old", peft(halves))
    bad = turned(halves)
    bad["layers.1.mlp.up_proj"][0][3, 1] = np.nan
    for name, tensors in {
        "nan": peft(bad),
        "module-gone": {key: value for key, value in peft(turned(halves)).items() if "v_proj" not in key},
        "half-gone": {key: value for key, value in peft(turned(halves)).items() if "v_proj.lora_B" not in key},
        "magnitude": peft(turned(halves), extra={f"base_model.model.{module}.lora_magnitude_vector": np.ones(size[0], "f4") for module, size in MODULES.items()}),
    }.items():
        report = compared(old, folder(root, name, tensors))
        checks.that("update" not in report, f"{name}: {report.get('update')}")
        checks.that(report["verdict"] in ("values", "structure"), f"{name}: {report['verdict']}")
    jobs = [compared(old, folder(root, f"jobs-{count}", peft(turned(halves))), "--jobs", str(count)) for count in (1, 2, 5)]
    checks.that(all(report["update"] == jobs[0]["update"] for report in jobs), "one figure for any number of threads")


if __name__ == "__main__":
    checks.run(globals())
