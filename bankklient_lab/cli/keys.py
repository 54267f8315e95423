"""Commands for electronic keys: of the client, and the bank's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bankklient_lab.cli.asked import PasswordFileOption, new_password, of_key, password, require_yes
from bankklient_lab.cli.output import lines, save_file
from bankklient_lab.cli.shared import Answered, AtLab, add_group
from bankklient_lab.errors import BadArgument

if TYPE_CHECKING:
    from bankklient_lab.lab import Lab

KeyArgument = Annotated[int, typer.Argument(metavar="KEY", help="Number of the key, as `keys list` shows it.")]
TargetArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the folder for the bank is put.")]
FingerprintOption = Annotated[
    str, typer.Option("--fingerprint", metavar="TEXT", help="What the bank gave on another way, such as a letter.")
]
_COLUMNS = (
    "key_id", "point", "kind", "key_order", "user", "valid", "delivered", "proven", "expires_on", "created_at",
)  # fmt: skip
_NEW = "the key"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    commands: dict[str, Callable[..., None]] = {
        "list": list_keys, "cards": list_cards, "create": create, "hand-over": hand_over, "announce": announce,
        "delivered": delivered, "pass": make_pass, "password": change_password, "register-bank": register_bank,
        "install": install,
    }  # fmt: skip
    add_group(app, "keys", "Keys that sign and open batches: the client's and the bank's.", commands)


def list_keys(how: Answered) -> None:
    """List the keys of the client and of the bank, and say which expire soon."""
    from bankklient_lab.keys.expiring import key_warnings
    from bankklient_lab.keys.register import key_register

    with how.opened() as one:
        rows, warnings = key_register.rows(one), key_warnings(one)
    how.table(rows, _COLUMNS, empty="there is no key yet; make one with `bankklient keys create`")
    for said in warnings:
        sys.stderr.write(f"bankklient: {said}\n")


def list_cards(how: Answered) -> None:
    """List the chip cards at the machine that has the lab, with the keys on them that can sign."""
    from bankklient_lab.keys.cards import chip_cards

    with how.opened() as one:
        found = chip_cards(one)
    none = [{"number": "", "label": ""}]
    rows = [
        {"card": card["serial"], "card_label": card["label"], "number": key["number"], "label": key["label"]}
        for card in found
        for key in card["keys"] or none
    ]
    how.table(rows, ("card", "card_label", "number", "label"), empty="there is no card")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKeyOptions(Answered):
    """What is said of a new key."""

    expires_days: Annotated[
        int | None, typer.Option(metavar="DAYS", help="After so many days it expires; the most without it.")
    ] = None
    warn_days: Annotated[
        int | None, typer.Option(metavar="DAYS", help="So many days before it expires you are warned.")
    ] = None
    existing: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="With --card: a key that it has, as `keys cards` shows it.")
    ] = None
    save_password: Annotated[
        bool | None,
        typer.Option("--save-password", help="Transmissions ask nobody for it (authorized persons only)."),
    ] = None


def create(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="operational or personal.")],
    password_file: PasswordFileOption = "",
    card: Annotated[
        str, typer.Option(metavar="SERIAL", help="Make it on this chip card; the password is its PIN.")
    ] = "",
    *,
    how: NewKeyOptions,
) -> None:
    """Make a key, which replaces the one of its kind; its password has exactly eight characters."""
    from bankklient_lab.keys.cards import create_card_key
    from bankklient_lab.keys.creating import create_key

    given = how.given()
    if card and "save_password" in given:
        raise BadArgument("the PIN of a chip card is not saved; leave --save-password out")
    if not card and "existing" in given:
        raise BadArgument("--existing names a key of a chip card; give --card with it")
    with how.opened() as one:
        if card:
            made = create_card_key(one, kind, card, password(password_file, f"PIN of card {card}: "), **given)
        else:
            made = create_key(one, kind, new_password(password_file, _NEW), **given)
    number = made["key_id"]
    after = (
        f"announce it to the bank in place of the key {made['replaces']}: bankklient keys announce {number}"
        if made["replaces"]
        else f"hand it over to the bank: bankklient keys hand-over {number} FOLDER"
    )
    how.tell(
        made,
        f"key {number}, the {kind} key {made['key_order']}, is made; it expires on {made['expires_on']}",
        f"SHA-256 of its certificate: {_spaced(made['fingerprint'])}",
        after,
    )


def hand_over(
    key: KeyArgument,
    target: TargetArgument,
    password_file: PasswordFileOption = "",
    *,
    at: AtLab,
) -> None:
    """Write the folder that brings a first key to the bank, with the letter that has its fingerprint."""
    from bankklient_lab.keys.delivering import hand_over_key

    with at.opened() as one:
        files = hand_over_key(one, key, password(password_file, _question(one, key)))
    _write(files, target)


def announce(
    key: KeyArgument,
    password_file: PasswordFileOption = "",
    previous_password_file: Annotated[
        str, typer.Option(metavar="FILE", help="File with the password of the key before; only you may read it.")
    ] = "",
    *,
    how: Answered,
) -> None:
    """Put a key that replaced another one into a batch for the bank, signed by the one before; then transmit."""
    from bankklient_lab.balancing.announcing import announce_key

    with how.opened() as one:
        new = password(password_file, _question(one, key))
        previous = password(previous_password_file, "Password of the key before it: ", "--previous-password-file")
        told = announce_key(one, key, new, previous)
    how.tell(told, f"batch 2 {told['batch_order']} brings key {key} to the bank with the next transmission")


def delivered(
    key: KeyArgument,
    fingerprint: Annotated[str, typer.Argument(metavar="FINGERPRINT", help="As the bank's protocol names it.")],
    *,
    at: AtLab,
) -> None:
    """Record that the bank has taken over a key that was handed over."""
    from bankklient_lab.keys.delivering import record_key_delivery

    with at.opened() as one:
        record_key_delivery(one, key, fingerprint)
    lines([f"the bank has key {key}"])


def make_pass(
    target: TargetArgument,
    password_file: PasswordFileOption = "",
    *,
    at: AtLab,
) -> None:
    """Write the pass, which the bank asks for before encrypted transmissions."""
    from bankklient_lab.keys.delivering import create_pass

    with at.opened() as one:
        files = create_pass(one, password(password_file, "Password of the operational key: "))
    _write(files, target)


def change_password(
    key: KeyArgument,
    password_file: PasswordFileOption = "",
    new_password_file: Annotated[
        str, typer.Option(metavar="FILE", help="File with the new password; only you may read it.")
    ] = "",
    *,
    at: AtLab,
) -> None:
    """Give a key another password; the key stays the same."""
    from bankklient_lab.keys.unlocking import change_key_password

    with at.opened() as one:
        old = password(password_file, _question(one, key))
        change_key_password(one, key, old, new_password(new_password_file, _NEW, "--new-password-file"))
    lines([f"key {key} has another password"])


def register_bank(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The bank's certificate, DER or PEM.")],
    fingerprint: FingerprintOption = "",
    *,
    how: Answered,
) -> None:
    """Register the bank's certificate once its fingerprint was compared with what the bank gave on another way."""
    from bankklient_lab.keys.banks import inspect_bank_key, register_bank_key

    with how.opened() as one:
        if not fingerprint:
            seen = inspect_bank_key(one, file)
            fingerprint = _compared(seen["fingerprint"])
        done = register_bank_key(one, file, fingerprint)
    how.tell(done, f"key {done['key_id']} is the bank's from now on; it expires on {done['expires_on']}")


