# SPDX-License-Identifier: Apache-2.0
"""Every known way past a pickle scanner, built from opcodes and containers: dangerous or unknown, never inert, and `check` fails.

The numbers are those of the catalogue that docs/pickle.md has. Only names are written down: calls have no argument that would do
anything, and whatever a row names, CPython is shown to fetch it by an Unpickler that hands out a dummy. Then what people
really ship, written by torch and numpy where they are installed: never dangerous.
"""

import bz2
import collections
import copyreg
import gzip
import io
import json
import lzma
import pickle
import struct
import sys
import tarfile
import tempfile
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.pickles import STOP, call, name, number, pickle_of, tensor, text, tuple_of  # noqa: E402
from support.scripts import SHARED, Checks, run  # noqa: E402
from support.zips import Entry, build  # noqa: E402

checks = Checks()
INERT = pickle_of(b"}")


# --- ways to call a name, by protocol -------------------------------------------------------------------------------


def short(value):
    return b"\x8c" + struct.pack("B", len(value)) + value.encode()


def line(value):
    return b"S'" + value.encode() + b"'\n"


def counted(value):
    return b"U" + struct.pack("B", len(value)) + value.encode()


def unicode_line(value):
    return b"V" + value.encode() + b"\n"


def long_text(value):
    return b"\x8d" + struct.pack("<Q", len(value)) + value.encode()


def framed(body, less=0):
    return b"\x95" + struct.pack("<Q", len(body) - less) + body


def named(module, attribute):
    return f"c{module}\n{attribute}\n".encode()


def inst(module, attribute):
    return f"(i{module}\n{attribute}\n".encode()


def ways(module, attribute):
    """{what: a whole pickle that calls module.attribute without arguments}"""
    by_line = named(module, attribute)
    stacked = short(module) + short(attribute) + b"\x93"
    return {
        "0 REDUCE": by_line + b"(tR.",
        "0 INST": inst(module, attribute) + b".",
        "0 GET": by_line + b"p7\n0g7\n(tR.",
        "0 STACK_GLOBAL of STRING": line(module) + line(attribute) + b"\x93(tR.",
        "0 STACK_GLOBAL of UNICODE": unicode_line(module) + unicode_line(attribute) + b"\x93)R.",
        "1 OBJ": b"(" + by_line + b"o.",
        "1 OBJ, thrown away": b"(" + by_line + b"o0N.",
        "1 INST, thrown away with its mark": b"(" + inst(module, attribute) + b"1N.",
        "1 STACK_GLOBAL of BINSTRING": b"T" + struct.pack("<i", len(module)) + module.encode() + counted(attribute) + b"\x93)R.",
        "1 BINGET": by_line + b"q\xff0h\xff)R.",
        "1 DUP": by_line + b"2)R0.",
        "2 REDUCE": b"\x80\2" + by_line + b")R.",
        "2 NEWOBJ": b"\x80\2" + by_line + b")\x81.",
        "2 BUILD": b"\x80\2" + by_line + b")R}b.",
        "2 as a key's value": b"\x80\2}X\1\0\0\0k" + by_line + b")Rs.",
        "2 LONG_BINGET": b"\x80\2" + by_line + b"r\0\0\1\0" + b"0j\0\0\1\0)R.",
        "3 REDUCE": b"\x80\3" + by_line + b")R.",
        "4 STACK_GLOBAL": b"\x80\4" + framed(stacked + b")R."),
        "4 STACK_GLOBAL of BINUNICODE8": b"\x80\4" + long_text(module) + long_text(attribute) + b"\x93)R.",
        "4 STACK_GLOBAL through the memo": b"\x80\4" + short(module) + b"\x94" + short(attribute) + b"\x9400h\0h\1\x93)R.",
        "4 STACK_GLOBAL through PUT and DUP": b"\x80\4" + short(attribute) + b"p9\n" + short(module) + b"2p3\n00g3\ng9\n\x93)R.",
        "4 NEWOBJ_EX": b"\x80\4" + stacked + b")}\x92.",
        "4 inside a frozenset": b"\x80\4(" + stacked + b")R\x91.",
        "5 STACK_GLOBAL": b"\x80\5" + framed(stacked + b")R."),
        "2 broken behind the call": b"\x80\2" + by_line + b")R\xff",
        "2 cut behind the call": b"\x80\2" + by_line + b")R",
        "4 frame too short": b"\x80\4" + framed(stacked + b")R.", less=3),
    }


