"""The way to the bank as its connection point is set up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bankklient_lab.errors import BadArgument, Refused
from bankklient_lab.exchange.channels import Link
from bankklient_lab.keys.choosing import transmission_keys
from bankklient_lab.keys.points import BANK, FOLDER, HTTPS, point_of
from bankklient_lab.keys.register import Key, bank_trust
from bankklient_lab.keys.saved import saved_password
from bankklient_lab.keys.unlocking import unlock
from bankklient_lab.lab import Lab


def channel_name(lab: Lab) -> str:
    """Return the channel of the bank's connection point; Refused when none is set up."""
    channel = point_of(lab, BANK).channel
    if channel not in (FOLDER, HTTPS):
        raise Refused("how the bank is reached is not set up; set the channel of its connection point")
    return channel


def key_and_password(lab: Lab) -> tuple[Key, str]:
    """Return the key that opens the way to the bank and its saved password, empty when it is to be asked for.

    With a saved password nobody is asked (TRN-168), whatever other key the caller has. Refused where there is no key.
    """
    keys = [(key, saved_password(lab, key) or "") for key in transmission_keys(lab)]
    return next((one for one in keys if one[1]), keys[0])


@contextmanager
def opened_link(lab: Lab, password: str) -> Iterator[Link]:
    """Give the link to the bank's service, with the key for transmissions opened; Refused where there is none."""
    if channel_name(lab) != HTTPS:
        raise Refused("the bank is reached by a folder, and a folder answers nothing")
    key, saved = key_and_password(lab)
    if not (password or saved):
        raise BadArgument(f"the password of the {key.title} is needed")
    opened = unlock(lab, key.key_id, password or saved)
    from bankklient_lab.exchange.https import Https

    with Https(lab, opened) as service:
        yield Link(service, opened, bank_trust(lab))
