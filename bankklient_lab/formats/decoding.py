"""Bytes to text where the file does not name its encoding."""

from __future__ import annotations

from collections.abc import Sequence


class Decoder:
    """Bytes to text where the file does not name its encoding.

    UTF-8 when the first block that is not ASCII is valid UTF-8; otherwise that of `encodings` which makes
    the most of its bytes letters of `alphabet` (the first one when they are equal). `replaced` tells that
    bytes without a meaning became replacement characters.
    """

    def __init__(self, encodings: Sequence[str], alphabet: str) -> None:
        self.encoding = ""
        self.replaced = False
        self._encodings = encodings
        self._letters = frozenset(alphabet + alphabet.upper())

    def decode(self, data: bytes) -> str:
        """Return the text of whole lines."""
        if data.isascii():
            return data.decode("ascii")
        if not self.encoding:
            self.encoding = self._choose(data)
        text = data.decode(self.encoding, "replace")
        self.replaced = self.replaced or "\ufffd" in text
        return text

    def _choose(self, data: bytes) -> str:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            unusual = bytes(byte for byte in data if byte > 127)

            def letters(encoding: str) -> int:
                return sum(char in self._letters for char in unusual.decode(encoding, "replace"))

            return max(self._encodings, key=letters)
        return "utf-8"
