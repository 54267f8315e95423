"""A table of every error number: what breaks its rule, and what just doesn't.

A case puts values into an order that is right. NONE takes an item out. Of the numbers of lines and of instructions,
which repeat, the cases are made by loops.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from tests.orders.labs import COLLECTION, DOMESTIC, FOREIGN

TODAY = date(2026, 11, 22)
YESTERDAY, TOMORROW = (TODAY + timedelta(days=days) for days in (-1, 1))
NONE: None = None
Values = Mapping[str, str | None]


class Case(NamedTuple):
    """One rule: the kind of order, what breaks it, what just doesn't, and the origin of both."""

    code: int
    kind: str
    breaks: Values
    holds: Values
    origin: str = "creation"


_PRINTED = "Č" * 35


def _side(kind: str, side: str, more: int) -> Iterator[Case]:
    """Give the rules of the counter account, which are those of both sides but for its being the client's own."""
    base, prefix, bank = f"{side}_account_base", f"{side}_account_prefix", f"{side}_bank"
    symbol, specific, name = f"{side}_variable_symbol", f"{side}_specific_symbol", f"{side}_abbreviation"
    for code, breaks, holds in (
        (1, {base: NONE}, {base: "19", prefix: "0"}),
        (1, {base: "5"}, {base: "19"}),
        (1, {base: "05"}, {base: "019"}),
        (1, {base: "12345678901"}, {base: "02000145399"}),
        (2, {base: "12A4"}, {base: "19"}),
        (3, {base: "12345678"}, {base: "12345698"}),
        (4, {base: "2000000018"}, {base: "2000000026"}),
        (16, {base: "0000000000"}, {base: "0000000019"}),
        (5, {prefix: "1234567"}, {prefix: "0000019"}),
        (6, {prefix: "1A"}, {prefix: "19"}),
        (7, {prefix: "1"}, {prefix: "0"}),
        (8, {prefix: "700007"}, {prefix: "19"}),
        (11, {bank: "080"}, {bank: "0800"}),
        (11, {bank: NONE}, {bank: "0100"}),
        (12, {bank: "08A0"}, {bank: "0800"}),
        (13, {bank: "0000"}, {bank: "0100"}),
        (15, {bank: "9999"}, {bank: "0710"}),
        (18, {name: "x" * 21}, {name: "x" * 20}),
        (19, {name: "Ω"}, {name: "Příjemce & syn, a.s."}),
        (21, {symbol: "12345678901"}, {symbol: "1234567890"}),
        (22, {symbol: "12A"}, {symbol: "0"}),
        (25, {specific: "12345678901"}, {specific: "1234567890"}),
        (26, {specific: "1-2"}, {specific: "12"}),
        (27, {base: "3000000004"}, {base: "3000000004", specific: "7"}),
        (28, {base: "4000000009", specific: "7"}, {base: "4000000009"}),
    ):
        yield Case(code + more, kind, breaks, holds)


def _lines() -> Iterator[Case]:
    texts = (("client_message", 101), ("debit_identification", 109), ("credit_identification", 117))
    for name, first in texts:
        for line in range(1, 5):
            item = f"{name}_line_{line}"
            yield Case(first + line - 1, DOMESTIC, {item: _PRINTED + "x"}, {item: _PRINTED})
            yield Case(first + 3 + line, DOMESTIC, {item: "šek\x07"}, {item: "šek €"})
    for name, first, count in (("recipient", 728, 3), ("bank_connection", 735, 4), ("recipient_info", 744, 4)):
        yield Case(first, FOREIGN, {f"{name}_line_1": NONE}, {f"{name}_line_1": "x"})
        for line in range(1, count + 1):
            item = f"{name}_line_{line}"
            yield Case(first + 2 * line - 1, FOREIGN, {item: "x" * 36}, {item: "x" * 35})
            yield Case(first + 2 * line, FOREIGN, {item: "Müller"}, {item: "O'Neil /-?:().,'+ 1"})


