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


def existing_folder(text: str) -> str:
    """Return a folder's full path without links, "" for no text; BadArgument when it is none."""
    if not text.strip():
        return ""
    try:
        path = Path(text.strip()).expanduser()
        if not path.is_absolute():
            raise BadArgument(f"give the whole path of the folder {text}")
        path = path.resolve(strict=True)
        if not path.is_dir():
            raise BadArgument(f"{path} is not a folder")
    except (OSError, RuntimeError, ValueError) as error:
        raise BadArgument(f"the folder {text} can't be used: {getattr(error, 'strerror', None) or error}") from None
    return str(path)
