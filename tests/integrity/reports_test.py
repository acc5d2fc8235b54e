# SPDX-License-Identifier: Apache-2.0
"""The reports of `upinspect check` for CI systems, held against its JSON, the media's schemas and the media's own unescaping."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.scripts import SOURCE, Checks, run, tool  # noqa: E402
from integrity.check_test import safetensors  # noqa: E402

try:
    import jsonschema
except ImportError:
    jsonschema = None
try:
    import yaml
except ImportError:
    yaml = None

checks = Checks()
HERE = Path(__file__).resolve().parent
PUNCTUATION = "!\"#$%&'()*+,-.:;<=>?@[]^_`{|}~"

# The first three stand in messages, too, as names of tensors.
HOSTILE = [name.encode() for name in (
    "[link](http:evil)|<b>[\\](x)", "{0} and {{1}}\u202e]]>", "a|b\n::error::%0A\x1b[31m",
    "a|b", "new\nline", "carriage\rreturn", "tab\tbed", "escape\x1b[31mred", "100%,:x=y", "::error title=x::injected", "##[error]old",
    "]]><script>alert(1)<", "\"quoted\" & 'single'", "`code` *bold* _it_ ~~no~~", "[link](http:evil)", "![image](x)", "{0} and {{1}}",
    "\u202edrowssap", "zero\u200bwidth", "noncharacter\ufffe", "bell\x07", "www.example.com", "@someone #1", "\u00e4\u20ac\U0001f600",
    "back\\slash", "back\\x41", "back\\|pipe", "%0A%25", "-dash", "&#124;&lt;", PUNCTUATION, " lead and trail ", "~tilde")] + [b"not\xffutf8", b"\xed\xa0\x80"]


def unspelled(text):
    """The bytes that the terminal's escaper was given."""
    pattern = r"\\x([0-9a-f]{2})|\\u\{([0-9a-f]+)\}|(\\\\)|(.)"
    return b"".join(bytes([int(byte, 16)]) if byte else chr(int(point, 16)).encode("utf-8", "surrogatepass") if point else b"\\" if backslash else other.encode()
                    for byte, point, backslash, other in re.findall(pattern, text, re.DOTALL))


def raw(members, name):
    """The bytes of a member that holds text from a file."""
    return bytes.fromhex(members[f"{name}_hex"]) if f"{name}_hex" in members else members[name].encode("utf-8", "surrogatepass")


def tree(folder):
    """A locked folder with hostile names in it, and everything that can become of a file."""
    base = os.fsencode(folder / "d")
    os.mkdir(base)
    model = (SOURCE / "testdata" / "npy" / "v1-f32.npy").read_bytes()
    contents = {name + b".npy": model for name in HOSTILE}
    contents |= {b"well.npy": model, b"gone,1:2.npy": model, b"pipe.npy": model, b"evil.pkl": b"cposix\nsystem\n(S'true'\ntR."}
    tensors = {f"{i:02} {name.decode(errors='replace')}": ("U8", [1], bytes([i])) for i, name in enumerate(HOSTILE)}
    contents[b"tensors.safetensors"] = safetensors(tensors)
    for name, content in contents.items():
        Path(os.fsdecode(base + b"/" + name)).write_bytes(content)
    made = run("lock", "d", "-o", "upinspect.lock", cwd=folder)
    checks.equal((made.returncode, made.stderr), (0, b""), "lock")
    for name in HOSTILE:
        Path(os.fsdecode(base + b"/" + name + b".npy")).write_bytes(model + b"more|<&>")
    (folder / "d" / "tensors.safetensors").write_bytes(safetensors({name: (dtype, shape, b"\xff") for name, (dtype, shape, _) in tensors.items()}))
    (folder / "d" / "gone,1:2.npy").unlink()
    (folder / "d" / "pipe.npy").unlink()
    os.mkfifo(folder / "d" / "pipe.npy")
    (folder / "d" / "extra.npy").write_bytes(model)


KINDS = ("sarif", "junit", "github", "markdown")


