# SPDX-License-Identifier: Apache-2.0
"""`upinspect check --policy`: each rule on a file that keeps it and on one that breaks it, severities, waivers, and policies that are none."""

import json
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SOURCE, Checks, run  # noqa: E402

try:
    import jsonschema
except ImportError:
    jsonschema = None

checks = Checks()
DATA = SOURCE / "testdata"
SCHEMA = json.loads((SOURCE / "docs" / "schema" / "policy-1.schema.json").read_text())


def safetensors(tensors, metadata=None):
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def npy(shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    count = shape[0] * shape[1]
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + struct.pack(f"<{count}f", *range(1, count + 1))


def pair(rank, value=1.0, halves=("A", "B")):
    shapes = {"A": [rank, 4], "B": [4, rank]}
    return {f"base_model.model.q_proj.lora_{half}.weight": ("F32", shapes[half], struct.pack(f"<{4 * rank}f", *[value] * (4 * rank))) for half in halves}


class Site:
    """A folder with a policy in it."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def write(self, name, content):
        (self.folder / name).write_bytes(content)
        return name

    def check(self, policy, *arguments):
        """(exit code, {finding id: severity} of the first subject, its findings)"""
        whole = {"schema": "upinspect.policy/1", **policy}
        if jsonschema:
            jsonschema.validate(whole, SCHEMA)
        (self.folder / "policy.json").write_text(json.dumps(whole))
        done = run("check", "--policy", "policy.json", "--format", "json", *arguments, cwd=self.folder)
        checks.equal(done.stderr, b"", f"{policy}: stderr")
        findings = json.loads(done.stdout)["subjects"][0]["findings"] if done.stdout else []
        return done.returncode, {finding["id"]: finding["severity"] for finding in findings}, findings


def rule(name, severity="error", **limits):
    return {"rules": {name: {"severity": severity, **limits}}}


def rules(site):
    """(rule, finding, a file that keeps it, a file that breaks it)"""
    good = site.write("good.safetensors", safetensors(pair(2), {"format": "pt"}))
    odd = site.write("odd.safetensors", safetensors(pair(2, float("nan"))))
    half = site.write("half.safetensors", safetensors(pair(2, halves=("A",))))
    tail = site.write("tail.safetensors", safetensors(pair(2)) + b"tail")
    inert = site.write("inert.bin", (DATA / "torch-zip" / "lora.bin").read_bytes())
    unknown = site.write("unknown.pkl", b"cnobody\nknows\n)R.")
    ghost = site.write("ghost.bin", (DATA / "raw" / "ghost-current.bin").read_bytes())
    base = site.write("base.safetensors", safetensors({"model.q_proj.weight": ("F32", [4, 4], bytes(64))}))
    other = site.write("other.safetensors", safetensors({"model.q_proj.weight": ("F32", [9, 9], bytes(324))}))
    table = [
        (rule("formats", allow=["safetensors"]), "policy.format", good, inert),
        (rule("dtypes", allow=["f32"]), "policy.dtype", good, site.write("i.safetensors", safetensors({"a": ("I8", [1], b"1")}))),
        (rule("size", most=1000), "policy.size", good, inert),
        (rule("size", least=1000), "policy.size", inert, good),
        (rule("rank", least=2, most=8), "policy.rank", good, site.write("r1.safetensors", safetensors(pair(1)))),
        (rule("metadata", require=["format"]), "policy.metadata", good, odd),
        (rule("metadata", forbid=["format"]), "policy.metadata", odd, good),
        (rule("pickle", allow="none"), "policy.pickle", good, inert),
        (rule("pickle", allow="inert"), "policy.pickle", inert, unknown),
        (rule("finite"), "policy.not-finite", good, odd),
        (rule("complete"), "policy.incomplete", good, half),
        (rule("labelled"), "policy.unlabelled", good, tail),
        (rule("payload"), "policy.payload", good, ghost),
        (rule("base", path=base), "lora.base-missing", None, site.write("v.safetensors", safetensors({k.replace("q_", "v_"): v for k, v in pair(2).items()}))),
        (rule("base", path=other), "lora.base-shape", None, good),
    ]
    for policy, finding, keeps, breaks in table:
        for severity, code in (("error", 1), ("warning", 0), ("note", 0)):
            graded = {"rules": {name: {**limits, "severity": severity} for name, limits in policy["rules"].items()}, "fail_on": "error"}
            got, found, _ = site.check(graded, breaks)
            checks.equal(found.get(finding), severity, f"{policy} on {breaks}")
            if breaks in (good, inert, ghost, "i.safetensors", "r1.safetensors"):  # nothing else is wrong with these
                checks.equal(got, code, f"{policy} as {severity} on {breaks}: exit")
        off = {"rules": {name: {**limits, "severity": "off"} for name, limits in policy["rules"].items()}}
        if not finding.startswith("lora."):
            checks.that(finding not in site.check(off, breaks)[1], f"{policy} off")
        if keeps:
            checks.that(finding not in site.check(policy, keeps)[1], f"{policy} on {keeps}, which keeps it")
    for name in (site.write("notes.txt", b"Nothing to pair here.\n"), site.write("adapter_config.json", b'{"peft_type": "LORA", "r": 2}')):
        checks.that("policy.incomplete" not in site.check(rule("complete"), name)[1], f"what has no tensors lacks no half: {name}")
    (site.folder / "adapter_config.json").unlink()
    (site.folder / "pair").mkdir()
    for name in ("pair/up-param.npy", "pair/down-param.npy"):
        site.write(name, npy([2, 2]))
        if name.startswith("pair/down"):
            checks.that("policy.incomplete" not in site.check(rule("complete"), "pair/up-param.npy")[1], "a half whose other half lies beside it")
        else:
            checks.equal(site.check(rule("complete"), name)[0], 1, "a half alone")
    checks.equal(run("check", base, cwd=site.folder).returncode, 0, "no policy, nothing wrong")
    checks.equal(run("check", unknown, cwd=site.folder).returncode, 1, "by default a pickle that is not known to be inert fails")


def severities(site):
    tail = site.write("tail.safetensors", safetensors(pair(2)) + b"tail")
    finding = "container.trailing-data"
    checks.equal(site.check({}, tail)[0], 1, "as it is")
    for level, code in (("error", 1), ("warning", 0), ("note", 0)):
        got, found, _ = site.check({"findings": {finding: level}}, tail)
        checks.equal((got, found[finding]), (code, level), f"{finding} as {level}")
    got, found, _ = site.check({"findings": {finding: "off"}}, tail)
    checks.that(got == 0 and finding not in found, f"{finding} off")
    checks.equal(site.check({"findings": {finding: "warning"}, "fail_on": "warning"}, tail)[0], 1, "fail_on of the policy")
    checks.equal(site.check({"findings": {finding: "warning"}, "fail_on": "warning"}, "--fail-on", "never", tail)[0], 0, "--fail-on above the policy")


def waivers(site):
    tail = site.write("tail.safetensors", safetensors(pair(2)) + b"tail")

    def waived(today="2026-01-01", **waiver):
        code, found, findings = site.check({"waivers": [{"id": "container.*", "reason": "the site's own signature", **waiver}]}, "--today", today, tail)
        message = next(finding["message"] for finding in findings if finding["id"] == "container.trailing-data")
        return code, found["container.trailing-data"], "(waived" in message and "the site's own signature" in message

    checks.equal(waived(), (0, "note", True), "a waiver")
    checks.equal(waived(path="*.safetensors"), (0, "note", True), "a waiver for such paths")
    checks.equal(waived(path="*.bin"), (1, "error", False), "a waiver for other paths")
    checks.equal(waived(id="lora.*"), (1, "error", False), "a waiver for other findings")
    checks.equal(waived(until="2026-01-01"), (0, "note", True), "on its last day")
    checks.equal(waived("2026-01-02", until="2026-01-01"), (1, "error", False), "the day after")


def no_policies(site):
    cases = {
        "not known": {"surprise": 1}, "not known ": {"rules": {"colour": {"severity": "error"}}}, "not known  ": {"rules": {"finite": {"severity": "error", "more": 1}}},
        "expected error, warning, note or off": {"fail_on": "sometimes"}, "expected a list of texts": rule("formats", allow="safetensors"), "allow": rule("dtypes"),
        "none, inert or any": rule("pickle", allow="some"), "least is more than most": rule("size", least=2, most=1), "whole number": rule("rank", most=-1),
        "says why": {"waivers": [{"id": "x", "reason": ""}]}, "expected a day": {"waivers": [{"id": "x", "reason": "y", "until": "tomorrow"}]},
        "\"reason\" is missing": {"waivers": [{"id": "x"}]}, "expected a list": {"waivers": {}}, "expected an object": {"rules": []}, "severity": {"rules": {"finite": {}}},
        "upinspect.policy/1": {"schema": "upinspect.policy/2"},
    }
    for words, content in cases.items():
        (site.folder / "bad.json").write_text(json.dumps({"schema": "upinspect.policy/1", **content}))
        done = run("check", "--policy", "bad.json", "good.safetensors", cwd=site.folder)
        checks.that(done.returncode == 2 and words.strip() in done.stderr.decode() and b"bad.json" in done.stderr, f"{content}: exit {done.returncode}, {done.stderr}")
    for arguments, words in ((["--policy", "nowhere.json"], "nowhere.json"), (["--policy", "policy.json"], "nowhere.safetensors")):
        (site.folder / "policy.json").write_text(json.dumps({"schema": "upinspect.policy/1", **rule("base", path="nowhere.safetensors")}))
        done = run("check", *arguments, "good.safetensors", cwd=site.folder)
        checks.that(done.returncode == 2 and words in done.stderr.decode(), f"{arguments}: {done.stderr}")


def printed(site):
    """What is printed is read again as the same."""
    first = run("check", "--print-policy", cwd=site.folder).stdout
    (site.folder / "printed.json").write_bytes(first)
    if jsonschema:
        jsonschema.validate(json.loads(first), SCHEMA)
    checks.equal(run("check", "--print-policy", "--policy", "printed.json", cwd=site.folder).stdout, first, "the default policy, read again")
    checks.equal(run("check", "--policy", "printed.json", "good.safetensors", cwd=site.folder).returncode, 0, "the default policy in use")


def main():
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder)
        rules(site)
        severities(site)
        waivers(site)
        no_policies(site)
        printed(site)
    checks.finish()


if __name__ == "__main__":
    main()
