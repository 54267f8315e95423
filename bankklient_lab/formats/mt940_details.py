"""The information to the account owner :86: as columns.

Three ways of writing it are read; whatever the way, the entry's raw text keeps all of it.

- German: a business code of three digits, then sub-fields ?00 posting text, ?20 to ?29 and ?60 to ?63 remittance,
  ?30 bank, ?31 (or ?38) account, ?32 and ?33 name. Other signs than "?" are used too. A sub-field of 27 or more
  characters runs on into the next, a shorter one ends a word. SEPA words in the remittance (EREF+, SVWZ+, ...) part it.
- Dutch: /TRTP/, /IBAN/, /BIC/, /NAME/, /REMI/, /EREF/, ...
- free text: all of it is remittance. A line of 65 or more characters runs on into the next.

Czech symbols are read where they are labelled (VS:123, /VS/123, VS123), in German sub-fields 20 to 29 and 60 to 64.
Codes /OCMT/, /CHGS/ and /EXCH/ give the amount before conversion, charges and rate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankklient_lab.formats import texts
from bankklient_lab.formats.spans import (
    Bools,
    Bytes,
    Ints,
    bytes_of,
    chosen,
    cut,
    groups,
    joined,
    owners,
    scattered,
    tidy,
)

PIECE_CHARS = 27  # of a German sub-field
LINE_CHARS = 65  # of a line of :86:
SEPA_WORDS = (
    *("EREF+", "KREF+", "MREF+", "CRED+", "DEBT+", "COAM+", "OAMT+", "SVWZ+", "ABWA+", "ABWE+", "PURP+", "MDAT+"),
    "MTLG:",  # what the bank writes about a return
)
SLASH_WORDS = (
    *("TRTP", "IBAN", "BBAN", "BIC", "NAME", "REMI", "EREF", "CSID", "MARF", "ORDP", "BENM", "PREF", "CNTP", "RTRN"),
    *("PURP", "ULTC", "ULTD", "ISDT", "ADDR", "TRCD", "SVCL", "CREF"),
)
REMITTANCE_PIECES = (*range(20, 30), *range(60, 64))

_SIGNS = "[?<>+~^@#$!|*]"
_GERMAN = rf"^\s*\d{{3}}{_SIGNS}[0-367]\d"
_DUTCH = rf"(?:^\s*/(?:{'|'.join(SLASH_WORDS)})|/TRTP)/"
_SYMBOLS = {"variable_symbol": "VS", "constant_symbol": "KS", "specific_symbol": "SS"}
_LABEL_BEGINS = np.frombuffer(b"VKS", np.uint8)
_SYMBOL_DIGITS = 10
_MARKS = np.frombuffer(b":=./", np.uint8)
_WHITE = np.frombuffer(b" \t\n\r\f\v", np.uint8)
_DIGIT = np.isin(np.arange(256), np.frombuffer(b"0123456789", np.uint8))
_LETTER_OR_DIGIT = np.array([chr(code).isascii() and chr(code).isalnum() for code in range(256)])


class Parts(NamedTuple):
    """Named parts of some texts: `row` (ascending), which text; `name`, an index or number; its value."""

    row: Ints
    name: Ints
    value: pa.Array

    def one(self, name: int, length: int) -> pa.Array:
        """Return a column with the first part called `name` of each text, trimmed."""
        picked = self.name == name
        if not picked.any():
            return pa.nulls(length, pa.string())
        values = pc.utf8_trim_whitespace(self.value.filter(pa.array(picked)))
        return texts.null_if_empty(scattered(self.row[picked], values, length))


def parse(details: pa.Array) -> dict[str, pa.Array]:
    """Return columns of formats.schema from the contents of :86: (null where there is none)."""
    german = chosen(pc.match_substring_regex(details, _GERMAN))
    dutch = np.zeros(len(details), bool)
    dutch[~german] = chosen(pc.match_substring_regex(details.filter(pa.array(~german)), _DUTCH))
    length = len(details)
    columns: dict[str, pa.Array] = {}
    for mask, read in ((german, _read_german), (dutch, _read_dutch), (~german & ~dutch, _read_free)):
        rows = np.flatnonzero(mask)
        if len(rows):
            for name, values in read(details.filter(pa.array(mask))).items():
                spread = values if len(rows) == length else scattered(rows, values, length)
                columns[name] = pc.coalesce(columns[name], spread) if name in columns else spread
    return columns


def _read_german(details: pa.Array) -> dict[str, pa.Array]:
    flat = pc.utf8_ltrim_whitespace(pc.replace_substring(details, "\n", ""))
    count = len(flat)
    parts = _pieces(flat)
    in_remittance = np.isin(parts.name, REMITTANCE_PIECES)
    whole = _run_on(parts, in_remittance, count)
    words = _sepa_parts(whole)
    code = pc.utf8_slice_codeunits(flat, 0, 3)

    def word(name: str) -> pa.Array:
        return words.one(SEPA_WORDS.index(name), count)

    return {
        "transaction_code": pc.if_else(pc.equal(code, "000"), pa.scalar(None, pa.string()), code),
        "additional_info": tidy(parts.one(0, count)),
        "counterparty_bank": parts.one(30, count),
        "counterparty_account": _account(pc.coalesce(parts.one(38, count), parts.one(31, count))),
        "counterparty_name": tidy(_run_on(parts, np.isin(parts.name, (32, 33)), count)),
        "end_to_end_id": _provided(word("EREF+")),
        "client_reference": word("KREF+"),
        "mandate_id": word("MREF+"),
        "creditor_id": word("CRED+"),
        "remittance": tidy(_remittance(words, count)),
        **_symbols(pc.binary_join_element_wise(_or_empty(parts.one(64, count)), _or_empty(whole), " ")),
    }


def _pieces(flat: pa.Array) -> Parts:
    """Split texts "166?00...?20..." at the sign behind the three digits where a sub-field number follows it."""
    data, bounds = bytes_of(flat)
    signs = data[bounds[:-1] + 3]
    at = np.flatnonzero(np.logical_or.reduce([data == sign for sign in np.unique(signs)]))
    at = at[_is_number(data, at + 1)]
    row = owners(at, bounds)
    own = (data[at] == signs[row]) & (at >= bounds[row] + 3) & (at + 3 <= bounds[row + 1])
    at, row = at[own], row[own]
    number = (data[at + 1] - 48).astype(np.int64) * 10 + data[at + 2] - 48
    return Parts(row, number, _values(data, bounds, row, at, at + 3))


def _is_number(data: Bytes, at: Ints) -> Bools:
    """Tell whether the number of a sub-field (00 to 39, 60 to 79) stands at each position."""
    padded = np.append(data, np.zeros(3, np.uint8))
    tens, ones = padded[at], padded[at + 1]
    good: Bools = np.isin(tens, np.frombuffer(b"012367", np.uint8)) & (ones >= 48) & (ones <= 57)
    return good


def _values(data: Bytes, bounds: Ints, row: Ints, at: Ints, start: Ints) -> pa.Array:
    """Return the texts from `start` to the next one's `at`, or to the end of the row."""
    following = np.append(at[1:], bounds[-1])
    return cut(data, start, np.minimum(following, bounds[row + 1]))


