# SPDX-License-Identifier: Apache-2.0
"""`upinspect file FOLDER` on adapters whose halves are files of their own: pairing, shapes, rank, alpha and scale against
what was written, in every container, and every way in which such a folder can be broken."""

import json
import os
import pickle
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SOURCE, Checks, need, run  # noqa: E402

np = need("numpy")
from support.adapters import write_safetensors  # noqa: E402

try:
    import torch
except ImportError:
    torch = None

checks = Checks()
RANK, OUT, IN = 8, 768, 320
CONFIG = {"peft_type": "LORA", "r": RANK, "lora_alpha": 16, "target_modules": ["q_proj"]}


def noise(*shape, seed):
    return (np.random.RandomState(seed).standard_normal(shape) * 0.02).astype(np.float32)


UP, DOWN = noise(OUT, RANK, seed=1), noise(RANK, IN, seed=2)


# --- Containers: (extension, who writes an array to a path, whether the array has a shape there) ---------------------


def raw(path, array):
    Path(path).write_bytes(np.ascontiguousarray(array).tobytes())


def torch_save(path, array):
    torch.save(torch.from_numpy(np.array(array)), path)


def torch_legacy(path, array):
    torch.save(torch.from_numpy(np.array(array)), path, _use_new_zipfile_serialization=False)


def pickled(path, array):
    Path(path).write_bytes(pickle.dumps(np.array(array), protocol=2))


CONTAINERS = [(".bin", raw), (".npy", lambda path, array: np.save(path, array)), (".npz", lambda path, array: np.savez(path, array)),
              (".safetensors", lambda path, array: write_safetensors(path, {"weight": np.array(array)})), (".pkl", pickled)]
if torch:
    CONTAINERS += [(".pt", torch_save), (".ckpt", torch_legacy), (".bin", torch_save)]

SPELLINGS = [("up-param", "down-param"), ("up", "down"), ("lora_up", "lora_down"), ("lora_B", "lora_A"), ("lora_unet_up", "lora_unet_down"),
             ("q_proj.up-param", "q_proj.down-param"), ("style_up", "style_down")]


# --- What is asked ----------------------------------------------------------------------------------------------------


def report(*arguments, code=0):
    done = run("file", "--format", "json", *arguments)
    checks.equal(done.returncode, code, f"exit code of file {arguments}: {done.stderr!r}")
    return json.loads(done.stdout)["artifacts"]


def joined(folder, *options):
    artifacts = report(folder, *options)
    found = [artifact for artifact in artifacts if artifact["format"]["id"] == "raw-triad"]
    checks.equal(len(found), 1, f"one joined artifact of {folder}")
    return found[0]


def ids(artifact, severity=None):
    return sorted(finding["id"] for finding in artifact["findings"] if severity in (None, finding["severity"]))


def message(artifact, finding_id):
    return " / ".join(finding["message"] for finding in artifact["findings"] if finding["id"] == finding_id)


def same_number(got, wanted):
    return got is None if wanted is None else got is not None and abs(got - wanted) < 1e-9 * abs(wanted)