def reports(folder, *arguments):
    """The JSON document, then each report as text."""
    names = {kind: folder / f"report.{kind}" for kind in KINDS}
    options = [option for kind, path in names.items() for option in ("--report", f"{kind}={path}")]
    done = run("check", "--format", "json", *options, *arguments, cwd=folder)
    told = [line for line in done.stderr.splitlines() if b"d/pipe.npy: is a special file" not in line]
    checks.equal((done.returncode, told), (1, []), f"check {arguments}")
    return json.loads(done.stdout), {kind: path.read_text() for kind, path in names.items()}


def expected_results(document):
    """(id, level, message, path, offset, length, tensor) of everything that was told, in order."""
    for subject in document["subjects"]:
        path, findings = raw(subject, "path"), subject["findings"]
        decided = subject["status"] == "policy" and any(raw(finding, "message") == raw(subject, "why") for finding in findings)
        if subject["status"] != "ok" and not decided:
            yield f"check.{subject['status']}", "error", raw(subject, "why"), path, None, None, None
        for finding in findings:
            tensor = raw(finding, "tensor") if "tensor" in finding else None
            yield finding["id"], finding["severity"], raw(finding, "message"), path, finding.get("offset"), finding.get("length"), tensor


def of_message(text):
    return unspelled(text.replace("]\\(", "](").replace("{{", "{").replace("}}", "}"))


def results_of(run_object):
    for result in run_object["results"]:
        place = result["locations"][0]
        region = place["physicalLocation"]["region"]
        tensor = unspelled(place["logicalLocations"][0]["name"]) if "logicalLocations" in place else None
        uri = place["physicalLocation"]["artifactLocation"]["uri"]
        checks.equal((urllib.parse.urlsplit(uri)[0], region["startLine"]), ("", 1), f"{uri} is relative and has a line")
        yield (result["ruleId"], result["level"], of_message(result["message"]["text"]), urllib.parse.unquote_to_bytes(uri),
               region.get("byteOffset"), region.get("byteLength"), tensor)


def members_of(value):
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from members_of(inner)


def sarif(document, text):
    log = json.loads(text)
    run_object = log["runs"][0]
    checks.equal(list(results_of(run_object)), list(expected_results(document)), "SARIF results")
    rules = run_object["tool"]["driver"]["rules"]
    checks.equal([rules[result["ruleIndex"]]["id"] for result in run_object["results"]], [result["ruleId"] for result in run_object["results"]], "rule indexes")
    checks.equal(len({rule["id"] for rule in rules}), len(rules), "each rule once")
    checks.that(all(rule["shortDescription"]["text"] and rule["help"]["text"] and "helpUri" not in rule for rule in rules), "rules are explained")
    checks.that(None not in list(members_of(log)), "no nulls")
    checks.that({"check.modified", "check.missing", "check.extra", "check.unreadable", "pickle.dangerous-global"} <= {rule["id"] for rule in rules}, "rules")
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run_object["results"]]
    checks.equal(len(set(prints)), len(prints), "fingerprints differ")
    checks.that(not any("](" in result["message"]["text"] for result in run_object["results"]), "no message holds a link")
    checks.that("]\\\\(http" in text and "{{0}} and {{{{1}}}}" in text, "messages hold what would be links and placeholders")
    compared = {raw(one, "path"): one for one in document["subjects"]}
    for result in run_object["results"]:
        bag = result["properties"]
        if result["ruleId"].startswith("check."):
            subject = compared[raw(bag, "path")]
            checks.equal([bag.get(name) for name in ("expected", "actual", "changes")], [subject.get(name) for name in ("expected", "actual", "changes")], "properties")
    if jsonschema is not None:
        schema = json.loads((HERE / "sarif-2.1.0-rtm.5.schema.json").read_text())
        validator = jsonschema.Draft4Validator(schema)
        checks.equal([error.message for error in validator.iter_errors(log)], [], "the schema of SARIF 2.1.0")
        log["runs"][0]["results"][0]["level"] = "fatal"
        checks.that(not validator.is_valid(log), "the schema refuses what is none")
    return prints


