"""Commands for patterns of orders, their groups, and headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.order_steps import KeepOption, ReasonOption, ValuesArgument, typed_values
from bankklient_lab.cli.orders import OrderArgument
from bankklient_lab.cli.output import lines, print_json
from bankklient_lab.cli.printed import OutputOption, print_or_write

KindArgument = Annotated[
    str, typer.Argument(metavar="KIND", help="domestic_payment, domestic_collection or foreign_payment.")
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME")]
GroupArgument = Annotated[int, typer.Argument(metavar="GROUP", help="Number of the group.")]
PatternArgument = Annotated[int, typer.Argument(metavar="PATTERN", help="Number, as `patterns list` shows it.")]
_COLUMNS = (
    "pattern_id", "group_number", "name", "state", "own_account", "counter_account", "amount", "currency", "errors",
)  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Patterns of orders, their groups, and headers.")
    commands: dict[str, Callable[..., None]] = {
        "list": list_patterns, "create": create, "change": change, "delete": delete, "take-over": take_over,
        "save-order": save_order, "groups": groups, "create-group": create_group, "rename-group": rename_group,
        "delete-group": delete_group, "headers": list_headers, "save-header": save_header,
        "delete-header": delete_header,
    }  # fmt: skip
    for name, command in commands.items():
        group.command(name)(command)
    app.add_typer(group, name="patterns")


def list_patterns(
    kind: KindArgument,
    output: OutputOption = None,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List the patterns of a kind, checked now."""
    print_or_write(
        "patterns", _COLUMNS, kind, lab=lab, passphrase_file=passphrase_file, output=output, as_json=as_json,
        empty="there is no pattern",
    )  # fmt: skip


def create(
    kind: KindArgument,
    name: NameArgument,
    values: ValuesArgument = None,
    group: Annotated[int, typer.Option(help="Number of its group.")] = 0,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Keep values of an order as a pattern; what is missing may be missing."""
    from bankklient_lab.orders.patterns import create_pattern

    with opened(lab, passphrase_file) as one:
        number = create_pattern(one, kind, name, typed_values(values or []), group=group)
    print_json({"pattern_id": number}) if as_json else lines([f"pattern {number} is created"])


def change(
    pattern: PatternArgument,
    values: ValuesArgument = None,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    group: Annotated[int | None, typer.Option(help="Another group.")] = None,
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Change values, name or group of a pattern; an empty value (ITEM=) takes it away."""
    from bankklient_lab.orders.patterns import change_pattern

    with opened(lab, passphrase_file) as one:
        change_pattern(one, pattern, typed_values(values or []), name=name, group=group)
    lines([f"pattern {pattern} is changed"])


def delete(pattern: PatternArgument, lab: LabOption = "", passphrase_file: PassphraseOption = "") -> None:
    """Delete a pattern; orders made from it stay."""
    from bankklient_lab.orders.patterns import delete_pattern

    with opened(lab, passphrase_file) as one:
        delete_pattern(one, pattern)
    lines([f"pattern {pattern} is deleted"])


def take_over(
    kind: KindArgument,
    group: Annotated[int, typer.Option(help="Group: all of its patterns, unless one is named.")],
    name: Annotated[str, typer.Option(help="Only the pattern of this name.")] = "",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Make an order of one pattern or of each of a group; `save-order` and `orders correct` save them."""
    from bankklient_lab.orders.patterns import take_over_patterns

    with opened(lab, passphrase_file) as one:
        made = take_over_patterns(one, kind, name=name, group=group)
    if as_json:
        print_json(made)
        return
    for order in made:
        errors = "".join(f"; {error['code']} {error['text']}" for error in order["errors"])
        lines([f"order {order['order_id']} from {order['name']}: {order['state']}{errors}"])


def save_order(
    order: OrderArgument,
    reason: ReasonOption = "",
    keep_as_error: KeepOption = False,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Save an order that came complete from a pattern, as it is."""
    from bankklient_lab.orders.lifecycle import status_name
    from bankklient_lab.orders.patterns import save_from_pattern

    with opened(lab, passphrase_file) as one:
        done = save_from_pattern(one, order, reason=reason, duplicate="error" if keep_as_error else "")
    if as_json:
        print_json(done)
    else:
        lines([f"order {order} is saved: {status_name(done['status'])}", *done["warnings"]])


def groups(
    output: OutputOption = None,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List the groups of patterns."""
    print_or_write(
        "pattern groups", ("group_number", "name", "patterns"), lab=lab, passphrase_file=passphrase_file,
        output=output, as_json=as_json, empty="there are no groups; all patterns are in group 0",
    )  # fmt: skip


def create_group(
    group: GroupArgument, name: NameArgument, lab: LabOption = "", passphrase_file: PassphraseOption = ""
) -> None:
    """Add a group; the first one must be 0."""
    from bankklient_lab.orders.pattern_groups import create_pattern_group

    with opened(lab, passphrase_file) as one:
        create_pattern_group(one, group, name)
    lines([f"group {group} is added"])


def rename_group(
    group: GroupArgument, name: NameArgument, lab: LabOption = "", passphrase_file: PassphraseOption = ""
) -> None:
    """Give a group another name."""
    from bankklient_lab.orders.pattern_groups import rename_pattern_group

    with opened(lab, passphrase_file) as one:
        rename_pattern_group(one, group, name)
    lines([f"group {group} is renamed"])


def delete_group(group: GroupArgument, lab: LabOption = "", passphrase_file: PassphraseOption = "") -> None:
    """Delete a group that has no patterns."""
    from bankklient_lab.orders.pattern_groups import delete_pattern_group

    with opened(lab, passphrase_file) as one:
        delete_pattern_group(one, group)
    lines([f"group {group} is deleted"])


def list_headers(
    output: OutputOption = None,
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List the saved headers of all kinds."""
    print_or_write(
        "headers", ("kind", "name", "items", "changed_by"), lab=lab, passphrase_file=passphrase_file, output=output,
        as_json=as_json, empty="there is no header",
    )  # fmt: skip


def save_header(
    kind: KindArgument,
    name: NameArgument,
    values: ValuesArgument = None,
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Keep values that are filled into new orders, under a name, which may be there already."""
    from bankklient_lab.orders.headers import save_header as save

    with opened(lab, passphrase_file) as one:
        left_out = save(one, kind, name, typed_values(values or []))["left_out"]
    lines([f"header {name} is saved" + ("; a header keeps no maturity" if left_out else "")])


def delete_header(
    kind: KindArgument, name: NameArgument, lab: LabOption = "", passphrase_file: PassphraseOption = ""
) -> None:
    """Delete a saved header."""
    from bankklient_lab.orders.headers import delete_header as delete_one

    with opened(lab, passphrase_file) as one:
        delete_one(one, kind, name)
    lines([f"header {name} is deleted"])
