# SPDX-License-Identifier: Apache-2.0
"""`upinspect file` as scripts meet it: bad paths, stdin, pipes that close, interrupts, terminals."""

import errno
import io
import json
import os
import pickle
import pty
import select
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SOURCE, Checks, environment, run, tool  # noqa: E402

DATA = SOURCE / "testdata"
SAMPLE = DATA / "safetensors" / "lora.safetensors"
checks = Checks()


def cannot(path, *words, **options):
    """The tool must leave with 2 and one plain line on stderr that names `path` and holds one of `words`."""
    done = run("file", path, **options)
    message = done.stderr.decode(errors="replace")
    checks.equal(done.returncode, 2, f"exit code for {path}")
    checks.that(message.startswith(f"upinspect: {path}: "), f"message for {path}: {message!r}")
    checks.that(message.count("\n") == 1 and message.endswith("\n"), f"one line for {path}: {message!r}")
    checks.that(any(word in message.lower() for word in words), f"message for {path} holds none of {words}: {message!r}")


def test_paths_that_cannot_be_read(folder):
    cannot(folder / "nowhere.bin", "no such file")
    cannot(SAMPLE / "inside", "not a directory")
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    cannot(fifo, "regular file", "pipe", "fifo", timeout=10)
    cannot(Path("/dev/null"), "regular file", "device", timeout=10)
    dangling = folder / "dangling"
    dangling.symlink_to("nowhere")
    cannot(dangling, "no such file")
    if os.geteuid() != 0:
        locked = folder / "locked.bin"
        locked.write_bytes(b"x")
        locked.chmod(0)
        cannot(locked, "permission")


def test_one_bad_path_does_not_hide_the_good_ones(folder):
    done = run("file", "--format", "json", folder / "nowhere.bin", SAMPLE)
    checks.equal(done.returncode, 2, "exit code where one of two paths is missing")
    artifacts = json.loads(done.stdout)["artifacts"]
    checks.equal([a["format"]["id"] for a in artifacts], ["safetensors"], "the path that is there is still reported")


def test_folders(folder):
    inner = folder / "adapters" / "one"
    inner.mkdir(parents=True)
    (inner / "lora.safetensors").write_bytes(SAMPLE.read_bytes())
    done = run("file", "--recursive", "--format", "json", folder / "adapters")
    checks.equal(done.returncode, 0, f"exit code of --recursive ({done.stderr!r})")
    checks.equal([Path(a["path"]).name for a in json.loads(done.stdout)["artifacts"]], ["lora.safetensors"], "files under a folder")
    loop = inner / "loop"
    loop.symlink_to(folder / "adapters")
    done = run("file", "--recursive", "--format", "json", folder / "adapters", timeout=20)
    checks.equal(len(json.loads(done.stdout)["artifacts"]), 1, "a link to a folder above is not followed for ever")


def test_stdin():
    data = SAMPLE.read_bytes()
    named = json.loads(run("file", "--format", "json", SAMPLE).stdout)["artifacts"][0]
    done = run("file", "--format", "json", "-", input=data)
    checks.equal(done.returncode, 0, f"exit code for - ({done.stderr!r})")
    piped = json.loads(done.stdout)["artifacts"][0]
    for key in ("size", "format", "digests", "tensors", "coverage"):
        checks.equal(piped[key], named[key], f"{key} of - and of the path")
    checks.equal(json.loads(run("file", "--format", "json", "-", input=b"").stdout)["artifacts"][0]["format"]["id"], "empty", "an empty stdin")


def test_exit_codes():
    truncated = DATA / "safetensors" / "truncated.safetensors"
    checks.equal(run("file", truncated).returncode, 0, "damage is a finding, and file does not fail on findings unasked")
    checks.equal(run("file", "--fail-on", "error", truncated).returncode, 1, "--fail-on error on a truncated file")
    healthy = DATA / "npy" / "v1-f32.npy"
    checks.equal(run("file", "--fail-on", "note", healthy).returncode, 0, "--fail-on note on a healthy file")
    checks.equal(run("file", "--fail-on", "warning", SAMPLE).returncode, 1, "--fail-on warning on an adapter of unknown scale")
    checks.equal(run("file", "--fail-on", "bogus", SAMPLE).returncode, 2, "--fail-on with a word it does not know")
    checks.equal(run("file").returncode, 2, "file without a path")


def test_closed_pipe():
    for form in ("text", "json"):
        with subprocess.Popen([tool(), "file", "--format", form, *[str(SAMPLE)] * 200], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=environment()) as process:
            process.stdout.readline()
            process.stdout.close()
            message = process.stderr.read()
            code = process.wait(60)
        checks.equal(message, b"", f"stderr after a closed pipe ({form})")
        checks.that(code in (0, -signal.SIGPIPE), f"exit code {code} after a closed pipe ({form})")


