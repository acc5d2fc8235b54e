# SPDX-License-Identifier: Apache-2.0
"""What is hidden (P1 to P9): pieces of a wanted size, another one for each seed."""

import base64
import sys
import zlib
from pathlib import Path

import numpy as np

PROSE = (b"The harbour lights went out one after another while the pilot was still counting them. Nobody had told her that the old "
         b"channel was closed, and the charts in the drawer were older than the quay. She wrote the depth on the back of an envelope, "
         b"asked for a second opinion by radio and got none. In the morning the tide had moved the marker by a hundred yards, which "
         b"was enough to make every later measurement wrong. It is easy to blame a machine for that; it only did what it was told, "
         b"again and again, until the numbers looked reasonable to somebody who wanted to go home. ")
RUSSIAN = ("Мост открыт до рассвета, ключ лежит под камнем у старой мельницы, и никто не помнит, кто его туда положил. "
           "Если вода поднимется выше отметки, ждите сигнала с другого берега и не зажигайте огня. ").encode()


def piece(content, size, seed):
    """`size` bytes from a place of the content that the seed picks, repeated where it is shorter."""
    start = np.random.RandomState(seed).randint(0, max(1, len(content) - size))
    return (content[start:] + content * (size // len(content) + 1))[:size]


def program():
    """An executable of this machine; the same kind of bytes everywhere."""
    return Path(sys.executable).resolve().read_bytes()[:1 << 21]


PROGRAM = program()
SOURCE = Path(base64.__file__).read_bytes()
PACKED = zlib.compress(PROGRAM[:1 << 20], 9)


def english(size, seed):
    return piece(PROSE, size, seed)


def python(size, seed):
    return piece(SOURCE, size, seed)


def base64_of_random(size, seed):
    return base64.b64encode(np.random.RandomState(seed).bytes(size))[:size]


def russian(size, seed):
    """Whole characters."""
    start = np.random.RandomState(seed).randint(0, 60)
    text = (RUSSIAN.decode()[start:] + RUSSIAN.decode() * (size // len(RUSSIAN) + 1)).encode()[:size]
    return text.decode(errors="ignore").encode()


def elf_front(size, seed):
    return PROGRAM[:size]


def elf_middle(size, seed):
    return piece(PROGRAM[4096:], size, seed)


def deflated(size, seed):
    """The body alone, without header and checksum."""
    return piece(PACKED[2:-4], size, seed)


def random_bytes(size, seed):
    return np.random.RandomState(seed).bytes(size)


def xored(size, seed):
    """Text under one byte."""
    key = np.random.RandomState(seed).randint(0x80, 0x100)
    return bytes(byte ^ key for byte in english(size, seed))


KINDS = {"English": english, "Python": python, "base64": base64_of_random, "Russian": russian, "ELF, front": elf_front,
         "ELF, middle": elf_middle, "deflate body": deflated, "random": random_bytes, "text XOR a byte": xored}
