"""The entrance: the one-time link, and the small pages on which one logs in, unlocks a session or chooses a password.

They are plain HTML that works without a script. A form is good once, for the browser that got it, and only from here.
"""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from tornado.template import Template
from tornado.web import RequestHandler

from bankklient_lab.access.configuration import setting
from bankklient_lab.access.logins import digest, end_session, login, logout, unlock_session
from bankklient_lab.access.users import change_password
from bankklient_lab.errors import LabError, LoginRefused, NotLoggedIn, SecondFactorNeeded
from bankklient_lab.rights.identity import Identity

from . import texts
from .formatting import escape
from .gate import (
    ALIVE,
    COOKIE,
    NARROW_COOKIE,
    NARROW_PX,
    SCHEME_COOKIE,
    TOKEN,
    Gate,
    key_of,
    without_token,
)
from .texts import LANGUAGE_COOKIE, LANGUAGES, text

FORM_COOKIE = "bankklient_form"
FORMS_MAX = 10_000
NEXT_CHARS_MAX = 4_000
_LOOPBACK = frozenset({"127.0.0.1", "::1"})

R = TypeVar("R")


class Proof(NamedTuple):
    """A name and a password that were right, until the second factor is shown; `passkey` is what a browser needs."""

    name: str = ""
    password: str = ""
    passkey: str = ""


