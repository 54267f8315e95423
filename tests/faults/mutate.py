"""Damaged copies of bank files, made from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable

Mutation = Callable[[bytes, random.Random], bytes]
TOKENS = (
    b"\x00", b"\xff\xfe", b"<!DOCTYPE x [<!ENTITY y 'z'>]>", b"&y;", b"]]>", b"=1+1", b"9" * 40, b"-", b",", b"\r\n",
    b":61:", b":62F:", b"</Ntry>", b"<Ntry>", b"88,", b"/", b"\x1a", b"\xc5\x99", b"1e400", b"NaN", b"000000",
)  # fmt: skip


def _place(data: bytes, dice: random.Random) -> tuple[int, int]:
    start = dice.randrange(len(data) + 1)
    return start, min(len(data), start + dice.choice((1, 2, 8, 40, 300)))


def flip(data: bytes, dice: random.Random) -> bytes:
    """Change one byte."""
    at = dice.randrange(len(data))
    return data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]


def cut(data: bytes, dice: random.Random) -> bytes:
    """Keep only the beginning."""
    return data[: dice.randrange(len(data))]


def drop(data: bytes, dice: random.Random) -> bytes:
    """Remove some bytes."""
    start, end = _place(data, dice)
    return data[:start] + data[end:]


def repeat(data: bytes, dice: random.Random) -> bytes:
    """Repeat some bytes."""
    start, end = _place(data, dice)
    return data[:end] + data[start:end] * dice.choice((1, 2, 20)) + data[end:]


def insert(data: bytes, dice: random.Random) -> bytes:
    """Insert something that readers trip over."""
    start, _ = _place(data, dice)
    return data[:start] + dice.choice(TOKENS) + data[start:]


def swap_lines(data: bytes, dice: random.Random) -> bytes:
    """Exchange two lines."""
    lines = data.splitlines(keepends=True)
    if len(lines) < 2:
        return data[::-1]
    one, other = dice.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def drop_line(data: bytes, dice: random.Random) -> bytes:
    """Remove a line."""
    lines = data.splitlines(keepends=True)
    del lines[dice.randrange(len(lines))]
    return b"".join(lines)


def digits(data: bytes, dice: random.Random) -> bytes:
    """Change some digits into others."""
    found = [at for at, byte in enumerate(data) if 48 <= byte <= 57]
    changed = bytearray(data)
    for at in dice.sample(found, min(len(found), dice.choice((1, 4, 12)))):
        changed[at] = 48 + dice.randrange(10)
    return bytes(changed)


MUTATIONS: tuple[Mutation, ...] = (flip, cut, drop, repeat, insert, swap_lines, drop_line, digits)


def mutated(data: bytes, seed: int) -> bytes:
    """Return a damaged copy of `data` (one to three mutations); the same seed gives the same."""
    dice = random.Random(seed)
    for _ in range(dice.choice((1, 1, 2, 3))):
        if data:
            data = dice.choice(MUTATIONS)(data, dice)
    return data
