"""The passphrase of an encrypted lab, out of a file that only its owner may read."""

from __future__ import annotations

import stat
from pathlib import Path

from bankklient_lab.errors import BadArgument

ENVIRONMENT_PASSPHRASE_FILE = "BANKKLIENT_PASSPHRASE_FILE"  # noqa: S105 - the name of a variable


def read_passphrase(file: str) -> str | None:
    """Return the first line of the file, None when no file is named; BadArgument when others may read it."""
    if not file:
        return None
    path = Path(file)
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8") if stat.S_ISREG(mode) else ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadArgument(f"the passphrase file {file} can't be read ({error})") from None
    if stat.S_IMODE(mode) & 0o077:
        raise BadArgument(f"others may read the passphrase file {file}; run `chmod 600 {file}` first")
    passphrase = text.partition("\n")[0].rstrip("\r")
    if not passphrase:
        raise BadArgument(f"the passphrase file {file} is empty")
    return passphrase
