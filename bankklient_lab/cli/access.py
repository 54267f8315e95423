"""Commands for administrators: users, roles, permissions, configuration; and everybody's own password."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, day, opened
from bankklient_lab.cli.output import lines, print_table
from bankklient_lab.errors import BadArgument, UnknownName
from bankklient_lab.store.files import write_whole
from bankklient_lab.store.passphrase import read_passphrase

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

UserArgument = Annotated[str, typer.Argument(metavar="USER", help="Name, as `bankklient users list` shows it.")]
RoleArgument = Annotated[str, typer.Argument(metavar="ROLE", help="Name, as `bankklient roles list` shows it.")]
RoleOption = Annotated[str, typer.Option("--role", metavar="ROLE", help="Role, as `bankklient roles list` shows it.")]
PermissionsOption = Annotated[
    list[int], typer.Option("--permission", metavar="NUMBER", help="A permission; may be repeated.")
]
FileOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write a file: .pdf, .xlsx, .csv, .json or .parquet."),
]
PasswordOption = Annotated[
    str, typer.Option("--password-file", metavar="FILE", help="File with the new password; only you may read it.")
]
ExpiresOption = Annotated[str, typer.Option("--expires", metavar="DATE", help="Last day on which it is good.")]
FirstNameOption = Annotated[str | None, typer.Option("--first-name", metavar="TEXT")]
LastNameOption = Annotated[str | None, typer.Option("--last-name", metavar="TEXT")]
NumberOption = Annotated[str | None, typer.Option("--personal-number", metavar="TEXT")]
PhoneOption = Annotated[str | None, typer.Option("--phone", metavar="TEXT")]
EmailOption = Annotated[str | None, typer.Option("--email", metavar="TEXT")]
_USER_COLUMNS = ("user", "reference", "kind", "state", "role", "permissions", "password_expires", "factors")
_ALONE = ("way", "verdict", "condition", "permissions", "sends")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    groups: dict[str, tuple[str, dict[str, Callable[..., None]]]] = {
        "users": ("Who may log in, with which role and permissions.", {
            "list": list_users, "add": add_user, "change": change, "password": password, "unlock": unlock,
            "alone": alone, "my-password": my_password,
        }),
        "roles": ("Sets of permissions: the bank's and your own.", {
            "list": list_roles, "add": add_role, "change": change_role, "delete": delete_role, "alone": roles_alone,
        }),
        "permissions": ("What can be permitted, and who has it.", {"list": list_permissions, "holders": holders}),
        "configuration": ("Parameters of the lab.", {"list": list_configuration, "set": set_parameter}),
    }  # fmt: skip
    for name, (meaning, commands) in groups.items():
        group = typer.Typer(rich_markup_mode=None, help=meaning)
        for called, command in commands.items():
            group.command(called)(command)
        app.add_typer(group, name=name)


def list_users(
    lab: LabOption = "", output: FileOption = None, as_json: JsonOption = False, passphrase_file: PassphraseOption = ""
) -> None:
    """List the users."""
    with opened(lab, passphrase_file) as one:
        _list(one, "users", _USER_COLUMNS, output, as_json)


def add_user(
    user: Annotated[str, typer.Argument(metavar="USER", help="Name to log in with; it never changes.")],
    reference: Annotated[str, typer.Option(metavar="XX", help="Two characters that records keep of the user.")],
    role: RoleOption,
    permission: PermissionsOption = [],
    first_name: FirstNameOption = None,
    last_name: LastNameOption = None,
    personal_number: NumberOption = None,
    phone: PhoneOption = None,
    email: EmailOption = None,
    expires: ExpiresOption = "",
    password_file: PasswordOption = "",
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Add a user; from the second one on everybody logs in."""
    from bankklient_lab.access.users import create_user

    texts = _given(
        first_name=first_name, last_name=last_name, personal_number=personal_number, phone=phone, email=email
    )
    with opened(lab, passphrase_file) as one:
        warnings = _warnings(one, role)  # first: whoever adds the second user must log in afterwards
        dropped = create_user(
            one, user, reference=reference, role=role, password=new_password(password_file, user),
            permissions=permission, password_expires=day(expires) if expires else None, **texts,
        )  # fmt: skip
    _print_done(f"user {user} is added", dropped, warnings)


