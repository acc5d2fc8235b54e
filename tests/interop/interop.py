# SPDX-License-Identifier: Apache-2.0
"""The independent check: what real torch and numpy wrote, and what upinspect says of it, number by number.

    UPINSPECT=build/dev/upinspect python3 tests/interop/interop.py [NAME...]
"""

import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import Checks, need, run, skip  # noqa: E402

CLOSE = 1e-12
ROUNDING = 4e-16  # of a mean: what std may owe to it where the spread is far below the values
checks = Checks()


def xxh3(blobs, folder):
    """`xxhsum -H2` of each of the byte strings."""
    paths = []
    for number, blob in enumerate(blobs):
        paths.append(os.path.join(folder, f"blob{number}"))
        Path(paths[-1]).write_bytes(blob)
    listing = subprocess.run(["xxhsum", "-H2", *paths], capture_output=True, check=True, text=True).stdout
    for path in paths:
        os.unlink(path)
    return [line.split()[0] for line in listing.splitlines()]


def content_digest(tensors):
    """docs/digests.md in ten lines of Python."""
    lines = []
    for tensor in sorted(tensors, key=lambda t: t.name.encode()):
        shape = "x".join(map(str, tensor.shape)) or "scalar"
        lines.append(f"{hashlib.sha256(tensor.data).hexdigest()} {tensor.dtype} {shape} {json.dumps(tensor.name)}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def number(value):
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}.get(value, value)


def near(got, wanted, scale, label):
    if got is None or wanted is None:
        return checks.equal(got, wanted, label)
    return checks.that(abs(number(got) - wanted) <= scale, f"{label}: got {got}, wanted {wanted!r} within {scale:.3g}")


def check_moments(stats, finite, label):
    """mean, std and l2 against sums without rounding (math.fsum)."""
    if not finite:
        for key in ("min", "max", "mean", "std", "l2"):
            checks.that(stats.get(key) is None, f"{label} {key}: {stats.get(key)} of no finite element")
        return
    count, largest = len(finite), max(abs(x) for x in finite)
    # Scaled by a power of two, so that squares of very large and very small numbers stay in range.
    scale = 2.0 ** math.frexp(largest)[1] if largest and math.isfinite(2.0 ** min(math.frexp(largest)[1], 1023)) else 1.0
    scaled = [x / scale for x in finite]
    mean = math.fsum(scaled) / count
    std = math.sqrt(math.fsum((x - mean) ** 2 for x in scaled) / count)
    l2 = math.sqrt(math.fsum(x * x for x in scaled))
    magnitude = math.fsum(map(abs, scaled)) / count
    near(stats["mean"], mean * scale, CLOSE * magnitude * scale, f"{label} mean")
    near(stats["std"], std * scale, (CLOSE * std + ROUNDING) * scale, f"{label} std")
    near(stats["l2"], l2 * scale, CLOSE * l2 * scale, f"{label} l2")


def check_stats(stats, expected, smallest_normal, label):
    np = need("numpy")
    values = expected.values
    if not checks.that(stats is not None, f"{label}: no stats"):
        return
    whole = values.dtype.kind in "iu"
    finite = [x for x in values.ravel().tolist() if whole or math.isfinite(x)]
    checks.equal(stats["nans"], 0 if whole else int(np.isnan(values).sum()), f"{label} nans")
    checks.equal(stats["infs"], 0 if whole else int(np.isinf(values).sum()), f"{label} infs")
    checks.equal(stats["zeros"], int((values == 0).sum()), f"{label} zeros")
    if finite:
        checks.equal(number(stats["min"]), min(finite), f"{label} min")
        checks.equal(number(stats["max"]), max(finite), f"{label} max")
        if whole:
            checks.that(isinstance(stats["min"], int) and isinstance(stats["max"], int), f"{label}: integers stay integers")
    if smallest_normal:
        magnitudes = np.abs(values.astype(np.float64))
        checks.equal(stats["subnormals"], int(((magnitudes > 0) & (magnitudes < smallest_normal)).sum()), f"{label} subnormals")
    check_moments(stats, finite, label)


def entropy(counts):
    total = counts.sum()
    shares = counts[counts > 0] / total
    return float(-(shares * __import__("numpy").log2(shares)).sum()) if total else 0.0


