"""What a kind of order is: its items, the rules that they obey, and what the lifecycle asks about it.

A kind is a declaration. Storage, forms, checks, imports, lists, totals, exports and the documentation of a kind come
from it; nothing about a kind stands anywhere else.

A rule is a row: the number of an error (data/codebooks/order_errors.csv says whose item it is and its text) and an SQL
predicate that is true when the order breaks it. One text serves a single form and a file of a million orders. A
predicate reads the columns of the order `o` and of the context `c` (orders.checking), by name, without qualifying.
Items are texts as they were entered; of an item that is a number or a day `<item>_value` is what it means, null when
the text means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Type = Literal["text", "digits", "amount", "rate", "date", "yes_no"]
Family = Literal["domestic", "foreign"]

# The SQL types of what an entered text means.
VALUE_SQL: dict[Type, str] = {"amount": "DECIMAL(18,3)", "rate": "DECIMAL(18,6)", "date": "DATE", "yes_no": "BOOLEAN"}


@dataclass(frozen=True, slots=True)
class Item:
    """One item of an order.

    `characters` is the longest text. `codebook` names the one that offers values. `default` is an SQL expression over
    the context for a new order. `part` says in which part of the form the item stands ("more": shown on request).
    `only_offered`: the item takes only codes of its codebook, so that forms hide it while that is empty.
    """

    name: str
    label: str
    type: Type
    characters: int
    mandatory: bool = False
    help: str = ""
    codebook: str = ""
    default: str = ""
    part: str = "main"
    only_offered: bool = False

    @property
    def valued(self) -> bool:
        """Whether what is meant is kept beside the text."""
        return self.type in VALUE_SQL


@dataclass(frozen=True, slots=True)
class Rule:
    """`broken` is an SQL predicate, true for an order that breaks the rule and has the error `code`."""

    code: int
    broken: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user is told at saving although the order is right: `name`, SQL predicate, sentence."""

    name: str
    applies: str
    text: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ruled:
    """What has items and rules: a kind of order, or of a record beside orders that rules with numbers check."""

    name: str
    label: str
    items: tuple[Item, ...]
    rules: tuple[Rule, ...]
    relation: str  # SELECT over `entered` that adds what the rules look up
    warnings: tuple[Notice, ...] = ()

    def item(self, name: str) -> Item:
        """Return one item by name; KeyError."""
        return {item.name: item for item in self.items}[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all items, in the order of the form."""
        return tuple(item.name for item in self.items)

    def columns(self) -> Iterator[str]:
        """Give the columns that keep the items with what they mean."""
        for item in self.items:
            yield item.name
            if item.valued:
                yield f"{item.name}_value"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Kind(Ruled):
    """One kind of order.

    `own` and `counter` are the sides of the accounts: prefixes of item names. `verified_setting` names the parameter
    with the items to type again at verification.
    """

    family: Family
    letter: str  # as lists write it
    plural: str
    creates: str  # permission expression
    own: str
    counter: str
    own_account: str  # SQL of the own account as lists show it
    counter_account: str
    counter_name: str
    symbol: str  # item by which people know the payment
    verified_setting: str
    verified_items: dict[str, tuple[str, ...]]  # choice of the parameter -> items to type again
    duplicates: bool  # whether orders are searched for others that pay the same

    @property
    def table(self) -> str:
        """The table that keeps orders of this kind."""
        return f"ops.{self.family}_order"


def numeric(item: str, code: int) -> Rule:
    """Return the rule that an item has only digits."""
    return Rule(code, f"NOT regexp_full_match({item}, '[0-9]*')")


def longer(item: str, characters: int, code: int) -> Rule:
    """Return the rule that an item has at most so many characters."""
    return Rule(code, f"length({item}) > {characters}")


def missing(item: str, code: int) -> Rule:
    """Return the rule that an item is there."""
    return Rule(code, f"{item} IS NULL")


def characters_of(item: str, allowed: str, code: int) -> Rule:
    """Return the rule that an item has only characters of the class `allowed` (of a regular expression)."""
    return Rule(code, f"NOT regexp_full_match({item}, '[{allowed}]*')")


def not_in(item: str, codes: str, code: int) -> Rule:
    """Return the rule that an item, when it is there, is one of the context's list `codes`."""
    return Rule(code, f"{item} IS NOT NULL AND NOT list_contains(c.{codes}, {item})")


def no_own_account(code: int) -> Rule:
    """Return the rule that the own account, when its number can be one, is an account of the client."""
    return Rule(
        code,
        "own_position IS NULL AND own_bban IS NOT NULL AND own_prefix_right AND own_base_right"
        " AND list_contains(c.own_banks, own_bank)",
    )


def number_checks(numbers: Mapping[str, str]) -> str:
    """Return a column with the checks of some account numbers, SQL by name; `checks_taken` gives each its name.

    They are worked out together, since to plan the check takes as long as to plan all other rules of an item.
    """
    return f"list_transform([{', '.join(numbers.values())}], lambda digits: check_number(digits)) AS number_checks"


def checks_taken(numbers: Mapping[str, str]) -> str:
    """Return the columns that number_checks has of each name."""
    return ", ".join(f"number_checks[{n}] AS {name}" for n, name in enumerate(numbers, start=1))
