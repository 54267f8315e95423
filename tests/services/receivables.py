"""Receivables that are right, what breaks each of their rules, and the agreement that allows to send them."""

from __future__ import annotations

from typing import Any, NamedTuple

from bankklient_lab.lab import Lab
from tests.orders.labs import EURO, MAIN

RECEIVABLE = "receivable"


def invoice(**other: Any) -> dict[str, Any]:
    """Return the items of an invoice that is right on 2026-11-22 and some days later."""
    return {
        "receivable_type": "invoice", "own_account": MAIN, "currency": "CZK", "variable_symbol": "2026001",
        "debtor_id_type": "ICO", "debtor_identification": "25672720", "debtor_name": "Novak s.r.o.",
        "debtor_address": "Dlouha 1, Praha", "amount": "121000.00", "issue_date": "2026-11-20",
        "due_date": "2026-12-20", "legal_reason": "Purchase contract 12/2026 of 2026-10-01", "sequence_number": "1",
    } | other  # fmt: skip


def credit_note(**other: Any) -> dict[str, Any]:
    """Return the items of a credit note that is right, to that invoice."""
    return invoice(
        receivable_type="credit note", variable_symbol="2026901", original_variable_symbol="2026001", amount="21000.00",
        legal_reason="Price adjustment of 2026-11-21", sequence_number="2",
    ) | other  # fmt: skip


def agreed(lab: Lab, *accounts: tuple[str, str]) -> None:
    """Let the lab know of agreements on financing for some accounts (IBAN, currency), as its bank tells them."""
    with lab.database.tx("ops") as cursor:
        cursor.execute("DELETE FROM ops.service_record WHERE kind = 'receivable'")
        for number, (account, currency) in enumerate(accounts, start=1):
            cursor.execute(
                "INSERT INTO ops.service_record SELECT 'receivable', 'FA' || $number, 'valid', false,"
                " json_object('agreement_number', $number, 'agreement_account', $account,"
                " 'agreement_currency', $currency)",
                {"number": str(number), "account": account, "currency": currency},
            )


class Case(NamedTuple):
    """Values that break the rule `code`, and values that just don't, in an invoice or (`note`) a credit note."""

    code: int
    breaks: dict[str, str | None]
    holds: dict[str, str | None]
    note: bool = False