def change(
    user: UserArgument,
    role: RoleOption = "",
    grant: Annotated[list[int], typer.Option(metavar="NUMBER", help="Give a permission besides the role's.")] = [],
    take: Annotated[list[int], typer.Option(metavar="NUMBER", help="Take one away.")] = [],
    valid: Annotated[bool | None, typer.Option("--valid/--invalid", help="Whether the user may log in.")] = None,
    first_name: FirstNameOption = None,
    last_name: LastNameOption = None,
    personal_number: NumberOption = None,
    phone: PhoneOption = None,
    email: EmailOption = None,
    expires: Annotated[
        str, typer.Option("--expires", metavar="DATE", help="Last day of the password, or `never`.")
    ] = "",
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Change items, role and permissions of a user, all or none."""
    from bankklient_lab.access.users import change_user

    texts = _given(
        first_name=first_name, last_name=last_name, personal_number=personal_number, phone=phone, email=email
    )
    never = expires == "never"
    with opened(lab, passphrase_file) as one:
        warnings = _warnings(one, role) if role else []
        own = sorted((_own(one, user) | set(grant)) - set(take)) if grant or take else None
        dropped = change_user(
            one, user, role=role or None, permissions=own, valid=valid, never_expires=never,
            password_expires=day(expires) if expires and not never else None, **texts,
        )  # fmt: skip
    _print_done(f"user {user} is changed", dropped, warnings)


def password(
    user: UserArgument,
    expires: ExpiresOption = "",
    password_file: PasswordOption = "",
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Set the password of a user, as an administrator; a day that is over makes the user choose another at once."""
    from bankklient_lab.access.users import set_password

    with opened(lab, passphrase_file) as one:
        given = new_password(password_file, user)
        set_password(one, user, given, password_expires=day(expires) if expires else None)
    lines([f"user {user} has a new password"])


def my_password(
    password_file: PasswordOption = "", lab: LabOption = "", passphrase_file: PassphraseOption = ""
) -> None:
    """Choose a new password for yourself; the present one comes from BANKKLIENT_PASSWORD_FILE or is asked for."""
    from bankklient_lab.access.users import change_password
    from bankklient_lab.opening import found_credentials

    with opened(lab, passphrase_file) as one:
        old = found_credentials().password or prompted("Present password: ")
        change_password(one, old, new_password(password_file, "yourself"))
    lines(["your password is changed"])


def unlock(user: UserArgument, lab: LabOption = "", passphrase_file: PassphraseOption = "") -> None:
    """Let a user who was locked after too many refused logins log in again."""
    from bankklient_lab.access.users import unlock_user

    with opened(lab, passphrase_file) as one:
        unlock_user(one, user)
    lines([f"user {user} is unlocked"])


def alone(
    lab: LabOption = "", output: FileOption = None, as_json: JsonOption = False, passphrase_file: PassphraseOption = ""
) -> None:
    """Show who can enter and release an order without a second person, and the permissions that make it so."""
    with opened(lab, passphrase_file) as one:
        _list(one, "alone", ("user", "role", *_ALONE), output, as_json)


def list_roles(
    lab: LabOption = "", output: FileOption = None, as_json: JsonOption = False, passphrase_file: PassphraseOption = ""
) -> None:
    """List the roles."""
    with opened(lab, passphrase_file) as one:
        _list(one, "roles", ("role", "system", "valid", "users", "permissions"), output, as_json)


def add_role(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="Name of the new role.")],
    permission: PermissionsOption = [],
    note: Annotated[str, typer.Option(metavar="TEXT", help="What it is for.")] = "",
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Add a role of your own."""
    from bankklient_lab.access.roles import create_role

    with opened(lab, passphrase_file) as one:
        create_role(one, role, permissions=permission, note=note)
        warnings = _warnings(one, role)
    _print_done(f"role {role} is added", [], warnings)


def change_role(
    role: RoleArgument,
    permission: Annotated[
        list[int], typer.Option("--permission", metavar="NUMBER", help="All its permissions, one by one.")
    ] = [],
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="What it is for.")] = None,
    valid: Annotated[bool | None, typer.Option("--valid/--invalid", help="Whether users may get it.")] = None,
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Change a role of your own."""
    from bankklient_lab.access.roles import change_role as change_it

    with opened(lab, passphrase_file) as one:
        change_it(one, role, permissions=permission or None, note=note, valid=valid)
        warnings = _warnings(one, role)
    _print_done(f"role {role} is changed", [], warnings)