def _instructions() -> Iterator[Case]:
    for n in range(1, 5):
        code, words, other = f"instruction_code_{n}", f"instruction_description_{n}", f"instruction_code_{n % 4 + 1}"
        first = 801 + 11 * (n - 1)
        for number, breaks, holds in (
            (0, {words: "call"}, {words: "call", code: "PHOB"}),
            (1, {code: "HOL"}, {code: "HOLD"}),
            (2, {code: "HO-D"}, {code: "HOLD"}),
            (3, {code: "ABCD"}, {code: "CORT"}),
            (4, {code: "HOLD", "bank_operation_code": "SPRI"}, {code: "SDVA", "bank_operation_code": "SPRI"}),
            (5, {code: "HOLD", other: "CHQB"}, {code: "HOLD", other: "PHOB"}),
            (5, {code: "TELE", other: "PHON"}, {code: "TELE", other: "PHOI"}),
            (5, {code: "SDVA", other: "SDVA"}, {code: "SDVA", other: "INTC"}),
            (6, {code: "SDVA", "bank_operation_code": "SSTD"}, {"bank_operation_code": "SSTD"}),
            (7, {code: "REPA"}, {code: "REPA", words: "EPI/1"}),
            (8, {code: "PHOB", words: "x" * 31}, {code: "PHOB", words: "x" * 30}),
            (9, {code: "PHOB", words: "call @ noon"}, {code: "PHOB", words: "call (noon)"}),
            (10, {code: "SDVA", words: "now"}, {code: "TELB", words: "now"}),
        ):
            yield Case(first + number, FOREIGN, breaks, holds)


_A_YEAR = {"maturity_date": "2027-11-22"}
_OWN_BANK = {"credit_account_prefix": "0", "credit_account_base": "150006432", "credit_bank": "0600"}
_EUROS = {"debit_account_prefix": "202016", "debit_account_base": "303634", "currency": "EUR", **_OWN_BANK}
_MARKED = {"agreed_rate_marked": "yes"}
_DOLLARS = {"country": "US", "currency": "USD", "recipient_account": "12-34 567/8"}
_AT_HOME = {  # a transfer within the own bank
    "recipient_account": "150006432/0600 CZK", "country": "CZ", "charges": "BEN", "currency": "EUR",
}  # fmt: skip

