"""Opening a lab: here when its file is free, otherwise through its owner (docs/decisions/0003-one-owner.md)."""

from __future__ import annotations

import atexit
import os
import platform
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bankklient_lab import lab as labs
from bankklient_lab.errors import BadArgument, LabBusy, NotLoggedIn, Refused, StoreError
from bankklient_lab.lab import ENVIRONMENT_LAB, Clock, Lab, lab_path, open_here, utc_now
from bankklient_lab.rights.identity import (
    ENVIRONMENT_PASSWORD_FILE,
    ENVIRONMENT_TOKEN,
    ENVIRONMENT_USER,
    Credentials,
    Identity,
)
from bankklient_lab.store.owner import OwnerCard, current_owner
from bankklient_lab.store.passphrase import ENVIRONMENT_PASSPHRASE_FILE, read_passphrase

if TYPE_CHECKING:
    from bankklient_lab.server.endpoint import Endpoint
    from bankklient_lab.server.following import Following
    from bankklient_lab.server.places import Place
    from bankklient_lab.server.remote import RemoteLab

ENVIRONMENT_AUTHORITIES = "BANKKLIENT_CA_FILE"
SECONDS_TO_WAIT = 30.0
SECONDS_UNTIL_SAID = 2.0
SECONDS_FOR_RESTART = 5.0  # of a server; then somebody else may take its lab
SECONDS_BETWEEN_TRIES = 0.05


def open(  # noqa: A001 - bankklient_lab.open, as gzip.open; each argument by name
    path: str | Path | None = None,
    *,
    passphrase: str | None = None,
    user: str = "",
    password: str = "",
    code: str = "",
    token: str = "",
    clock: Clock = utc_now,
) -> Lab:
    """Open the lab at `path` (from BANKKLIENT_LAB when None): the same functions work on it wherever it is held.

    A path that begins with https:// is the address of a server's API, on whatever machine (http:// on this one only); a
    certificate that the system does not know is trusted when the file BANKKLIENT_CA_FILE has it.

    When the file is free this process owns it until the lab is closed, and other processes use it through this one.
    When another process owns it, calls go there; that process then needs no passphrase from us and its clock counts. A
    process has one Lab for a file: opening it again gives the same one. Without a `passphrase` that of the file
    BANKKLIENT_PASSPHRASE_FILE is taken, if it is named.

    A lab of several users, and one that is served to others, asks who calls, wherever its file is held: give a `token`
    (or set BANKKLIENT_TOKEN), or `user` and `password` (or BANKKLIENT_USER and the file BANKKLIENT_PASSWORD_FILE) with
    the `code` of a second factor. In a lab without access control `user` is the name that the log gets.

    Raises StoreError for a missing file, LabBusy when the file stays held for 30 seconds by a process that offers no
    way in, NotLoggedIn (also LoginRefused, SecondFactorNeeded) without good credentials.
    """
    if passphrase is None:
        passphrase = read_passphrase(os.environ.get(ENVIRONMENT_PASSPHRASE_FILE, ""))
    credentials = found_credentials(user, password, code, token)
    address = address_in(path)
    if address:
        return connect_to(address, credentials=credentials, clock=clock)
    return connect(lab_path(path), passphrase=passphrase, credentials=credentials, clock=clock, share_after=0.0)


def found_credentials(user: str = "", password: str = "", code: str = "", token: str = "") -> Credentials:
    """Return what is given, completed from the environment."""
    if not (password or token):
        user = user or os.environ.get(ENVIRONMENT_USER, "")
        token = os.environ.get(ENVIRONMENT_TOKEN, "")
        password = read_passphrase(os.environ.get(ENVIRONMENT_PASSWORD_FILE, "")) or ""
    return Credentials(user, password, code, token)