def junit(document, path):
    root = ElementTree.parse(path).getroot()
    suite = root.find("testsuite")
    subjects = document["subjects"]
    failures = [one for one in subjects if one["status"] not in ("ok", "unreadable")]
    errors = [one for one in subjects if one["status"] == "unreadable"]
    for element in (root, suite):
        checks.equal([int(element.get(name)) for name in ("tests", "failures", "errors")], [len(subjects), len(failures), len(errors)], "JUnit counts")
    cases = suite.findall("testcase")
    checks.equal([unspelled(case.get("name")) for case in cases], [raw(one, "path") for one in subjects], "JUnit cases")
    for case, subject in zip(cases, subjects):
        told = case.find("error" if subject["status"] == "unreadable" else "failure")
        checks.equal(told is not None, subject["status"] != "ok", f"JUnit verdict of {subject['path']}")
        if told is None:
            continue
        checks.equal(unspelled(told.get("message")), raw(subject, "why"), "JUnit message")
        checks.that(told.text.startswith(told.get("message") + "\n"), "the message stands in the text, too")
        drift = [line.split(": ", 1)[1].split(" (was ")[0] for line in told.text.splitlines() if line.startswith("tensor ")]
        checks.equal([unspelled(name) for name in drift], [raw(one, "name") for one in subject.get("changes", {}).get("tensors", [])], "JUnit tensors")
    if shutil.which("xmllint"):
        done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", HERE / "junit-10.xsd", path], capture_output=True, text=True, check=False)
        checks.equal(done.returncode, 0, f"the schema of JUnit: {done.stderr}")


def of_data(text):
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def of_property(text):
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%")


def command_of(line):
    """As the runner takes a line apart: the name, the properties, the message."""
    head, message = line[2:].split("::", 1)
    name, _, rest = head.partition(" ")
    return name, {key: of_property(value) for key, _, value in (one.partition("=") for one in rest.split(","))}, of_data(message)


def annotations(document):
    for subject in document["subjects"]:
        told = [(finding["id"], finding["severity"], raw(finding, "message")) for finding in subject["findings"]]
        if subject["status"] != "ok":
            reasons = [one for one in told if subject["status"] == "policy" and one[2] == raw(subject, "why")][:1]
            yield "error", raw(subject, "path"), reasons[0][0] if reasons else f"check.{subject['status']}", raw(subject, "why")
            told = [one for one in told if one not in reasons] if reasons else told
        for finding_id, severity, message in told:
            if severity != "note":
                yield severity, raw(subject, "path"), finding_id, message


def plain(path):
    """True for names that stand in an annotation as they are: those of files that could be in the repository of the workflow."""
    try:
        return all(point in "\r\n" or point.isprintable() for point in path.decode())
    except UnicodeDecodeError:
        return False


def github(document, text):
    lines = text.split("\n")
    checks.equal(lines.pop(), "", "the last line ends")
    outcome = lines.pop()
    failed = sum(subject["status"] != "ok" for subject in document["subjects"])
    checks.equal(outcome, f"{failed} of {len(document['subjects'])} failed", "the last line")
    checks.that(all(character == "\n" or character.isprintable() for character in text), "nothing acts on a terminal")
    got, wanted = [command_of(line) for line in lines], list(annotations(document))
    checks.that(all(line.startswith("::") for line in lines), "each line is a command of ours")
    checks.equal([(name, properties["title"], unspelled(message.split("\n")[0])) for name, properties, message in got],
                 [(name, title, message) for name, _, title, message in wanted], "annotations")
    for (_, properties, _), (_, path, _, _) in zip(got, wanted):
        told = properties["file"]
        checks.equal((sorted(properties), told.encode() if plain(path) else unspelled(told)), (["file", "title"], path), "the file of an annotation")


def of_markdown(text):
    """What a cell shows: character references and backslash escapes undone, each once."""
    return "".join(html.unescape(reference) if reference else escaped or other
                   for reference, escaped, other in re.findall(r"(&#?\w+;)|\\([!-/:-@\[-`{-~])|(.)", text, re.DOTALL))


def bare(text):
    """The punctuation of a cell that is neither escaped nor a character reference."""
    return set(re.findall(r"[!-/:-@\[-`{-~]", re.sub(r"&#?\w+;|\\[!-/:-@\[-`{-~]|<br>", "", text)))


