# SPDX-License-Identifier: Apache-2.0
"""`upinspect convert` where it cannot do its job: exit code 2, a plain message, and nothing left at the output's place."""

import json
import os
import resource
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SOURCE, Checks, environment, need, run, tool  # noqa: E402

np = need("numpy")
from support.adapters import Random, write_safetensors  # noqa: E402

DATA = SOURCE / "testdata"
SAMPLE = DATA / "safetensors" / "lora.safetensors"
checks = Checks()
random = Random(1)


def cannot(*arguments, words, left=(), **options):
    """Exit code 2, every line ours, the words in it, and in the folder of the output nothing but `left`."""
    output = Path(arguments[arguments.index("-o") + 1])
    done = run("convert", *arguments, **options)
    message = done.stderr.decode(errors="replace")
    shown = " ".join(map(str, arguments))
    checks.equal(done.returncode, 2, f"exit code of convert {shown} ({done.stdout!r})")
    checks.equal(done.stdout, b"", f"no report of convert {shown}")
    checks.that(message and all(line.startswith("upinspect: ") for line in message.splitlines()), f"messages of convert {shown}: {message!r}")
    for word in words:
        checks.that(word in message, f"the message of convert {shown} says \"{word}\": {message!r}")
    if output.parent.is_dir():
        beside = [name for name in os.listdir(output.parent) if name.startswith(output.name)]
        checks.equal(sorted(beside), sorted(left), f"what convert {shown} left")
    return message


def module(name="lora_unet_mid_block_attentions_0_proj_in", rank=2, rows=8, columns=6, alpha=1.0):
    return {f"{name}.lora_down.weight": random(rank, columns), f"{name}.lora_up.weight": random(rows, rank), f"{name}.alpha": np.float32(alpha)}


def test_usage(tmp):
    for arguments in ([], ["in"], ["-o", "x"], ["in", "-o", "x", "--to", "bogus"], ["in", "-o", "x", "--format", "xml"]):
        checks.equal(run("convert", *arguments).returncode, 2, f"convert {arguments}")
    cannot(SAMPLE, "-o", tmp / "x.safetensors", "--dtype", "q8_0", words=["--dtype"])
    cannot(SAMPLE, "-o", tmp / "x.safetensors", "--dtype", "bogus", words=["--dtype"])
    cannot(SAMPLE, "-o", tmp / "x.safetensors", "--alpha", "ten", words=["--alpha"])
    cannot(SAMPLE, "-o", tmp / "x.safetensors", "--set", "novalue", words=["KEY=VALUE"])
    cannot(SAMPLE, "-o", tmp / "x.safetensors", "--module", "@nowhere", words=["nowhere"])
    cannot(SAMPLE, "-o", tmp / "x.pt", words=[".safetensors", ".npy"])
    cannot(SAMPLE, "-o", tmp / "x.npy", "--to", "peft", words=["--to"])
    cannot(SAMPLE, "-o", tmp / "x", "--to", "kohya", words=["one file"])
    done = run("convert", "--help")
    checks.equal(done.returncode, 0, "convert --help")
    checks.that(b"--strip-metadata" in done.stdout and b"Exit codes" in done.stdout, "help tells the options")


def test_inputs_that_cannot_be_read(tmp):
    out = tmp / "out.safetensors"
    cannot(tmp / "nowhere.bin", "-o", out, words=["nowhere.bin", "o such file"])
    fifo = tmp / "fifo"
    os.mkfifo(fifo)
    cannot(fifo, "-o", out, words=["fifo"], timeout=20)
    cannot(DATA / "safetensors" / "truncated.safetensors", "-o", out, words=["missing"])
    cannot(DATA / "safetensors" / "hole.safetensors", "-o", out, words=["hole"])
    cannot(DATA / "safetensors" / "trailing-data.safetensors", "-o", out, words=["trailing"])
    cannot(DATA / "torch-zip" / "truncated.pt", "-o", out, words=["truncated.pt"])
    cannot(DATA / "torch-legacy" / "truncated.pt", "-o", out, words=["truncated.pt"])
    cannot(DATA / "git-lfs-pointer" / "up-param.bin", "-o", out, words=["up-param.bin"])
    cannot(DATA / "html" / "error.safetensors", "-o", out, words=["error.safetensors"])
    cannot(DATA / "text" / "notes.txt", "-o", out, words=["no tensors"])
    cannot(DATA / "safetensors" / "no-tensors.safetensors", "-o", out, words=["no tensors"])
    cannot(SAMPLE, "-o", out, "--tensor", "nothing.*", words=["nothing.*"])