_BIRTH = {"debtor_id_type": "birth number"}
_ABROAD = {"debtor_id_type": "foreign", "debtor_identification": "DE811128135"}
_RIGHT = {"debtor_id_type": "birth number", "debtor_identification": "8001011238"}
CASES = (
    Case(501, {"own_account": None}, {"own_account": "CZ7706000006090150012947"}),
    Case(502, {"own_account": "12345678901/0600"}, {"own_account": "609-150012947"}),
    Case(503, {"own_account": "609-15001294A/0600"}, {"own_account": "609-0150012947/0600"}),
    Case(504, {"own_account": "609-150012948/0600"}, {}),
    Case(505, {"own_account": "2000000018/0600"}, {}),
    Case(506, {"own_account": "1234567-150012947/0600"}, {"own_account": "000609-150012947/0600"}),
    Case(507, {"own_account": "60A-150012947/0600"}, {}),
    Case(508, {"own_account": "608-150012947/0600"}, {}),
    Case(509, {"own_account": "700007-150012947/0600"}, {}),
    Case(510, {"own_account": "150000030/0600"}, {"own_account": EURO, "currency": "EUR"}),
    Case(511, {"currency": None}, {}),
    Case(512, {"currency": "CZ"}, {}),
    Case(513, {"currency": "Cz1"}, {}),
    Case(514, {"currency": "XXX"}, {}),
    Case(575, {"currency": "EUR"}, {"currency": "EUR", "own_account": EURO}),
    Case(515, {"receivable_type": None}, {}),
    Case(516, {"receivable_type": "11"}, {"receivable_type": "1"}),
    Case(517, {"receivable_type": "bill"}, {}),
    Case(518, {"receivable_type": "3"}, {"receivable_type": "2"}, note=True),
    Case(519, {"sequence_number": None}, {}),
    Case(520, {"sequence_number": "1234567890"}, {"sequence_number": "123456789"}),
    Case(521, {"sequence_number": "1a"}, {}),
    Case(522, {"sequence_number": "0"}, {}),
    Case(523, {"debtor_name": None}, {}),
    Case(524, {"debtor_name": "x" * 71}, {"debtor_name": "x" * 70}),
    Case(525, {"debtor_name": "Novák \u4e2d"}, {"debtor_name": "Žluťoučký kůň"}),
    Case(526, {"debtor_name": "   "}, {}),
    Case(527, {"debtor_address": None}, {}),
    Case(528, {"debtor_address": "x" * 106}, {"debtor_address": "x" * 105}),
    Case(529, {"debtor_address": "\u4e2d"}, {}),
    Case(530, {"debtor_address": " "}, {}),
    Case(531, {"debtor_id_type": None}, {}),
    Case(532, {"debtor_id_type": "12"}, {"debtor_id_type": "1"}),
    Case(533, {"debtor_id_type": "IČO"}, {}),
    Case(534, {"debtor_id_type": "4"}, {"debtor_id_type": "3", "debtor_identification": "25672721"}),
    Case(535, {"debtor_identification": None}, {}),
    Case(536, {"debtor_identification": "2567272"}, {}),
    Case(537, {"debtor_identification": "2567272A"}, {}),
    Case(538, {"debtor_identification": "25672721"}, {"debtor_identification": "25672720"}),
    Case(539, {**_BIRTH, "debtor_identification": None}, _RIGHT),
    Case(540, {**_BIRTH, "debtor_identification": "80010112"}, {**_BIRTH, "debtor_identification": "535101001"}),
    Case(541, {**_BIRTH, "debtor_identification": "800101/1238"}, {}),
    Case(542, {**_BIRTH, "debtor_identification": "8001011239"}, {**_BIRTH, "debtor_identification": "8051011243"}),
    Case(542, {**_BIRTH, "debtor_identification": "8013011234"}, {**_BIRTH, "debtor_identification": "8021011251"}),
    Case(543, {**_ABROAD, "debtor_identification": None}, _ABROAD),
    Case(544, {**_ABROAD, "debtor_identification": "A" * 15}, {**_ABROAD, "debtor_identification": "A" * 14}),
    Case(545, {**_ABROAD, "debtor_identification": "\u4e2d"}, {}),
    Case(546, {**_ABROAD, "debtor_identification": "  "}, {}),
    Case(547, {"amount": None}, {}),
    Case(548, {"amount": "12 Kc"}, {"amount": "1 200,50"}),
    Case(549, {"amount": "0"}, {"amount": "0.01"}),
    Case(550, {"amount": "10000000000000.00"}, {"amount": "9999999999999.99"}),
    Case(550, {"amount": "1.001"}, {"amount": "1.01"}),
    Case(551, {"amount": "-1"}, {"amount": "+1"}),
    Case(551, {"amount": "-1"}, {"amount": "1"}, note=True),
    Case(552, {"issue_date": None}, {}),
    Case(553, {"issue_date": "2026-11-23"}, {"issue_date": "22.11.2026"}),
    Case(553, {"issue_date": "yesterday"}, {}),
    Case(554, {"issue_date": "2026-02-05", "due_date": "2026-02-04"},
         {"issue_date": "2026-02-05", "due_date": "2026-02-05"}, note=True),
    Case(555, {"due_date": None}, {}),
    Case(556, {"due_date": "2026-11-21"}, {"due_date": "2026-11-22"}),
    Case(556, {"due_date": "2026-02-30"}, {"due_date": "2026-02-28", "issue_date": "2026-02-01"}, note=True),
    Case(557, {"variable_symbol": None}, {}),
    Case(558, {"variable_symbol": "12345678901"}, {"variable_symbol": "1234567890"}),
    Case(559, {"variable_symbol": "12/34"}, {}),
    Case(560, {"variable_symbol": "000"}, {"variable_symbol": "001"}),
    Case(561, {"original_variable_symbol": None}, {}, note=True),
    Case(562, {"original_variable_symbol": "12345678901"}, {"original_variable_symbol": "1234567890"}, note=True),
    Case(563, {"original_variable_symbol": "A"}, {}, note=True),
    Case(564, {"original_variable_symbol": "0"}, {}, note=True),
    Case(565, {"original_variable_symbol": "1"}, {}),
    Case(566, {"invoice_number": None, "variable_symbol": None}, {"invoice_number": None}),
    Case(567, {"invoice_number": "x" * 21}, {"invoice_number": "x" * 20}),
    Case(568, {"invoice_number": "\u4e2d"}, {"invoice_number": "FV/2026/1"}),
    Case(569, {"invoice_number": " "}, {}),
    Case(570, {"invoice_number": "2026001"}, {"invoice_number": "2026901"}, note=True),
    Case(571, {"legal_reason": None}, {}),
    Case(572, {"legal_reason": "x" * 141}, {"legal_reason": "x" * 140}),
    Case(573, {"legal_reason": "\u4e2d"}, {}),
    Case(574, {"legal_reason": "  "}, {}),
)  # fmt: skip
