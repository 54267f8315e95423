"""What domestic payments and collections share: items, rules and look-ups; the sides are exchanged."""

from __future__ import annotations

from typing import Literal

from bankklient_lab.orders.kinds.kind import (
    Item,
    Kind,
    Rule,
    characters_of,
    checks_taken,
    longer,
    no_own_account,
    not_in,
    number_checks,
    numeric,
)

# ruff: noqa: S608 - every text below is made of our own declarations

Side = Literal["debit", "credit"]
TEXT_CHARACTERS = 35
ABBREVIATION_CHARACTERS = 20
# Printable characters that the Czech character sets (Windows-1250, CP852) have.
PRINTABLE = " -~¡-ſ€"
LINES = (1, 2, 3, 4)
AMOUNT_MAX = "9999999999999.99"


def domestic_kind(
    *, name: str, letter: str, label: str, plural: str, own: Side, counter: Side, rules: tuple[Rule, ...]
) -> Kind:
    """Return a domestic kind: `own` is the side of the client's account; `rules` are those that the other lacks."""
    return Kind(
        name=name,
        family="domestic",
        letter=letter,
        label=label,
        plural=plural,
        creates="51|56",
        own=own,
        counter=counter,
        items=(
            *side_items(own, "own", own=True),
            *side_items(counter, "counter", own=False),
            *shared_items(),
        ),
        rules=(
            *side_rules("debit", own=own == "debit"),
            *side_rules("credit", own=own == "credit"),
            *shared_rules(counter),
            Rule(77, "express_payment IS NOT NULL AND express_payment_value IS NULL"),
            *rules,
        ),
        warnings=(),
        relation=relation(own, counter),
        own_account=account_text(own),
        counter_account=account_text(counter),
        counter_name=f"coalesce({counter}_abbreviation, {counter}_identification_line_1)",
        symbol=f"{counter}_variable_symbol",
        verified_setting="verified_items",
        verified_items=verified_items(own, counter),
        duplicates=True,
    )


def side_items(side: str, whose: str, *, own: bool) -> tuple[Item, ...]:
    """Return the items of one side of an order; whose is "own" or "counter" for people."""
    more = "more" if own else "main"
    word = "Debit" if side == "debit" else "Credit"
    return (
        Item(
            f"{side}_account_prefix",
            f"{word} prefix",
            "digits",
            6,
            default=f"coalesce(c.default_{side}.prefix, '0')" if own else "'0'",
            help="Up to 6 digits; may be 0",
        ),
        Item(
            f"{side}_account_base",
            f"{word} account",
            "digits",
            10,
            mandatory=True,
            help=f"The {whose} account: 2 to 10 digits",
            codebook="own_accounts" if own else "counterparties",
            default=f"c.default_{side}.base" if own else "",
        ),
        Item(
            f"{side}_bank",
            f"{word} bank",
            "digits",
            4,
            mandatory=True,
            help="Code of the bank, 4 digits",
            codebook="banks",
            default="c.default_bank" if own else "",
        ),
        Item(f"{side}_variable_symbol", f"{word} variable symbol", "digits", 10, part=more, help="Invoice or case"),
        Item(f"{side}_specific_symbol", f"{word} specific symbol", "digits", 10, part=more),
        Item(
            f"{side}_abbreviation",
            f"{word} account name",
            "text",
            ABBREVIATION_CHARACTERS,
            part=more,
            help="Shown on the statement",
        ),
    )


def shared_items() -> tuple[Item, ...]:
    """Return the items that belong to no side."""
    lines = [
        Item(f"{name}_line_{line}", f"{label} {line}", "text", TEXT_CHARACTERS, part=part)
        for name, label, part in (
            ("client_message", "Message", "main"),
            ("debit_identification", "Debit identification", "more"),
            ("credit_identification", "Credit identification", "more"),
        )
        for line in LINES
    ]
    return (
        Item(
            "maturity_date", "Maturity", "date", 10, mandatory=True, default="c.today", help="Today to one year ahead"
        ),
        Item("amount", "Amount", "amount", 20, mandatory=True, help="Greater than 0, two decimals"),
        Item("currency", "Currency", "text", 3, mandatory=True, codebook="currencies", default="c.national_currency"),
        Item("constant_symbol", "Constant symbol", "digits", 4, codebook="constant_symbols"),
        Item("express_payment", "Priority", "yes_no", 3, help="Settled the same day at another bank"),
        *lines,
        Item("client_transaction_date", "Client identification: day", "date", 10, part="import"),
        Item("client_transaction_id", "Client identification", "text", 13, part="import"),
    )