def check_whole(artifact, shown, alpha, source, up=UP, down=DOWN, modules=1):
    """The pair, its shapes, its numbers and its scale are those that were written."""
    adapter = artifact["adapter"]
    checks.equal(len(adapter["modules"]), modules, f"{shown}: modules")
    checks.equal(adapter["unpaired"], [], f"{shown}: unpaired")
    module = adapter["modules"][0]
    tensors = {tensor["name"]: tensor for tensor in artifact["tensors"]}
    checks.equal(tensors[module["up"]]["shape"], list(up.shape), f"{shown}: shape of up")
    checks.equal(tensors[module["down"]]["shape"], list(down.shape), f"{shown}: shape of down")
    for role, array in (("up", up), ("down", down)):
        stats = tensors[module[role]]["stats"]
        checks.that(abs(stats["l2"] - float(np.linalg.norm(array.astype(np.float64)))) < 1e-6 * stats["l2"], f"{shown}: the numbers of {role}")
        checks.that(stats["min"] == float(array.min()) and stats["max"] == float(array.max()), f"{shown}: the range of {role}")
    checks.equal((module["rank"], module["out_features"], module["in_features"]), (up.shape[1], up.shape[0], down.shape[1]), f"{shown}: rank and features")
    checks.that(same_number(module["alpha"], alpha), f"{shown}: alpha {module['alpha']}")
    checks.equal(module["alpha_source"], source, f"{shown}: source of alpha")
    checks.that(same_number(module["scale"], None if alpha is None else alpha / up.shape[1]), f"{shown}: scale {module['scale']}")
    sizes = sum(entry["size"] for entry in artifact["format"]["detail"]["files"])
    checks.equal(artifact["size"], sizes, f"{shown}: size is that of all files")
    checks.equal(artifact["coverage"]["labelled"] + artifact["coverage"]["gaps"], sizes, f"{shown}: every byte has a label")


def write_alpha(folder, kind):
    if kind == "config":
        (folder / "adapter_config.json").write_text(json.dumps(CONFIG))
    elif kind == "config without peft_type":
        (folder / "adapter_config.json").write_text(json.dumps({"r": RANK, "lora_alpha": 16}))
    elif kind == "npy":
        np.save(folder / "alpha.npy", np.float32(4))
    elif kind == "raw":
        (folder / "alpha.bin").write_bytes(np.float32(4).tobytes())
    elif kind == "text":
        (folder / "alpha.txt").write_text("4\n")


WANTED = {"config": (16, "adapter_config"), "config without peft_type": (16, "adapter_config"), "npy": (4, "tensor"), "raw": (4, "tensor"),
          "text": (4, "metadata"), "neither": (None, "absent")}


def test_every_container_and_source_of_alpha(tmp):
    for number, (extension, write) in enumerate(CONTAINERS):
        for kind, (alpha, source) in WANTED.items():
            folder = tmp / f"{number}-{kind}"
            folder.mkdir()
            write(folder / f"up-param{extension}", UP)
            write(folder / f"down-param{extension}", DOWN)
            write_alpha(folder, kind)
            shown = f"{extension} ({number}) with {kind}"
            artifact = joined(folder)
            check_whole(artifact, shown, alpha, source)
            checks.equal([a["path"] for a in report(folder)], [str(folder)], f"{shown}: nothing is listed twice")
            guessed = write is raw and not kind.startswith("config")
            checks.equal("lora.guessed-rank" in ids(artifact), guessed, f"{shown}: a guess is said to be one")
            checks.equal("lora.scale-unknown" in ids(artifact), alpha is None, f"{shown}: the scale is known or said to be unknown")
            checks.equal(ids(artifact, "error"), [], f"{shown}: no error")


def test_every_spelling(tmp):
    for up, down in SPELLINGS:
        for extension, write in CONTAINERS[:2]:
            folder = tmp / f"{up}{extension}"
            folder.mkdir()
            write(folder / (up + extension), UP)
            write(folder / (down + extension), DOWN)
            (folder / "adapter_config.json").write_text(json.dumps(CONFIG))
            artifact = joined(folder)
            check_whole(artifact, up + extension, 16, "adapter_config")
            checks.equal(artifact["adapter"]["family"], "raw-triad", f"family of {up}{extension}")
    name = joined(tmp / "lora_unet_up.npy")["adapter"]["modules"][0]["name"]
    checks.equal(name, "unet", "the component is the module's name")
    checks.equal(joined(tmp / "q_proj.up-param.bin")["adapter"]["modules"][0]["name"], "q_proj", "the file's own module")


def test_one_half_has_a_header(tmp):
    np.save(tmp / "down-param.npy", DOWN.astype(np.float16))
    raw(tmp / "up-param.bin", UP.astype(np.float16))
    artifact = joined(tmp)
    check_whole(artifact, "raw up, npy down", None, "absent", UP.astype(np.float16), DOWN.astype(np.float16))
    checks.that("lora.guessed-rank" not in ids(artifact), "the rank is the header's, not a guess")
    checks.equal({t["dtype"] for t in artifact["tensors"]}, {"f16"}, "and so is the dtype")