def test_a_checksum_that_does_not_match(tmp):
    data = bytearray((DATA / "torch-zip" / "lora.bin").read_bytes())
    report = json.loads(run("file", "--format", "json", DATA / "torch-zip" / "lora.bin").stdout)["artifacts"][0]
    data[report["tensors"][0]["location"]["offset"]] ^= 1
    (tmp / "rot.bin").write_bytes(data)
    cannot(tmp / "rot.bin", "-o", tmp / "out.safetensors", words=["rot.bin", "CRC"])


def test_a_pickle_that_acts_is_not_run(tmp):
    class Act:
        def __reduce__(self):
            return os.system, (f"touch {tmp}/acted",)
    torch = None
    try:
        import torch
    except ImportError:
        return
    torch.save({"w": torch.zeros(2), "evil": Act()}, tmp / "evil.pt")
    done = run("convert", tmp / "evil.pt", "-o", tmp / "out.safetensors")
    checks.equal(done.returncode, 0, f"the tensors of a pickle that would act are taken out ({done.stderr!r})")
    checks.that(not (tmp / "acted").exists(), "nothing is run")


def test_adapters_that_do_not_fit(tmp):
    out = tmp / "peft"
    name = "lora_unet_mid_block_attentions_0_proj_in"
    whole = module()
    half = {key: value for key, value in whole.items() if "lora_up" not in key}
    cannot(write_safetensors(tmp / "half.safetensors", half), "-o", out, words=["up half is missing", name])
    half = {key: value for key, value in whole.items() if "lora_down" not in key}
    cannot(write_safetensors(tmp / "half.safetensors", half), "-o", out, words=["down half is missing", name])
    cannot(write_safetensors(tmp / "rank.safetensors", whole | {f"{name}.lora_up.weight": random(8, 3)}), "-o", out, words=["rank 3", "rank 2"])
    cannot(write_safetensors(tmp / "other.safetensors", whole | {"what.is.this": random(3)}), "-o", out, words=["what.is.this"])
    cannot(write_safetensors(tmp / "none.safetensors", {"w": random(3)}), "-o", out, words=["no adapter"])
    (tmp / "source").mkdir()
    peft = {"base_model.model.a.b.lora_A.weight": random(2, 4), "base_model.model.a.b.lora_B.weight": random(4, 2)}
    write_safetensors(tmp / "source" / "adapter_model.safetensors", peft)
    cannot(tmp / "source" / "adapter_model.safetensors", "-o", out, words=["scale is unknown", "adapter_config.json"])
    (tmp / "source" / "adapter_config.json").write_text("{broken")
    cannot(tmp / "source" / "adapter_model.safetensors", "-o", out, words=["adapter_config.json"])
    (tmp / "source" / "adapter_config.json").write_text("[1]")
    cannot(tmp / "source" / "adapter_model.safetensors", "-o", out, words=["adapter_config.json"])


def test_names_that_collide(tmp):
    (tmp / "in").mkdir()
    tensors = {}
    for path in ("a.b_c", "a_b.c"):
        tensors |= {f"base_model.model.{path}.lora_A.weight": random(2, 4), f"base_model.model.{path}.lora_B.weight": random(4, 2)}
    write_safetensors(tmp / "in" / "adapter_model.safetensors", tensors)
    (tmp / "in" / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 2, "target_modules": ["c"]}))
    cannot(tmp / "in", "-o", tmp / "out.safetensors", "--to", "kohya", words=["both be called", "lora_unet_a_b_c"])