def connect(
    path: Path,
    *,
    passphrase: str | None = None,
    credentials: Credentials,
    clock: Clock = utc_now,
    share_after: float,
    serving: bool = False,
) -> Lab:
    """Open as `open` does; when this process owns the file it offers it to others after `share_after` seconds.

    With `serving` nobody needs to log in here: callers do.
    """
    began, said = time.monotonic(), False
    while True:
        try:
            lab = open_here(path, passphrase=passphrase, clock=clock, user=credentials.user)
            _recheck(lab)
            return _own(lab, None if serving else credentials, share_after, serving=serving)
        except LabBusy as busy:
            way = _way_in(path, credentials)
            if way is not None:
                again = partial(
                    _connect_again, path, way.card.serving, passphrase=passphrase, clock=clock, share_after=share_after
                )
                following = _following(way, again, credentials)
                return Lab(path, remote=following, user=credentials.user, clock=clock)
            waited = time.monotonic() - began
            if waited > SECONDS_TO_WAIT:
                raise
            if waited > SECONDS_UNTIL_SAID and not said:
                sys.stderr.write(f"waiting: {busy.message.partition(';')[0]}\n")
                said = True
        time.sleep(SECONDS_BETWEEN_TRIES)


def _recheck(lab: Lab) -> None:
    """Check orders that wait again when opening the lab has brought newer codebooks into it."""
    if lab.renewed_codebooks:
        from bankklient_lab.orders.rechecking import recheck

        recheck(lab, f"codebooks {', '.join(lab.renewed_codebooks)}")
        lab.renewed_codebooks = []


def _following(way: RemoteLab, again: Callable[[Credentials], Lab], credentials: Credentials) -> Following:
    from bankklient_lab.server.following import Following

    return Following(way, again, credentials)


def _connect_again(
    path: Path, served: bool, credentials: Credentials, *, passphrase: str | None, clock: Clock, share_after: float
) -> Lab:
    """Open a lab whose owner has ended: at the server that comes back soon, if it was `served`, or here."""
    patience = time.monotonic() + SECONDS_FOR_RESTART
    while served and current_owner(path) is None and time.monotonic() < patience:
        time.sleep(SECONDS_BETWEEN_TRIES)
    return connect(path, passphrase=passphrase, credentials=credentials, clock=clock, share_after=share_after)


def connect_to(address: str, *, credentials: Credentials, clock: Clock = utc_now) -> Lab:
    """Return the lab that a server has at an address; StoreError when it does not answer for 30 seconds."""
    from bankklient_lab.server.remote import RemoteLab

    card = OwnerCard(pid=0, since="", command=address, address=address)
    way = RemoteLab(card, credentials.user, authorities=os.environ.get(ENVIRONMENT_AUTHORITIES, ""))
    patience = time.monotonic() + SECONDS_TO_WAIT
    try:
        while not way.answers():
            if time.monotonic() > patience:
                raise StoreError(f"{address} does not answer; is it the address of an API, and is its name right?")
            time.sleep(SECONDS_BETWEEN_TRIES)
        way.sign_in(credentials)
    except BaseException:
        way.close()
        raise
    again = partial(_connect_to_again, address, clock=clock)
    return Lab(Path(address), remote=_following(way, again, credentials), user=credentials.user, clock=clock)


def _connect_to_again(address: str, credentials: Credentials, *, clock: Clock) -> Lab:
    return connect_to(address, credentials=credentials, clock=clock)


def address_in(given: str | Path | None) -> str:
    """Return the address of a server that is given instead of a file, empty for a file; BadArgument for a bad one."""
    text = str(given or os.environ.get(ENVIRONMENT_LAB, ""))
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not text.startswith(f"{parts.scheme}://"):
        return ""
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise BadArgument(f"{text[:200]} would send your password readably; use https://")
    return text.rstrip("/")


def _own(lab: Lab, credentials: Credentials | None, share_after: float, *, serving: bool) -> Lab:
    if credentials is not None and lab.rights.controlled:
        _sign_in(lab, credentials)
    with _PREPARING:
        if lab.sharing is None:
            _close_at_exit()
            lab.sharing = Offer(lab, share_after, serving=serving)
    return lab