def markdown(document, text):
    lines = text.split("\n")
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines if line.startswith("|")]
    checks.equal([len(row) for row in rows], [3] * len(rows), "each row has its three cells")
    failing = [subject for subject in document["subjects"] if subject["status"] != "ok"]
    checks.equal([unspelled(of_markdown(row[0][1:-1])) for row in rows[2:]], [raw(subject, "path") for subject in failing], "Markdown files")
    checks.equal([unspelled(of_markdown(row[2][1:-1].split("<br>")[0])) for row in rows[2:]], [raw(subject, "why") for subject in failing], "Markdown reasons")
    for row in rows[2:]:
        for cell in row:
            checks.that(bare(cell) <= set(",.;()/-") and not re.search(r"(?i)www\.|://", cell), f"no markup: {cell}")
    checks.that(f"**{len(failing)} of {len(document['subjects'])} failed**" in lines, "Markdown outcome")
    checks.that(all(character == "\n" or character.isprintable() for character in text), "nothing in Markdown acts")


def every_report(folder):
    document, texts = reports(folder, "--lock", "upinspect.lock", "d")
    statuses = {subject["status"] for subject in document["subjects"]}
    checks.equal(statuses, {"ok", "modified", "missing", "extra", "unreadable", "policy"}, "everything that can become of a file")
    prints = sarif(document, texts["sarif"])
    junit(document, folder / "report.junit")
    github(document, texts["github"])
    markdown(document, texts["markdown"])
    _, again = reports(folder, "--lock", "upinspect.lock", "d", "-j", "1")
    checks.equal(again, texts, "the same reports with one thread")
    _, noted = reports(folder, "--lock", "upinspect.lock", "d", "--fail-on", "note")
    checks.equal([one["partialFingerprints"]["primaryLocationLineHash"] for one in json.loads(noted["sarif"])["runs"][0]["results"]], prints, "fingerprints of another run")
    for kind in KINDS:
        done = run("check", "--lock", "upinspect.lock", "d", "--format", kind, cwd=folder)
        checks.equal(done.stdout.decode(), texts[kind], f"{kind} to standard output")


