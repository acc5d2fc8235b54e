# SPDX-License-Identifier: Apache-2.0
"""Runs commands as whole processes, interleaved round by round, and gives the ratios of each round."""

import os
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass, field

# First-come scheduling before everything else takes the other load of a shared machine out of the figures; root may ask for it.
REAL_TIME = ["chrt", "-f", "5"]


def real_time():
    """The words that run a command so, or none where that is not permitted."""
    if not shutil.which("chrt") or subprocess.run([*REAL_TIME, "true"], capture_output=True, check=False).returncode != 0:
        return []
    return REAL_TIME


@dataclass
class Run:
    seconds: float
    cpu: float
    status: int


@dataclass
class Command:
    """What to run, and what its output must be like: `agrees` is given the bytes of standard output once."""
    name: str
    words: list
    agrees: object = None
    rounds: int = 0      # at most so many, the run for the answer among them; 0: as many as the others
    runs: list = field(default_factory=list)

    @property
    def median(self):
        return statistics.median(run.seconds for run in self.runs)


def spawn(words, output=os.devnull):
    """One run: from before the program is started until it is gone."""
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
    start = time.perf_counter()
    pid = os.posix_spawnp(words[0], words, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - start
    return Run(seconds, usage.ru_utime + usage.ru_stime, status)


def peak_of(words):
    """The peak memory of a command in bytes. What Linux tells of a child that this process starts includes our own."""
    told = subprocess.run(["/usr/bin/time", "-f", "%M", *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    return 1024 * int(told.stderr.split()[-1])


def in_shell(text):
    """A pipeline as a command; the shell's own start is a millisecond."""
    return ["sh", "-c", text]


class Disagreement(Exception):
    pass


def measure(commands, rounds, scratch, prefix):
    """Runs all of them once for their answers, which must agree, then `rounds` times in turns."""
    for command in commands:
        run = spawn(command.words, scratch)
        if run.status not in (0, 256):  # cmp and diff tell differences so
            raise Disagreement(f"{command.name} ended with {run.status}: {' '.join(command.words)}")
        if command.agrees:
            with open(scratch, "rb") as file:
                why = command.agrees(file.read())
            if why:
                raise Disagreement(f"{command.name}: {why}")
        if command.rounds:
            command.runs.append(run)
    for number in range(rounds):
        for command in commands[number % 2:] + commands[:number % 2]:
            if command.rounds == 0 or number + 1 < command.rounds:
                command.runs.append(spawn(prefix + command.words))


def ratios(ours, peer):
    """Of the rounds that both have; where the peer ran once, of our median."""
    if len(peer.runs) < 3:
        return [ours.median / peer.median]
    return [a.seconds / b.seconds for a, b in zip(ours.runs, peer.runs)]


def spread(values):
    """(median, least, most)"""
    return statistics.median(values), min(values), max(values)
