"""Bytes to text where the file does not name its encoding.

Code pages give the same byte different letters, so the words decide: in the right one the letters beyond ASCII of a
word belong to one language, and capitals stand where capitals do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

ALPHABETS = {  # letters beyond ASCII; without those of loan words, which would make anything plausible
    "cs": "áčďéěíňóřšťúůýž",
    "da": "åæø",
    "de": "äöüß",
    "es": "áéíñóúü",
    "fr": "àâçéèêëîïôùûœ",
    "hr": "čćđšž",
    "hu": "áéíóöőúüű",
    "it": "àèéìòù",
    "pl": "ąćęłńóśźż",
    "pt": "áâãàçéêíóôõú",
    "ro": "ăâîşţ",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "sv": "åäö",
}
CENTRAL_EUROPEAN = ("cs", "sk", "pl", "hu", "de", "hr", "ro")
WESTERN_EUROPEAN = ("de", "fr", "es", "it", "pt", "da", "sv")
_WORDS_MAX = 20_000  # that are looked at
_RARE = {"iso8859-2": 1}  # points by which a rare encoding must be better: it differs in few letters from a usual one
_WORD = re.compile(rb"(?<![A-Za-z\x80-\xff])[A-Za-z]*+[\x80-\xff][A-Za-z\x80-\xff]*")
_VOWELS = "aeiouyáäéěíóöőôúůüűý"
_UNLIKELY = re.compile(f"[aeou][áä]|(?<![{_VOWELS}])[ßń]|[{_VOWELS}]{{3}}")  # neighbours


class Decoder:
    """Decodes the blocks of one file.

    UTF-8 when the first block that is not ASCII is valid UTF-8; otherwise that of `encodings` which makes the most
    plausible words of `languages` (the first one when they are equal: `unsure` then tells so). `replaced` tells that
    bytes without a meaning became replacement characters.
    """

    def __init__(self, encodings: Sequence[str], languages: Sequence[str] = WESTERN_EUROPEAN) -> None:
        self.encoding = ""
        self.replaced = False
        self.unsure = False
        self._encodings = encodings
        self._alphabets = tuple(frozenset(ALPHABETS[language]) for language in languages)

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
            words = [found[0] for found in islice(_WORD.finditer(data), _WORDS_MAX)]
            texts = {encoding: [word.decode(encoding, "replace") for word in words] for encoding in self._encodings}
            points = {name: self._points(texts[name]) - _RARE.get(name, 0) for name in self._encodings}
            best = max(self._encodings, key=lambda encoding: points[encoding])
            self.unsure = any(points[other] == points[best] and texts[other] != texts[best] for other in texts)
            return best
        return "utf-8"

    def _points(self, words: Sequence[str]) -> int:
        """Return how plausible words are: each by itself, and all as words of one language."""
        return sum(map(self._points_of_word, words)) + self._known("".join(words).lower())

    def _known(self, text: str) -> int:
        """Return how many letters are of the one language that has most of them."""
        return max(sum(char in alphabet for char in text) for alphabet in self._alphabets)

    def _points_of_word(self, word: str) -> int:
        """Return how plausible a word is by itself.

        Each character beyond ASCII gives 2 when it is a letter of the word's language, -2 when it is another one and
        -6 when it is none that is printed; each capital out of place and each unlikely neighbour takes off a little.
        """
        lower = word.lower()
        unusual = [char for char in lower if char > "\x7f"]
        impossible = sum(char < "\xa0" or char == "\ufffd" for char in unusual)
        return (
            4 * self._known(lower)
            - 2 * len(unusual)
            - 4 * impossible
            - _wrong_case(word)
            - len(_UNLIKELY.findall(lower))
        )


def _wrong_case(word: str) -> int:
    """Return how many letters beyond ASCII are small among capitals and, counted twice, capitals in a small word.

    Some banks make capitals of the letters of ASCII alone.
    """
    wrong = 0
    for before, char, after in zip(" " + word, word, word[1:] + " ", strict=False):
        if char > "\x7f":
            wrong += 2 * (char.isupper() and (before.islower() or (before.isalpha() and after.islower())))
            wrong += char.islower() and before.isupper() and after.isupper()
    return wrong