def _run_on(parts: Parts, picked: Bools, count: int) -> pa.Array:
    """Join pieces of each text: a full one runs on, a shorter one ends a word."""
    values = parts.value.filter(pa.array(picked))
    short = pc.less(pc.utf8_length(values), PIECE_CHARS)
    return joined(parts.row[picked], pc.if_else(short, pc.binary_join_element_wise(values, "", " "), values), count)


def _word_keys(words: tuple[str, ...]) -> npt.NDArray[np.uint64]:
    return np.array([int.from_bytes(word.encode(), "big") for word in words], np.uint64)


def _sepa_parts(whole: pa.Array) -> Parts:
    """Split remittance at SEPA words; what stands before the first one gets the name -1."""
    data, bounds = bytes_of(whole)
    last = np.flatnonzero((data == ord("+")) | (data == ord(":")))
    last = last[last >= 4]
    key = np.zeros(len(last), np.uint64)
    for back in range(4, -1, -1):
        key = key << np.uint64(8) | data[last - back].astype(np.uint64)
    at, name = _matched(key, _word_keys(SEPA_WORDS), last - 4)
    row = owners(at, bounds)
    own = at + 5 <= bounds[row + 1]
    at, name, row = at[own], name[own], row[own]
    before = np.arange(len(whole)) + np.searchsorted(at, bounds[:-1])  # places of the beginnings among all parts
    place = np.arange(len(at)) + row + 1

    def both(of_beginnings: Ints | int, of_words: Ints) -> Ints:
        merged = np.empty(len(before) + len(place), np.int64)
        merged[before], merged[place] = of_beginnings, of_words
        return merged

    start = both(bounds[:-1], at + 5)
    row, name, at = both(np.arange(len(whole)), row), both(-1, name), both(bounds[:-1], at)
    return Parts(row, name, _values(data, bounds, row, at, start))