def calling(module="os", attribute="system"):
    return ways(module, attribute)["2 REDUCE"]


# --- the names (6, 7, 14, 16 to 20) ---------------------------------------------------------------------------------

NAMES = {
    6: """asyncio.unix_events._UnixSubprocessTransport._start asyncio.subprocess.create_subprocess_shell multiprocessing.util.spawnv_passfds
        concurrent.futures.process._process_worker importlib.util.module_from_spec""",
    7: "pip.main pip._internal.main pip._internal.cli.main.main",
    16: """pkgutil.resolve_name pydoc.locate operator.methodcaller _operator.methodcaller operator.attrgetter _operator.attrgetter builtins.getattr
        __builtin__.getattr functools.partial importlib.import_module zipimport.zipimporter""",
    17: """torch.utils.bottleneck.__main__.run_cprofile torch.utils.bottleneck.__main__.run_autograd_prof torch._dynamo.guards.GuardBuilder.get
        torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression torch.utils.collect_env.run
        torch.jit.unsupported_tensor_ops.execWrapper torch._inductor.codecache.compile_file torch.serialization.load torch.load torch.hub.load
        torch.utils._config_module.ConfigModule.load_config torch.utils.data.datapipes.utils.decoder.basichandlers torch.package.PackageImporter""",
    18: "numpy.testing._private.utils.runstring numpy.f2py.crackfortran.myeval numpy.f2py.diagnose.run numpy.load numpy.ctypeslib.load_library",
    19: """timeit.timeit cProfile.run profile.run trace.Trace bdb.Bdb pdb.run doctest.testfile runpy.run_path runpy._run_code code.InteractiveInterpreter
        idlelib.pyshell.ModifiedInterpreter idlelib.autocomplete.AutoComplete lib2to3.pgen2.grammar.Grammar.loads ensurepip._run_pip venv.create
        pty.spawn uuid._get_command_stdout _osx_support._read_output _aix_support._read_cmd_output imaplib.IMAP4_stream _pyrepl.pager.pipe_pager
        ctypes.CDLL ctypes.util._get_soname distutils.file_util.write_file logging.FileHandler _io.FileIO io.open urllib.request.urlretrieve
        types.CodeType types.FunctionType asyncio.run multiprocessing.Process joblib.load pickle.loads _pickle.loads dill.loads cloudpickle.loads
        marshal.loads""",
    20: """pty.spawn marshal.loads types.FunctionType runpy.run_module importlib.reload code.interact multiprocessing.Pool cProfile.runctx
        ctypes.cdll.LoadLibrary pydoc.pipepager builtins.eval builtins.exec builtins.compile builtins.__import__ _posixsubprocess.fork_exec
        site.execsitecustomize atexit.register doctest.run_docstring_examples test.support.script_helper.assert_python_ok
        unittest.mock._importer platform.popen linecache.updatecache difflib.HtmlDiff gc.get_objects _interpreters.create os.system posix.system
        nt.system subprocess.Popen socket.create_connection shutil.rmtree sys.setprofile webbrowser.open ast.parse ftplib.FTP poplib.POP3
        smtplib.SMTP nntplib.NNTP telnetlib.Telnet""",
}


def split(dotted):
    """The module and the name, where a class's attribute is spelt with it."""
    parts = dotted.split(".")
    first = next((i for i, part in enumerate(parts[:-1]) if part.lstrip("_")[:1].isupper()), len(parts) - 1)
    return ".".join(parts[:first]), ".".join(parts[first:])


