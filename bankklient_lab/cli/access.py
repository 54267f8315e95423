"""Commands for administrators: users, roles, permissions, configuration; and everybody's own password."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from bankklient_lab.cli.asked import PasswordFileOption, new_password, typed
from bankklient_lab.cli.options import day
from bankklient_lab.cli.output import lines
from bankklient_lab.cli.printed import print_or_write
from bankklient_lab.cli.shared import AtLab, Listed, add_group
from bankklient_lab.errors import BadArgument, UnknownName

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

UserArgument = Annotated[str, typer.Argument(metavar="USER", help="Name, as `bankklient users list` shows it.")]
RoleArgument = Annotated[str, typer.Argument(metavar="ROLE", help="Name, as `bankklient roles list` shows it.")]
RoleOption = Annotated[str, typer.Option("--role", metavar="ROLE", help="Role, as `bankklient roles list` shows it.")]
PermissionsOption = Annotated[
    list[int], typer.Option("--permission", metavar="NUMBER", help="A permission; may be repeated.")
]
ExpiresOption = Annotated[str, typer.Option("--expires", metavar="DATE", help="Last day on which it is good.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonOptions(AtLab):
    """What is said of the person who a user is."""

    first_name: Annotated[str | None, typer.Option(metavar="TEXT")] = None
    last_name: Annotated[str | None, typer.Option(metavar="TEXT")] = None
    personal_number: Annotated[str | None, typer.Option(metavar="TEXT")] = None
    phone: Annotated[str | None, typer.Option(metavar="TEXT")] = None
    email: Annotated[str | None, typer.Option(metavar="TEXT")] = None


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
        add_group(app, name, meaning, commands)


def list_users(how: Listed) -> None:
    """List the users."""
    print_or_write(how, "users")


def add_user(
    user: Annotated[str, typer.Argument(metavar="USER", help="Name to log in with; it never changes.")],
    reference: Annotated[str, typer.Option(metavar="XX", help="Two characters that records keep of the user.")],
    role: RoleOption,
    permission: PermissionsOption = [],
    expires: ExpiresOption = "",
    password_file: PasswordFileOption = "",
    *,
    at: PersonOptions,
) -> None:
    """Add a user; from the second one on everybody logs in."""
    from bankklient_lab.access.users import create_user

    with at.opened() as one:
        warnings = _warnings(one, role)  # first: whoever adds the second user must log in afterwards
        dropped = create_user(
            one, user, reference=reference, role=role, password=new_password(password_file, user),
            permissions=permission, password_expires=day(expires) if expires else None, **at.given(),
        )  # fmt: skip
    _print_done(f"user {user} is added", dropped, warnings)


def change(
    user: UserArgument,
    role: RoleOption = "",
    grant: Annotated[list[int], typer.Option(metavar="NUMBER", help="Give a permission besides the role's.")] = [],
    take: Annotated[list[int], typer.Option(metavar="NUMBER", help="Take one away.")] = [],
    valid: Annotated[bool | None, typer.Option("--valid/--invalid", help="Whether the user may log in.")] = None,
    expires: Annotated[
        str, typer.Option("--expires", metavar="DATE", help="Last day of the password, or `never`.")
    ] = "",
    *,
    at: PersonOptions,
) -> None:
    """Change items, role and permissions of a user, all or none."""
    from bankklient_lab.access.users import change_user

    never = expires == "never"
    with at.opened() as one:
        warnings = _warnings(one, role) if role else []
        own = sorted((_own(one, user) | set(grant)) - set(take)) if grant or take else None
        dropped = change_user(
            one, user, role=role or None, permissions=own, valid=valid, never_expires=never,
            password_expires=day(expires) if expires and not never else None, **at.given(),
        )  # fmt: skip
    _print_done(f"user {user} is changed", dropped, warnings)


def password(
    user: UserArgument,
    expires: ExpiresOption = "",
    password_file: PasswordFileOption = "",
    *,
    at: AtLab,
) -> None:
    """Set the password of a user, as an administrator; a day that is over makes the user choose another at once."""
    from bankklient_lab.access.users import set_password

    with at.opened() as one:
        given = new_password(password_file, user)
        set_password(one, user, given, password_expires=day(expires) if expires else None)
    lines([f"user {user} has a new password"])


def my_password(password_file: PasswordFileOption = "", *, at: AtLab) -> None:
    """Choose a new password for yourself; the present one comes from BANKKLIENT_PASSWORD_FILE or is asked for."""
    from bankklient_lab.access.users import change_password
    from bankklient_lab.opening import found_credentials
    from bankklient_lab.rights.identity import ENVIRONMENT_PASSWORD_FILE

    with at.opened() as one:
        old = found_credentials().password or typed("Present password: ", ENVIRONMENT_PASSWORD_FILE)
        change_password(one, old, new_password(password_file, "yourself"))
    lines(["your password is changed"])


def unlock(user: UserArgument, at: AtLab) -> None:
    """Let a user who was locked after too many refused logins log in again."""
    from bankklient_lab.access.users import unlock_user

    with at.opened() as one:
        unlock_user(one, user)
    lines([f"user {user} is unlocked"])


def alone(how: Listed) -> None:
    """Show who can enter and release an order without a second person, and the permissions that make it so."""
    print_or_write(how, "alone")


def list_roles(how: Listed) -> None:
    """List the roles."""
    print_or_write(how, "roles")


def add_role(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="Name of the new role.")],
    permission: PermissionsOption = [],
    note: Annotated[str, typer.Option(metavar="TEXT", help="What it is for.")] = "",
    *,
    at: AtLab,
) -> None:
    """Add a role of your own."""
    from bankklient_lab.access.roles import create_role

    with at.opened() as one:
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
    *,
    at: AtLab,
) -> None:
    """Change a role of your own."""
    from bankklient_lab.access.roles import change_role as change_it

    with at.opened() as one:
        change_it(one, role, permissions=permission or None, note=note, valid=valid)
        warnings = _warnings(one, role)
    _print_done(f"role {role} is changed", [], warnings)


def delete_role(role: RoleArgument, at: AtLab) -> None:
    """Take the validity of a role that nobody has; records of the past still name it."""
    from bankklient_lab.access.roles import delete_role as delete_it

    with at.opened() as one:
        delete_it(one, role)
    lines([f"role {role} is deleted"])


def roles_alone(how: Listed) -> None:
    """Show which roles, and which pairs of roles together, let one person enter and release an order alone."""
    print_or_write(how, "roles alone")


def list_permissions(how: Listed) -> None:
    """List the permissions with what each needs and excludes."""
    print_or_write(how, "permissions")


def holders(
    number: Annotated[int | None, typer.Argument(metavar="NUMBER", help="Only this permission.")] = None,
    *,
    how: Listed,
) -> None:
    """List who has which permission, through the role or besides it."""
    print_or_write(how, "holders", *([] if number is None else [number]))


def list_configuration(how: Listed) -> None:
    """List the parameters."""
    print_or_write(how, "configuration")


def set_parameter(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name, as `bankklient configuration list` shows it.")],
    value: Annotated[str | None, typer.Argument(metavar="VALUE", help="New value; a secret is asked for.")] = None,
    *,
    at: AtLab,
) -> None:
    """Change a parameter."""
    from bankklient_lab.access.configuration import configure
    from bankklient_lab.rights.settings import SECRET, parameter

    secret = parameter(name).kind == SECRET
    if secret and value:
        raise BadArgument(f"{name} is a secret and others can see the arguments of a command; leave it out here")
    if value is None and not secret:
        raise BadArgument(f"give the new value of {name}")
    with at.opened() as one:
        configure(one, {name: typed(f"{parameter(name).label}: ", "") if value is None else value})
    lines([f"{name} is changed"])


def _own(lab: Lab, user: str) -> set[int]:
    from bankklient_lab.access.users import users

    for row in users.rows(lab):
        if row["user"] == user:
            return set(map(int, row["permissions"].split()))
    raise UnknownName("user", user, "`bankklient users list` shows them")


def _warnings(lab: Lab, role: str) -> list[str]:
    from bankklient_lab.access.alone import role_warnings

    return role_warnings(lab, role)


def _print_done(done: str, dropped: list[int], warnings: list[str]) -> None:
    without = f", without {' '.join(map(str, dropped))}: the rules of permissions do not allow it" if dropped else ""
    lines([done + without])
    for said in warnings:
        sys.stderr.write(f"bankklient: {said}\n")
