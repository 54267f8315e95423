"""Files for people and other programs, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from bankklient_lab.errors import BadArgument


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; BadArgument when its place can't be written."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise BadArgument(f"{path} can't be written ({error.strerror or error})") from None
