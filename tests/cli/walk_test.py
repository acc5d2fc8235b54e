# SPDX-License-Identifier: Apache-2.0
"""Folders that hold more than files, and folders that change while they are read: nothing is followed, all is told."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SOURCE, Checks, environment, run, tool  # noqa: E402

SAMPLE = SOURCE / "testdata" / "safetensors" / "lora.safetensors"
# Long enough to read for a folder to be changed meanwhile: zeros that take no room.
SLOW = 3 << 30
checks = Checks()


def told(folder, *options, code=0, **more):
    """(files that were read, what was passed over and why) of a folder, and that stderr says the latter too."""
    done = run("file", "--format", "json", *options, folder, timeout=30, **more)
    message = done.stderr.decode(errors="replace")
    checks.equal(done.returncode, code, f"exit code for {folder} ({message!r})")
    document = json.loads(done.stdout)
    over = {os.path.relpath(each["path"], folder): each["why"] for each in document.get("passed_over", [])}
    for name, why in over.items():
        checks.that(f"upinspect: {folder / name}: {why}\n" in message, f"stderr tells {name}: {message!r}")
    checks.equal(message.count("\n"), len(over), f"a line for each ({message!r})")
    return [os.path.relpath(each["path"], folder) for each in document["artifacts"]], over


def new(folder, *names):
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(SAMPLE.read_bytes())
    return folder


def test_links(root):
    outside = new(root / "outside", "secret.safetensors")
    folder = new(root / "links", "real.safetensors")
    (folder / "inside").symlink_to("real.safetensors")
    (folder / "leaves").symlink_to(outside / "secret.safetensors")
    (folder / "climbs").symlink_to("../outside/secret.safetensors")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    (folder / "ring-a").symlink_to("ring-b")
    (folder / "ring-b").symlink_to("ring-a")
    (folder / "folder-above").symlink_to(root)
    (folder / "folder-outside").symlink_to(outside)
    (folder / "device").symlink_to("/dev/zero")
    (folder / "chain").symlink_to("leaves")
    read, over = told(folder, "--recursive")
    checks.equal(read, ["inside", "real.safetensors"], "a link is followed to a file of the folder, and to nothing else")
    checks.equal(sorted(over), ["chain", "climbs", "dangling", "device", "folder-above", "folder-outside", "leaves", "loop", "ring-a", "ring-b"],
                 "every other link is told")
    checks.that(all("not followed" in why for why in over.values()), f"why: {over}")
    named = root / "named"
    named.symlink_to(folder)
    checks.equal(told(named)[0], read, "a folder that the user names by a link is read")


def test_configuration_elsewhere(root):
    outside = root / "configurations"
    outside.mkdir()
    (outside / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 4, "lora_alpha": 77, "target_modules": ["q_proj"]}')
    folder = new(root / "configured", "adapter.safetensors")
    (folder / "adapter_config.json").symlink_to(outside / "adapter_config.json")
    done = run("file", "--format", "json", folder / "adapter.safetensors")
    artifact = json.loads(done.stdout)["artifacts"][0]
    checks.that(b'"alpha": 77' not in done.stdout, "the alpha of a configuration outside of the folder is not used")
    checks.that("folder.unsafe-path" in [finding["id"] for finding in artifact["findings"]], "and that is told")
    (folder / "adapter_config.json").unlink()
    (folder / "kept.json").write_bytes((outside / "adapter_config.json").read_bytes())
    (folder / "adapter_config.json").symlink_to("kept.json")
    done = run("file", "--format", "json", folder / "adapter.safetensors")
    checks.that(b'"alpha": 77' in done.stdout, "a link to a file of the folder is followed")


def test_special_files(root):
    folder = new(root / "special", "real.safetensors")
    os.mkfifo(folder / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(folder)  # a socket's path must be short
        listener.bind("socket")
        os.chdir(here)
    wanted = ["fifo", "socket"]
    try:
        os.mknod(folder / "device", 0o20666, os.makedev(1, 5))
        wanted.insert(0, "device")
    except PermissionError:
        print("not tested: a device in a folder, which only root can make")
    read, over = told(folder)
    checks.equal((read, sorted(over)), (["real.safetensors"], wanted), "special files are passed over")
    checks.that(all(why == "is a special file; not opened" for why in over.values()), f"why: {over}")
    lines = run("file", "--format", "ndjson", folder, timeout=30).stdout.splitlines()
    over = [json.loads(line)["passed_over"] for line in lines if b'"passed_over"' in line]
    checks.equal(sorted(Path(each["path"]).name for each in over), wanted, "ndjson has a line for each")


def test_a_folder_that_cannot_be_listed(root):
    folder = new(root / "closed", "real.safetensors")
    new(folder / "locked", "hidden.safetensors").chmod(0)
    folder.chmod(0o755)
    more = {}
    if os.geteuid() == 0:
        for path in (root, *root.parents):
            if not path.stat().st_mode & 1 and path == root:
                path.chmod(0o755)
        more = {"user": 65534}
        try:
            if subprocess.run([tool(), "--version"], capture_output=True, check=False, **more).returncode != 0:
                raise PermissionError
        except PermissionError:
            print("not tested: a folder that cannot be listed, because root lists all and another user cannot run the tool")
            return
    read, over = told(folder, "--recursive", code=2, **more)
    checks.equal(read, ["real.safetensors"], "the rest is read")
    checks.equal(list(over), ["locked"], "the folder is told")
    checks.that("cannot list the folder: Permission denied" in over.get("locked", ""), f"why: {over}")
    (folder / "locked").chmod(0o755)


def wait_until_open(process, path):
    """Returns once the process has `path` open, which it then has looked at."""
    for _ in range(5000):
        try:
            if any(os.path.realpath(each.path) == str(path) for each in os.scandir(f"/proc/{process}/fd")):
                return
        except OSError:
            pass
        time.sleep(0.002)
    checks.that(False, f"{path} was never opened")


def while_reading(folder, change):
    """Reads `folder`; when its first file has been told and the slow second one is being read, runs `change`."""
    (folder / "b-slow").touch()
    os.truncate(folder / "b-slow", SLOW)
    command = [tool(), "file", "--recursive", "--format", "ndjson", "--jobs", "1", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as child:
        first = child.stdout.readline()
        wait_until_open(child.pid, folder / "b-slow")
        child.send_signal(signal.SIGSTOP)  # so that a busy machine does not let it end before the change is made
        change()
        child.send_signal(signal.SIGCONT)
        rest, errors = child.communicate(timeout=120)
    lines = [json.loads(line) for line in [first, *rest.splitlines()]]
    read = {os.path.relpath(each["artifact"]["path"], folder): each["artifact"] for each in lines if "artifact" in each}
    over = {os.path.relpath(each["passed_over"]["path"], folder): each["passed_over"]["why"] for each in lines if "passed_over" in each}
    return read, over, child.returncode, errors.decode(errors="replace")


def test_a_folder_that_changes(root):
    secret = new(root / "elsewhere", "secret.safetensors")
    folder = new(root / "changing", "a.safetensors", "c.safetensors", "d.safetensors", "f.safetensors")
    new(folder / "z-sub", "deep.safetensors")

    def change():
        (folder / "c.safetensors").unlink()
        (folder / "d.safetensors").unlink()
        (folder / "d.safetensors").symlink_to(secret / "secret.safetensors")
        (folder / "e.safetensors").write_bytes(b"appears too late")
        os.truncate(folder / "b-slow", 1 << 20)
        (folder / "z-sub").rename(root / "moved")
        (folder / "z-sub").symlink_to(secret)

    read, over, code, errors = while_reading(folder, change)
    checks.equal(code, 2, f"what vanishes could not be read ({errors!r})")
    checks.equal(sorted(read), ["a.safetensors", "b-slow", "f.safetensors"], "what is there is read, and nothing through a new link")
    checks.that("o such file" in over.get("c.safetensors", ""), f"a file that vanished: {over}")
    checks.that("not followed" in over.get("d.safetensors", ""), f"a file that became a link: {over}")
    checks.that("not followed" in over.get("z-sub", ""), f"a folder that became a link: {over}")
    ids = {each["id"] for each in read["b-slow"]["findings"]}
    checks.that("container.changed-while-read" in ids, f"a file that shrinks while it is read: {ids}")


def test_a_file_that_grows(root):
    folder = new(root / "growing", "a.safetensors")
    read, over, code, errors = while_reading(folder, lambda: os.truncate(folder / "b-slow", SLOW + 4096))
    checks.equal((over, code), ({}, 0), f"a file that grows is read all the same ({errors!r})")
    checks.equal(read["b-slow"]["size"], SLOW, "its size is what it was")
    checks.that("container.changed-while-read" in {each["id"] for each in read["b-slow"]["findings"]}, "that it grew is told")


def test_a_file_that_is_replaced(root):
    folder = new(root / "replaced", "a.safetensors")
    other = root / "other"
    other.write_bytes(SAMPLE.read_bytes())
    _, over, code, errors = while_reading(folder, lambda: os.replace(other, folder / "b-slow"))
    checks.equal(code, 2, f"exit code where a file is replaced ({errors!r})")
    checks.that("was replaced while it was read" in over.get("b-slow", ""), f"why: {over}")


if __name__ == "__main__":
    checks.run(globals())