def test_raw_dtypes(tmp):
    for dtype in (np.float16, np.float32, np.float64):
        folder = tmp / np.dtype(dtype).name
        folder.mkdir()
        up, down = UP.astype(dtype), DOWN.astype(dtype)
        raw(folder / "up-param.bin", up)
        raw(folder / "down-param.bin", down)
        (folder / "adapter_config.json").write_text(json.dumps(CONFIG))
        check_whole(joined(folder), f"raw {np.dtype(dtype)}", 16, "adapter_config", up, down)
    bits = (UP.view(np.uint32) >> 16).astype(np.uint16), (DOWN.view(np.uint32) >> 16).astype(np.uint16)
    folder = tmp / "bf16"
    folder.mkdir()
    raw(folder / "up-param.bin", bits[0])
    raw(folder / "down-param.bin", bits[1])
    (folder / "adapter_config.json").write_text(json.dumps(CONFIG))
    up, down = ((half.astype(np.uint32) << 16).view(np.float32) for half in bits)
    check_whole(joined(folder), "raw bf16", 16, "adapter_config", up, down)


def test_an_untrained_up_half_takes_its_dtype_from_the_other(tmp):
    raw(tmp / "up-param.bin", np.zeros((OUT, RANK), np.float16))
    raw(tmp / "down-param.bin", DOWN.astype(np.float16))
    (tmp / "adapter_config.json").write_text(json.dumps(CONFIG))
    artifact = joined(tmp)
    checks.equal({t["name"]: (t["dtype"], t["shape"]) for t in artifact["tensors"]},
                 {"up-param.bin": ("f16", [OUT, RANK]), "down-param.bin": ("f16", [RANK, IN])}, "dtype and shapes")
    checks.that("lora.untrained" in ids(artifact), "and is said to be untrained")


def test_told_layout(tmp):
    raw(tmp / "up-param.bin", noise(96, 24, seed=3))
    raw(tmp / "down-param.bin", noise(24, 48, seed=4))
    for shape in ("96x24", "24x48"):
        artifact = joined(tmp, "--as", "f32", "--shape", shape)
        check_whole(artifact, f"--shape {shape}", None, "absent", noise(96, 24, seed=3), noise(24, 48, seed=4))
        checks.that("lora.guessed-rank" not in ids(artifact), f"--shape {shape} is no guess")
    artifact = joined(tmp, "--as", "f32", "--shape", "7x9")
    checks.that("--shape" in message(artifact, "lora.rank-mismatch"), "a shape that fits neither half")
    halves = {t["name"]: t["dtype"] for t in joined(tmp, "--as", "f16")["tensors"]}
    checks.equal(halves, {"up-param.bin": "f16", "down-param.bin": "f16"}, "--as is taken at its word")


def test_split_files(tmp):
    if not torch:
        return
    up, down = torch.from_numpy(UP), torch.from_numpy(DOWN)
    cases = {
        "module to param": ({"unet": {"up-param.bin": up}}, {"unet": {"down-param.bin": down}}, ["unet"]),
        "param alone": ({"up-param.bin": up}, {"down-param.bin": down}, ["unet"]),
        "module to tensor": ({"a.q_proj": up, "a.k_proj": up * 2}, {"a.q_proj": down, "a.k_proj": down * 2}, ["unet.a.q_proj", "unet.a.k_proj"]),
        "kohya's keys": ({"lora_unet_a_to_q.lora_up.weight": up}, {"lora_unet_a_to_q.lora_down.weight": down}, ["lora_unet_a_to_q"]),
        "a list": ([up, up * 2], [down, down * 2], ["unet.0", "unet.1"]),
    }
    for number, (shown, (ups, downs, names)) in enumerate(cases.items()):
        folder = tmp / str(number)
        folder.mkdir()
        torch.save(ups, folder / "lora_unet_up.pt")
        torch.save(downs, folder / "lora_unet_down.pt")
        artifact = joined(folder)
        checks.equal(sorted(m["name"] for m in artifact["adapter"]["modules"]), sorted(names), f"{shown}: modules")
        checks.equal(ids(artifact, "error"), [], f"{shown}: no error")
        checks.that(all(m["rank"] == RANK for m in artifact["adapter"]["modules"]), f"{shown}: ranks")
    folder = tmp / "twin"
    folder.mkdir()
    for component, factor in (("unet", 1), ("te", 2)):
        torch.save({"up-param.bin": up * factor, "alpha": torch.tensor(4.0 * factor)}, folder / f"lora_{component}_up.pt")
        torch.save({"down-param.bin": down * factor}, folder / f"lora_{component}_down.pt")
    modules = {m["name"]: (m["alpha"], m["scale"]) for m in joined(folder)["adapter"]["modules"]}
    checks.equal(modules, {"unet": (4, 0.5), "text_encoder": (8, 1)}, "two components, each with its alpha")