def _matched(keys: npt.NDArray[np.uint64], known: npt.NDArray[np.uint64], at: Ints) -> tuple[Ints, Ints]:
    """Return the positions whose key is known, and the index of the key."""
    order = np.argsort(known)
    place = np.minimum(np.searchsorted(known[order], keys), len(known) - 1)
    hit = known[order][place] == keys
    return at[hit], order[place[hit]]


def _remittance(words: Parts, count: int) -> pa.Array:
    sides = (words.one(name, count) for name in (-1, SEPA_WORDS.index("SVWZ+"), SEPA_WORDS.index("MTLG:")))
    return pc.binary_join_element_wise(*map(_or_empty, sides), " ")


def _or_empty(column: pa.Array) -> pa.Array:
    return pc.fill_null(column, "")


def _read_dutch(details: pa.Array) -> dict[str, pa.Array]:
    flat = _unwrapped(details)
    count = len(flat)
    parts = _slash_parts(flat)

    def word(name: str) -> pa.Array:
        values = parts.one(SLASH_WORDS.index(name), count)
        return texts.null_if_empty(pc.utf8_trim(values, "/ "))

    party = groups(word("CNTP"), r"^(?P<account>[^/]*)(?:/(?P<bank>[^/]*))?(?:/(?P<name>[^/]*))?")
    has_remittance = np.isin(np.arange(count), parts.row[parts.name == SLASH_WORDS.index("REMI")])
    stated = pc.replace_substring_regex(word("REMI"), r"^(USTD|STRD)/+", "")
    return {
        "additional_info": tidy(word("TRTP")),
        "counterparty_bank": pc.coalesce(word("BIC"), texts.null_if_empty(party["bank"])),
        "counterparty_account": _account(pc.coalesce(word("IBAN"), word("BBAN"), party["account"])),
        "counterparty_name": tidy(pc.coalesce(word("NAME"), party["name"])),
        "end_to_end_id": _provided(word("EREF")),
        "client_reference": word("PREF"),
        "mandate_id": word("MARF"),
        "creditor_id": word("CSID"),
        "remittance": tidy(pc.if_else(pa.array(has_remittance), stated, flat)),
        **_symbols(flat),
    }