def _sign_in(lab: Lab, credentials: Credentials) -> None:
    """Make who the credentials name the caller of a lab that this process owns.

    Refused when the process has the lab open for another user: what it holds works for that one.
    """
    if lab.caller.session_id is None and lab.caller.token_id is None:
        new = lab.sharing is None
        try:
            lab.caller = _signed_in(lab, credentials)
        except BaseException:
            if new:
                lab.close()
            raise
    elif not _same(lab, credentials):
        raise Refused(f"this process has {lab.path} open for {lab.caller.name}; close it first")


def _same(lab: Lab, credentials: Credentials) -> bool:
    """Tell whether credentials name the present caller of a lab; LoginRefused, NotLoggedIn when they are not good."""
    from bankklient_lab.access.logins import end_session

    if not (credentials.token or credentials.password):
        return credentials.user in {"", lab.caller.name}
    found = _signed_in(lab, credentials)
    if found.session_id is not None:  # it proved who calls; the present session goes on
        end_session(lab, found.session_id, "session_over")
    return (found.user_id, found.token_id) == (lab.caller.user_id, lab.caller.token_id)


def _signed_in(lab: Lab, credentials: Credentials) -> Identity:
    """Return the caller that the credentials name in a lab of this process."""
    from bankklient_lab.access.logins import caller_of, login

    credentials.check()
    if not credentials.token:
        begun = login(
            lab, credentials.user, credentials.password, code=credentials.code, channel="local",
            workstation=platform.node()[:60],
        )  # fmt: skip
    caller = caller_of(lab, credentials.token or begun["session"])
    if caller is None:
        raise NotLoggedIn("the token is not known; make another one")
    return caller


_PREPARING = threading.Lock()


@cache
def _close_at_exit() -> None:
    atexit.register(labs.close_all)


def _way_in(path: Path, credentials: Credentials) -> RemoteLab | None:
    card = current_owner(path)
    if card is None or not card.address:
        return None
    from bankklient_lab.server.remote import OwnerGone, RemoteLab

    way = RemoteLab(card, credentials.user)
    try:
        if way.answers():
            way.sign_in(credentials)
            return way
    except OwnerGone:  # it ended just now: the file is free, or somebody else's
        pass
    except BaseException:
        way.close()
        raise
    way.close()
    return None


class Offer:
    """The endpoint of a lab that this process owns, started after a while in the background."""

    def __init__(self, lab: Lab, after: float, *, serving: bool) -> None:
        self._lab, self._serving = lab, serving
        self._changing = threading.Lock()
        self._stopped = False
        self._endpoint: Endpoint | None = None
        self._timer = threading.Timer(after, self._start)
        self._timer.daemon = True
        self._timer.start()

    def _start(self) -> None:
        self._started()

    def _started(self) -> Endpoint | None:
        """Return the endpoint, started now if it was not yet; None when the lab is closed."""
        from bankklient_lab.server.endpoint import Endpoint

        with self._changing:
            ownership = self._lab.ownership
            if self._stopped or ownership is None:
                return None
            if self._endpoint is None:
                self._endpoint = Endpoint(self._lab)
                self._endpoint.start()
                ownership.publish(
                    replace(
                        ownership.card, address=self._endpoint.address, token=self._endpoint.token,
                        serving=self._serving,
                    )
                )  # fmt: skip
            return self._endpoint

    def open_to(self, place: Place) -> int:
        """Serve the open API at a place, too, and return its port; from then on every caller logs in.

        BadArgument when the place is taken; StoreError when the lab is closed.
        """
        endpoint = self._started()
        if endpoint is None:
            raise StoreError(f"{self._lab.path} is closed")
        before, self._lab.rights.served = self._lab.rights.served, True  # before the first caller comes
        try:
            return endpoint.open_to(place)
        except BaseException:
            self._lab.rights.served = before
            raise

    def stop(self) -> None:
        """End the endpoint, or see that it never starts."""
        self._timer.cancel()
        with self._changing:
            self._stopped = True
            if self._endpoint is not None:
                self._endpoint.stop()
                self._endpoint = None
