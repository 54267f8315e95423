"""The rules of receivables, 501 to 575, and the SQL that checks many of them at once (SRV-282 to SRV-298).

The items are those of codebooks.services, as texts that somebody or a file gave. A formal error is one of the text
itself, so that it does not say what its item has to; all others are logical. What is right, or logically wrong alone,
has its texts in their one form.
"""

from __future__ import annotations

from functools import cache

from bankklient_lab.codebooks.services import KINDS as SERVICES
from bankklient_lab.codebooks.services import NEW, VALID
from bankklient_lab.orders.checking import checked, error_items
from bankklient_lab.orders.kinds.domestic import AMOUNT_MAX
from bankklient_lab.orders.kinds.kind import (
    Item,
    Rule,
    Ruled,
    Type,
    characters_of,
    checks_taken,
    longer,
    missing,
    number_checks,
    numeric,
)
from bankklient_lab.orders.unfinished import entered
from bankklient_lab.store.literals import literal

# ruff: noqa: S608 - every text below is made of our own declarations

KIND = SERVICES["receivable"]
INVOICE, CREDIT_NOTE = KIND.by_name["receivable_type"].options
ICO, BIRTH_NUMBER, FOREIGN = KIND.by_name["debtor_id_type"].options
# Items of errors that are others in the form.
_SHOWN_AT = {
    "client_account_base": "own_account", "client_account_prefix": "own_account", "client_account": "own_account",
    "debtor_ico": "debtor_identification", "debtor_birth_number": "debtor_identification",
    "debtor_internal_number": "debtor_identification",
}  # fmt: skip
# Printable characters that the Czech character sets have, without the soft hyphen, which nobody sees.
_PRINTABLE = " -~¡-¬®-ſ€"
_FORMAL = frozenset({"incorrect_length", "non_numeric_character", "unpermitted_character"})
_TYPES: dict[str, Type] = {"amount": "amount", "day": "date", "digits": "digits"}
_NUMBERS = {"prefix_right": "prefix_digits", "base_right": "base_digits"}


def _only_spaces(item: str, code: int) -> Rule:
    return Rule(code, f"trim({item}) = ''")


def _text(item: str, first: int) -> tuple[Rule, ...]:
    """Return the rules of a text, whose numbers follow one another."""
    return (
        missing(item, first),
        longer(item, KIND.by_name[item].most, first + 1),
        _only_spaces(item, first + 3),
        characters_of(item, _PRINTABLE, first + 2),
    )


def _choice(item: str, first: int) -> tuple[Rule, ...]:
    """Return the rules of a choice, which is given in words or as the number of its place, from 1."""
    options = KIND.by_name[item].options
    words = ", ".join(map(literal, options))
    return (
        missing(item, first),
        Rule(first + 1, f"regexp_full_match({item}, '\\d{{2,}}')"),
        Rule(first + 2, f"NOT regexp_full_match({item}, '\\d') AND {item} NOT IN ({words})"),
        Rule(first + 3, f"TRY_CAST({item} AS INTEGER) NOT BETWEEN 1 AND {len(options)}"),
    )


def _digits(item: str, first: int) -> tuple[Rule, ...]:
    return (
        longer(item, KIND.by_name[item].most, first),
        numeric(item, first + 1),
        Rule(first + 2, f"significant({item}) = ''"),
    )


def _when(condition: str, *rules: Rule) -> tuple[Rule, ...]:
    return tuple(Rule(rule.code, f"{condition} AND ({rule.broken})") for rule in rules)