def install(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration that the bank issued.")],
    fingerprint: FingerprintOption = "",
    *,
    how: Answered,
) -> None:
    """Begin a new lab with the bank's configuration: the first one, or one for recovery after the lab was lost."""
    from bankklient_lab.exchange.installing import inspect_configuration, take_configuration

    with how.opened() as one:
        if not fingerprint:
            seen = inspect_configuration(one, file)
            lines([f"configuration for {seen['purpose']}, from {seen['bank']} for {seen['client']}"])
            fingerprint = _compared(seen["fingerprint"])
        done = take_configuration(one, file, fingerprint)
    how.tell(
        done,
        f"{done['accounts']} accounts and {done['settings']} settings are taken over; key {done['key_id']}, the"
        f" {done['title']}, announces your first key: bankklient keys create operational",
        *(
            f"the setting {name} does not fit this version; the value of the bank is left out"
            for name in done["left_out"]
        ),
    )


def _compared(fingerprint: str) -> str:
    """Return a fingerprint that a person has compared; Refused otherwise."""
    if not sys.stdin.isatty():
        raise BadArgument("there is nobody to compare the fingerprint; give the one from the bank with --fingerprint")
    lines(["SHA-256 of the certificate in the file:", f"  {fingerprint}"])
    require_yes("Is it the one that the bank gave you on another way?", "nothing was registered")
    return fingerprint


def _write(files: Mapping[str, bytes], target: Path) -> None:
    for name, content in files.items():
        path = target / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadArgument(f"{path.parent} can't be made ({error.strerror})") from None
        save_file(path, content)


def _spaced(fingerprint: str) -> str:
    from bankklient_lab.sealing.certificates import fingerprint_text

    return fingerprint_text(fingerprint)


def _question(lab: Lab, key: int) -> str:
    """Return the prompt for the password of a key, which names it."""
    from bankklient_lab.keys.register import key_register

    named = {"title": f"key {key}", "card": ""}  # what it is asked for tells when there is none
    for row in key_register.rows(lab):
        if row["key_id"] == key:
            named = {"title": f"{row['kind']} key {row['key_order']}", "card": row["card"]}
    return f"{of_key(named)}: "
