"""A software token in place of a chip card: SoftHSM's, made anew in a folder of each test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pkcs11

from bankklient_lab.sealing.cards import ENVIRONMENT_MODULE, cards

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "471199"


@contextmanager
def a_card(folder: Path) -> Iterator[str]:
    """Give the serial number of a card that is there, with nothing on it; scripts/system-packages installs SoftHSM."""
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n")
    before = {name: os.environ.get(name) for name in ("SOFTHSM2_CONF", ENVIRONMENT_MODULE)}
    os.environ |= {"SOFTHSM2_CONF": str(settings), ENVIRONMENT_MODULE: MODULE}
    try:
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "Ann", "--so-pin", "12345678", "--pin", PIN],
            check=True, capture_output=True,
        )  # fmt: skip
        pkcs11.lib(MODULE).reinitialize()  # another test may have begun it with its folder
        (card,) = cards()
        yield card.serial
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def pulled_out(folder: Path) -> Iterator[None]:
    """Take the card away for a while."""
    (folder / "tokens").rename(folder / "away")
    (folder / "tokens").mkdir()
    pkcs11.lib(MODULE).reinitialize()
    try:
        yield
    finally:
        (folder / "tokens").rmdir()
        (folder / "away").rename(folder / "tokens")
        pkcs11.lib(MODULE).reinitialize()