def test_full_disk():
    if not os.path.exists("/dev/full"):
        return
    with open("/dev/full", "wb") as full:
        done = subprocess.run([tool(), "file", str(SAMPLE)], stdout=full, stderr=subprocess.PIPE, env=environment(), check=False)
    checks.equal(done.returncode, 2, "exit code where the output cannot be written")
    checks.that(done.stderr.startswith(b"upinspect: "), f"message where the output cannot be written: {done.stderr!r}")


def big_file(folder, gigabytes=3):
    """A sparse file of zeros: large enough that reading it takes a while."""
    path = folder / "big.bin"
    with open(path, "wb") as file:
        file.write(b"\1")
        file.truncate(gigabytes << 30)
    return path


def check_interrupt_of_silent_pipe(spool):
    """Ctrl-C while a pipe has nothing to give."""
    process = subprocess.Popen([tool(), "file", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment(TMPDIR=str(spool)))
    time.sleep(0.4)
    process.send_signal(signal.SIGINT)
    try:
        checks.that(process.wait(5) in (130, -signal.SIGINT), f"exit code {process.returncode} after Ctrl-C on a silent pipe")
    except subprocess.TimeoutExpired:
        process.kill()
        checks.that(False, "Ctrl-C stops the wait for a silent pipe")
    checks.equal(os.listdir(spool), [], "nothing left in TMPDIR after Ctrl-C on a silent pipe")
    process.communicate()


def test_interrupt(folder):
    path, spool = big_file(folder), folder / "spool"
    spool.mkdir()
    for arguments, stdin in (([str(path)], None), (["-"], path)):
        with open(stdin or os.devnull, "rb") as source:
            process = subprocess.Popen([tool(), "file", *arguments], stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       env=environment(TMPDIR=str(spool)))
            time.sleep(0.4)
            running = process.poll() is None
            process.send_signal(signal.SIGINT)
            sent = time.monotonic()
            out, _ = process.communicate(timeout=30)
        if not running:
            print(f"note: reading {arguments} was over before the interrupt")
            continue
        checks.that(time.monotonic() - sent < 2, f"Ctrl-C stops at once ({arguments})")
        checks.that(process.returncode in (130, -signal.SIGINT), f"exit code {process.returncode} after Ctrl-C ({arguments})")
        checks.equal(out, b"", f"no half report after Ctrl-C ({arguments})")
        checks.equal(os.listdir(spool), [], f"nothing left in TMPDIR after Ctrl-C ({arguments})")
    checks.equal(run("file", "--quick", path, timeout=10).returncode, 0, "--quick of a big file")
    check_interrupt_of_silent_pipe(spool)
    path.unlink()


def on_terminal(arguments, columns=100, **extra):
    """(exit code, what a terminal shows on stderr and stdout) of a run under a pseudo-terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(tool(), [tool(), *arguments], environment(TERM="xterm-256color", **extra))
    shown = b""
    while True:
        ready, _, _ = select.select([terminal], [], [], 60)
        try:
            chunk = os.read(terminal, 65536) if ready else b""
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            chunk = b""
        if not chunk:
            break
        shown += chunk
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def test_terminal(folder):
    code, shown = on_terminal(["file", str(SAMPLE)])
    checks.equal(code, 0, "exit code on a terminal")
    checks.that(b"\x1b[" in shown, "a terminal gets colour")
    checks.that(b"\x1b[" not in on_terminal(["file", str(SAMPLE)], NO_COLOR="1")[1], "NO_COLOR is honoured")
    checks.that(b"\x1b[" not in on_terminal(["file", "--color", "never", str(SAMPLE)])[1], "--color never")
    checks.that(b"\x1b[" not in run("file", SAMPLE).stdout, "a pipe gets no colour")
    checks.that(b"\x1b[" in run("file", "--color", "always", SAMPLE).stdout, "--color always colours a pipe")
    path = big_file(folder, 6)
    _, shown = on_terminal(["file", "--format", "json", str(path)])
    checks.that(b"%" in shown or b"/s" in shown, "a long run shows its progress on a terminal")
    done = run("file", path)
    checks.equal(done.stderr, b"", "no progress in a pipe")
    path.unlink()


def test_hostile_names_are_escaped(folder):
    path = folder / "a\x1b[31mb\nc.bin"
    path.write_bytes(SAMPLE.read_bytes())
    for done in (run("file", path), run("file", str(path) + "x")):
        shown = done.stdout + done.stderr
        checks.that(b"\x1b" not in shown, f"no escape sequence of a path reaches the terminal: {shown[:80]!r}")
    shown = run("file", DATA / "safetensors" / "unicode-names.safetensors").stdout
    checks.that("\u202e".encode() not in shown, "no bidirectional control of a name reaches the terminal")
    checks.that("重み".encode() in shown, "letters of any script do")
    ascii_only = run("file", DATA / "safetensors" / "unicode-names.safetensors", env=environment() | {"LC_ALL": "C"}).stdout
    checks.that(all(byte < 128 for byte in ascii_only), "a locale that is not UTF-8 gets ASCII")


def test_a_file_that_shrinks(folder):
    path = folder / "shrinks.bin"
    with open(path, "wb") as file:
        file.truncate(4 << 30)
    process = subprocess.Popen([tool(), "file", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    time.sleep(0.2)
    os.truncate(path, 1000)
    out, error = process.communicate(timeout=60)
    told = (out + error).lower()
    checks.that(process.returncode in (0, 2), f"exit code {process.returncode} for a file that shrinks")
    checks.that(b"shr" in told or b"changed" in told or b"fewer" in told or b"short" in told, f"a file that shrinks is told: {told[-300:]!r}")


class Runs:
    def __reduce__(self):
        return os.system, ("true",)


def torch_archive(value, method):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("model_weights/data.pkl", pickle.dumps(value, 2))
        archive.writestr("model_weights/version", "3\n")
    return made.getvalue()


def test_nemo_archives(folder):
    """NeMo's tar says what it is, and the pickle in it is judged where it lies."""
    for dots, value, verdict in (("./", {"a": 1}, "inert"), ("", Runs(), "dangerous")):
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            path = folder / "model.nemo"
            checkpoint = torch_archive(value, method)
            with tarfile.open(path, "w") as archive:
                for name, data in (("model_config.yaml", b"peft: lora\n"), ("model_weights.ckpt", checkpoint)):
                    member = tarfile.TarInfo(dots + name)
                    member.size = len(data)
                    archive.addfile(member, io.BytesIO(data))
            artifact = json.loads(run("file", "--format", "json", path).stdout)["artifacts"][0]
            checks.equal((artifact["format"]["id"], artifact["format"]["title"]), ("tar", "NeMo archive"), "a .nemo is a tar, and NeMo's")
            checks.equal(artifact["format"]["detail"]["torch_archives"], [dots + "model_weights.ckpt"], "what was judged in it")
            checks.equal(artifact["pickle"]["verdict"], verdict, f"the verdict over {value} in a tar")
            for found in artifact["pickle"]["globals"]:
                place = artifact["format"]["detail"]["names"]
                checks.that(place and found["offset"] >= 0, f"{found}")
            shown = run("file", path).stdout.decode()
            checks.that("NeMo archive" in shown and "model_weights.ckpt" in shown, f"text of a .nemo: {shown}")
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("model_weights.ckpt"), io.BytesIO())
    artifact = json.loads(run("file", "--format", "json", path).stdout)["artifacts"][0]
    checks.equal(artifact["format"]["title"], "tar archive", "any other tar")