def name_rows():
    for row, words in NAMES.items():
        for dotted in words.split():
            module, attribute = split(dotted)
            yield row, f"{dotted}, GLOBAL", named(module, attribute) + b")R."
            yield row, f"{dotted}, STACK_GLOBAL", b"\x80\4" + short(module) + short(attribute) + b"\x93)R."
            yield row, f"{dotted}, not called", b"\x80\2" + named(module, attribute) + b"."
    for module, attribute in (("pathlib", "os.system"), ("torch.serialization", "os.system"), ("collections", "_sys.modules"), ("torch", "os.popen"),
                              ("collections", "OrderedDict.__init__.__globals__"), ("pathlib", "Path.write_text"), ("torch._utils", "_import_dotted_name")):
        yield 14, f"{module} with {attribute}", b"\x80\4" + short(module) + short(attribute) + b"\x93)R."
        yield 14, f"{module} with {attribute}, INST", b"\x80\4" + inst(module, attribute) + b"."


# --- containers (1 to 5, 8, 11, 12, 21, 23) -------------------------------------------------------------------------


def torch_zip(record, *more, **lies):
    return build([Entry(b"archive/data.pkl", record, **lies), *more, Entry(b"archive/version", b"3\n")])


def npy(descr, data, shape="(1,)"):
    head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + data


