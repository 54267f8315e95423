"""What a file of payment orders carries, as Arrow schemas: the contract between these formats and the orders.

Two shapes. A format with a layout of its own (KPC, pain, MT101, our fixed-width one) gives `PAYMENT` rows with typed
values. A table (CSV, XLSX) whose columns are items of orders gives `ITEMS`: every cell is a text as it was entered,
since what it means is checked where orders are.

Names follow ISO 20022; "own" is the side of the client who orders, "counter" the other one: of a payment the own
account is debited, of a collection credited. Amounts are unsigned. What a file does not carry is null, never empty.
Texts of several lines have a line feed between the lines; one without is to be cut by its taker.
"""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa

from bankklient_lab.formats.schema import AMOUNT


class Kind(StrEnum):
    """The kinds of record that a reader yields."""

    GROUP = "group"
    PAYMENT = "payment"
    ITEMS = "items"  # `payment_no` and one text column for each column of the table
    FINDING = "finding"


GROUP = pa.schema(
    [
        ("group_no", pa.int32()),  # from 1, in file order
        ("file_reference", pa.string()),  # of the message or accounting file: MsgId, :20:, number of the file
        ("created_at", pa.string()),  # as written
        ("initiator", pa.string()),  # who made the file
        ("reference", pa.string()),  # of the group: PmtInfId
        ("kind", pa.string()),  # as in PAYMENT, null when the payments differ
        ("own_account", pa.string()),
        ("maturity", pa.date32()),
        ("stated_count", pa.int64()),  # what the file says; a file in which it does not hold is refused
        ("stated_sum", AMOUNT),
        ("raw", pa.string()),  # the head of the group as the file has it
        ("place", pa.string()),
    ]
)

PAYMENT = pa.schema(
    [
        ("payment_no", pa.int32()),  # from 1, in file order
        ("group_no", pa.int32()),
        # payment; collection; foreign: the accounts are of two countries, or the format is for foreign payments only.
        # Whether a currency makes it foreign is not known here.
        ("kind", pa.string()),
        ("own_account", pa.string()),  # IBAN without spaces, or a Czech number as prefix-base/bank, or as written
        ("own_bank", pa.string()),  # BIC, or national code where the account does not say it
        ("own_name", pa.string()),
        ("own_variable_symbol", pa.string()),  # symbols without leading zeros, null when zero
        ("own_specific_symbol", pa.string()),
        ("own_text", pa.string()),  # for the client's own statement, lines
        ("counter_account", pa.string()),
        ("counter_bank", pa.string()),
        ("counter_bank_name", pa.string()),  # name and address, lines
        ("counter_bank_country", pa.string()),  # ISO 3166
        ("counter_name", pa.string()),
        ("counter_address", pa.string()),  # lines
        ("counter_text", pa.string()),  # identification of the counter party, lines
        ("amount", AMOUNT),
        ("currency", pa.string()),  # ISO 4217
        ("maturity", pa.date32()),  # requested execution or collection
        ("variable_symbol", pa.string()),  # of the counter side
        ("constant_symbol", pa.string()),
        ("specific_symbol", pa.string()),
        ("message", pa.string()),  # for the counter party, lines
        ("end_to_end_id", pa.string()),  # null when it only carries the symbols, or NOTPROVIDED
        ("client_reference", pa.string()),  # of the accounting system
        ("client_day", pa.date32()),  # that belongs to it
        ("charge_bearer", pa.string()),  # ISO 20022: DEBT (OUR), CRED (BEN), SHAR (SHA), SLEV
        ("service_level", pa.string()),  # SEPA, NURG, URGP, ...
        ("local_instrument", pa.string()),  # CORE, B2B, INST, ...
        ("sequence_type", pa.string()),  # of a collection: FRST, RCUR, OOFF, FNAL
        ("category_purpose", pa.string()),
        ("purpose", pa.string()),
        ("urgent", pa.bool_()),  # high priority; null when the file does not say it
        ("instructions", pa.string()),  # for the bank, lines: a code and its words after a slash
        ("exchange_rate", pa.string()),  # agreed with the bank, as written
        ("mandate_id", pa.string()),
        ("mandate_day", pa.date32()),  # signature
        ("creditor_id", pa.string()),
        # The order whole, as its maker keeps it: what the SHA-256 that people confirmed is of. Only in batches of ours.
        ("order_text", pa.string()),
        ("raw", pa.string()),  # the payment as the file has it
        ("place", pa.string()),  # where: "line 14", "PmtInf 1, CdtTrfTxInf 3"
    ]
)

FINDING = pa.schema(
    [
        ("payment_no", pa.int32()),  # null: about the file
        ("code", pa.string()),  # a row of data/codebooks/findings.csv
        ("place", pa.string()),
        ("field", pa.string()),
        ("value", pa.string()),
    ]
)
