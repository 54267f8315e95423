"""Commands for electronic keys: of the client, and the bank's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bankklient_lab.cli.options import JsonOption, LabOption, PassphraseOption, opened
from bankklient_lab.cli.output import lines, print_json, print_table
from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.store.files import write_whole
from bankklient_lab.store.passphrase import read_passphrase

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

KeyArgument = Annotated[int, typer.Argument(metavar="KEY", help="Number of the key, as `keys list` shows it.")]
TargetArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the folder for the bank is put.")]
PasswordOption = Annotated[
    str, typer.Option("--password-file", metavar="FILE", help="File with the key's password; only you may read it.")
]
FingerprintOption = Annotated[
    str, typer.Option("--fingerprint", metavar="TEXT", help="What the bank gave on another way, such as a letter.")
]
_COLUMNS = (
    "key_id", "point", "kind", "key_order", "user", "valid", "delivered", "proven", "expires_on", "created_at",
)  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None, help="Keys that sign and open batches: the client's and the bank's.")
    commands: dict[str, Callable[..., None]] = {
        "list": list_keys, "create": create, "hand-over": hand_over, "delivered": delivered, "pass": make_pass,
        "password": change_password, "register-bank": register_bank,
    }  # fmt: skip
    for name, command in commands.items():
        group.command(name)(command)
    app.add_typer(group, name="keys")


def list_keys(lab: LabOption = "", as_json: JsonOption = False, passphrase_file: PassphraseOption = "") -> None:
    """List the keys of the client and of the bank, and say which expire soon."""
    from bankklient_lab.keys.expiring import key_warnings
    from bankklient_lab.keys.register import key_register

    with opened(lab, passphrase_file) as one:
        rows, warnings = key_register.rows(one), key_warnings(one)
    numbered = rows if as_json else [row | {"key_id": str(row["key_id"]), "point": str(row["point"])} for row in rows]
    print_table(
        numbered, _COLUMNS, as_json=as_json, empty="there is no key yet; make one with `bankklient keys create`"
    )
    for said in warnings:
        sys.stderr.write(f"bankklient: {said}\n")


def create(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="operational or personal.")],
    expires_days: Annotated[int, typer.Option(metavar="DAYS", help="After so many days it expires, 30 to 730.")] = 730,
    warn_days: Annotated[int, typer.Option(metavar="DAYS", help="So many days before it is said, 30 to 730.")] = 90,
    save_password: Annotated[
        bool, typer.Option("--save-password", help="Transmissions ask nobody for it (authorized persons only).")
    ] = False,
    password_file: PasswordOption = "",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Make a key, which replaces the one of its kind; its password has exactly eight characters."""
    from bankklient_lab.keys.creating import create_key

    with opened(lab, passphrase_file) as one:
        made = create_key(
            one, kind, _new_password(password_file),
            expires_days=expires_days, warn_days=warn_days, save_password=save_password,
        )  # fmt: skip
    if as_json:
        print_json(made)
        return
    number = made["key_id"]
    after = (
        f"announce it to the bank in place of the key {made['replaces']}"
        if made["replaces"]
        else f"hand it over to the bank: bankklient keys hand-over {number} FOLDER"
    )
    lines(
        [
            f"key {number}, the {kind} key {made['key_order']}, is made; it expires on {made['expires_on']}",
            f"SHA-256 of its certificate: {_spaced(made['fingerprint'])}",
            after,
        ]
    )


def hand_over(
    key: KeyArgument,
    target: TargetArgument,
    password_file: PasswordOption = "",
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Write the folder that brings a first key to the bank, with the letter that has its fingerprint."""
    from bankklient_lab.keys.delivering import hand_over_key

    with opened(lab, passphrase_file) as one:
        files = hand_over_key(one, key, _password(password_file, _question(one, key)))
    _write(files, target)


def delivered(
    key: KeyArgument,
    fingerprint: Annotated[str, typer.Argument(metavar="FINGERPRINT", help="As the bank's protocol names it.")],
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Record that the bank has taken over a key that was handed over."""
    from bankklient_lab.keys.delivering import record_key_delivery

    with opened(lab, passphrase_file) as one:
        record_key_delivery(one, key, fingerprint)
    lines([f"the bank has key {key}"])


def make_pass(
    target: TargetArgument,
    password_file: PasswordOption = "",
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Write the pass, which the bank asks for before encrypted transmissions."""
    from bankklient_lab.keys.delivering import create_pass

    with opened(lab, passphrase_file) as one:
        files = create_pass(one, _password(password_file, "Password of the operational key: "))
    _write(files, target)


def change_password(
    key: KeyArgument,
    password_file: PasswordOption = "",
    new_password_file: Annotated[
        str, typer.Option(metavar="FILE", help="File with the new password; only you may read it.")
    ] = "",
    lab: LabOption = "",
    passphrase_file: PassphraseOption = "",
) -> None:
    """Give a key another password; the key stays the same."""
    from bankklient_lab.keys.unlocking import change_key_password

    with opened(lab, passphrase_file) as one:
        old = _password(password_file, _question(one, key))
        change_key_password(one, key, old, _new_password(new_password_file))
    lines([f"key {key} has another password"])


def register_bank(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The bank's certificate, DER or PEM.")],
    fingerprint: FingerprintOption = "",
    lab: LabOption = "",
    as_json: JsonOption = False,
    passphrase_file: PassphraseOption = "",
) -> None:
    """Register the bank's certificate once its fingerprint was compared with what the bank gave on another way."""
    from bankklient_lab.keys.banks import inspect_bank_key, register_bank_key

    with opened(lab, passphrase_file) as one:
        if not fingerprint:
            seen = inspect_bank_key(one, file)
            fingerprint = _compared(seen["fingerprint"])
        done = register_bank_key(one, file, fingerprint)
    if as_json:
        print_json(done)
    else:
        lines([f"key {done['key_id']} is the bank's from now on; it expires on {done['expires_on']}"])


def _compared(fingerprint: str) -> str:
    """Return a fingerprint that a person has compared; Refused otherwise."""
    if not sys.stdin.isatty():
        raise BadArgument("there is nobody to compare the fingerprint; give the one from the bank with --fingerprint")
    lines(["SHA-256 of the certificate in the file:", f"  {fingerprint}"])
    if input("Is it the one that the bank gave you on another way? Type yes: ").strip().lower() != "yes":
        raise Refused("nothing was registered")
    return fingerprint


def _write(files: Mapping[str, bytes], target: Path) -> None:
    for name, content in files.items():
        path = target / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadArgument(f"{path.parent} can't be made ({error.strerror})") from None
        write_whole(path, content)
        lines([f"{path} is written"])


def _spaced(fingerprint: str) -> str:
    from bankklient_lab.sealing.certificates import fingerprint_text

    return fingerprint_text(fingerprint)


def _new_password(file: str) -> str:
    """Return the new password of a key, of a file or typed twice."""
    given = read_passphrase(file)
    if given is not None:
        return given
    first = _password("", "New password of the key, 8 characters: ")
    if getpass("Once more: ") != first:
        raise BadArgument("the two passwords differ; nothing is changed")
    return first


def _question(lab: Lab, key: int) -> str:
    """Return the prompt for the password of a key, which names it."""
    from bankklient_lab.keys.register import key_register

    titles = [f"{row['kind']} key {row['key_order']}" for row in key_register.rows(lab) if row["key_id"] == key]
    return f"Password of the {titles[0] if titles else f'key {key}'}, 8 characters: "


def _password(file: str, question: str) -> str:
    given = read_passphrase(file)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise BadArgument("there is nobody to ask for the password of the key; give it in a file")
    return getpass(question)