_WITHIN = (
    "len(list_filter(c.blocked_{0}, lambda k: k.bank = own_bank"
    " AND TRY_CAST({1} AS BIGINT) BETWEEN k.first AND k.last)) > 0"
)
_RULES = (
    Rule(501, "own_account IS NULL OR trim(own_account) = '' OR base IS NULL"),
    numeric("base", 503),
    Rule(502, "length(base) < 2 OR length(base_digits) NOT BETWEEN 2 AND 10"),
    Rule(504, "NOT base_right"),
    Rule(505, _WITHIN.format("bases", "base")),
    numeric("prefix", 507),
    Rule(506, "length(prefix_digits) > 6"),
    Rule(508, "NOT prefix_right"),
    Rule(509, _WITHIN.format("prefixes", "prefix")),
    Rule(510, "agreed IS NULL AND prefix_right AND base_right AND length(base_digits) BETWEEN 2 AND 10"),
    missing("currency", 511),
    Rule(512, "length(currency) <> 3"),
    characters_of("currency", "A-Z", 513),
    Rule(514, "c.currency_places[currency] IS NULL"),
    Rule(575, "NOT list_contains(agreed, currency)"),
    *_choice("receivable_type", 515),
    missing("sequence_number", 519),
    *_digits("sequence_number", 520),
    *_text("debtor_name", 523),
    *_text("debtor_address", 527),
    *_choice("debtor_id_type", 531),
    *_when(
        f"id_type = '{ICO}'",
        missing("debtor_identification", 535),
        numeric("debtor_identification", 537),
        Rule(536, "length(debtor_identification) <> 8"),
        Rule(538, "NOT ico_right(debtor_identification)"),
    ),
    *_when(
        f"id_type = '{BIRTH_NUMBER}'",
        missing("debtor_identification", 539),
        numeric("debtor_identification", 541),
        Rule(540, "length(debtor_identification) NOT IN (9, 10)"),
        Rule(542, "NOT birth_number_right(debtor_identification)"),
    ),
    *_when(f"id_type = '{FOREIGN}'", *_text("debtor_identification", 543)),
    missing("amount", 547),
    Rule(548, "NOT regexp_full_match(amount_text(amount), '[+-]?\\d+(\\.\\d*)?')"),
    Rule(549, "amount_value = 0"),
    Rule(551, "amount_value < 0 OR starts_with(amount_text(amount), '-')"),
    Rule(550, f"amount_value IS NULL OR amount_value > {AMOUNT_MAX} OR amount_value <> round(amount_value, 2)"),
    missing("issue_date", 552),
    Rule(553, "issue_date_value IS NULL OR issue_date_value > created_on"),
    Rule(554, "issue_date_value > due_date_value"),
    missing("due_date", 555),
    Rule(556, f"due_date_value IS NULL OR (type_ = '{INVOICE}' AND due_date_value < created_on)"),
    missing("variable_symbol", 557),
    *_digits("variable_symbol", 558),
    *_when(f"type_ = '{CREDIT_NOTE}'", missing("original_variable_symbol", 561)),
    Rule(565, f"type_ = '{INVOICE}' AND original_variable_symbol IS NOT NULL"),
    *_digits("original_variable_symbol", 562),
    missing("coalesce(invoice_number, variable_symbol)", 566),
    *_text("invoice_number", 566)[1:],
    Rule(
        570,
        f"type_ = '{CREDIT_NOTE}' AND (coalesce(invoice_number, variable_symbol) = original_variable_symbol"
        " OR list_contains(original_numbers, coalesce(invoice_number, variable_symbol)))",
    ),
    *_text("legal_reason", 571),
)


def _said(item: str) -> str:
    """Return SQL for a choice in words, also where its number is given; null for none that there is."""
    options = KIND.by_name[item].options
    numbers = " ".join(f"WHEN '{n}' THEN {literal(word)}" for n, word in enumerate(options, start=1))
    words = " ".join(f"WHEN {literal(word)} THEN {literal(word)}" for word in options)
    return f"CASE {item} {numbers} {words} END"


# The own account as its parts (an own one may be given by its IBAN as delivered, with whatever check digits), and what
# is known of the invoice that a credit note belongs to.
_RELATION = f"""
    SELECT e.*, {checks_taken(_NUMBERS)}, agreed.currencies AS agreed, original_numbers
    FROM (
        SELECT *, {number_checks(_NUMBERS)},
            coalesce(account_bank(account), (SELECT default_bank FROM context)) AS own_bank
        FROM (
            SELECT *, account_prefix(account) AS prefix, account_base(account) AS base,
                significant(account_prefix(account)) AS prefix_digits, significant(account_base(account)) AS base_digits
            FROM (
                SELECT *, {_said("receivable_type")} AS type_, {_said("debtor_id_type")} AS id_type,
                    {{account}} AS account
                FROM entered))) e
    LEFT JOIN (
        SELECT own.bank_code, own.prefix, own.base, list(own.currency) AS currencies
        FROM own JOIN ops.service_record r ON r.kind = '{KIND.name}' AND r.state = '{VALID}'
            AND (r.items ->> '$.agreement_account') = own.number AND (r.items ->> '$.agreement_currency') = own.currency
        GROUP BY ALL) agreed
        ON agreed.bank_code = own_bank AND agreed.base = base_digits
        AND agreed.prefix = coalesce(nullif(prefix_digits, ''), '0')
    LEFT JOIN (
        SELECT items ->> '$.variable_symbol' AS invoice, list(items ->> '$.invoice_number') AS original_numbers
        FROM ops.service_request
        WHERE kind = '{KIND.name}' AND (items ->> '$.receivable_type') = '{INVOICE}' GROUP BY ALL)
        ON invoice = original_variable_symbol"""