def test_one_alpha_for_modules_with_names(tmp):
    for name in ("q_proj", "v_proj"):
        np.save(tmp / f"{name}.lora_up.npy", UP)
        np.save(tmp / f"{name}.lora_down.npy", DOWN)
    np.save(tmp / "alpha.npy", np.float32(4))
    modules = {m["name"]: m["scale"] for m in joined(tmp)["adapter"]["modules"]}
    checks.equal(modules, {"q_proj": 0.5, "v_proj": 0.5}, "alpha holds for all")


def test_alphas_that_disagree(tmp):
    raw(tmp / "up-param.bin", UP)
    raw(tmp / "down-param.bin", DOWN)
    np.save(tmp / "alpha.npy", np.float32(4))
    (tmp / "adapter_config.json").write_text(json.dumps(CONFIG))
    artifact = joined(tmp)
    module = artifact["adapter"]["modules"][0]
    checks.equal([(r["source"], r["value"]) for r in module["alpha_readings"]], [("tensor", 4), ("adapter_config", 16)], "all alphas are listed")
    checks.that("lora.alpha-conflict" in ids(artifact), "and their conflict is told")


# --- What is broken ---------------------------------------------------------------------------------------------------


def test_one_half_alone(tmp):
    for role, other, array in (("up", "down", UP), ("down", "up", DOWN)):
        folder = tmp / role
        folder.mkdir()
        raw(folder / f"{role}-param.bin", array)
        for artifact in (joined(folder), report(folder / f"{role}-param.bin")[0]):
            checks.that(f"lora.missing-{other}" in ids(artifact, "error"), f"{role} alone: {ids(artifact)}")
            text = message(artifact, f"lora.missing-{other}")
            for word in ("dead", f"its {other} half is missing", f"{other}-param.bin"):
                checks.that(word in text, f"{role} alone: \"{word}\" in {text!r}")
        checks.equal(run("file", "-q", "--fail-on", "error", folder).returncode, 1, f"{role} alone fails --fail-on error")


def test_a_half_that_has_its_other_beside_it(tmp):
    raw(tmp / "up-param.bin", UP)
    raw(tmp / "down-param.bin", DOWN)
    artifact = report(tmp / "up-param.bin")[0]
    checks.equal(ids(artifact), ["lora.one-half"], "a note, no error")
    checks.that("down-param.bin" in message(artifact, "lora.one-half"), "which names the other")


def test_a_whole_adapter_is_no_half(tmp):
    write_safetensors(tmp / "step_up.safetensors", {"a.lora_down.weight": DOWN, "a.lora_up.weight": UP})
    write_safetensors(tmp / "lora_up.safetensors", {"a.lora_down.weight": DOWN, "a.lora_up.weight": UP})
    for name in ("step_up.safetensors", "lora_up.safetensors"):
        checks.equal(ids(report(tmp / name)[0], "error"), [], f"{name} is whole by itself")
    (tmp / "lora_up.safetensors").unlink()
    checks.equal([a["format"]["id"] for a in report(tmp)], ["safetensors"], "a lone file whose name only looks like a half is itself")


