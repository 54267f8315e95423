"""Commands that show what the lab knows: accounts, balances, entries, statement, rates, findings, formats."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bankklient_lab.cli import options
from bankklient_lab.cli.options import (
    AccountOption,
    AccountsOption,
    CurrencyOption,
    FromOption,
    InCurrencyOption,
    JsonOption,
    LabOption,
    PassphraseOption,
    ToOption,
    opened,
)  # fmt: skip
from bankklient_lab.cli.output import amount, lines, print_json, print_rows, print_table
from bankklient_lab.store.files import write_whole


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (accounts, rename, identify, balances, entries, statement, rates, convert, findings, formats):
        app.command(command.__name__)(command)


def accounts(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """List the accounts with their last known balances."""
    from bankklient_lab.analysis.accounts import accounts as accounts_action

    columns = (
        "account",
        "currency",
        "bank",
        "name",
        "first_day",
        "last_day",
        "statements",
        "entries",
        "closing",
        "basis",
    )
    with opened(lab, passphrase_file) as one:
        rows = accounts_action.rows(one)
    print_table(rows, columns, as_json=as_json, empty="no account is known yet; import a bank file")


def rename(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Number or own name of the account.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="New own name.")],
    currency: CurrencyOption = "",
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Give an account a name of your own."""
    from bankklient_lab.analysis.accounts import rename_account

    with opened(lab, passphrase_file) as one:
        rename_account(one, account, name, currency=currency or None)
    lines([f"{account} is now called {name}"])