def _account(own: str) -> str:
    """Return SQL for the account without blanks, and an own one that is given by its IBAN as people write it."""
    text = "upper(replace(own_account, ' ', ''))"
    parts = f"concat(substr({text}, 9, 6), '-', substr({text}, 15, 10), '/', substr({text}, 5, 4))"
    return f"CASE WHEN {text} IN (SELECT number FROM {own}) THEN {parts} ELSE {text} END"


RECEIVABLE = Ruled(
    name=KIND.name,
    label=KIND.label,
    items=tuple(
        Item(item.name, item.name.replace("_", " "), _TYPES.get(item.type, "text"), item.most)
        for item in KIND.entered(NEW)
    ),
    rules=_RULES,
    relation=_RELATION.format(account=_account("own")),
)


@cache
def formal_numbers() -> list[int]:
    """Return the numbers of errors that are formal whatever else is wrong."""
    return [code for code in sorted({rule.code for rule in RECEIVABLE.rules}) if error_items()[code][1] in _FORMAL]


def shown_at(item: str) -> str:
    """Return the item of the form at which an error of an item is shown."""
    return _SHOWN_AT.get(item, item)


@cache
def checked_receivables(relation: str) -> str:
    """Return SQL that checks receivables; bind `rule_parameters`.

    `relation` has entered_no, items (texts by item as JSON) and entered_on (the day by which days are judged). Columns:
    entered_no, errors (numbers, ascending, with spaces; "" for none), formal (whether one of them is), items (as JSON,
    in their one form unless `formal`).
    """
    said = {
        "receivable_type": _said("receivable_type"),
        "own_account": "coalesce(own.number, own_account)",
        "invoice_number": "coalesce(trim(invoice_number), variable_symbol)",
        "debtor_id_type": _said("debtor_id_type"),
        # What has more decimals is wrong, and stays as it is.
        "amount": "if(round(amount_value, 2) = amount_value, amount_value::DECIMAL(18,2)::VARCHAR, trim(amount))",
        "issue_date": "issue_date_value::VARCHAR",
        "due_date": "due_date_value::VARCHAR",
    }
    items = ", ".join(f"'{name}', {said.get(name, f'trim({name})')}" for name in RECEIVABLE.names)
    unread = (
        "(issue_date IS NOT NULL AND issue_date_value IS NULL) OR (due_date IS NOT NULL AND due_date_value IS NULL)"
    )
    numbers = f"list_has_any(string_split(errors, ' '), {list(map(str, formal_numbers()))})"
    checks = checked(RECEIVABLE, entered(RECEIVABLE, relation, number="entered_no", created_on="entered_on"))
    return f"""
        SELECT entered_no, errors, formal,
            CASE WHEN formal THEN before ELSE json_merge_patch('{{}}', json_object({items}))::VARCHAR END AS items
        FROM (
            SELECT n.*, {numbers} OR {unread} OR (amount IS NOT NULL AND amount_value IS NULL) AS formal,
                r.items AS before, {_account("own_accounts()")} AS account
            FROM ({checks}) n JOIN {relation} r USING (entered_no)) n
        LEFT JOIN (SELECT DISTINCT number, bank_code, prefix, base FROM own_accounts()) own
            ON own.base = significant(account_base(account))
            AND own.bank_code = coalesce(account_bank(account), own.bank_code)
            AND own.prefix = coalesce(nullif(significant(account_prefix(account)), ''), '0')
    """