def all_well(folder):
    path = folder / "d" / "well.npy"
    outputs = {kind: run("check", path.relative_to(folder), "--format", kind, cwd=folder) for kind in KINDS}
    checks.equal({kind: done.returncode for kind, done in outputs.items()}, dict.fromkeys(KINDS, 0), "all is well")
    checks.equal(outputs["github"].stdout, b"1 file is as it should be\n", "no annotation")
    checks.that(b"**1 file is as it should be**" in outputs["markdown"].stdout and b"|" not in outputs["markdown"].stdout, "no table")
    checks.equal(json.loads(outputs["sarif"].stdout)["runs"][0]["results"], [], "no result")
    absolute = json.loads(run("check", path, "--sha256", "0" * 64, "--format", "sarif").stdout)["runs"][0]["results"][0]
    checks.equal(absolute["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], path.as_uri(), "the URI of an absolute path, as Python has it")


def a_summary_has_room_for_so_many(folder):
    (folder / "SHA256SUMS").write_text("".join(f"{'0' * 64}  {number:05}{'*' * 200}\n" for number in range(3000)))
    done = run("check", "--checksums", "SHA256SUMS", "--format", "markdown", cwd=folder)
    rows = done.stdout.count(b"\n| 0")
    left = re.search(rb"no room for ([\d,]+) of", done.stdout)
    checks.that(len(done.stdout) < 2**20 and rows > 1000 and left, f"a long table: {len(done.stdout)} bytes, {rows} rows")
    checks.equal(rows + int(left.group(1).replace(b",", b"")) if left else None, 3000, "what a long table left out")


def refusals(folder):
    for arguments in (["--report", "pdf=x"], ["--report", "sarif="], ["--report", "sarif"], ["--format", "pdf"]):
        done = run("check", "d/well.npy", *arguments, cwd=folder)
        checks.that(done.returncode == 2 and done.stdout == b"" and b"Traceback" not in done.stderr, f"{arguments}: {done.returncode}")
    checks.that(b"text, json, ndjson, sarif, junit, github or markdown" in run("check", "d/well.npy", "--report", "pdf=x", cwd=folder).stderr, "the formats are named")


def parsed(text, what):
    """YAML, where there is something to read it with; else at least no tabs and no tag of another program's."""
    checks.that("\t" not in text, f"{what}: no tabs")
    return yaml.safe_load(text) if yaml is not None else None


def options_exist(text, what):
    known = run("check", "--help").stdout.decode() + run("lock", "--help").stdout.decode()
    for line in re.findall(r"upinspect (?:check|lock) .*|arguments\+?=\(.*\)", text):
        for option in re.findall(r"(?<=\s)--[a-z][a-z0-9-]+", line):
            checks.that(option in known, f"{what}: {option} is an option")


def hooks():
    text = (SOURCE / ".pre-commit-hooks.yaml").read_text()
    options_exist(text, "hooks")
    for hook in parsed(text, "hooks") or []:
        checks.that({"id", "name", "entry", "language"} <= set(hook), f"hook {hook.get('id')}")
        checks.that(hook["entry"].startswith("upinspect check") and hook["language"] == "system", f"entry of {hook['id']}")
        if "files" in hook:
            checks.that(re.search(hook["files"], "a/b.safetensors") and not re.search(hook["files"], "a/b.py"), f"files of {hook['id']}")


def script_of(action):
    """What the last step runs; read without a YAML parser where there is none."""
    if action is not None:
        return action["runs"]["steps"][-1]["run"]
    lines = (SOURCE / ".github/actions/check/action.yml").read_text().split("run: |\n")[-1].splitlines()
    return "\n".join(line[8:] for line in lines)


def composite_action(folder):
    """The script of the action does what it says, names that look like options included."""
    text = (SOURCE / ".github/actions/check/action.yml").read_text()
    action = parsed(text, "action")
    options_exist(text, "action")
    (folder / "-dash file.npy").write_bytes((folder / "d" / "well.npy").read_bytes())
    summary = folder / "summary.md"
    summary.write_text("before\n")
    cases = (({"PATHS": "d/well.npy\n-dash file.npy"}, 0, "2 files are"), ({"PATHS": "d", "LOCK": "upinspect.lock", "SARIF": "a.sarif", "JUNIT": "a.xml"}, 1, "failed"),
             ({"PATHS": "d/evil.pkl", "FAIL_ON": "never"}, 0, "1 file is"), ({"PATHS": "nowhere.npy", "LOCK": "nowhere.lock"}, 2, None))
    for extra, code, words in cases:
        empty = dict.fromkeys(("PATHS", "LOCK", "CHECKSUMS", "ALLOW_EXTRA", "SARIF", "JUNIT"), "")
        environment = {**os.environ, **empty, "FAIL_ON": "error", "PROGRAM": tool(), "GITHUB_STEP_SUMMARY": str(summary), **extra}
        done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script_of(action)], cwd=folder, env=environment, capture_output=True, text=True, check=False)
        checks.equal(done.returncode, code, f"the action with {extra}: {done.stderr}")
        checks.that(words is None or words in done.stdout and words in summary.read_text(), f"the action with {extra} says {words}: {done.stdout[-300:]}")
    checks.that(summary.read_text().startswith("before\n"), "a summary is added to")
    checks.equal(json.loads((folder / "a.sarif").read_text())["version"], "2.1.0", "SARIF of the action")
    checks.equal(ElementTree.parse(folder / "a.xml").getroot().tag, "testsuites", "JUnit of the action")
    if action is not None:
        used = set(re.findall(r"inputs\.([a-z-]+)", text))
        checks.equal(used, set(action["inputs"]), "inputs of the action")


def pages():
    text = (SOURCE / "docs" / "ci.md").read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    checks.that(len(blocks) >= 3, "docs/ci.md has examples")
    for number, block in enumerate(blocks):
        options_exist(block, f"docs/ci.md, example {number}")
        parsed(block, f"docs/ci.md, example {number}")
    for name in ("check", "lock"):
        checks.that(f"upinspect {name}" in text, f"docs/ci.md shows {name}")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        tree(folder)
        every_report(folder)
        all_well(folder)
        a_summary_has_room_for_so_many(folder)
        refusals(folder)
        composite_action(folder)
    hooks()
    pages()
    checks.finish()


if __name__ == "__main__":
    main()
