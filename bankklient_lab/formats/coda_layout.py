"""The records of CODA 2."""

from __future__ import annotations

from bankklient_lab.formats.records import AMOUNT_3, DAY_DMY, NUMBER, TEXT, Codec, Field, Record, side

WIDTH = 128
_SIDE = side(credit="0", debit="1")._replace(finding="bad_amount")
_VERBATIM = Codec("missing_field", lambda text: text, lambda value, width: str(value).ljust(width))

HEADER = Record(
    WIDTH,
    Field("created", 6, 11, TEXT),
    Field("bank_code", 12, 14, TEXT),
    Field("reference", 25, 34, TEXT),
    Field("bic", 61, 71, TEXT),
    Field("version", 128, 128, TEXT),
)
OLD_BALANCE = Record(
    WIDTH,
    Field("structure", 2, 2, TEXT),
    Field("number", 3, 5, TEXT),
    Field("account", 6, 42, _VERBATIM),
    Field("side", 43, 43, _SIDE),
    Field("amount", 44, 58, AMOUNT_3),
    Field("day", 59, 64, DAY_DMY),
    Field("name", 65, 90, TEXT),
)
NEW_BALANCE = Record(
    WIDTH,
    Field("account", 5, 41, _VERBATIM),
    Field("side", 42, 42, _SIDE),
    Field("amount", 43, 57, AMOUNT_3),
    Field("day", 58, 63, DAY_DMY),
)
_ORDER_FIELDS = (Field("sequence", 3, 6, TEXT), Field("detail", 7, 10, TEXT))
MOVEMENT_1 = Record(
    WIDTH,
    *_ORDER_FIELDS,
    Field("bank_reference", 11, 31, TEXT),
    Field("side", 32, 32, _SIDE),
    Field("amount", 33, 47, AMOUNT_3),
    Field("value_day", 48, 53, DAY_DMY),
    Field("transaction_code", 54, 61, TEXT),
    Field("structured", 62, 62, TEXT),
    Field("communication", 63, 115, _VERBATIM),
    Field("booking_day", 116, 121, DAY_DMY),
)
MOVEMENT_2 = Record(
    WIDTH,
    *_ORDER_FIELDS,
    Field("communication", 11, 63, _VERBATIM),
    Field("client_reference", 64, 98, TEXT),
    Field("counterparty_bank", 99, 109, TEXT),
)
MOVEMENT_3 = Record(
    WIDTH,
    *_ORDER_FIELDS,
    Field("counterparty_account", 11, 44, TEXT),
    Field("counterparty_name", 48, 82, TEXT),
    Field("communication", 83, 125, _VERBATIM),
)
INFORMATION_1 = Record(WIDTH, *_ORDER_FIELDS, Field("structured", 40, 40, TEXT), Field("text", 41, 113, _VERBATIM))
INFORMATION_2 = Record(WIDTH, *_ORDER_FIELDS, Field("text", 11, 115, _VERBATIM))
INFORMATION_3 = Record(WIDTH, *_ORDER_FIELDS, Field("text", 11, 100, _VERBATIM))
TRAILER = Record(
    WIDTH,
    Field("records", 17, 22, NUMBER),
    Field("debit", 23, 37, AMOUNT_3),
    Field("credit", 38, 52, AMOUNT_3),
)
# Where account number and currency stand in the 37 characters, by the structure of the account.
ACCOUNT_PARTS = {"0": (12, 13), "1": (34, 34), "2": (31, 34), "3": (34, 34)}