CASES: tuple[Case, ...] = (
    *_side(COLLECTION, "debit", 0),
    *_side(DOMESTIC, "credit", 30),
    Case(9, DOMESTIC, {"debit_account_base": "19", "debit_account_prefix": "0"}, {}),
    Case(10, DOMESTIC, {"debit_account_prefix": "123", "debit_account_base": "424524"}, {}),  # may only be credited
    Case(14, DOMESTIC, {"debit_bank": "0800"}, {"debit_bank": "0600"}),
    Case(39, COLLECTION, {"credit_account_base": "19", "credit_account_prefix": "0"}, {}),
    Case(40, COLLECTION, {"credit_account_prefix": "0", "credit_account_base": "150000030"}, {}),  # only debited
    Case(44, COLLECTION, {"credit_bank": "0800"}, {"credit_bank": "0600"}),
    Case(
        61,
        DOMESTIC,
        {"credit_account_prefix": "000609", "credit_account_base": "0150012947", "credit_bank": "0600"},
        {"credit_account_prefix": "0", "credit_account_base": "150012947", "credit_bank": "0600"},
    ),
    Case(62, DOMESTIC, {"constant_symbol": "03080"}, {"constant_symbol": "0308"}),
    Case(63, DOMESTIC, {"constant_symbol": "30A"}, {"constant_symbol": "308"}),
    Case(64, DOMESTIC, {"constant_symbol": "5"}, {"constant_symbol": "8"}),
    Case(64, COLLECTION, {"constant_symbol": "1178"}, {"constant_symbol": "1148"}),
    Case(66, DOMESTIC, {"currency": "CZ"}, {"currency": "CZK"}),
    Case(66, DOMESTIC, {"currency": NONE}, {}),
    Case(67, DOMESTIC, {"currency": "CZ1"}, {}),
    Case(68, DOMESTIC, {"currency": "EUR"}, _EUROS),
    Case(68, DOMESTIC, {**_EUROS, "currency": "USD"}, {}),
    Case(71, DOMESTIC, {"amount": NONE}, {"amount": "1"}),
    Case(71, DOMESTIC, {"amount": "100.505"}, {"amount": "100.50"}),
    Case(71, DOMESTIC, {"amount": "0" * 21 + "1"}, {"amount": "1 234,50"}),
    Case(72, DOMESTIC, {"amount": "12A"}, {"amount": "+12"}),
    Case(73, DOMESTIC, {"amount": "0.00"}, {"amount": "0.01"}),
    Case(74, DOMESTIC, {"amount": "-0.01"}, {"amount": "0,01"}),
    Case(75, DOMESTIC, {"amount": "10000000000000"}, {"amount": "9999999999999.99"}),
    Case(77, DOMESTIC, {**_EUROS, "express_payment": "yes"}, {"express_payment": "yes"}),
    Case(77, DOMESTIC, {"express_payment": "perhaps"}, {"express_payment": "no"}),
    Case(78, DOMESTIC, {**_OWN_BANK, "express_payment": "yes"}, {**_OWN_BANK}),
    Case(79, COLLECTION, {"express_payment": "yes"}, {"express_payment": "no"}),
    Case(81, DOMESTIC, {"maturity_date": "2027-11-23"}, _A_YEAR),
    Case(82, DOMESTIC, {"maturity_date": str(YESTERDAY)}, {"maturity_date": str(TODAY)}),
    Case(83, DOMESTIC, {"maturity_date": "2027-02-29"}, {"maturity_date": "28. 2. 2027"}),
    Case(83, DOMESTIC, {"maturity_date": NONE}, {"maturity_date": "1.12.2026"}),
    Case(85, DOMESTIC, {"client_transaction_date": "2026-13-01"}, {"client_transaction_date": "2026-12-01"}),
    Case(86, DOMESTIC, {"client_transaction_id": "x" * 14}, {"client_transaction_id": "x" * 13}),
    Case(87, DOMESTIC, {"client_transaction_id": "a-1"}, {"client_transaction_id": "a1"}),
    Case(152, DOMESTIC, {"credit_variable_symbol": NONE}, {"credit_variable_symbol": "0"}),
    Case(152, COLLECTION, {"debit_variable_symbol": NONE}, {"debit_variable_symbol": "0"}),
    Case(701, FOREIGN, {"orderer_account_base": NONE}, {}),
    Case(702, FOREIGN, {"orderer_account_base": "5"}, {"orderer_account_base": "0000303634"}),
    Case(703, FOREIGN, {"orderer_account_base": "30363A"}, {}),
    Case(704, FOREIGN, {"orderer_account_base": "12345678"}, {}),
    Case(705, FOREIGN, {"orderer_account_base": "2000000018"}, {}),
    Case(706, FOREIGN, {"orderer_account_prefix": "1234567"}, {"orderer_account_prefix": "0202016"}),
    Case(707, FOREIGN, {"orderer_account_prefix": "20201A"}, {}),
    Case(708, FOREIGN, {"orderer_account_prefix": "202017"}, {}),
    Case(709, FOREIGN, {"orderer_account_prefix": "700007"}, {}),
    Case(710, FOREIGN, {"orderer_account_prefix": "0"}, {}),
    Case(710, FOREIGN, {"orderer_account_prefix": "123", "orderer_account_base": "424524"}, {}),
    Case(710, FOREIGN, {"orderer_bank": "0800"}, {"orderer_bank": "0600"}),
    Case(711, FOREIGN, {"recipient_account": NONE}, {}),
    Case(712, FOREIGN, {**_DOLLARS, "recipient_account": "1" * 35}, {**_DOLLARS, "recipient_account": "1" * 34}),
    Case(713, FOREIGN, {**_DOLLARS, "recipient_account": "12_34"}, _DOLLARS),
    Case(
        713, FOREIGN, {"recipient_account": "DE89370400440532013001"}, {"recipient_account": "DE89370400440532013000"}
    ),
    Case(713, FOREIGN, {"recipient_account": "DE8937040044053201300"}, {}),  # too short
    Case(
        713,
        FOREIGN,
        {"recipient_account": "CZ8208000000001234567898", "country": "CZ"},  # rest 1, but not divisible by 11
        {"recipient_account": "CZ6508000000192000145399", "country": "CZ"},
    ),
    Case(713, FOREIGN, {"recipient_account": "532013000"}, {}),  # SEPA takes an IBAN only
    Case(718, FOREIGN, {"currency": NONE}, {}),
    Case(719, FOREIGN, {"currency": "EU"}, {}),
    Case(720, FOREIGN, {"currency": "EU1"}, {}),
    Case(721, FOREIGN, {**_DOLLARS, "currency": "AFN"}, _DOLLARS),
    Case(
        721,
        FOREIGN,
        {"currency": "CZK", "country": "CZ", "recipient_account": "CZ6508000000192000145399"},
        {"currency": "USD", "country": "CZ", "recipient_account": "CZ6508000000192000145399"},
    ),
    Case(721, FOREIGN, {**_AT_HOME, "currency": "USD"}, _AT_HOME),
    Case(721, FOREIGN, {**_AT_HOME, **_MARKED}, {**_AT_HOME, **_MARKED, "currency": "CZK"}),
    Case(722, FOREIGN, {"country": NONE}, {}),
    Case(723, FOREIGN, {"country": "DEU"}, {}),
    Case(724, FOREIGN, {"country": "D1"}, {}),
    Case(725, FOREIGN, {"country": "XX"}, {}),
    Case(726, FOREIGN, {"swift_bic": "AGBACZPPX"}, {"swift_bic": "COBADEFFXXX"}),
    Case(727, FOREIGN, {"swift_bic": "COBADE-F"}, {"swift_bic": "COBADEFF"}),
    Case(753, FOREIGN, {"orderer_confirmation": "1" * 51}, {"orderer_confirmation": "1" * 50}),
    Case(754, FOREIGN, {"orderer_confirmation": "fax 12"}, {"orderer_confirmation": "+420 (2) 12-34"}),
    Case(755, FOREIGN, {"orderer_confirmation": "a@b"}, {"orderer_confirmation": "a@b.cz"}),
    Case(756, FOREIGN, {"recipient_confirmation": "1" * 51}, {"recipient_confirmation": "1" * 50}),
    Case(757, FOREIGN, {"recipient_confirmation": "12/34"}, {"recipient_confirmation": "12-34"}),
    Case(758, FOREIGN, {"recipient_confirmation": "a b@c.de"}, {"recipient_confirmation": "a.b@c-d.de"}),
    Case(759, FOREIGN, {"amount": NONE}, {"amount": "1"}),
    Case(760, FOREIGN, {"amount": "5OO"}, {"amount": "500"}),
    Case(761, FOREIGN, {"amount": "0"}, {"amount": "0.01"}),
    Case(762, FOREIGN, {"amount": "10000000000000"}, {"amount": "9999999999999.99"}),
    Case(763, FOREIGN, {"amount": "-1"}, {"amount": "+1"}),
    Case(764, FOREIGN, {"currency": "JPY", "amount": "1500.50"}, {"currency": "JPY", "amount": "1500.00"}),
    Case(764, FOREIGN, {"amount": "100.505"}, {"amount": "100.50"}),
    Case(764, FOREIGN, {**_DOLLARS, "amount": "1.005"}, {**_DOLLARS, "currency": "KWD", "amount": "1.005"}),
    Case(765, FOREIGN, {"charges": NONE}, {"charges": "SHA"}),
    Case(766, FOREIGN, {"charges": "ALL"}, {**_DOLLARS, "charges": "BEN"}),
    Case(766, FOREIGN, {"charges": "OUR"}, {**_DOLLARS, "charges": "OUR"}),
    Case(766, FOREIGN, {**_AT_HOME, "charges": "SHA"}, _AT_HOME),
    Case(767, FOREIGN, {**_MARKED, "agreed_rate": "x"}, {**_MARKED, "agreed_rate": "25,3"}),
    Case(768, FOREIGN, {**_MARKED, "agreed_rate": "0"}, {**_MARKED, "agreed_rate": "0.000001"}),
    Case(768, FOREIGN, {**_MARKED, "agreed_rate": "1.0000001"}, {**_MARKED, "agreed_rate": "1.000001"}),
    Case(769, FOREIGN, {**_MARKED, "agreed_rate": "-25"}, {**_MARKED, "agreed_rate": "25"}),
    Case(770, FOREIGN, {**_MARKED, "maturity_date": str(TOMORROW)}, {**_MARKED, "maturity_date": str(TODAY)}),
    Case(771, FOREIGN, {**_MARKED, "maturity_date": str(YESTERDAY)}, {**_MARKED, "maturity_date": str(TODAY)}),
    Case(772, FOREIGN, _MARKED, {**_MARKED, "agreed_rate": "25.3"}, "accounting_system"),
    Case(773, FOREIGN, {"agreed_rate": "25.3"}, {**_MARKED, "agreed_rate": "25.3"}),
    Case(774, FOREIGN, {"maturity_date": "2027-11-22"}, {"maturity_date": "2027-11-21"}),
    Case(775, FOREIGN, {"maturity_date": str(YESTERDAY)}, {"maturity_date": str(TODAY)}),
    Case(
        776,
        FOREIGN,
        {"maturity_date": str(TODAY), "creation_date": str(TOMORROW)},
        {"maturity_date": str(TODAY), "creation_date": str(TODAY)},
    ),
    Case(777, FOREIGN, {"creation_date": "2026-11-31"}, {"creation_date": "2026-11-21"}),
    Case(782, FOREIGN, {"bank_operation_code": NONE}, {"bank_operation_code": "CRED"}),
    Case(783, FOREIGN, {"bank_operation_code": "CRE"}, {"bank_operation_code": "CRTS"}),
    Case(784, FOREIGN, {"bank_operation_code": "CRE1"}, {"bank_operation_code": "SPAY"}),
    Case(785, FOREIGN, {"bank_operation_code": "ABCD"}, {"bank_operation_code": "SPRI"}),
    Case(791, FOREIGN, {"payer_reference": "x" * 36}, {"payer_reference": "x" * 35}),
    Case(792, FOREIGN, {"payer_reference": "a@b"}, {"payer_reference": "a/b"}),
    Case(793, FOREIGN, {**_DOLLARS, "payer_reference": "a"}, _DOLLARS),
    Case(794, FOREIGN, {"payment_title": "999"}, {"payment_title": "110"}),
    Case(795, FOREIGN, {"contractual_partner": "OTHER"}, {"contractual_partner": "PARTNER1"}),
    Case(796, FOREIGN, {"maturity_date": NONE}, {"maturity_date": "22.11.2026"}),
    Case(796, FOREIGN, {"maturity_date": "31.11.2026"}, {"maturity_date": "30.11.2026"}),
    Case(797, FOREIGN, {"agreed_rate_marked": "maybe"}, {"agreed_rate_marked": "no"}),
    Case(798, FOREIGN, {"client_transaction_id": "x" * 36}, {"client_transaction_id": "x" * 35}),
    Case(799, FOREIGN, {"client_transaction_id": "a_1"}, {"client_transaction_id": "a-1/2"}),
    *_lines(),
    *_instructions(),
)

