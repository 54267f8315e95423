"""What the fixed-record formats have in common: no foreign file is claimed, damage is refused or found."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats import format_named
from bankklient_lab.formats.base import LIMITS, SNIFF_BYTES, Hints
from bankklient_lab.formats.blocks import BLOCK_BYTES
from bankklient_lab.formats.line_reader import LINES_MAX
from tests.corpus import SAMPLES, corpus

FOLDERS = {"gpc": "gpc", "bai2": "bai2", "cfonb": "cfonb120", "norma43": "norma43", "coda": "coda"}


def _all_files() -> list[Path]:
    root = corpus()
    roots = [SAMPLES] if root is None else [SAMPLES, root]
    return sorted(path for folder in roots for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", FOLDERS.values())
def test_no_file_of_another_format_is_claimed(name: str) -> None:
    sniff = format_named(name).sniff
    claimed = {path.parent.name for path in _all_files() if sniff(path.read_bytes()[:SNIFF_BYTES])}
    assert claimed == {folder for folder, owner in FOLDERS.items() if owner == name}


def _mutated(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = dice.randrange(len(lines))
    match dice.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(dice.randrange(len(lines)), lines[at])
        case 2:
            lines[at] = lines[at][: dice.randrange(len(lines[at]) + 1)]
        case 3:
            return data[: dice.randrange(len(data))]
        case _:
            changed = bytearray(data)
            for _ in range(dice.randrange(1, 8)):
                changed[dice.randrange(len(changed))] = dice.choice([dice.randrange(256), *b"0123456789+-/, "])
            return bytes(changed)
    return b"\n".join(lines)


@pytest.mark.parametrize(("folder", "name"), FOLDERS.items())
def test_mutated_file_is_read_or_refused(folder: str, name: str) -> None:
    dice = random.Random(20261122)
    files = [path.read_bytes() for path in sorted((SAMPLES / folder).iterdir())]
    refused = 0
    for _ in range(400):
        data = _mutated(_mutated(dice.choice(files), dice), dice)
        try:
            for part in format_named(name).read(io.BytesIO(data), Hints(bank="0100", currency="CZK")):
                part.batch.validate(full=True)
        except FormatError:
            refused += 1
    assert 0 < refused < 400


@pytest.mark.parametrize(("folder", "name"), FOLDERS.items())
def test_a_line_without_end_is_refused(folder: str, name: str) -> None:
    head = next((SAMPLES / folder).iterdir()).read_bytes().split(b"\n", 1)[0]
    with pytest.raises(LimitExceeded, match="line 2"):
        list(format_named(name).read(io.BytesIO(head + b"\n" + b"0" * (LIMITS.line_bytes * 6)), Hints()))


@pytest.mark.parametrize(
    ("folder", "name", "further"),
    [
        ("cfonb", "cfonb120", b"05" + b" " * 43 + b"LIBx"),
        ("norma43", "norma43", b"2301x"),
        ("coda", "coda", b"32" + b" " * 20),
    ],
)
def test_endless_lines_of_one_entry_are_refused(folder: str, name: str, further: bytes) -> None:
    lines = next((SAMPLES / folder).iterdir()).read_bytes().splitlines()
    entry = next(at for at, line in enumerate(lines) if line.startswith((b"04", b"22", b"21")))
    data = b"\n".join([*lines[: entry + 1], *[further] * (LINES_MAX + 1)])
    with pytest.raises(LimitExceeded, match=f"more than {LINES_MAX} lines"):
        list(format_named(name).read(io.BytesIO(data), Hints()))


@pytest.mark.parametrize(("name", "further"), [("gpc", b"078x"), ("bai2", b"88,x")])
def test_endless_messages_of_one_record_are_refused(name: str, further: bytes) -> None:
    head, entry, *_ = [line for line in _sample(name).splitlines() if line.startswith((b"07", b"0", b"16"))]
    data = b"\n".join([head, entry]) + b"\n" + (further + b"\n") * (4 * BLOCK_BYTES // len(further))
    with pytest.raises(LimitExceeded, match="too many lines"):
        list(format_named(name).read(io.BytesIO(data), Hints()))


def _sample(folder: str) -> bytes:
    return min((SAMPLES / folder).iterdir()).read_bytes()