def test_ranks_that_do_not_fit(tmp):
    np.save(tmp / "up-param.npy", UP)
    np.save(tmp / "down-param.npy", DOWN[:4])
    artifact = joined(tmp)
    checks.that("lora.rank-mismatch" in ids(artifact, "error"), "npy halves of two ranks")
    for word in ("4 x 320", "768 x 8"):
        checks.that(word in message(artifact, "lora.rank-mismatch"), word)
    folder = tmp / "raw"
    folder.mkdir()
    raw(folder / "up-param.bin", UP.reshape(-1)[:-4])
    raw(folder / "down-param.bin", DOWN)
    (folder / "adapter_config.json").write_text(json.dumps(CONFIG))
    checks.that("does not divide" in message(joined(folder), "lora.rank-mismatch"), "a raw half that its rank does not divide")
    folder = tmp / "config"
    folder.mkdir()
    np.save(folder / "up-param.npy", UP)
    np.save(folder / "down-param.npy", DOWN)
    (folder / "adapter_config.json").write_text(json.dumps({**CONFIG, "r": 4}))
    checks.that("lora.rank-differs" in ids(joined(folder), "error"), "the configuration says another rank than the halves")


def test_zero_size(tmp):
    raw(tmp / "up-param.bin", UP)
    (tmp / "down-param.bin").write_bytes(b"")
    artifact = joined(tmp)
    checks.that({"lora.empty-part", "lora.missing-down"} <= set(ids(artifact, "error")), f"0 bytes: {ids(artifact)}")
    np.save(tmp / "down-param.npy", DOWN[:0])
    (tmp / "down-param.bin").unlink()
    checks.that("lora.empty-part" in ids(joined(tmp), "error"), f"a shape with a zero: {ids(joined(tmp))}")


def test_both_halves_the_same(tmp):
    square = noise(8, 8, seed=5)
    np.save(tmp / "up-param.npy", square)
    np.save(tmp / "down-param.npy", square)
    checks.that("lora.same-halves" in ids(joined(tmp), "error"), "the same numbers twice")
    np.save(tmp / "down-param.npy", square.T.copy())
    checks.that("lora.same-halves" not in ids(joined(tmp)), "a transpose is something else")


def test_links(tmp):
    outside, folder = tmp / "outside", tmp / "folder"
    outside.mkdir()
    folder.mkdir()
    raw(outside / "down-param.bin", DOWN)
    raw(folder / "up-param.bin", UP)
    (folder / "down-param.bin").symlink_to(outside / "down-param.bin")
    artifact = joined(folder)
    checks.that("leaves the folder" in message(artifact, "lora.missing-down"), f"a link out of the folder: {message(artifact, 'lora.missing-down')}")
    checks.equal([t["name"] for t in artifact["tensors"]], ["up-param.bin"], "is not read")
    (folder / "down-param.bin").unlink()
    (folder / "down-param.bin").symlink_to("nowhere")
    checks.that("leads to no file" in message(joined(folder), "lora.missing-down"), "a link to nowhere")
    (folder / "down-param.bin").unlink()
    raw(folder / "stored", DOWN)
    (folder / "down-param.bin").symlink_to("stored")
    (folder / "adapter_config.json").write_text(json.dumps(CONFIG))
    check_whole(joined(folder), "a link inside the folder", 16, "adapter_config")
    (outside / "adapter_config.json").write_text(json.dumps(CONFIG))
    (folder / "adapter_config.json").unlink()
    (folder / "adapter_config.json").symlink_to(outside / "adapter_config.json")
    artifact = joined(folder)
    checks.that("folder.unsafe-path" in ids(artifact), "a configuration outside the folder")
    checks.equal(artifact["adapter"]["modules"][0]["alpha"], None, "is not read")


