"""Write docs/reference/cli.md from the command line itself: `make docs`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"
HEAD = """# Command line

<!-- Made by `make docs` from the commands themselves; change it there. -->

Every command exits with 0 when done, 1 when something was refused and 2 for wrong usage.
"""


def commands(group: TyperGroup, prefix: str = "bankklient") -> Iterator[tuple[str, TyperCommand]]:
    """Yield every command that is not hidden with its full name, in the order of the help."""
    for name, command in group.commands.items():
        if getattr(command, "hidden", False):
            continue
        if isinstance(command, TyperGroup):
            yield from commands(command, f"{prefix} {name}")
        elif isinstance(command, TyperCommand):
            yield f"{prefix} {name}", command


def root() -> TyperGroup:
    """Return the command line itself."""
    from bankklient_lab.cli import command_line

    group = typer.main.get_command(command_line())
    assert isinstance(group, TyperGroup)
    return group


def page() -> str:
    """Return the whole page."""
    found = list(commands(root()))
    index = "\n".join(f"- [`{name}`](#{name.replace(' ', '-')}): {_summary(command)}" for name, command in found)
    return "\n".join([HEAD, index, "", *(_section(name, command) for name, command in found)])


def _summary(command: TyperCommand) -> str:
    return (command.help or "").strip().partition("\n")[0]


def _section(name: str, command: TyperCommand) -> str:
    arguments = [p for p in command.params if isinstance(p, TyperArgument)]
    options = [p for p in command.params if isinstance(p, TyperOption) and not p.hidden]
    usage = [name, *(_argument(a) for a in arguments), *(["[OPTIONS]"] if options else [])]
    rows = [(f"`{_argument(a)}`", a.help or "", _default(a)) for a in arguments]
    rows += [(_option(o), o.help or "", _default(o)) for o in options]
    table = ["| | | default |", "|---|---|---|", *map(_row, rows)] if rows else []
    text = (command.help or "").replace("\f", "").strip()
    return "\n".join([f"## {name}", "", f"    {' '.join(usage)}", "", text, "", *table, *([""] if table else [])])


def _row(cells: tuple[str, ...]) -> str:
    escaped = [cell.replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"


def _argument(argument: TyperArgument) -> str:
    name = (argument.metavar or argument.name or "").upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _option(option: TyperOption) -> str:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    many = " (repeatable)" if option.multiple else ""
    return names + many


def _default(parameter: TyperArgument | TyperOption) -> str:
    if parameter.required:
        return "required"
    parts = []
    if parameter.envvar:
        parts.append(f"from `{parameter.envvar}`")
    if isinstance(parameter.default, (str, int, Path)) and parameter.default not in ("", False):
        parts.append(f"`{parameter.default}`")
    return ", ".join(parts)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), "utf-8")