def identify(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Number that came without its bank.")],
    number: Annotated[str, typer.Argument(metavar="IBAN", help="IBAN, or the number with /BANK behind it.")],
    currency: CurrencyOption = "",
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Say which bank a Czech account belongs to whose files do not name it."""
    from bankklient_lab.analysis.accounts import identify_account

    with opened(lab, passphrase_file) as one:
        iban = identify_account(one, account, number, currency=currency or None)
    lines([f"{account} is now known as {iban}"])


def balances(
    on: Annotated[str, typer.Option(metavar="DATE", help="Day at whose end: YYYY-MM-DD or today.")] = "today",
    account: AccountsOption = [],
    in_currency: InCurrencyOption = "",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Show the balance of each account at the end of a day.

    The basis of a balance is "stated" where the bank states balances, "counted" where it states none: entries are then
    counted from zero.
    """
    from bankklient_lab.analysis.balances import balances as balances_action

    day, target = options.day(on), in_currency.strip().upper()
    with opened(lab, passphrase_file) as one:
        rows = balances_action.rows(one, on=day, accounts=account, in_currency=in_currency or None)
    if as_json:
        print_json(rows)
        return
    columns = ("label", "account", "balance", "currency", "balance_day", "basis")
    converted = ("converted", "rate_day") if target else ()
    print_rows(rows, columns + converted, empty=f"no balance is known on {day}", converted_to=target)
    if target and rows:
        _print_total(rows, day, target)


def _print_total(rows: list[dict[str, Any]], day: date, target: str) -> None:
    """Print the total of what was converted, and what is not in it."""
    from bankklient_lab.analysis.conversion import without_rate
    from bankklient_lab.orders.rates import WHAT_TO_DO

    converted = [row["converted"] for row in rows if row["converted"] is not None]
    missing = ", ".join(without_rate(rows))
    lines([""])
    if converted:
        name = f"total without {missing}" if missing else "total"
        lines([f"{name}: {amount(sum(converted, Decimal(0)), target)} {target}"])
    if missing:
        lines([f"there is no rate of {missing} into {target} on or before {day}; {WHAT_TO_DO}"])


def entries(
    account: AccountsOption = [],
    since: FromOption = "",
    to: ToOption = "",
    text: Annotated[str, typer.Option(help="Only entries with this text in any of their fields.")] = "",
    counterparty: Annotated[str, typer.Option(help="Only entries of this counterparty (name or account).")] = "",
    category: Annotated[str, typer.Option(help="Only entries of this category.")] = "",
    variable_symbol: Annotated[str, typer.Option(help="Only entries with this variable symbol.")] = "",
    amount_from: Annotated[str, typer.Option(metavar="AMOUNT", help="Only amounts from this one up, signed.")] = "",
    amount_to: Annotated[str, typer.Option(metavar="AMOUNT", help="Only amounts up to this one, signed.")] = "",
    side: Annotated[Literal["any", "credit", "debit"], typer.Option(help="Only credits or only debits.")] = "any",
    currency: Annotated[str, typer.Option(metavar="CODE", help="Only entries in this currency.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many entries, the newest first.")] = 1000,
    offset: Annotated[int, typer.Option(min=0, help="Leave so many of the newest out.")] = 0,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List entries, the newest first."""
    from bankklient_lab.analysis.entries import entries as entries_action
    from bankklient_lab.analysis.entries import entry_totals
    from bankklient_lab.money import parse_amount

    first, end = options.optional_period(since, to)
    with opened(lab, passphrase_file) as one:
        criteria: dict[str, Any] = {
            "since": first, "until": end, "accounts": account, "text": text, "counterparty": counterparty,
            "category": category, "variable_symbol": variable_symbol, "side": side, "currency": currency,
            "amount_from": parse_amount(amount_from) if amount_from else None,
            "amount_to": parse_amount(amount_to) if amount_to else None,
        }  # fmt: skip
        rows = entries_action.rows(one, **criteria, limit=limit, offset=offset)
        totals = None if as_json else entry_totals.rows(one, **criteria)
    columns = ("day", "label", "amount", "currency", "counterparty_name", "counterparty_account", "variable_symbol",
               "category", "remittance")  # fmt: skip
    print_table(rows, columns, as_json=as_json, empty="no entry fits")
    if totals:
        lines(["", f"all that fit ({len(rows)} shown):"])
        print_rows(totals, ("currency", "entries", "credit", "debit", "net"), empty="")


def statement(
    account: AccountOption,
    since: FromOption,
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="File to write, by its suffix: .pdf .xlsx .html .csv .json .parquet .camt053.xml .sta .gpc.",
        ),
    ],
    to: ToOption = "",
    currency: CurrencyOption = "",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Write the statement of an account for some days, in a format for people, programs or banks."""
    from bankklient_lab.cli.statement_files import losses, statement_file

    first, end = options.period(since, to)
    with opened(lab, passphrase_file) as one:
        content = statement_file(one, Path(output).name, account, since=first, until=end, currency=currency or None)
    write_whole(Path(output), content)
    last = end - timedelta(days=1)
    if as_json:
        print_json({"path": output, "account": account, "from": first, "to": last, "losses": losses(output)})
    else:
        lines([f"{output}: statement of {account} from {first} to {last}", *losses(output)])


def rates(
    on: Annotated[str, typer.Option(metavar="DATE", help="Day: YYYY-MM-DD or today.")] = "today",
    source: Annotated[str, typer.Option(help="Only of this source, such as CNB or ECB.")] = "",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Show the exchange rates in force on a day; the day of each is that of its table."""
    from bankklient_lab.analysis.rates import rates as rates_action

    day = options.day(on)
    with opened(lab, passphrase_file) as one:
        rows = rates_action.rows(one, on=day, source=source or None)
    columns = ("source", "day", "base", "currency", "units", "rate", "per_unit")
    print_table(rows, columns, as_json=as_json, empty=f"no rate is known on {day}; import a file of rates")


def convert(
    amount: Annotated[str, typer.Argument(metavar="AMOUNT")],
    currency: Annotated[str, typer.Argument(metavar="CURRENCY", help="Such as EUR.")],
    into: Annotated[str, typer.Argument(metavar="INTO", help="Such as CZK.")],
    on: Annotated[str, typer.Option(metavar="DATE", help="By the rates of this day: YYYY-MM-DD or today.")] = "today",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Convert an amount into another currency by the rates of a day."""
    from bankklient_lab.analysis.rates import convert_amount
    from bankklient_lab.money import parse_amount

    given, day = parse_amount(amount), options.day(on)
    with opened(lab, passphrase_file) as one:
        told = convert_amount(one, given, currency, into=into, on=day)
    columns = ("amount", "currency", "rate", "day", "source")
    print_table([told], columns, as_json=as_json, empty="")


def findings(
    account: AccountsOption = [],
    since: FromOption = "",
    to: ToOption = "",
    severity: Annotated[
        Literal["any", "error", "warning", "info"], typer.Option(help="Only findings this severe.")
    ] = "any",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List what was found wrong or odd in statements and between them."""
    from bankklient_lab.analysis.findings import findings as findings_action

    first, end = options.optional_period(since, to)
    with opened(lab, passphrase_file) as one:
        rows = findings_action.rows(one, accounts=account, severity=severity, since=first, until=end)
    columns = ("severity", "code", "label", "day", "file_name", "place", "title", "value")
    print_table(rows, columns, as_json=as_json, empty="nothing was found")


def formats(as_json: JsonOption = False) -> None:
    """List the file formats that can be read and written: of statements and rates, and of payment orders."""
    from bankklient_lab.formats import formats as of_statements
    from bankklient_lab.formats.payments import formats as of_orders

    rows = [
        {
            "holds": holds,
            "format": one.name,
            "title": one.title,
            "written": one.write is not None,
            "suffix": one.write_suffix,
        }
        for holds, known in (("statements", of_statements()), ("orders", of_orders()))
        for one in known.values()
    ]
    if as_json:
        print_json(rows)
    else:
        print_rows(rows, ("holds", "format", "title", "written", "suffix"), empty="")