def tar_of(**members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member, content in members.items():
            info = tarfile.TarInfo(member.replace("__", "/"))
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


MAGIC = pickle_of(b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")


def legacy(first=MAGIC, obj=INERT):
    return first + pickle_of(b"M\xe9\x03") + pickle_of(b"}") + obj + pickle_of(b"]")


def container_rows():
    """(number, what, file name, bytes)"""
    evil = calling()
    for flag in (0x1, 0x20, 0x40, 0x2000):
        lies = {"flags": flag}
        yield 1, f"zip flag {flag:#x}", "a.pt", torch_zip(evil, local=lies, central=lies)
        yield 1, f"zip flag {flag:#x}, central only", "a.pt", torch_zip(evil, central=lies)
    yield 2, "local name differs", "a.pt", torch_zip(evil, local={"name": b"archive/data.pk_"})
    yield 2, "central name differs", "a.pt", build([Entry(b"archive/data.pkl", INERT), Entry(b"archive/data.txt", evil, local={"name": b"archive/data.pkl"}),
                                                    Entry(b"archive/version", b"3\n")])
    yield 3, "odd extension", "a.pt", torch_zip(INERT, Entry(b"archive/config.p", evil))
    yield 3, "no extension, outside of the prefix", "a.pt", torch_zip(INERT, Entry(b"setting", evil))
    yield 3, "a storage of no tensor", "a.pt", torch_zip(INERT, Entry(b"archive/data/7", evil))
    yield 4, "wrong CRC", "a.pt", torch_zip(evil, local={"crc": 1}, central={"crc": 1})
    for ending in ("bin", "pt", "ckpt", "safetensors", "gguf", "npy", "txt", "png"):
        yield 5, f"renamed .{ending}, protocol 0", f"a.{ending}", ways("os", "system")["0 REDUCE"]
        yield 5, f"renamed .{ending}, protocol 2", f"a.{ending}", evil
    yield 8, "7z", "a.pt", b"7z\xbc\xaf\x27\x1c\0\4" + bytes(40)
    yield 8, "rar", "a.pt", b"Rar!\x1a\7\1\0" + bytes(40)
    yield 8, "broken behind the payload, in a zip", "a.pt", torch_zip(ways("os", "system")["2 broken behind the call"])
    yield 11, "the second of two", "a.pkl", INERT + evil
    yield 11, "the third, protocol 0", "a.pkl", INERT * 2 + ways("os", "system")["0 REDUCE"]
    yield 11, "behind a line end", "a.pkl", b"\x80\2N.\n" + evil
    yield 11, "behind the object of a legacy file", "a.pt", legacy() + evil
    yield 11, "the 10,001st", "a.pkl", INERT * 10_000 + evil
    yield 11, "by the memo of the first", "a.pkl", b"\x80\4" + short("os") + b"\x94.\x80\4" + short("collections") + b"\x940h\0" + short("system") + b"\x93)R."
    yield 12, "magic number by a call", "a.pt", legacy(first=pickle_of(call(name("builtins", "eval"), text("119547037146038801333356"))))
    yield 15, "FRAME that ends within an argument", "a.pkl", b"\x80\4" + b"\x95" + struct.pack("<Q", 3) + b"\x8c\x02os\x8c\x06system\x93)R."
    yield 15, "FRAME within a frame", "a.pkl", b"\x80\4" + framed(b"\x95" + struct.pack("<Q", 14) + b"\x8c\x02os\x8c\x06system\x93)R.")
    old = tar_of(storages=pickle_of(number(0)) + pickle_of(b"]"), tensors=pickle_of(number(0)), pickle=evil)
    yield 21, "tar of torch 0.1", "a.pt", old
    yield 21, "SETITEM on a tensor", "a.pt", torch_zip(pickle_of(tensor() + text("k") + b"Ns"), Entry(b"archive/data/0", bytes(24)))
    yield 21, "storage larger than its record", "a.pt", torch_zip(pickle_of(tensor(size=(1 << 20,))), Entry(b"archive/data/0", bytes(24)))
    yield 21, ".pt2 with weights in it", "a.pt2", build([Entry(b"archive/archive_format", b"pt2"), Entry(b"archive/data/weights/model.pt", torch_zip(evil)),
                                                        Entry(b"archive/version", b"0")])
    yield 18, "object array", "a.npy", npy("|O", evil)
    yield 18, "object array in npz", "a.npz", build([Entry(b"a.npy", npy("|O", evil))])
    yield 18, "npz member whose header length is wrong", "a.npz", build([Entry(b"a.npy", npy("|O", evil).replace(b"v\0{", b"\x70\0{"))])
    for kind, content in (("pickle", evil), ("torch zip", torch_zip(evil)), ("legacy", legacy(obj=evil)), ("npy", npy("|O", evil))):
        for deflate in (False, True):
            yield 23, f"{kind} in a zip, deflated: {deflate}", "a.zip", build([Entry(b"readme.txt", b"hello"), Entry(b"x/weights", content, deflate)])
        yield 23, f"{kind} in a tar", "a.tar", tar_of(readme=b"hello", x__weights=content)
        yield 23, f"{kind} in a tar.gz", "a.tar.gz", gzip.compress(tar_of(weights=content), mtime=0)
        yield 23, f"{kind} in gzip", "a.pkl.gz", gzip.compress(content, mtime=0)
        yield 23, f"{kind} in npz", "a.npz", build([Entry(b"w.npy", npy("<f4", bytes(4))), Entry(b"extra", content)])
        yield 23, f"{kind} in a zip in a zip", "a.zip", build([Entry(b"b.zip", build([Entry(b"c", content, True)]), True)])
        yield 23, f"{kind} in bzip2", "a.bz2", bz2.compress(content)
        yield 23, f"{kind} in xz", "a.xz", lzma.compress(content)
        yield 23, f"{kind} in lzma, as joblib has it", "a.joblib", lzma.compress(content, format=lzma.FORMAT_ALONE)
        yield 23, f"{kind} in zlib, as joblib has it", "a.joblib", zlib.compress(content)
        yield 23, f"{kind} in 7z in a zip", "a.zip", build([Entry(b"w.7z", b"7z\xbc\xaf\x27\x1c" + content)])
    yield 23, "encrypted entry", "a.zip", build([Entry(b"w.pkl", bytes(range(100)), local={"flags": 1, "method": 8}, central={"flags": 1, "method": 8})])
    yield 23, "entry packed with zstd", "a.zip", build([Entry(b"w.pkl", b"\x28\xb5\x2f\xfd" + bytes(40), local={"method": 93}, central={"method": 93})])
    yield 23, "MAR", "a.mar", build([Entry(b"MAR-INF/MANIFEST.json", b"{}"), Entry(b"model.pt", torch_zip(evil))])
    yield 23, "NeMo", "a.nemo", tar_of(model_config_yaml=b"a: 1\n", model_weights_ckpt=torch_zip(evil))
    yield 22, "lists of ten to the power of thirty", "a.pkl", b"\x80\2]q\0" + b"".join(b"(" + b"h\0" * 10 + b"lq\0" for _ in range(30)) + STOP
    yield 22, "LONG4 of two gigabytes", "a.pkl", b"\x80\2\x8b\xff\xff\xff\x7f\1" + named("os", "system") + b")R."
    yield 22, "BINUNICODE8 beyond the end", "a.pkl", b"\x80\4]\x8d" + struct.pack("<Q", 1 << 60) + b"x"
    yield 22, "a million marks", "a.pkl", b"\x80\2" + b"(" * 1_000_000 + b"N."
    yield 22, "a gigabyte of zeros in a zip", "a.zip", build([bomb()])


def bomb():
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(16 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    lies = {"method": 8, "unpacked": 64 * (16 << 20)}
    packed = block * 64 + b"\3\0"
    return Entry(b"zeros.pkl", packed, local={**lies, "packed": len(packed)}, central={**lies, "packed": len(packed)})


# By the finding that is the reason.
REASONS = {"auto.json": "config.auto-mapping", "hydra.json": "config.target", "hydra.yaml": "config.target", "hydra.safetensors": "config.target"}
OTHER_THAN_PICKLE = {
    "auto.json": b'{"peft_type":"LORA","auto_mapping":{"base_model_class":"M","parent_library":"evil_package"}}',
    "hydra.json": b'{"model":{"_target_":"os.system","command":"x"}}',
    "hydra.yaml": b"model:\n  _target_: subprocess.Popen\n",
    "tokenizer_config.json": b'{"chat_template":"{{ cycler.__init__.__globals__.os }}"}',
    "list.json": b'{"chat_template":[{"name":"d","template":"{% import \'x\' as y %}"}]}',
    "attr.jinja": b"{{ ''|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "meta.safetensors": (lambda header: struct.pack("<Q", len(header)) + header)(
        b'{"__metadata__":{"chat_template":"{{ x.__class__.__mro__ }}"}}'.ljust(64)),
    "hydra.safetensors": (lambda header: struct.pack("<Q", len(header)) + header)(
        b'{"__metadata__":{"config":"{\\"_target_\\": \\"builtins.exec\\"}"}}'.ljust(72)),
}
ONLY_WARNED_OF = {
    "config.json": b'{"auto_map":{"AutoModel":"modeling_x.Model"}}',
    "trust.json": b'{"a":{"trust_remote_code":true}}',
    "target.yaml": b"a:\n  _target_: nemo.collections.asr.models.EncDecCTCModel\n",
}
FINE = {
    "config.json": b'{"auto_map":null,"trust_remote_code":false,"chat_template":"{% for m in messages %}{{ m[\'content\'] }}{% endfor %}"}',
    "template.jinja": b"{%- set ns = namespace(found=false) -%}{% for m in messages %}{{ raise_exception('from') if loop.first }}{% endfor %}",
    "prose.yaml": b"text: nothing __init__ here\n",
}


# --- how they are judged --------------------------------------------------------------------------------------------


class Thing:
    """What every name stands for: nothing that is done to it does anything."""

    def __new__(cls, *arguments, **keywords):
        return super().__new__(cls)

    def __init__(self, *arguments, **keywords):
        pass

    def __setstate__(self, state):
        pass

    def __setitem__(self, key, value):
        pass


class Recorder(pickle.Unpickler):
    def __init__(self, data):
        super().__init__(io.BytesIO(data), encoding="latin-1")
        self.names = []

    def find_class(self, module, attribute):
        self.names.append((module, attribute))
        return Thing


def fetched(data):
    """What CPython fetches until the pickle ends or breaks."""
    recorder = Recorder(data)
    try:
        recorder.load()
    except Exception:  # whatever breaks, breaks behind it
        pass
    return recorder.names


def judged(folder, rows):
    """{file: (row, what)} written below `folder`, each in a folder of its own; then what one check says of all of them."""
    files = {}
    for index, (row, what, file, data) in enumerate(rows):
        (folder / f"{index}").mkdir()
        path = folder / f"{index}" / file
        path.write_bytes(data)
        files[str(path)] = f"{row}: {what}"
    done = run("check", "--format", "json", folder, timeout=600)
    document = json.loads(done.stdout)
    return files, {subject["path"]: subject for subject in document["subjects"]}


def hold(folder, rows):
    files, subjects = judged(folder, rows)
    lines = run("file", "--format", "ndjson", *files, timeout=600).stdout.decode().splitlines()
    told = {line["artifact"]["path"]: line["artifact"] for line in map(json.loads, lines) if "artifact" in line}
    for path, what in files.items():
        subject, artifact = subjects[path], told[path]
        checks.that(subject["status"] == "policy", f"{what}: check says {subject['status']}, findings {[f['id'] for f in subject['findings']]}")
        listing = json.loads(run("pickle", "--format", "json", "--max-opcodes", "10", path).stdout)
        for command, report in (("file", artifact.get("pickle")), ("pickle", listing["pickle"])):
            not_inspected = any(finding["id"] in ("container.not-inspected", "limit.reached", "container.truncated") for finding in listing["findings"])
            verdict = report and report["verdict"]
            # A tensor of a false size is data, and a bomb that is no whole opcode no pickle: both fail as such.
            checks.that(verdict in ("dangerous", "unknown") or not_inspected or what.startswith("21: storage") or (what.startswith("22") and verdict is None),
                        f"{what}: upinspect {command} says {verdict}")
    return {what: told[path] for path, what in files.items()}


def test_ways(folder):
    rows = [("9/10/13/15", what, "a.pkl", data) for what, data in ways("os", "system").items()]
    for what, data in ways("os", "system").items():
        checks.equal(fetched(data)[:1], [("os", "system")], f"CPython fetches it by {what}")
    for what, artifact in hold(folder, rows).items():
        verdict = artifact["pickle"]["verdict"]
        checks.equal(verdict, "dangerous", f"{what}: verdict")
        checks.that(("os", "system", True) in [(one["module"], one["name"], one["called"]) for one in artifact["pickle"]["globals"]], f"{what}: os.system is called")


def test_unknown_names(folder):
    """The same for a name on no list: the opcode path makes it no more harmless."""
    rows = [("13", what, "a.pkl", data) for what, data in ways("some_package.models", "Model").items()]
    for what, artifact in hold(folder, rows).items():
        checks.equal(artifact["pickle"]["verdict"], "unknown", f"{what}: verdict")


def test_extensions(folder):
    copyreg.add_extension("os", "system", 240)
    try:
        codes = {"EXT1": b"\x82\xf0", "EXT2": b"\x83\xf0\0", "EXT4": b"\x84\xf0\0\0\0"}
        rows = [("13", what, "a.pkl", b"\x80\2" + code + b")R.") for what, code in codes.items()]
        for _, what, _, data in rows:
            copyreg.clear_extension_cache()
            checks.equal(fetched(data), [("os", "system")], f"CPython fetches it by {what}")
    finally:
        copyreg.remove_extension("os", "system", 240)
    for what, artifact in hold(folder, rows).items():
        checks.equal(artifact["pickle"]["verdict"], "unknown", f"{what}: verdict")


def test_names(folder):
    rows = [(row, what, "a.pkl", data) for row, what, data in name_rows()]
    for what, artifact in hold(folder, rows).items():
        if artifact["pickle"]["verdict"] != "dangerous":
            print(f"unknown, not dangerous: {what}")


def test_containers(folder):
    seen = {row for row, *_ in container_rows()}
    checks.equal(seen, {1, 2, 3, 4, 5, 8, 11, 12, 15, 18, 21, 22, 23}, "rows of the catalogue that are containers")
    hold(folder, container_rows())


def test_other_than_pickle(folder):
    files, subjects = judged(folder, [(24, file, file, data) for file, data in OTHER_THAN_PICKLE.items()])
    for path, what in files.items():
        wanted = REASONS.get(Path(path).name, "config.template-code")
        errors = [finding["id"] for finding in subjects[path]["findings"] if finding["severity"] == "error"]
        checks.that(subjects[path]["status"] == "policy" and wanted in errors, f"{what}: {subjects[path]}")


def test_warnings(folder):
    for names, status in ((ONLY_WARNED_OF, "policy"), (FINE, "ok")):
        inner = folder / status
        inner.mkdir()
        for file, data in names.items():
            (inner / file).write_bytes(data)
        document = json.loads(run("check", "--format", "json", "--fail-on", "warning", inner).stdout)
        for subject in document["subjects"]:
            checks.equal(subject["status"], status, f"24: {subject['path']}, {subject['findings']}")


# --- what people really ship ----------------------------------------------------------------------------------------


class Ordered(collections.OrderedDict):
    pass


def plain_objects():
    yield "OrderedDict", "inert", pickle.dumps(collections.OrderedDict(a=1))
    yield "a subclass of OrderedDict", "unknown", pickle.dumps(Ordered(a=1))
    for protocol in range(6):
        yield f"containers of protocol {protocol}", "inert", pickle.dumps({"a": [1, 2.5, None, True, "x", b"y", (3,), {4}, frozenset([5])]}, protocol=protocol)


def numpy_objects():
    try:
        import numpy
    except ImportError:
        print("without numpy: its scalars and arrays are not tried")
        return
    for protocol in range(6):
        yield f"numpy scalars of protocol {protocol}", "inert", pickle.dumps([numpy.float32(1.5), numpy.int64(2), numpy.bool_(True), numpy.complex64(1j)], protocol=protocol)
        yield f"numpy arrays of protocol {protocol}", "inert", pickle.dumps({"a": numpy.arange(6.0), "b": numpy.array(["x"]), "c": numpy.zeros(2, "<i2")}, protocol=protocol)
    for what, save in (("npy of objects", numpy.save), ("npz of objects", numpy.savez_compressed)):
        out = io.BytesIO()
        save(out, numpy.array([1, "a", None], dtype=object))
        yield what, "inert", out.getvalue()


def torch_objects():
    try:
        import torch
    except ImportError:
        print("without torch: optimizers, schedulers, TorchScript and quantised tensors are not tried")
        return

    def saved(value, **options):
        out = io.BytesIO()
        torch.save(value, out, **options)
        return out.getvalue()

    layer = torch.nn.Linear(3, 2)
    for make in (torch.optim.Adam, torch.optim.SGD, torch.optim.AdamW):
        optimizer = make(layer.parameters(), lr=0.1)
        layer(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        yield f"state of {make.__name__}", "inert", saved(optimizer.state_dict())
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
        yield f"state of a scheduler over {make.__name__}", "inert", saved(scheduler.state_dict())
    yield "state of a module, legacy", "inert", saved(layer.state_dict(), _use_new_zipfile_serialization=False)
    yield "a module", "unknown", saved(layer)
    yield "a module, legacy", "unknown", saved(layer, _use_new_zipfile_serialization=False)
    yield "a parameter", "inert", saved({"p": torch.nn.Parameter(torch.ones(2)), "s": torch.Size([1]), "d": torch.float16, "v": torch.device("cpu")})
    yield "quantised tensors", "inert", saved({"t": torch.quantize_per_tensor(torch.ones(4), 0.5, 1, torch.qint8),
                                               "c": torch.quantize_per_channel(torch.ones(2, 2), torch.ones(2), torch.zeros(2), 0, torch.quint8)})
    yield "a sparse tensor", "inert", saved(torch.eye(3).to_sparse())
    yield "pickle.dumps of a tensor", "inert", pickle.dumps(torch.ones(3))
    out = io.BytesIO()
    torch.jit.save(torch.jit.script(layer), out)
    yield "TorchScript", "inert", out.getvalue()


def test_harmless(folder):
    rows = [(verdict, what, "a.bin", data) for what, verdict, data in (*plain_objects(), *numpy_objects(), *torch_objects())]
    files, subjects = judged(folder, rows)
    lines = run("file", "--format", "ndjson", *files, timeout=600).stdout.decode().splitlines()
    told = {line["artifact"]["path"]: line["artifact"] for line in map(json.loads, lines) if "artifact" in line}
    for path, what in files.items():
        verdict, _, title = what.partition(": ")
        checks.equal(told[path]["pickle"]["verdict"], verdict, f"{title}: verdict, globals {told[path]['pickle']['globals']}")
        if verdict == "inert":
            checks.that(subjects[path]["status"] == "ok", f"{title}: check says {subjects[path].get('why')}")


def test_real():
    found = sorted(path for path in SHARED.glob("real/*/*") if path.suffix in (".bin", ".pt"))
    if not found:
        print("without the shared folder: real files are not tried")
        checks.that(True, "")
    for path in found:
        report = json.loads(run("pickle", "--format", "json", "--max-opcodes", "10", path).stdout)["pickle"]
        wanted = "unknown" if path.name == "training_args.bin" else "inert"
        checks.equal(report["verdict"], wanted, f"{path.name}: verdict")


if __name__ == "__main__":
    checks.run(globals())