def delete_role(role: RoleArgument, lab: LabOption = "", passphrase_file: PassphraseOption = "") -> None:
    """Take the validity of a role that nobody has; records of the past still name it."""
    from bankklient_lab.access.roles import delete_role as delete_it

    with opened(lab, passphrase_file) as one:
        delete_it(one, role)
    lines([f"role {role} is deleted"])


def roles_alone(
    lab: LabOption = "", output: FileOption = None, as_json: JsonOption = False, passphrase_file: PassphraseOption = ""
) -> None:
    """Show which roles, and which pairs of roles together, let one person enter and release an order alone."""
    with opened(lab, passphrase_file) as one:
        _list(one, "roles alone", ("role", "other", *_ALONE), output, as_json)


def list_permissions(
    lab: LabOption = "", output: FileOption = None, as_json: JsonOption = False, passphrase_file: PassphraseOption = ""
) -> None:
    """List the permissions with what each needs and excludes."""
    with opened(lab, passphrase_file) as one:
        _list(one, "permissions", ("number", "name", "requires", "conflicts"), output, as_json)


def holders(
    number: Annotated[int | None, typer.Argument(metavar="NUMBER", help="Only this permission.")] = None,
    lab: LabOption = "",
    output: FileOption = None,
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """List who has which permission, through the role or besides it."""
    columns = ("number", "name", "user", "reference", "through", "role")
    with opened(lab, passphrase_file) as one:
        _list(one, "holders", columns, output, as_json, *([] if number is None else [number]))


def list_configuration(
    lab: LabOption = "", output: FileOption = None, as_json: JsonOption = False, passphrase_file: PassphraseOption = ""
) -> None:
    """List the parameters."""
    with opened(lab, passphrase_file) as one:
        _list(one, "configuration", ("name", "label", "value", "unit"), output, as_json)


def set_parameter(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name, as `bankklient configuration list` shows it.")],
    value: Annotated[str | None, typer.Argument(metavar="VALUE", help="New value; a secret is asked for.")] = None,
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Change a parameter."""
    from bankklient_lab.access.configuration import configure
    from bankklient_lab.rights.settings import SECRET, parameter

    secret = parameter(name).kind == SECRET
    if secret and value:
        raise BadArgument(f"{name} is a secret and others can see the arguments of a command; leave it out here")
    if value is None and not secret:
        raise BadArgument(f"give the new value of {name}")
    with opened(lab, passphrase_file) as one:
        configure(one, {name: prompted(f"{parameter(name).label}: ") if value is None else value})
    lines([f"{name} is changed"])


def _list(lab: Lab, name: str, columns: Sequence[str], output: Path | None, as_json: bool, *given: object) -> None:
    """Print a list, or write it as a file; `given` are arguments of what reads it."""
    from bankklient_lab.access.listings import LISTINGS

    if output is None:
        print_table(LISTINGS[name].read.rows(lab, *given), columns, as_json=as_json, empty="there is nothing to list")
        return
    from bankklient_lab.reports.listings import render_listing

    write_whole(output, render_listing(lab, name, output.suffix.lower(), *given))
    lines([f"{output} is written"])


def _own(lab: Lab, user: str) -> set[int]:
    from bankklient_lab.access.users import users

    for row in users.rows(lab):
        if row["user"] == user:
            return set(map(int, row["permissions"].split()))
    raise UnknownName("user", user, "`bankklient users list` shows them")


def _warnings(lab: Lab, role: str) -> list[str]:
    from bankklient_lab.access.alone import role_warnings

    return role_warnings(lab, role)


def _given(**texts: str | None) -> dict[str, Any]:
    return {item: text for item, text in texts.items() if text is not None}


def _print_done(done: str, dropped: list[int], warnings: list[str]) -> None:
    without = f", without {' '.join(map(str, dropped))}: the rules of permissions do not allow it" if dropped else ""
    lines([done + without])
    for said in warnings:
        sys.stderr.write(f"bankklient: {said}\n")


def new_password(file: str, user: str) -> str:
    """Return the new password, of a file or typed twice."""
    given = read_passphrase(file)
    if given is not None:
        return given
    first = prompted(f"New password of {user}: ")
    if getpass("Once more: ") != first:
        raise BadArgument("the two passwords differ; nothing is changed")
    return first


def prompted(question: str, option: str = "--password-file") -> str:
    """Return what is typed at the terminal without being shown; BadArgument without a terminal."""
    if not sys.stdin.isatty():
        raise BadArgument(f"there is no terminal to ask for it; give a password with {option}")
    return getpass(question)
