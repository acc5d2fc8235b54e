# SPDX-License-Identifier: Apache-2.0
"""Installs into an empty prefix and builds the example against it, by find_package and by pkg-config, and runs both.

    install_test.py CMAKE BUILD_FOLDER CXX_COMPILER
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SOURCE, Checks  # noqa: E402

EXAMPLE = Path(__file__).resolve().parent
SAMPLE = SOURCE / "testdata" / "safetensors" / "lora.safetensors"
TENSOR = "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight f32 64"
checks = Checks()


def call(*command, **environment):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=os.environ | environment)
    checks.that(done.returncode == 0, f"{command[0]} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def check_program(program, how):
    if not checks.that(program.is_file(), f"{how} built no program"):
        return
    data = SAMPLE.read_bytes()
    lines = call(program, SAMPLE).splitlines()
    checks.equal(lines[:1], [f"safetensors {len(data)} {hashlib.sha256(data).hexdigest()}"], f"the example built by {how}")
    checks.that(TENSOR in lines, f"the example built by {how} lists the tensors: {lines}")
    missing = subprocess.run([program, "nowhere"], capture_output=True, check=False)
    checks.equal(missing.returncode, 2, f"the example built by {how} tells a missing file")


def by_find_package(cmake, compiler, prefix, folder):
    call(cmake, "-S", EXAMPLE, "-B", folder, f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=Release")
    call(cmake, "--build", folder)
    check_program(folder / "example", "find_package")


def by_pkg_config(compiler, prefix, folder):
    if not shutil.which("pkg-config"):
        print("note: no pkg-config here, so that half is not tested")
        return
    config = next(prefix.rglob("upinspect.pc"), None)
    if not checks.that(config, "no upinspect.pc was installed"):
        return
    flags = call("pkg-config", "--cflags", "--libs", "--static", "upinspect", PKG_CONFIG_PATH=str(config.parent)).split()
    folder.mkdir()
    call(compiler, "-std=c++20", EXAMPLE / "main.cpp", "-o", folder / "example", *flags)
    check_program(folder / "example", "pkg-config")


def main():
    cmake, build, compiler = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as scratch:
        prefix = Path(scratch) / "prefix"
        call(cmake, "--install", build, "--prefix", prefix)
        shown = call(prefix / "bin" / "upinspect", "--version")
        checks.that(shown.startswith("upinspect "), f"the installed tool tells its version: {shown!r}")
        by_find_package(cmake, compiler, prefix, Path(scratch) / "cmake")
        by_pkg_config(compiler, prefix, Path(scratch) / "pc")
    checks.finish()


if __name__ == "__main__":
    main()