def test_dtypes_that_do_not_fit(tmp):
    cannot(DATA / "gguf" / "quantised.gguf", "-o", tmp / "out.safetensors", words=["--dtype f32"])
    write_safetensors(tmp / "b.safetensors", {"w": ("BF16", np.zeros(4, "<u2"))})
    cannot(tmp / "b.safetensors", "-o", tmp / "w.npy", words=["numpy", "--dtype f32"])
    done = run("convert", tmp / "b.safetensors", "-o", tmp / "w.npy", "--dtype", "f32")
    checks.equal(done.returncode, 0, f"bfloat16 to npy as float32 ({done.stderr!r})")
    same = np.load(tmp / "w.npy")
    checks.equal((same.dtype, same.tolist()), (np.dtype("float32"), [0.0] * 4), "its values")


def test_outputs_that_are_in_the_way(tmp):
    out = tmp / "out.safetensors"
    out.write_bytes(b"mine")
    cannot(SAMPLE, "-o", out, words=["--force"], left=["out.safetensors"])
    checks.equal(out.read_bytes(), b"mine", "what was there is untouched")
    checks.equal(run("convert", SAMPLE, "-o", out, "--force").returncode, 0, "--force replaces a file")
    checks.that(out.read_bytes() != b"mine", "it is replaced")
    copy = tmp / "copy.safetensors"
    copy.write_bytes(SAMPLE.read_bytes())
    for target in (copy, tmp / "link.safetensors"):
        if target != copy:
            target.symlink_to(copy)
        cannot(copy, "-o", target, "--force", words=["input itself"], left=[target.name])
    checks.equal(copy.read_bytes(), SAMPLE.read_bytes(), "the input is untouched")
    cannot(SAMPLE, "-o", tmp / "nowhere" / "out.safetensors", words=["no folder"])
    (tmp / "folder.safetensors").mkdir()
    cannot(SAMPLE, "-o", tmp / "folder.safetensors", "--force", words=["folder"], left=["folder.safetensors"])
    write_safetensors(tmp / "k.safetensors", module())
    (tmp / "precious").mkdir()
    (tmp / "precious" / "notes.txt").write_text("mine")
    cannot(tmp / "k.safetensors", "-o", tmp / "precious", words=["--force"], left=["precious"])
    cannot(tmp / "k.safetensors", "-o", tmp / "precious", "--force", words=["notes.txt"], left=["precious"])
    checks.equal(os.listdir(tmp / "precious"), ["notes.txt"], "a folder with other files is not replaced")
    checks.equal(run("convert", tmp / "k.safetensors", "-o", tmp / "peft").returncode, 0, "a folder is made")
    cannot(tmp / "peft", "-o", tmp / "peft", "--force", words=["input itself"], left=["peft"])
    cannot(tmp / "peft" / "adapter_model.safetensors", "-o", tmp / "peft/", "--force", words=["input itself"], left=["peft"])
    cannot(tmp / "peft", "-o", tmp / "peft" / "adapter_model.safetensors", "--force", words=["input itself"], left=["adapter_model.safetensors"])
    checks.equal(run("convert", tmp / "k.safetensors", "-o", tmp / "peft", "--force").returncode, 0, "--force replaces an adapter's folder")
    checks.equal(sorted(name for name in os.listdir(tmp) if name.startswith("peft")), ["peft"], "and leaves nothing beside it")


