"""Zip archives from outside, opened only when their directory is sane; unpacking is counted while it streams."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import IO, BinaryIO

from bankklient_lab.errors import FormatError, LimitExceeded
from bankklient_lab.formats.base import LIMITS

MEMBERS_MAX = 2_000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_RATIO_FROM_BYTES = 1024**2  # a small member may be as dense as it likes
_LOCAL_HEADER_BYTES = 30
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)


def check_archive(source: BinaryIO) -> zipfile.ZipFile:
    """Open an archive whose directory states sizes within LIMITS, nothing encrypted and nothing overlapping."""
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
        raise FormatError(f"the archive is damaged ({error})") from None
    members = archive.infolist()
    if len(members) > MEMBERS_MAX:
        raise LimitExceeded(f"the archive holds more than {MEMBERS_MAX} files")
    total = 0
    end = 0
    for info in sorted(members, key=lambda item: item.header_offset):
        if info.flag_bits & 0x1:
            raise FormatError("the archive is encrypted", place=info.filename)
        if info.compress_type not in _METHODS:
            raise FormatError("the archive is compressed in a way that is not accepted", place=info.filename)
        if info.header_offset < end:
            raise FormatError("files of the archive overlap", place=info.filename)
        end = info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size
        total += info.file_size
        check_size(total, info.file_size, info.compress_size, info.filename)
    return archive


def check_size(total: int, size: int, packed: int, name: str) -> None:
    """Refuse more unpacked bytes than LIMITS allow, in total or in relation to the packed ones."""
    if total > LIMITS.unpacked_bytes:
        raise LimitExceeded(f"the archive unpacks to more than {LIMITS.unpacked_bytes} bytes", place=name)
    if size > _RATIO_FROM_BYTES and size > LIMITS.unpacked_ratio * max(packed, 1):
        raise LimitExceeded(f"a file unpacks to more than {LIMITS.unpacked_ratio} times its size", place=name)


def unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Counted:
    """Return a member as a stream that stops at the limits, whatever the directory says."""
    try:
        return _Counted(archive.open(info), info)
    except _DAMAGE as error:
        raise FormatError(f"the archive is damaged ({error})", place=info.filename) from None


class _Counted(io.RawIOBase):
    def __init__(self, member: IO[bytes], info: zipfile.ZipInfo) -> None:
        self._member = member
        self._info = info
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        try:
            block = self._member.read(len(view))
        except _DAMAGE as error:
            raise FormatError(f"the archive is damaged ({error})", place=self._info.filename) from None
        self._given += len(block)
        check_size(self._given, self._given, self._info.compress_size, self._info.filename)
        view[: len(block)] = block
        return len(block)