def _slash_parts(flat: pa.Array) -> Parts:
    """Split texts at the known words between slashes."""
    data, bounds = bytes_of(flat)
    padded = np.append(data, np.zeros(6, np.uint8)).astype(np.uint64)
    slash = np.flatnonzero(data == ord("/"))
    key = np.zeros(len(slash), np.uint64)
    for ahead in range(1, 5):
        key = key << np.uint64(8) | padded[slash + ahead]
    words = _word_keys(tuple((word + "/")[:4] for word in SLASH_WORDS))
    at, name = _matched(key, words, slash)
    size = np.array([len(word) for word in SLASH_WORDS])[name]
    row = owners(at, bounds)
    own = (padded[at + size + 1] == ord("/")) & (at + size + 2 <= bounds[row + 1])
    at, name, row, start = at[own], name[own], row[own], (at + size + 2)[own]
    end = np.minimum(np.append(at[1:], bounds[-1]), bounds[row + 1])  # "/BENM/NAME/": one slash between two words
    return Parts(row, name, cut(data, np.minimum(start, end), end))


def _read_free(details: pa.Array) -> dict[str, pa.Array]:
    flat = _unwrapped(details)
    return {"remittance": tidy(flat), **_symbols(flat)}


def _unwrapped(details: pa.Array) -> pa.Array:
    """Return texts on one line: a full line runs on into the next one, a shorter one ends a word."""
    whole = pc.replace_substring_regex(details, rf"([^\n]{{{LINE_CHARS}}})\n", r"\1")
    return pc.replace_substring(whole, "\n", " ")


def _provided(reference: pa.Array) -> pa.Array:
    empty = pc.is_in(reference, pa.array(["NOTPROVIDED", "NONREF"]))
    return pc.if_else(empty, pa.scalar(None, pa.string()), reference)


def _account(number: pa.Array) -> pa.Array:
    return texts.null_if_empty(pc.replace_substring(number, " ", ""))


def _symbols(flat: pa.Array) -> dict[str, pa.Array]:
    """Return the Czech symbols that are labelled in the texts: VS, KS or SS, perhaps a mark, one to ten digits."""
    data, bounds = bytes_of(flat)
    at = np.flatnonzero(data[1:] == ord("S"))
    at = at[np.isin(data[at], _LABEL_BEGINS)]
    if not len(at):
        return {}
    row = owners(at, bounds)
    alone = (at == bounds[row]) | ~_LETTER_OR_DIGIT[data[at - 1]]
    at, row = at[alone], row[alone]
    padded = np.append(data, np.zeros(_SYMBOL_DIGITS + 5, np.uint8))
    start = at + len("VS")
    marked = np.isin(padded[start], _MARKS)
    start += marked
    start += marked & np.isin(padded[start], _WHITE)
    end = start.copy()
    for _ in range(_SYMBOL_DIGITS + 1):
        end += _DIGIT[padded[end]] & (end < bounds[row + 1])
    read = (end > start) & (end - start <= _SYMBOL_DIGITS)
    at, row, digits = at[read], row[read], texts.symbols(cut(data, start[read], end[read]))
    found = {}
    for column, label in _SYMBOLS.items():
        own = data[at] == ord(label[0])
        found[column] = scattered(row[own], digits.filter(pa.array(own)), len(flat))
    return found


def conversions(raw: pa.Array) -> dict[str, pa.Array]:
    """Return original amount and currency, exchange rate and charges from the codes in whole entries."""
    mask = chosen(pc.match_substring_regex(raw, "/(?:OCMT|CHGS|EXCH)/"))
    if not mask.any():
        return {}
    rows, marked = np.flatnonzero(mask), raw.filter(pa.array(mask))
    original = groups(marked, r"/OCMT/(?P<currency>[A-Z]{3})(?P<amount>\d{1,15},\d{0,3})/")
    charges = groups(marked, r"/CHGS/[A-Z]{3}(?P<amount>\d{1,15},\d{0,3})/")
    rate = groups(marked, r"/EXCH/(?P<rate>[\d.,]+)/")

    def amount(part: dict[str, pa.Array]) -> pa.Array:
        return texts.amounts(pc.replace_substring(part["amount"], ",", "."), ".")[0]

    found = {
        "original_amount": amount(original),
        "original_currency": original["currency"],
        "charges": amount(charges),
        "exchange_rate": rate["rate"],
    }
    return {name: scattered(rows, values, len(raw)) for name, values in found.items()}