def test_outputs_that_cannot_be_written(tmp):
    cannot(SAMPLE, "-o", "/dev/full", "--force", words=["/dev/full"], left=["full"])
    if os.geteuid() != 0:
        (tmp / "locked").mkdir(mode=0o500)
        cannot(SAMPLE, "-o", tmp / "locked" / "out.safetensors", words=["ermission"])

    def small_disk():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    big = write_safetensors(tmp / "big.safetensors", {"w": random(300, 300)} | module())
    cannot(big, "-o", tmp / "out.safetensors", words=["out.safetensors", "too large"], preexec_fn=small_disk)
    k = write_safetensors(tmp / "k.safetensors", module(columns=50_000))
    cannot(k, "-o", tmp / "peft", words=["too large"], preexec_fn=small_disk)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([tool(), "convert", str(SAMPLE), "-o", str(tmp / "told.safetensors")], stdout=full, stderr=subprocess.PIPE,
                              env=environment(), check=False)
    checks.equal(done.returncode, 2, "exit code where the report cannot be written")


def sparse_safetensors(path, elements):
    header = json.dumps({"w": {"dtype": "F32", "shape": [elements], "data_offsets": [0, 4 * elements]}}).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + 4 * elements)
    return path


def test_interrupt(tmp):
    big = sparse_safetensors(tmp / "big.safetensors", 1 << 29)
    for signals in ((signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)):
        process = subprocess.Popen([tool(), "convert", str(big), "-o", str(tmp / "out.safetensors")], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=environment())
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not any(name.startswith("out") for name in os.listdir(tmp)):
            time.sleep(0.005)
        running = process.poll() is None
        for number in signals:
            process.send_signal(number)
        out, _ = process.communicate(timeout=60)
        checks.that(running, "the conversion took long enough to be interrupted")
        checks.that(process.returncode in (-signals[0], 128 + signals[0]), f"exit code {process.returncode} after {signals}")
        checks.equal(out, b"", f"no report after {signals}")
        checks.equal([name for name in os.listdir(tmp) if name.startswith("out")], [], f"nothing left after {signals}")


def test_hostile_names_are_escaped(tmp):
    write_safetensors(tmp / "in.safetensors", module("a\x1b[31m\nb") | {"x\x1b[0m": random(3)})
    done = run("convert", tmp / "in.safetensors", "-o", tmp / "out")
    checks.equal(done.returncode, 2, "names of a terminal's language are not dotted")
    checks.that(b"\x1b" not in done.stderr and b"\x1b" not in done.stdout, f"they are escaped: {done.stderr!r}")
    done = run("convert", "-v", tmp / "in.safetensors", "-o", tmp / "out.safetensors")
    checks.that(done.returncode == 0 and b"\x1b" not in done.stdout, "a report escapes too")


def test_reports(tmp):
    write_safetensors(tmp / "k.safetensors", module())
    text = run("convert", "-v", tmp / "k.safetensors", "-o", tmp / "peft").stdout.decode()
    checks.that("adapter digest equal" in text and "PEFT folder, 1 module, 2 tensors" in text, f"the text report: {text}")
    checks.that("mid_block.attentions.0.proj_in" in text, "verbose lists the names")
    quiet = run("convert", "-q", tmp / "k.safetensors", "-o", tmp / "two").stdout.decode()
    checks.equal(quiet.count("\n"), 1, f"quiet is one line: {quiet!r}")
    narrow = run("convert", "-v", tmp / "k.safetensors", "-o", tmp / "three", env=environment(COLUMNS="60", LC_ALL="C")).stdout
    checks.that(all(byte < 128 for byte in narrow), "ASCII where the locale is")
    document = run("convert", "--format", "json", tmp / "k.safetensors", "-o", tmp / "four").stdout.decode()
    try:
        from report.validate_schema import errors_of
        checks.equal(errors_of(document, {}), [], "the JSON report holds to its schema")
    except (ImportError, SystemExit):
        print("note: jsonschema is not here")
    checks.equal(json.loads(document)["conversion"]["renamed"],
                 [{"from": "lora_unet_mid_block_attentions_0_proj_in", "to": "mid_block.attentions.0.proj_in"}], "renamed")


if __name__ == "__main__":
    checks.run(globals())
