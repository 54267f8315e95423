"""What a bank file carries, as Arrow schemas: the contract between formats and history.

Names follow ISO 20022; Czech symbols have columns of their own. Amounts are DECIMAL(18,3), signed,
credit positive, in the `currency` beside them. `statement_no` counts the statements of a file from 1 and
`entry_no` the entries of a statement from 1, both in file order. Texts that the file does not carry
are null, never empty. Days are as the bank says them; `first_day` and `last_day` are inclusive.
"""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa

from bankklient_lab.money import PRECISION, SCALE

AMOUNT = pa.decimal128(PRECISION, SCALE)
RATE_VALUE = pa.decimal128(18, 8)


class Kind(StrEnum):
    """The kinds of record that a reader yields."""

    STATEMENT = "statement"
    BALANCE = "balance"
    ENTRY = "entry"
    DETAIL = "detail"
    FINDING = "finding"
    RATE = "rate"


# Fields of a party and its references: the same in an entry and in a detail of a batch booking.
_PARTY_AND_REFERENCES: list[tuple[str, pa.DataType]] = [
    ("counterparty_name", pa.string()),
    ("counterparty_account", pa.string()),  # IBAN without spaces, or the number as the bank writes it
    ("counterparty_bank", pa.string()),  # BIC or national bank code
    ("variable_symbol", pa.string()),  # Czech symbols without leading zeros, null when zero
    ("constant_symbol", pa.string()),
    ("specific_symbol", pa.string()),
    ("end_to_end_id", pa.string()),
    ("mandate_id", pa.string()),
    ("creditor_id", pa.string()),
    ("bank_reference", pa.string()),  # the bank's own identification of the booking
    ("client_reference", pa.string()),  # the client's reference that came back
    ("transaction_code", pa.string()),  # as the format writes it: PMNT/RCDT/ESCT, NTRF, 166, ...
    ("remittance", pa.string()),  # what the payer wrote
    ("additional_info", pa.string()),  # what the bank wrote
    ("original_amount", AMOUNT),  # before conversion, unsigned
    ("original_currency", pa.string()),
    ("exchange_rate", pa.string()),  # as written
    ("charges", AMOUNT),  # unsigned, in `currency`
]

SCHEMAS: dict[Kind, pa.Schema] = {
    Kind.STATEMENT: pa.schema(
        [
            ("statement_no", pa.int32()),
            ("interim", pa.bool_()),  # a report during the day (camt.052, camt.054, MT942): never a booked statement
            ("account", pa.string()),  # IBAN without spaces, or the number as the bank writes it
            ("bank", pa.string()),  # BIC or national bank code
            ("currency", pa.string()),
            ("account_name", pa.string()),
            ("number", pa.string()),  # of the statement, as written; without leading zeros
            ("page", pa.int32()),  # of a statement sent in several messages
            ("reference", pa.string()),  # identification of the message or statement at the bank
            ("created_at", pa.string()),  # as written by the bank
            ("first_day", pa.date32()),
            ("last_day", pa.date32()),
            ("opening", AMOUNT),
            ("opening_day", pa.date32()),
            ("closing", AMOUNT),
            ("closing_day", pa.date32()),
            ("available", AMOUNT),
            ("declared_entries", pa.int64()),  # totals that the file itself states, null when it states none
            ("declared_credit", AMOUNT),  # unsigned
            ("declared_debit", AMOUNT),  # unsigned
            ("raw", pa.string()),  # what the file says of the statement and no column holds
            ("place", pa.string()),  # where in the file: "line 3", "Stmt 1"
        ]
    ),
    Kind.BALANCE: pa.schema(
        [
            ("statement_no", pa.int32()),
            ("balance_type", pa.string()),  # ISO 20022 code: OPBD, CLBD, CLAV, ITBD, FWAV, ... or the bank's
            ("day", pa.date32()),
            ("amount", AMOUNT),
            ("currency", pa.string()),
        ]
    ),
    Kind.ENTRY: pa.schema(
        [
            ("statement_no", pa.int32()),
            ("entry_no", pa.int32()),
            ("booking_day", pa.date32()),
            ("value_day", pa.date32()),
            ("amount", AMOUNT),
            ("currency", pa.string()),
            ("status", pa.string()),  # BOOK, PDNG, INFO or FUTR; only BOOK counts
            ("reversal", pa.bool_()),
            *_PARTY_AND_REFERENCES,
            ("detail_count", pa.int32()),  # of a batch booking; 0 or 1: the details are in the entry itself
            ("raw", pa.string()),  # the entry as the file has it
            ("place", pa.string()),  # where in the file: "line 14", "Ntry 3 of Stmt 1"
        ]
    ),
    Kind.DETAIL: pa.schema(
        [
            ("statement_no", pa.int32()),
            ("entry_no", pa.int32()),
            ("detail_no", pa.int32()),  # from 1
            ("amount", AMOUNT),
            ("currency", pa.string()),
            *_PARTY_AND_REFERENCES,
        ]
    ),
    Kind.FINDING: pa.schema(
        [
            ("statement_no", pa.int32()),  # null: about the file
            ("entry_no", pa.int32()),  # null: about the statement
            ("code", pa.string()),  # a row of data/codebooks/findings.csv
            ("place", pa.string()),
            ("field", pa.string()),
            ("value", pa.string()),  # what was found, at most 200 characters
        ]
    ),
    Kind.RATE: pa.schema(
        [
            ("source", pa.string()),  # CNB, ECB
            ("day", pa.date32()),  # first day that the rate is valid on
            ("base", pa.string()),  # currency of `rate`
            ("currency", pa.string()),
            ("units", pa.int32()),  # the rate is for so many units of `currency` ...
            ("rate", RATE_VALUE),  # ... CNB: `rate` base for `units` currency; ECB: `units` base make `rate` currency
            ("indirect", pa.bool_()),  # true: ECB's way, currency per base
        ]
    ),
}