RIGHT: dict[str, dict[str, str]] = {  # an order of each kind that is right, by item
    DOMESTIC: {
        "debit_account_prefix": "609", "debit_account_base": "150012947", "debit_bank": "0600",
        "credit_account_prefix": "19", "credit_account_base": "2000145399", "credit_bank": "0800",
        "credit_variable_symbol": "2026001", "maturity_date": str(TODAY), "amount": "1500.00", "currency": "CZK",
    },
    COLLECTION: {
        "credit_account_prefix": "609", "credit_account_base": "150012947", "credit_bank": "0600",
        "debit_account_prefix": "19", "debit_account_base": "2000145399", "debit_bank": "0800",
        "debit_variable_symbol": "77", "maturity_date": str(TODAY), "amount": "700.00", "currency": "CZK",
    },
    FOREIGN: {
        "orderer_account_prefix": "202016", "orderer_account_base": "303634", "orderer_bank": "0600",
        "recipient_account": "DE89370400440532013000", "recipient_line_1": "Muster GmbH", "amount": "500.00",
        "currency": "EUR", "maturity_date": str(TODAY), "country": "DE", "bank_connection_line_1": "Commerzbank",
        "recipient_info_line_1": "Invoice 1", "charges": "SHA", "bank_operation_code": "CRED",
    },
}  # fmt: skip


def order(kind: str, values: Values) -> dict[str, str | None]:
    """Return the values of an order that is right with others put in."""
    return {**RIGHT[kind], **values}