def check_entropy(got, expected, label):
    np = need("numpy")
    if not expected.data or not checks.that(got is not None, f"{label}: no entropy"):
        return
    count = math.prod(expected.shape)
    planes = np.frombuffer(expected.data, np.uint8).reshape(count, -1)
    near(got["byte"], entropy(np.bincount(planes.ravel(), minlength=256)), 1e-9, f"{label} byte entropy")
    checks.equal(len(got["byte_planes"]), planes.shape[1], f"{label} number of byte planes")
    for plane, value in enumerate(got["byte_planes"]):
        near(value, entropy(np.bincount(planes[:, plane], minlength=256)), 1e-9, f"{label} byte plane {plane}")
    for plane in got["bit_planes"]:
        byte, bit = divmod(plane["bit"], 8)
        checks.equal(plane["ones"], int(((planes[:, byte] >> bit) & 1).sum()), f"{label} ones of bit {plane['bit']}")


def check_tensor(got, expected, xxh, label):
    from cases import SMALLEST_NORMAL
    checks.equal(got["dtype"], expected.dtype, f"{label} dtype")
    checks.equal(tuple(got["shape"]), tuple(expected.shape), f"{label} shape")
    checks.equal(got["bytes"], len(expected.data), f"{label} bytes")
    checks.equal(got["digests"].get("sha256"), hashlib.sha256(expected.data).hexdigest(), f"{label} sha256")
    checks.equal(got["digests"].get("xxh3_128"), xxh, f"{label} xxh3_128")
    if expected.values is not None:
        check_stats(got.get("stats"), expected, SMALLEST_NORMAL.get(expected.dtype), label)
        check_entropy(got.get("entropy"), expected, label)
    if expected.provenance:
        checks.equal(got.get("provenance"), expected.provenance, f"{label} provenance")


def check_coverage(coverage, size, label):
    end = 0
    for region in coverage["regions"]:
        checks.that(region["offset"] == end and region["length"] > 0, f"{label}: the regions leave a gap or overlap at {end}")
        end = region["offset"] + region["length"]
    checks.equal(end, size, f"{label} end of the regions")
    checks.equal(coverage["labelled"] + coverage["gaps"], size, f"{label} labelled and gaps")


def check_case(artifact, case, folder):
    label = case.file
    checks.equal(artifact["format"]["id"], case.format, f"{label} format")
    checks.equal(artifact["size"], len(case.content), f"{label} size")
    checks.equal(artifact["digests"]["sha256"], hashlib.sha256(case.content).hexdigest(), f"{label} sha256")
    checks.equal(artifact["digests"].get("content"), content_digest(case.tensors), f"{label} content digest")
    check_coverage(artifact["coverage"], len(case.content), label)
    errors = [finding["message"] for finding in artifact["findings"] if finding["severity"] == "error"]
    checks.that(not errors, f"{label}: a healthy file has errors: {errors}")
    wanted = sorted(case.tensors, key=lambda t: t.name)
    found = sorted(artifact["tensors"], key=lambda t: t["name"])
    if checks.equal([t["name"] for t in found], [t.name for t in wanted], f"{label} names"):
        blobs = xxh3([t.data for t in wanted] + [case.content], folder)
        checks.equal(artifact["digests"]["xxh3_128"], blobs[-1], f"{label} xxh3_128")
        for got, expected, xxh in zip(found, wanted, blobs):
            check_tensor(got, expected, xxh, f"{label} {expected.name!r}")


def inspect(cases, arguments, folder):
    """The artifacts that one run of the tool reports, by file name."""
    paths = [os.path.join(folder, case.file) for case in cases]
    for case, path in zip(cases, paths):
        Path(path).write_bytes(case.content)
    result = run("file", "--format", "json", "--digest", "content", *arguments, *paths, timeout=600)
    checks.equal((result.returncode, result.stderr), (0, b""), f"run of {len(paths)} files {arguments}")
    document = json.loads(result.stdout or b'{"artifacts": []}')
    return {os.path.basename(artifact["path"]): artifact for artifact in document["artifacts"]}


def main():
    need("numpy", "torch")
    if not shutil.which("xxhsum"):
        skip("xxhsum is not here")
    from cases import every_case
    batches = {}
    for case in every_case():
        if not sys.argv[1:] or case.file in sys.argv[1:]:
            batches.setdefault(tuple(case.arguments), []).append(case)
    with tempfile.TemporaryDirectory() as folder:
        for arguments, cases in batches.items():
            artifacts = inspect(cases, arguments, folder)
            for case in cases:
                if checks.that(case.file in artifacts, f"{case.file}: not in the report"):
                    check_case(artifacts[case.file], case, folder)
    print(f"{sum(map(len, batches.values()))} files")
    checks.finish()


if __name__ == "__main__":
    main()
