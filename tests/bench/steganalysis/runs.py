# SPDX-License-Identifier: Apache-2.0
"""Runs the tool over files that a cell makes, and scores what it says."""

import hashlib
import json
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from steganalysis import carriers
from support.scripts import run

LOCK = threading.Lock()


@dataclass
class Score:
    """One file: was there an alarm, was a message read, was it right, how well was it placed."""
    alarm: bool = False
    message: bool = False
    exact: bool = False
    near: bool = False       # all of it, with at most three characters more at either end
    overlap: float = 0.0     # intersection over union of elements
    said: list = field(default_factory=list)
    seconds: float = 0.0
    size: int = 0


class Bench:
    """A pool of as many runs at a time as there are processors to spare."""

    def __init__(self, folder, workers):
        self.folder = Path(folder)
        self.pool = ThreadPoolExecutor(workers)
        self.number = 0
        self.seconds = 0.0
        self.bytes = 0

    def path(self):
        with LOCK:
            self.number += 1
            return self.folder / f"{self.number}.safetensors"

    def report(self, content, *options):
        path = self.path()
        path.write_bytes(content)
        began = time.monotonic()
        done = run("lsb", "--format", "json", "-j", "1", path, *options, timeout=600)
        taken = time.monotonic() - began
        size = path.stat().st_size
        path.unlink()
        if done.returncode != 0:
            raise RuntimeError(f"lsb: exit {done.returncode}: {done.stderr.decode()}")
        with LOCK:
            self.seconds += taken
            self.bytes += size
        return json.loads(done.stdout), taken, size

    def map(self, score, trials):
        return list(self.pool.map(score, trials))


def starts_of(tensors):
    starts, at = {}, 0
    for name, (_, _, array) in tensors.items():
        starts[name] = at
        at += len(array)
    return starts


def stretches(report, tensors):
    """(first, last) of everything that the report points at, in elements of the whole file."""
    starts = starts_of(tensors)
    for payload in report["payloads"]:
        layout = payload["layout"]
        if layout["tensor"] in starts:
            first = starts[layout["tensor"]] + layout["start_element"]
            back = layout["element_order"] == "reverse"
            yield (first - layout["elements"] + 1, first) if back else (first, first + layout["elements"] - 1)
    for tensor in report["tensors"]:
        if "even" in tensor:
            yield starts[tensor["name"]] + tensor["even"]["first"], starts[tensor["name"]] + tensor["even"]["last"]


def overlap(one, other):
    meet = min(one[1], other[1]) - max(one[0], other[0]) + 1
    span = max(one[1], other[1]) - min(one[0], other[0]) + 1
    return max(0, meet) / span


def is_alarm(report):
    return report["verdict"] in ("message", "suspicious")


def said(report):
    return sorted({f["id"] for f in report["findings"] if f["id"].startswith("lsb.")} | {p["evidence"] for p in report["payloads"]})


def score_of(report, tensors, hidden):
    score = Score(is_alarm(report), report["verdict"] == "message", said=said(report))
    digest = hashlib.sha256(hidden.content).hexdigest()
    for payload in report["payloads"]:
        score.exact |= payload.get("sha256") == digest
        text = payload.get("text", "").encode()
        score.near |= score.exact or (hidden.content in text and len(text) <= len(hidden.content) + 6)
    score.overlap = max((overlap((hidden.first, hidden.last), found) for found in stretches(report, tensors)), default=0.0)
    return score


def lsb(bench, tensors, hidden, *options):
    """Hides, asks, scores."""
    report, seconds, size = bench.report(carriers.content_of(carriers.filled(tensors, hidden.patterns)), *options)
    score = score_of(report, tensors, hidden)
    score.seconds, score.size = seconds, size
    return score


def share(scores, what="alarm"):
    return sum(getattr(score, what) for score in scores) / len(scores)


def median(values):
    return float(np.median(list(values)))


def fresh_folder():
    return tempfile.TemporaryDirectory(prefix="steganalysis-")