def side_rules(side: str, *, own: bool) -> tuple[Rule, ...]:
    """Return the rules of one side's items; the numbers of the credit side are those of the debit side and 30."""
    more, whose = 30 if side == "credit" else 0, "own" if own else "counter"
    prefix, base, bank = f"{side}_account_prefix", f"{side}_account_base", f"{side}_bank"
    symbol, specific = f"{side}_variable_symbol", f"{side}_specific_symbol"
    digits = f"length({whose}_base_digits)"
    within = f"lambda k: k.bank = {bank} AND TRY_CAST({{}} AS BIGINT) BETWEEN k.first AND k.last"
    budget = f"len(list_filter(c.budget_accounts, {within.format(base)} AND k.specific_symbol = '{{}}')) > 0"
    rules = (
        Rule(1, f"{base} IS NULL OR length({base}) < 2 OR {digits} = 1 OR {digits} > 10"),
        numeric(base, 2),
        Rule(16, f"{digits} = 0"),
        Rule(3, f"NOT {whose}_base_right"),
        Rule(4, f"len(list_filter(c.blocked_bases, {within.format(base)})) > 0"),
        Rule(5, f"length({whose}_prefix_digits) > 6"),
        numeric(prefix, 6),
        Rule(7, f"NOT {whose}_prefix_right"),
        Rule(8, f"len(list_filter(c.blocked_prefixes, {within.format(prefix)})) > 0"),
        Rule(11, f"{bank} IS NULL OR length({bank}) <> 4"),
        numeric(bank, 12),
        Rule(13, f"{bank} = '0000'"),
        *((Rule(14, f"NOT list_contains(c.own_banks, {bank})"),) if own else ()),
        not_in(bank, "banks", 15),
        longer(f"{side}_abbreviation", ABBREVIATION_CHARACTERS, 18),
        characters_of(f"{side}_abbreviation", PRINTABLE, 19),
        longer(symbol, 10, 21),
        numeric(symbol, 22),
        longer(specific, 10, 25),
        numeric(specific, 26),
        Rule(27, f"{specific} IS NULL AND {budget.format('required')}"),
        Rule(28, f"{specific} IS NOT NULL AND {budget.format('forbidden')}"),
        *(
            (
                no_own_account(9),
                Rule(10, f"own_position NOT IN ('{side}', 'both')"),
            )
            if own
            else ()
        ),
    )
    return tuple(Rule(rule.code + more, rule.broken) for rule in rules)


def shared_rules(counter: str) -> tuple[Rule, ...]:
    """Return the rules of the items that belong to no side; `counter` is the side of the counter account."""
    texts = (("client_message", 101), ("debit_identification", 109), ("credit_identification", 117))
    lines = [
        rule
        for name, first in texts
        for line in LINES
        for rule in (
            longer(f"{name}_line_{line}", TEXT_CHARACTERS, first + line - 1),
            characters_of(f"{name}_line_{line}", PRINTABLE, first + 4 + line - 1),
        )
    ]
    return (
        Rule(61, "own_bban = counter_bban"),
        longer("constant_symbol", 4, 62),
        numeric("constant_symbol", 63),
        Rule(64, "list_contains(c.special_constant_symbols, lpad(constant_symbol, 4, '0'))"),
        Rule(66, "currency IS NULL OR length(currency) <> 3"),
        characters_of("currency", "A-Z", 67),
        Rule(
            68,
            "currency <> c.national_currency AND NOT (coalesce(debit_bank = credit_bank, false)"
            " AND coalesce(list_contains(own_currencies, currency), false))",
        ),
        Rule(71, "amount IS NULL OR length(amount_entered) > 20 OR regexp_matches(amount_entered, '\\.\\d{3,}$')"),
        Rule(72, "NOT regexp_full_match(amount_entered, '[+-]?\\d+(\\.\\d*)?')"),
        Rule(73, "amount_value = 0"),
        Rule(74, "amount_value < 0 OR starts_with(amount_entered, '-')"),
        Rule(75, f"amount_value IS NULL OR amount_value > {AMOUNT_MAX}"),
        Rule(83, "maturity_date_value IS NULL"),
        Rule(82, "maturity_date_value < created_on"),
        Rule(81, "maturity_date_value > created_on + INTERVAL 1 YEAR"),
        Rule(85, "client_transaction_date IS NOT NULL AND client_transaction_date_value IS NULL"),
        longer("client_transaction_id", 13, 86),
        characters_of("client_transaction_id", "A-Za-z0-9", 87),
        *lines,
        Rule(152, f"c.check_variable_symbol AND {counter}_variable_symbol IS NULL"),
    )


