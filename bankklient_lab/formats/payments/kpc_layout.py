"""KPC, the ABO format of payment orders: records of the file, what the reader and the writer share.

    UHL1 ...                                  header: day, client's name and number, intervals, codes
    1 1501 nnnnnn bbbb                        accounting file: 1501 payments or 1502 collections, number, bank
    2 [account] sum maturity                  group; with an account it is the own one of every item
    [account] account amount vs ks [ss [text]]  item; own account (unless the group has it), then the other one
    3 +                                       end of the group
    5 +                                       end of the accounting file

Fields are separated by one space, amounts are in hellers, a field `ks` ends in the bank's code and the constant symbol
(four digits each). A text starts with AV:, may end in NP: and the name of the other party; what follows a vertical
bar is for the client's own statement.
"""

from __future__ import annotations

from bankklient_lab.formats.records import DAY_DMY, TEXT, Field, Record

PAYMENTS, COLLECTIONS = "1501", "1502"
AMOUNT_DIGITS = 12
SUM_DIGITS = 14
SYMBOL_DIGITS = 10
TEXT_CHARACTERS = 140
NAME_CHARACTERS = 35
CURRENCY = "CZK"  # the format has no other

HEADER = Record(
    56,
    Field("type", 1, 4, TEXT),
    Field("day", 5, 10, DAY_DMY),
    Field("client_name", 11, 30, TEXT),
    Field("client_number", 31, 40, TEXT),
    Field("first_file", 41, 43, TEXT),
    Field("last_file", 44, 46, TEXT),
    Field("code", 47, 52, TEXT),
    Field("secret", 53, 56, TEXT),
)