class Forms:
    """The forms that were given out and not sent back yet; the oldest are forgotten when there are too many."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Proof] = OrderedDict()

    def new(self, proof: Proof) -> str:
        """Return the token of a new form."""
        token = secrets.token_urlsafe(24)
        self._open[digest(token)] = proof
        while len(self._open) > FORMS_MAX:
            self._open.popitem(last=False)
        return token

    def take(self, token: str) -> Proof | None:
        """Use a form up; None for one that is not known or was used."""
        return self._open.pop(digest(token), None)


_FORMS = Forms()


class _Answer(RequestHandler):
    """What all answers of the entrance share."""

    def initialize(self, gate: Gate) -> None:
        """Take what the route gives."""
        self.gate = gate

    def prepare(self) -> None:
        """Speak the language of the browser."""
        self.language = texts.known_language(self.get_cookie(LANGUAGE_COOKIE), self.request.headers)
        texts.speak(self.language)

    def on_finish(self) -> None:
        """Leave the connection, which may go on with another request, without a language."""
        texts.speak("")

    def write_error(self, status_code: int, **_kwargs: Any) -> None:
        """Answer what goes wrong without a page."""
        self.finish(f"{status_code}")

    def refuse(self, title: str, sentence: str) -> None:
        """Answer 403 with a sentence."""
        self.set_status(403)
        self.finish(
            f"<!doctype html><html lang={self.language}><meta charset=utf-8>"
            f"<meta name=viewport content='width=device-width'><title>{text(title)}</title>"
            "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:15vh auto;padding:0 1.5em;"
            f"color-scheme:light dark}}</style><main><h1>{text(title)}</h1><p>{text(sentence)}</p></main>"
        )

    def keep_cookie(self, name: str, value: str) -> None:
        """Set a cookie that no script reads and that no other site sends."""
        self.set_cookie(name, value, httponly=True, samesite="Strict", path="/", secure=self.gate.secure(self.request))


class Stranger(_Answer):
    """Answers requests for another host or from another site."""

    def prepare(self) -> None:
        """Refuse, whatever the method."""
        super().prepare()
        self.refuse("gate.title", "gate.stranger")


class Alive(_Answer):
    """Tells an open page that the server is there."""

    def get(self) -> None:
        """Answer."""
        self.set_header("Cache-Control", "no-store")
        self.finish("")


class _Pages(_Answer):
    """Shows the small pages."""

    def show(self, kind: str, *, error: str = "", name: str = "", proof: Proof | None = None) -> None:
        """Show the page of a kind: login, code, unlock or password; `error` is a sentence."""
        proof = proof or Proof()
        token = _FORMS.new(proof)
        self.keep_cookie(FORM_COOKIE, token)
        user = self.gate.identity(key_of(self.request))
        lab = self.gate.lab
        strength = str(setting(lab, "password_strength"))
        self.finish(
            _template().generate(
                kind=kind, error=_sentence(error), factor=bool(proof.password), passkey=proof.passkey,
                name=name, user=user.name if user else "", form=token,
                next=self.where(), lab=lab.path.stem, language=self.language, languages=LANGUAGES.items(),
                scheme=self._scheme(), rules=text(f"login.rules_{strength.replace(' ', '_')}"), text=text,
                say=lambda key, **values: text(f"login.{key}", **values), narrow_cookie=NARROW_COOKIE,
                narrow_px=NARROW_PX, scheme_cookie=SCHEME_COOKIE, language_cookie=LANGUAGE_COOKIE,
            )
        )  # fmt: skip

    def _scheme(self) -> str:
        was_set = self.get_cookie(f"{SCHEME_COOKIE}_set") == "1"
        return "dark" if was_set and self.get_cookie(SCHEME_COOKIE) == "dark" else "light" if was_set else ""

    def where(self) -> str:
        """Return where the user wanted to go: a page of ours."""
        wanted = self.get_body_argument("next", "") if self.request.method == "POST" else self.request.uri or "/"
        return without_token(wanted[:NEXT_CHARS_MAX])

    def form(self) -> Proof | None:
        """Return what belongs to the form that was sent; None when it was not given to this browser or is used up."""
        token = self.get_body_argument("form", "")
        return (
            _FORMS.take(token) if token and secrets.compare_digest(token, self.get_cookie(FORM_COOKIE) or "") else None
        )

    async def ask(self, work: Callable[[], R]) -> R:
        """Do work of the lab beside the loop: judging a password takes a while on purpose."""
        return await asyncio.get_running_loop().run_in_executor(None, work)

    def let_in(self, secret: str, *, language: str) -> None:
        """Give the browser its new login and send it where it wanted to go."""
        end_login(self.gate, key_of(self.request))
        self.keep_cookie(COOKIE, secret)
        self.clear_cookie(FORM_COOKIE)
        year = 365
        self.set_cookie(LANGUAGE_COOKIE, language, samesite="Strict", path="/", expires_days=year)
        self.redirect(self.where(), status=303)


class Script(_Answer):
    """Gives the script of the small pages, which also serves the layer over a locked page."""

    def get(self) -> None:
        """Answer."""
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.finish(Path(__file__).with_name("entrance.js").read_bytes())


class Entrance(_Pages):
    """Answers requests of browsers that are not in."""

    def get(self) -> None:
        """Let a browser with a fresh link in, or ask who it is; refuse everything else."""
        gate = self.gate
        if gate.lab.rights.controlled:
            if self.request.path != "/":
                self.send_error(403)
                return
            stand = gate.stand(key_of(self.request))
            self.show({"locked": "unlock", "expired": "password"}.get(stand, "login"))
            return
        cookie = gate.redeem(self.get_query_argument(TOKEN, ""))
        if cookie is None:
            self.refuse("gate.title", "gate.refused")
            return
        self.keep_cookie(COOKIE, cookie)
        self._forward(without_token(self.request.uri or "/"))

    def _forward(self, address: str) -> None:
        # A page of our own that goes on, not a redirect: a Strict cookie does not travel along a redirect that
        # began on another site, and only a page can ask the browser for its width and colour scheme.
        self.finish(
            f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<title>{text('app.name')}</title>"
            f"<noscript>{text('gate.script')}</noscript><a id=go href='{escape(address)}'></a><script>"
            "const year = '; path=/; SameSite=Strict; max-age=31536000';"
            "const keep = (name, value) => { document.cookie = name + '=' + value + year; };"
            f"keep('{NARROW_COOKIE}', matchMedia('(max-width: {NARROW_PX}px)').matches ? 1 : 0);"
            f"if (!document.cookie.includes('{SCHEME_COOKIE}_set=1'))"
            f" keep('{SCHEME_COOKIE}', matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');"
            "location.replace(document.getElementById('go').href)</script>"
        )


class _Form(_Pages, ABC):
    """Takes a form of one of the small pages."""

    kind = ""

    def get(self) -> None:
        """Send whoever opens the address of a form to the entrance."""
        self.redirect("/", status=303)

    async def post(self) -> None:
        """Take the form if it is one of ours; an error of the lab is a sentence above it."""
        proof = self.form()
        if proof is None:
            self.show("login" if self.kind == "code" else self.kind, error=text("login.old_form"))
            return
        try:
            await self.take(proof)
        except LabError as error:
            self.failed(error, proof)

    @abstractmethod
    async def take(self, proof: Proof) -> None:
        """Do what the form asks for."""

    def failed(self, error: LabError, _proof: Proof) -> None:
        """Show the form again, with the reason."""
        self.show(self.kind, error=error.message)

    def user(self) -> Identity:
        """Return whose browser it is; NotLoggedIn otherwise."""
        found = self.gate.identity(key_of(self.request))
        if found is None:
            raise NotLoggedIn(text("login.over"))
        return found

    def factor(self) -> dict[str, str]:
        """Return the second factor that was sent."""
        return {name: self.get_body_argument(name, "").strip() for name in ("code", "passkey")}

    def why(self, error: LabError) -> str:
        """Return why a second factor was refused."""
        wrong = isinstance(error, LoginRefused) and not error.details.get("wait_seconds")
        return text("login.wrong_code") if wrong else error.message

    async def log_in(self, proof: Proof, *, code: str = "", passkey: str = "") -> None:
        """Log in with what was shown, and let the browser in."""
        place = self.request.remote_ip or ""
        made = await self.ask(
            partial(
                login, self.gate.lab, proof.name, proof.password, code=code, passkey=passkey, channel="pages",
                workstation="" if place in _LOOPBACK else place,
            )
        )  # fmt: skip
        self.let_in(made["session"], language=self.language)


class Login(_Form):
    """Takes name, password and language."""

    kind = "login"

    async def take(self, _proof: Proof) -> None:
        """Log in."""
        self.language = texts.known_language(self.get_body_argument("language", ""), {})
        texts.speak(self.language)
        proof = Proof(self._name(), self.get_body_argument("password", "", strip=False))
        try:
            await self.log_in(proof)
        except SecondFactorNeeded as error:
            self.show("code", proof=proof._replace(passkey=str(error.details.get("passkey", ""))))

    def _name(self) -> str:
        return self.get_body_argument("name", "").strip()

    def failed(self, error: LabError, _proof: Proof) -> None:
        """Show the form again with the name that was typed."""
        self.show("login", error=error.message, name=self._name())


class Code(_Form):
    """Takes the second factor of somebody whose password was right."""

    kind = "code"

    async def take(self, proof: Proof) -> None:
        """Log in with the code or the passkey."""
        await self.log_in(proof, **self.factor())

    def failed(self, error: LabError, proof: Proof) -> None:
        """Ask for another one; the password has to be typed again where the passkey was not right."""
        again = isinstance(error, LoginRefused) and proof.name and not proof.passkey
        self.show("code" if again else "login", error=self.why(error) if proof.name else error.message, proof=proof)


class Unlock(_Form):
    """Opens a locked session again with the password, and the second factor where there is one."""

    kind = "unlock"

    def get(self) -> None:
        """Show the page to a browser whose session is locked."""
        if self.gate.stand(key_of(self.request)) == "locked":
            self.show("unlock")
        else:
            self.redirect("/", status=303)

    async def take(self, proof: Proof) -> None:
        """Unlock the session."""
        mine = self.gate.lab.acting(self.user())
        proof = proof if proof.password else Proof(password=self.get_body_argument("password", "", strip=False))
        try:
            await self.ask(partial(unlock_session, mine, proof.password, **self.factor()))
        except SecondFactorNeeded as error:
            self.show("unlock", proof=proof._replace(passkey=str(error.details.get("passkey", ""))))
        else:
            self.redirect(self.where(), status=303)

    def failed(self, error: LabError, proof: Proof) -> None:
        """Show the form again while the session stands."""
        stands = self.gate.identity(key_of(self.request)) is not None
        self.show("unlock" if stands else "login", error=self.why(error) if proof.password else error.message)


class Password(_Form):
    """Takes a new password, when the old one has expired."""

    kind = "password"

    async def take(self, _proof: Proof) -> None:
        """Choose it."""
        user = self.user()
        old, new, again = (self.get_body_argument(name, "", strip=False) for name in ("old", "new", "again"))
        if new != again:
            self.show("password", error=text("login.different"))
            return
        await self.ask(lambda: change_password(self.gate.lab.acting(user), old, new))
        self.redirect(self.where(), status=303)

    def failed(self, error: LabError, _proof: Proof) -> None:
        """Show the form again while the login stands."""
        self.show("password" if self.gate.identity(key_of(self.request)) else "login", error=error.message)


class Logout(_Pages):
    """Ends the login."""

    def get(self) -> None:
        """Send whoever opens the address to the entrance: a link from anywhere must not log anybody out."""
        self.redirect("/", status=303)

    def post(self) -> None:
        """End it and show the login page."""
        end_login(self.gate, key_of(self.request))
        self.clear_cookie(COOKIE)
        self.redirect("/", status=303)


def end_login(gate: Gate, key: str) -> None:
    """End the session of a browser, if it has one, and close its windows."""
    found = gate.identity(key)
    if found is None or found.session_id is None:
        return
    mine = gate.lab.acting(found)
    try:
        logout(mine)
    except NotLoggedIn:  # locked, or the user is not valid any more
        end_session(mine, found.session_id, "logout")
    gate.windows.close(key)


@cache
def _template() -> Template:
    return Template(Path(__file__).with_name("login.html").read_text(encoding="utf-8"), autoescape="xhtml_escape")


def _sentence(message: str) -> str:
    """Return a message as a sentence with its capital and its full stop."""
    return message and message[:1].upper() + message[1:] + ("" if message.endswith((".", "!", "?")) else ".")


ROUTES: dict[str, type[_Answer]] = {
    ALIVE: Alive,
    "/entrance.js": Script,
    "/login": Login,
    "/unlock": Unlock,
    "/code": Code,
    "/password": Password,
    "/logout": Logout,
}