def test_files_that_cannot_be_read(tmp):
    raw(tmp / "up-param.bin", UP)
    (tmp / "down-param.bin").write_bytes((SOURCE / "testdata" / "git-lfs-pointer" / "up-param.bin").read_bytes())
    artifact = joined(tmp)
    checks.that("Git LFS" in message(artifact, "lora.missing-down"), f"a pointer in place of a half: {message(artifact, 'lora.missing-down')}")
    checks.that("container.lfs-pointer" in ids(artifact), "with its own finding")
    if os.geteuid() != 0:
        os.chmod(tmp / "down-param.bin", 0)
        checks.that("cannot be read" in message(joined(tmp), "lora.missing-down"), "a half without permission")
        os.chmod(tmp / "down-param.bin", 0o600)
    os.unlink(tmp / "down-param.bin")
    os.mkfifo(tmp / "down-param.bin")
    done = run("file", "--format", "json", tmp, timeout=20)
    checks.that("lora.missing-down" in done.stdout.decode(), "a FIFO is no half, and nobody waits for it")


def test_configurations_that_cannot_be_used(tmp):
    raw(tmp / "up-param.bin", UP)
    raw(tmp / "down-param.bin", DOWN)
    for shown, text in {"huge": '{"r": 8, "x": "' + "a" * (17 << 20) + '"}', "broken": '{"r": 8', "a list": "[8]", "deep": "[" * 100000}.items():
        (tmp / "adapter_config.json").write_text(text)
        artifact = joined(tmp)
        checks.that("config.unreadable" in ids(artifact), f"{shown} configuration: {ids(artifact)}")
        checks.that("lora.guessed-rank" in ids(artifact), f"{shown} configuration: the rank is a guess then")
    for rank in (0, -8, 1e300, "eight", None, 2**60):
        (tmp / "adapter_config.json").write_text(json.dumps({**CONFIG, "r": rank}))
        artifact = joined(tmp)
        checks.that({"lora.guessed-rank", "lora.rank-mismatch"} & set(ids(artifact)), f"r = {rank}: {ids(artifact)}")


def test_a_second_file_for_the_same_half(tmp):
    np.save(tmp / "up-param.npy", UP)
    np.save(tmp / "down-param.npy", DOWN)
    raw(tmp / "up-param.raw", UP)
    artifacts = report(tmp)
    checks.equal([Path(a["path"]).name for a in artifacts], [tmp.name, "up-param.raw"], "the second is listed by itself")
    checks.that("folder.repeated-half" in ids(artifacts[0]), "and told")


def test_what_else_is_in_the_folder(tmp):
    raw(tmp / "up-param.bin", UP)
    raw(tmp / "down-param.bin", DOWN)
    (tmp / "README.md").write_text("about it")
    write_safetensors(tmp / "adapter_model.safetensors", {"base_model.model.q.lora_A.weight": DOWN, "base_model.model.q.lora_B.weight": UP})
    (tmp / "adapter_config.json").write_text(json.dumps(CONFIG))
    names = [Path(a["path"]).name for a in report(tmp)]
    checks.equal(names, [tmp.name, "README.md", "adapter_config.json", "adapter_model.safetensors"], "everything is listed once")
    inner = tmp / "inner"
    inner.mkdir()
    raw(inner / "up-param.bin", UP)
    names = [a["path"] for a in report("--recursive", tmp)]
    checks.that(str(inner) in names, "and folders below, with --recursive")


def test_peft_folder(tmp):
    write_safetensors(tmp / "adapter_model.safetensors", {"base_model.model.q_proj.lora_A.weight": DOWN, "base_model.model.q_proj.lora_B.weight": UP})
    (tmp / "adapter_config.json").write_text(json.dumps(CONFIG))
    config, weights = report(tmp)
    checks.equal((config["format"]["id"], weights["format"]["id"]), ("adapter-config", "safetensors"), "both files")
    checks.equal(weights["adapter"]["modules"][0]["scale"], 2, "shown with its scale")


def headings(*arguments):
    text = run("file", *arguments).stdout.decode()
    return text, [line for line in text.splitlines() if line.startswith("/")]


