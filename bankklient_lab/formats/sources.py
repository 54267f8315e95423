"""Files from outside, opened only when they are ordinary ones: a pipe or a device could keep its reader for ever."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

from bankklient_lab.errors import FormatError


def open_ordinary(path: Path) -> BufferedReader:
    """Open an ordinary file for reading, without ever waiting; FormatError when it is none or can't be read."""
    try:
        _require_ordinary(path.stat())
        source = os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY), "rb")
    except (OSError, ValueError) as error:
        raise unreadable(error) from None
    try:
        _require_ordinary(os.fstat(source.fileno()))  # it may be another one by now
    except FormatError:
        source.close()
        raise
    return source


def _require_ordinary(found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise FormatError("it is a folder, not an ordinary file; name the files in it")
    if not stat.S_ISREG(found.st_mode):
        raise FormatError("it is not an ordinary file; save it as one first")


def unreadable(error: OSError | ValueError) -> FormatError:
    """Return the refusal of a file that the system does not let us read."""
    return FormatError(f"the file can't be read: {getattr(error, 'strerror', None) or error}")