def test_deterministic(folder):
    first = run("file", "--format", "json", DATA / "torch-zip" / "views.pt").stdout
    for jobs in ("1", "2", "7"):
        checks.equal(run("file", "--format", "json", "--jobs", jobs, DATA / "torch-zip" / "views.pt").stdout, first, f"report with --jobs {jobs}")

    values = (bytes(range(256)) * 3000 + b"\x3f\x80\x00\x00\x7f\xc0\x00\x01" * 500)[:700_000]
    raw, other = folder / "values.bin", folder / "other.bin"
    raw.write_bytes(values)
    other.write_bytes(values[:100] + bytes(byte ^ 1 for byte in values[100:600_000]) + values[600_000:])
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").is_file() else ""
    sets = ["plain"] + [name for name in ("avx2", "avx512") if name in flags]
    for words in (["file", "--as", "f32", raw], ["file", "--as", "f16", raw], ["file", "--as", "bf16", raw], ["diff", "--as", "f32", raw, other]):
        answers = {run(*words, "--format", "json", env=environment() | {"UPINSPECT_INSTRUCTIONS": name}).stdout for name in sets}
        checks.that(len(answers) == 1 and b"{" in answers.pop(), f"{words[:3]}: the same with {', '.join(sets)}")
    done = run("file", SAMPLE, env=environment() | {"UPINSPECT_INSTRUCTIONS": "sse9"})
    checks.that(done.returncode == 2 and b"sse9" in done.stderr, "instructions that there are not")


if __name__ == "__main__":
    checks.run(globals())