def test_peft_folder_in_text(tmp):
    """People see the folder once, with what either file has; machines see both files."""
    write_safetensors(tmp / "adapter_model.safetensors", {"base_model.model.q_proj.lora_A.weight": DOWN, "base_model.model.q_proj.lora_B.weight": UP})
    config = tmp / "adapter_config.json"
    config.write_text(json.dumps(CONFIG))
    (tmp / "notes.txt").write_text("about it")
    text, found = headings(tmp)
    checks.equal([line.split(": ")[0] for line in found], [f"{tmp}/", f"{tmp}/notes.txt"], "one heading for the adapter")
    for words in ("PEFT LoRA, rank 8, alpha 16 (adapter_config.json), scale 2, complete", "weights       adapter_model.safetensors",
                  f"config        adapter_config.json, {config.stat().st_size} bytes", "no findings"):
        checks.that(words in text.replace("\n ", ""), f"the folder's text has {words!r}: {text}")
    checks.that("lora alpha" not in text and "lora alpha" in headings("--verbose", tmp)[0], "the settings one by one with --verbose")
    size = config.stat().st_size + (tmp / "adapter_model.safetensors").stat().st_size
    quiet = headings("-q", f"{tmp}/")[1]
    checks.that(len(quiet) == 2 and quiet[0].startswith(f"{tmp}/: PEFT LoRA") and f"{size / 1024:.1f} KiB" in quiet[0], f"one line, of the size of both: {quiet}")
    checks.equal(len(headings(config, tmp / "adapter_model.safetensors")[1]), 2, "files that are named are told by themselves")
    config.write_text(json.dumps({**CONFIG, "target_modules": ["q_proj", "nowhere"]}) + "\n trailing")
    text, found = headings(tmp)
    checks.that("adapter_config.json: " in text, f"a configuration that is damaged says so: {text}")
    config.write_text(json.dumps(CONFIG))
    (tmp / "adapter_model.safetensors").unlink()
    checks.equal([line.split(": ")[0] for line in headings(tmp)[1]], [str(config), f"{tmp}/notes.txt"], "a configuration alone is told alone")
    write_safetensors(tmp / "adapter_model.safetensors", {"weight": UP})
    checks.equal(len(headings(tmp)[1]), 3, "and so is one beside what is no adapter")


def test_deterministic(tmp):
    for name in ("q", "k", "v"):
        np.save(tmp / f"{name}.lora_up.npy", UP)
        np.save(tmp / f"{name}.lora_down.npy", DOWN)
    reports = {run("file", "--format", "json", "--jobs", jobs, tmp).stdout for jobs in (1, 2, 3)}
    checks.equal(len(reports), 1, "the same report for any number of threads")


def test_quick(tmp):
    raw(tmp / "up-param.bin", UP)
    raw(tmp / "down-param.bin", DOWN)
    (tmp / "adapter_config.json").write_text(json.dumps(CONFIG))
    artifact = joined(tmp, "--quick")
    checks.equal({t["name"]: t["shape"] for t in artifact["tensors"]}, {"up-param.bin": [OUT, RANK], "down-param.bin": [RANK, IN]}, "shapes without data")
    checks.equal(artifact["adapter"]["modules"][0]["scale"], 2, "and the scale")


def test_digests(tmp):
    """The halves under their names have the content digest of one file that has them under the same names."""
    np.save(tmp / "up-param.npy", UP)
    np.save(tmp / "down-param.npy", DOWN)
    whole = tmp / "whole.safetensors"
    write_safetensors(whole, {"up-param.npy": UP, "down-param.npy": DOWN})
    got = joined(tmp, "--digest", "content", "--digest", "adapter")
    wanted = report(whole, "--digest", "content", "--digest", "adapter")[0]
    checks.equal(got["digests"]["content"], wanted["digests"]["content"], "content digest")
    checks.equal(got["adapter"].get("digest"), wanted["adapter"].get("digest"), "adapter digest")


if __name__ == "__main__":
    checks.run(globals())
