"""Our own fixed-width format of domestic orders, "fixed": the records that reading, writing and its manual share.

Every line has the same width; positions are 1-based and inclusive. Digits are right-aligned with zeros before them, or
blank; texts are left-aligned. A file is a line H, lines P (payment) and C (collection), and a line T.
"""

from __future__ import annotations

from datetime import date

from bankklient_lab.formats.payments.base import LINE_CHARACTERS
from bankklient_lab.formats.records import AMOUNT_2, TEXT, Codec, Field, Record

WIDTH = 593
SIGNATURE = "BKORD1"
TEXT_LINES = 4
_TEXT_WIDTH = TEXT_LINES * LINE_CHARACTERS


def _read_day(text: str) -> date | None:
    if not text.strip(" 0"):
        return None
    if not (text.isascii() and text.isdigit()):
        raise ValueError("eight digits are expected")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise ValueError("this day does not exist") from None


def _write_day(value: date | None, _width: int) -> str:
    return "00000000" if value is None else f"{value:%Y%m%d}"


def _read_number(text: str) -> str:
    if text.strip(" ") and not (text.isascii() and text.isdigit()):
        raise ValueError("digits are expected, with zeros before them")
    return text.strip(" ")


def _write_number(value: str | int | None, width: int) -> str:
    if value is None:
        return " " * width
    text = str(value).zfill(width)
    if not (text.isascii() and text.isdigit() and len(text) == width):
        raise ValueError(f"at most {width} digits are possible")
    return text


DAY = Codec("bad_date", _read_day, _write_day)
NUMBER = Codec("missing_field", _read_number, _write_number)

HEADER = Record(
    WIDTH,
    Field("type", 1, 1, TEXT),  # H
    Field("signature", 2, 7, TEXT),  # BKORD1
    Field("created", 8, 15, DAY),
    Field("client_number", 16, 25, NUMBER),
    Field("client_name", 26, 60, TEXT),
    Field("reference", 61, 95, TEXT),
)
ORDER = Record(
    WIDTH,
    Field("type", 1, 1, TEXT),  # P payment, C collection
    Field("own_prefix", 2, 7, NUMBER),
    Field("own_base", 8, 17, NUMBER),
    Field("own_bank", 18, 21, NUMBER),
    Field("counter_prefix", 22, 27, NUMBER),
    Field("counter_base", 28, 37, NUMBER),
    Field("counter_bank", 38, 41, NUMBER),
    Field("amount", 42, 56, AMOUNT_2),
    Field("currency", 57, 59, TEXT),
    Field("maturity", 60, 67, DAY),
    Field("variable_symbol", 68, 77, NUMBER),
    Field("constant_symbol", 78, 81, NUMBER),
    Field("specific_symbol", 82, 91, NUMBER),
    Field("own_variable_symbol", 92, 101, NUMBER),
    Field("own_specific_symbol", 102, 111, NUMBER),
    Field("urgent", 112, 112, NUMBER),  # 1: with priority, 0: without
    Field("counter_name", 113, 132, TEXT),
    Field("own_name", 133, 152, TEXT),
    Field("client_day", 153, 160, DAY),
    Field("client_reference", 161, 173, TEXT),
    Field("message", 174, 173 + _TEXT_WIDTH, TEXT),
    Field("own_text", 314, 313 + _TEXT_WIDTH, TEXT),
    Field("counter_text", 454, 453 + _TEXT_WIDTH, TEXT),
)
TRAILER = Record(
    WIDTH,
    Field("type", 1, 1, TEXT),  # T
    Field("count", 2, 9, NUMBER),  # lines P and C
    Field("sum", 10, 27, AMOUNT_2),  # of all amounts
)
SYMBOLS = ("variable_symbol", "constant_symbol", "specific_symbol", "own_variable_symbol", "own_specific_symbol")
TEXTS = ("counter_name", "own_name", "currency", "client_reference")
LONG_TEXTS = ("message", "own_text", "counter_text")
KINDS = {"P": "payment", "C": "collection"}
