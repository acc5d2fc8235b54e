# SPDX-License-Identifier: Apache-2.0
"""The twelve goals of docs/performance.md, each a ratio to a peer that ran in the same rounds.

    tests/bench/run.sh [--quick] [--only 1,7] [--rounds N] [--folder FOLDER]

--quick leaves out the files of 2 GiB and 8 GiB. FOLDER (a new one in the system's, which is removed) needs 16 GB, 2 GB with
--quick. What the peers compute must be what upinspect computes; where it is not the bench ends there. Ends with 1 where a goal
is missed.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from support.scripts import need, tool  # noqa: E402

np = need("numpy")
import data  # noqa: E402
from timing import Command, Disagreement, in_shell, measure, peak_of, ratios, real_time, spread  # noqa: E402

HERE = Path(__file__).resolve().parent
MEBI, GIBI = 1 << 20, 1 << 30
LONG_BASE = 24 * MEBI   # peak memory that is allowed beside four times the header


def have(program):
    return shutil.which(program) is not None


def python(script, path):
    return [sys.executable, str(HERE / script), str(path)]


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder, self.rows, self.notes = options, folder, [], []
        self.prefix = [] if options.plain_scheduling else real_time()
        self.tool = tool()
        self.made = {}

    def file(self, name, make):
        """A file of the data, made once and read once."""
        if name not in self.made:
            path = make(self.folder / name)
            self.made[name] = path
            if path.is_file():
                subprocess.run(["cat", str(path)], stdout=subprocess.DEVNULL, check=True)
        return self.made[name]

    def drop(self, *names):
        for name in names:
            path = self.made.pop(name, None)
            if path:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def us(self, *words, agrees=None):
        return Command("upinspect", [self.tool, *map(str, words)], agrees)

    def compare(self, goal, what, ours, peers, rounds=None):
        """`peers`: (command, most that the ratio may be)."""
        peers = [(peer, most) for peer, most in peers if have(peer.words[0])]
        if not peers:
            self.notes.append(f"{goal} {what}: no peer is installed")
            return
        measure([ours, *(peer for peer, _ in peers)], rounds or self.options.rounds, self.folder / "output", self.prefix)
        for peer, most in peers:
            self.row(goal, what, peer.name, most, spread(ratios(ours, peer)), ours, peer)

    def row(self, goal, what, beside, most, figures, ours=None, peer=None, peak=None):
        row = {"goal": goal, "what": what, "beside": beside, "most": most, "ratio": figures[0], "least": figures[1], "largest": figures[2],
               "ours": ours.median if ours else None, "theirs": peer.median if peer else None, "peak": peak}
        self.rows.append(row)
        print(shown(row), flush=True)


# What the answers have in common.

def same_sha256(path):
    wanted = subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True).stdout.split()[0]
    return lambda output: "" if wanted.encode() in output else f"no SHA-256 {wanted} in its answer"


def holds(text):
    return lambda output: "" if text.encode() in output else f"no {text!r} in its answer"


def counts_changes(number):
    def check(output):
        found = json.loads(output)["bytes"]["differing"]
        return "" if found == number else f"{found} bytes are said to differ, {number} do"
    return check


# The goals.

def raw_file(bench, size):
    name = f"f32-{size // MEBI}M.bin"
    return bench.file(name, lambda path: data.repeated(path, data.weights(min(size, 128 * MEBI) // 4), size))


def sizes(bench):
    return [128 * MEBI] if bench.options.quick else [128 * MEBI, 2 * GIBI]


def named(size):
    return f"{size // MEBI} MiB" if size < GIBI else f"{size // GIBI} GiB"


def full(bench):
    for size in sizes(bench):
        path = raw_file(bench, size)
        check = same_sha256(path)
        bench.compare(1, f"file, {named(size)} of float32", bench.us("file", "--as", "f32", path, agrees=check),
                      [(Command("openssl dgst", ["openssl", "dgst", "-sha256", str(path)], check), .95)])


def slow_peers(bench):
    path = raw_file(bench, 128 * MEBI)
    check = same_sha256(path)
    few = 3
    bench.compare(2, "file, 128 MiB of float32", bench.us("file", "--as", "f32", path, agrees=check),
                  [(Command("ent", ["ent", str(path)], rounds=few), .10),
                   (Command("sha256sum", ["sha256sum", str(path)], check, rounds=few), .30),
                   (Command("numpy", python("numpy_peer.py", path), check, rounds=few), .15)])


def has_avx512():
    """Without it the goal is the one of portable code."""
    return " avx512f" in Path("/proc/cpuinfo").read_text()


def without_sha256(bench):
    for size in sizes(bench):
        path = raw_file(bench, size)
        peer = ["openssl", "dgst", "-sha256", str(path)]
        for instructions, most in (("", .35 if has_avx512() else .45), ("plain", .45)):
            ours = bench.us("file", "--no-sha256", "--as", "f32", path)
            ours.words = (["env", f"UPINSPECT_INSTRUCTIONS={instructions}"] if instructions else []) + ours.words
            what = f"file --no-sha256, {named(size)}" + (", portable code" if instructions else "")
            bench.compare(3, what, ours, [(Command("openssl dgst", peer), most)])
    dense = raw_file(bench, 128 * MEBI)
    sparse = bench.file("sparse.bin", lambda path: sparse_file(path, 128 * MEBI))
    bench.compare(3, "file --no-sha256, six of seven values zero", bench.us("file", "--no-sha256", "--as", "f32", sparse),
                  [(Command("dense values", [bench.tool, "file", "--no-sha256", "--as", "f32", str(dense)]), 1.3)])


def sparse_file(path, size):
    values = data.weights(size // 4, seed=11)
    values[np.arange(values.size) % 7 != 0] = 0
    values.tofile(path)
    return path


def quick(bench):
    size = 64 * MEBI if bench.options.quick else 2 * GIBI
    big = bench.file("big.safetensors", lambda path: data.repeated(path, data.weights(32 * MEBI), size, data.safetensors_head(size, 400)))
    small = bench.file("small.safetensors", lambda path: data.repeated(path, data.weights(MEBI), MEBI, data.safetensors_head(MEBI, 400)))
    bench.compare(4, f"file --quick, {named(size)} of safetensors", bench.us("file", "--quick", big, agrees=holds("400")),
                  [(Command("file", ["file", str(big)]), .25),
                   (Command("upinspect, 1 MiB", [bench.tool, "file", "--quick", str(small)]), 1.1)], 3 * bench.options.rounds)
    bench.drop("big.safetensors")


def long_header(bench):
    for what, halves in (("100,000 tensors", False), ("100,000 halves of an adapter", True)):
        path = bench.file(f"tensors-{halves}.safetensors", lambda path, halves=halves: data.many_tensors_header(path, 100_000, halves))
        bench.compare(5, f"file --quick --format json, {what}", bench.us("file", "--quick", "--format", "json", path, agrees=holds("layers.49999.")),
                      [(Command("Python json", python("json_peer.py", path), holds("layers.49999.")), .30)])


def long_directory(bench):
    path = bench.file("entries.zip", lambda path: data.many_entries_zip(path, 100_000))
    bench.compare(6, "file --quick, zip of 100,000 entries", bench.us("file", "--quick", path, agrees=holds("100,000")),
                  [(Command("unzip -l", ["unzip", "-l", str(path)], holds("100000 files")), .15)])


def few_changes(bench):
    for size in sizes(bench):
        old = raw_file(bench, size)
        most = .45 if size == 128 * MEBI else .30
        same = bench.file(f"same-{size // MEBI}M.bin", lambda path: data.changed(path, old, []))
        cmp = ["cmp", str(old), str(same)]
        bench.compare(7, f"diff, {named(size)}, identical", bench.us("diff", "--as", "f32", old, same, agrees=holds("Identical")), [(Command("cmp", cmp), most)])
        places = [1000 + 5 * i for i in range(data.STORY_CHANGES)]
        new = bench.file(f"few-{size // MEBI}M.bin", lambda path: data.changed(path, old, places))
        bench.compare(7, f"diff, {named(size)}, 1,472 low bits", bench.us("diff", "--as", "f32", old, new, agrees=holds("1,472")),
                      [(Command("cmp, identical files", cmp), most)])
        bench.drop(f"same-{size // MEBI}M.bin", f"few-{size // MEBI}M.bin")


def all_changed(bench):
    old = raw_file(bench, 128 * MEBI)
    same = bench.file("same.bin", lambda path: data.changed(path, old, []))
    number = 0

    def make(path):
        nonlocal number
        path, number = data.every_value_changed(path, old)
        return path

    new = bench.file("all.bin", make)
    ours = bench.us("diff", "--as", "f32", "--format", "json", old, new, agrees=counts_changes(number))
    lines = Command("cmp -l into wc -l", in_shell(f"cmp -l '{old}' '{new}' | wc -l"), holds(str(number)), rounds=1)
    bench.compare(8, "diff, 128 MiB, every value changed", ours, [(Command("cmp, identical files", ["cmp", str(old), str(same)]), .65), (lines, .01)])
    bench.drop("same.bin", "all.bin")


def adapters(bench):
    plain = bench.file("adapter.safetensors", lambda path: data.adapter(path))
    files = [plain]
    try:
        files.append(bench.file("adapter.bin", lambda path: data.torch_adapter(path, plain)))
    except ImportError:
        bench.notes.append("9 torch is not installed: its .bin is left out")
    for path in files:
        check = same_sha256(path)
        peers = [(Command("openssl dgst", ["openssl", "dgst", "-sha256", str(path)], check), 1.0)]
        if len(files) == 2:
            peers.append((Command("torch load and statistics", python("torch_peer.py", path), rounds=3), .10))
        bench.compare(9, f"file, 500 float16 tensors, 145 MB, {path.suffix}", bench.us("file", path, agrees=check), peers)
    # What the strengths of modules cost: the same numbers under names that make no pairs, and halves of a high rank.
    for what, name, options in (("named apart", "apart.safetensors", {"halves": ("x", "y")}), ("of rank 112", "rank112.safetensors", {"inner": 1280, "rank": 112})):
        path = bench.file(name, lambda path, options=options: data.adapter(path, **options))
        check = same_sha256(path)
        bench.compare(9, f"file, 500 float16 tensors {what}", bench.us("file", path, agrees=check),
                      [(Command("openssl dgst", ["openssl", "dgst", "-sha256", str(path)], check), 1.0)])


def each_tensor(bench):
    """What a tensor costs beside its bytes: many small ones, and the same bytes as one. Both print one line for each of a few tensors."""
    count, size = 100_000, 2048
    many = bench.file("many-tensors.safetensors", lambda path: data.cut_up(path, count, size))
    one = bench.file("one-tensor.safetensors", lambda path: data.cut_up(path, 1, count * size))
    ours, peer = bench.us("file", many), Command("one tensor", [bench.tool, "file", str(one)])
    measure([ours, peer], bench.options.rounds, bench.folder / "output", bench.prefix)
    costs = [(a.seconds - b.seconds) / count * 1e6 for a, b in zip(ours.runs, peer.runs)]
    middle, least, most = spread(costs)
    bench.notes.append(f"{count:,} float16 tensors of {size} bytes take {milliseconds(ours.median)}, the same bytes as one tensor {milliseconds(peer.median)}: "
                       f"{middle:.1f} µs for each tensor ({least:.1f} to {most:.1f})")
    bench.drop("many-tensors.safetensors", "one-tensor.safetensors")


def memory(bench):
    """Not a ratio of times: of the peak to what is allowed."""
    header = bench.file("tensors-False.safetensors", lambda path: data.many_tensors_header(path, 100_000, False))
    cases = [(f"file, {named(size)}", ["file", "--as", "f32", raw_file(bench, size)], 0) for size in sizes(bench)]
    cases += [(f"diff, {named(size)}", ["diff", "--as", "f32", raw_file(bench, size), raw_file(bench, size)], 0) for size in sizes(bench)]
    cases.append(("file, 100,000 tensors", ["file", header], header.stat().st_size - 400_000))
    if not have("/usr/bin/time"):
        bench.notes.append("10 GNU time is not installed")
        return
    for what, words, head in cases:
        peaks = sorted(peak_of([bench.tool, *map(str, words)]) for _ in range(5))  # which differ by the pages that the system gives
        allowed = LONG_BASE + 4 * head
        bench.row(10, f"peak of {what}", f"{allowed // MEBI} MiB", 1.0, (peaks[2] / allowed, peaks[0] / allowed, peaks[-1] / allowed), peak=peaks[2])


def growth(bench):
    if not bench.options.quick:
        small, large = raw_file(bench, 128 * MEBI), raw_file(bench, 8 * GIBI)
        ours = bench.us("file", "--as", "f32", large)
        peer = Command("64 times 128 MiB", [bench.tool, "file", "--as", "f32", str(small)])
        measure([ours, peer], 3, bench.folder / "output", bench.prefix)
        bench.row(11, "file, 8 GiB, time for a gigabyte", peer.name, 1.1, spread([ratio / 64 for ratio in ratios(ours, peer)]), ours, peer)
        bench.drop("f32-8192M.bin")
    folder = bench.file("many", lambda path: data.many_files(path, 10_000, 100_000))
    peer = Command("xargs openssl dgst", in_shell(f"find '{folder}' -type f -print0 | xargs -0 openssl dgst -sha256"), rounds=3)
    subprocess.run(peer.words, stdout=subprocess.DEVNULL, check=True)
    bench.compare(11, "file, 10,000 files of 100 KB", bench.us("file", "--as", "f32", folder), [(peer, .60)], 3)


def start(bench):
    bench.compare(12, "--version", bench.us("--version"), [(Command("/bin/true", ["/bin/true"]), 3.0)], 5 * bench.options.rounds)
    bench.rows[-1]["or"] = "3 ms"


def whole_adapters(bench):
    adapters(bench)
    each_tensor(bench)


GOALS = [full, slow_peers, without_sha256, quick, long_header, long_directory, few_changes, all_changed, whole_adapters, memory, growth, start]


# The table.

def met(row):
    return row["ratio"] <= row["most"] or ("or" in row and row["ours"] <= .003)


def milliseconds(seconds):
    return "" if seconds is None else f"{1000 * seconds:.1f} ms" if seconds < .1 else f"{1000 * seconds:.0f} ms"


def shown(row):
    goal = f"{row['most']:.2f}" + (f" or {row['or']}" if "or" in row else "")
    verdict = "met" if met(row) else "**missed**"
    peak = "" if row["peak"] is None else f"{row['peak'] / MEBI:.0f} MiB"
    return (f"| {row['goal']} | {row['what']} | {row['beside']} | {goal} | {row['ratio']:.3f} | {row['least']:.3f} to {row['largest']:.3f} | "
            f"{milliseconds(row['ours'])} | {milliseconds(row['theirs'])} | {peak} | {verdict} |")


def first_line(*words):
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout.splitlines()[0].strip()
    except (OSError, IndexError):
        return f"no {words[0]}"


def machine(bench):
    processor = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    memory = next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    flags = Path("/proc/cpuinfo").read_text()
    sets = [name for name in ("avx2", "avx512f", "sha_ni", "asimd") if f" {name}" in flags]
    yield f"{processor}, {os.cpu_count()} processors ({', '.join(sets)}), {int(memory) // MEBI} GiB, Linux {platform.release()}"
    yield f"{'SCHED_FIFO (chrt -f 5)' if bench.prefix else 'plain scheduling'}, {bench.options.rounds} rounds, files in the page cache"
    versions = [first_line(bench.tool, "--version"), first_line("openssl", "version"), first_line("sha256sum", "--version"), first_line("cmp", "--version"),
                first_line("file", "--version"), first_line("unzip", "-v"), f"Python {platform.python_version()}", f"numpy {np.__version__}"]
    yield "; ".join(version for version in versions if not version.startswith("no "))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="nothing of 2 GiB and more")
    parser.add_argument("--only", help="numbers of goals, as 1,7")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--folder", type=Path, help="where the data lie; kept, and not made again")
    parser.add_argument("--plain-scheduling", action="store_true", help="no chrt")
    options = parser.parse_args()
    wanted = {int(number) for number in options.only.split(",")} if options.only else set(range(1, len(GOALS) + 1))
    folder = options.folder or Path(tempfile.mkdtemp(prefix="upinspect-bench-"))
    folder.mkdir(exist_ok=True)
    bench = Bench(options, folder.resolve())
    print("| goal | what | beside | at most | ratio | least and most | upinspect | the other | peak | |\n|---|---|---|---|---|---|---|---|---|---|", flush=True)
    try:
        for number, goal in enumerate(GOALS, 1):
            if number in wanted:
                goal(bench)
    except Disagreement as error:
        print(f"\n{error}")
        return 2
    finally:
        if not options.folder:
            shutil.rmtree(folder)
    print("\n" + "\n".join([*machine(bench), *bench.notes]))
    return 0 if all(map(met, bench.rows)) else 1


if __name__ == "__main__":
    sys.exit(main())
