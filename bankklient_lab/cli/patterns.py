"""Commands for patterns of orders, their groups, and headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from bankklient_lab.cli.order_steps import KeepOption, ReasonOption, ValuesArgument, typed_values
from bankklient_lab.cli.orders import OrderArgument
from bankklient_lab.cli.output import lines, print_json
from bankklient_lab.cli.printed import print_or_write
from bankklient_lab.cli.shared import Answered, AtLab, KindArgument, Listed, add_group

NameArgument = Annotated[str, typer.Argument(metavar="NAME")]
GroupArgument = Annotated[int, typer.Argument(metavar="GROUP", help="Number of the group.")]
PatternArgument = Annotated[int, typer.Argument(metavar="PATTERN", help="Number, as `patterns list` shows it.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands: dict[str, Callable[..., None]] = {
        "list": list_patterns, "create": create, "change": change, "delete": delete, "take-over": take_over,
        "save-order": save_order, "groups": groups, "create-group": create_group, "rename-group": rename_group,
        "delete-group": delete_group, "headers": list_headers, "save-header": save_header,
        "delete-header": delete_header,
    }  # fmt: skip
    add_group(app, "patterns", "Patterns of orders, their groups, and headers.", commands)


def list_patterns(
    kind: KindArgument,
    *,
    how: Listed,
) -> None:
    """List the patterns of a kind, checked now."""
    print_or_write(how, "patterns", kind, empty="there is no pattern")


def create(
    kind: KindArgument,
    name: NameArgument,
    values: ValuesArgument = None,
    group: Annotated[int, typer.Option(help="Number of its group.")] = 0,
    *,
    how: Answered,
) -> None:
    """Keep values of an order as a pattern; what is missing may be missing."""
    from bankklient_lab.orders.patterns import create_pattern

    with how.opened() as one:
        number = create_pattern(one, kind, name, typed_values(values or []), group=group)
    how.tell({"pattern_id": number}, f"pattern {number} is created")


def change(
    pattern: PatternArgument,
    values: ValuesArgument = None,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    group: Annotated[int | None, typer.Option(help="Another group.")] = None,
    *,
    at: AtLab,
) -> None:
    """Change values, name or group of a pattern; an empty value (ITEM=) takes it away."""
    from bankklient_lab.orders.patterns import change_pattern

    with at.opened() as one:
        change_pattern(one, pattern, typed_values(values or []), name=name, group=group)
    lines([f"pattern {pattern} is changed"])


def delete(pattern: PatternArgument, at: AtLab) -> None:
    """Delete a pattern; orders made from it stay."""
    from bankklient_lab.orders.patterns import delete_pattern

    with at.opened() as one:
        delete_pattern(one, pattern)
    lines([f"pattern {pattern} is deleted"])


def take_over(
    kind: KindArgument,
    group: Annotated[int, typer.Option(help="Group: all of its patterns, unless one is named.")],
    name: Annotated[str, typer.Option(help="Only the pattern of this name.")] = "",
    *,
    how: Answered,
) -> None:
    """Make an order of one pattern or of each of a group; `save-order` and `orders correct` save them."""
    from bankklient_lab.orders.patterns import take_over_patterns

    with how.opened() as one:
        made = take_over_patterns(one, kind, name=name, group=group)
    if how.as_json:
        print_json(made)
        return
    for order in made:
        errors = "".join(f"; {error['code']} {error['text']}" for error in order["errors"])
        lines([f"order {order['order_id']} from {order['name']}: {order['state']}{errors}"])


def save_order(
    order: OrderArgument,
    reason: ReasonOption = "",
    keep_as_error: KeepOption = False,
    *,
    how: Answered,
) -> None:
    """Save an order that came complete from a pattern, as it is."""
    from bankklient_lab.orders.lifecycle import status_name
    from bankklient_lab.orders.patterns import save_from_pattern

    with how.opened() as one:
        done = save_from_pattern(one, order, reason=reason, duplicate="error" if keep_as_error else "")
    how.tell(done, f"order {order} is saved: {status_name(done['status'])}", *done["warnings"])


def groups(
    *,
    how: Listed,
) -> None:
    """List the groups of patterns."""
    print_or_write(how, "pattern groups", empty="there are no groups; all patterns are in group 0")


def create_group(group: GroupArgument, name: NameArgument, at: AtLab) -> None:
    """Add a group; the first one must be 0."""
    from bankklient_lab.orders.pattern_groups import create_pattern_group

    with at.opened() as one:
        create_pattern_group(one, group, name)
    lines([f"group {group} is added"])


def rename_group(group: GroupArgument, name: NameArgument, at: AtLab) -> None:
    """Give a group another name."""
    from bankklient_lab.orders.pattern_groups import rename_pattern_group

    with at.opened() as one:
        rename_pattern_group(one, group, name)
    lines([f"group {group} is renamed"])


def delete_group(group: GroupArgument, at: AtLab) -> None:
    """Delete a group that has no patterns."""
    from bankklient_lab.orders.pattern_groups import delete_pattern_group

    with at.opened() as one:
        delete_pattern_group(one, group)
    lines([f"group {group} is deleted"])


def list_headers(
    *,
    how: Listed,
) -> None:
    """List the saved headers of all kinds."""
    print_or_write(how, "headers", empty="there is no header")


def save_header(
    kind: KindArgument,
    name: NameArgument,
    values: ValuesArgument = None,
    *,
    at: AtLab,
) -> None:
    """Keep values that are filled into new orders, under a name, which may be there already."""
    from bankklient_lab.orders.headers import save_header as save

    with at.opened() as one:
        left_out = save(one, kind, name, typed_values(values or []))["left_out"]
    lines([f"header {name} is saved" + ("; a header keeps no maturity" if left_out else "")])


def delete_header(kind: KindArgument, name: NameArgument, at: AtLab) -> None:
    """Delete a saved header."""
    from bankklient_lab.orders.headers import delete_header as delete_one

    with at.opened() as one:
        delete_one(one, kind, name)
    lines([f"header {name} is deleted"])