def relation(own: str, counter: str) -> str:
    """Return the SELECT that adds the accounts as 20 digits (null: it is none) and what is known of the own one.

    What several rules look at is worked out once here: DuckDB would work it out anew in each of them.
    """
    sides = {"own": own, "counter": counter}
    digits = {
        f"{whose}_{part}": f"{side}_account_{part}" for whose, side in sides.items() for part in ("prefix", "base")
    }
    numbers = {f"{name}_right": f"{name}_digits" for name in digits}

    def bban(whose: str) -> str:
        bank, base, prefix = f"{sides[whose]}_bank", f"{whose}_base_digits", f"coalesce({whose}_prefix_digits, '')"
        return (
            f"CASE WHEN length({bank}) = 4 AND length({base}) BETWEEN 2 AND 10 AND length({prefix}) <= 6"
            f" AND regexp_full_match({bank} || {base} || {prefix}, '\\d*')"
            f" THEN {bank} || lpad({prefix}, 6, '0') || lpad({base}, 10, '0') END"
        )

    return f"""
        SELECT e.*, {checks_taken(numbers)}, own.position AS own_position, own.currencies AS own_currencies
        FROM (
            SELECT *, {bban("own")} AS own_bban, {bban("counter")} AS counter_bban, {own}_bank AS own_bank,
                {number_checks(numbers)}
            FROM (
                SELECT *, {", ".join(f"significant({item}) AS {name}_digits" for name, item in digits.items())},
                    amount_text(amount) AS amount_entered
                FROM entered)) e
        LEFT JOIN own_sides own ON own.bban = e.own_bban"""


def account_text(side: str) -> str:
    """Return SQL for an account as people write it: prefix-base/bank, without leading zeros, which have no meaning."""
    prefix = f"nullif(significant({side}_account_prefix), '')"
    base = f"coalesce(nullif(significant({side}_account_base), ''), {side}_account_base)"
    return f"concat({prefix} || '-', {base}, '/' || {side}_bank)"


def verified_items(own: str, counter: str) -> dict[str, tuple[str, ...]]:
    """Return the choices of what is typed again at verification, and the items of each."""
    texts = {
        "message_av": "client_message",
        "debit_identification_di": "debit_identification",
        "credit_identification_ci": "credit_identification",
    }
    single = ("maturity_date", "amount", "currency", "constant_symbol")
    return {
        "own_account": (f"{own}_account_prefix", f"{own}_account_base"),
        "counter_account": (f"{counter}_account_prefix", f"{counter}_account_base"),
        "bank": (f"{counter}_bank",),
        **{name: (name,) for name in single},
        "variable_symbol": (f"{counter}_variable_symbol",),
        "specific_symbol": (f"{counter}_specific_symbol",),
        "abbreviation": (f"{counter}_abbreviation",),
        **{choice: tuple(f"{name}_line_{line}" for line in LINES) for choice, name in texts.items()},
        "priority_payment": ("express_payment",),
        "client_transaction_id": ("client_transaction_date", "client_transaction_id"),
    }
