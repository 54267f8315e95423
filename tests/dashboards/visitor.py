"""A browser without a screen: keeps cookies, fills in forms, asks for websockets."""

from __future__ import annotations

import http.client
import re
from html import unescape
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlencode

ALICE, BOB = ("alice", "Correct-Horse-7"), ("bob", "Battery-Staple-8")


class Answer(NamedTuple):
    """What the server said."""

    status: int
    headers: http.client.HTTPMessage
    body: str

    @property
    def error(self) -> str:
        """The sentence above the form."""
        found = re.search(r'role="alert"[^>]*>([^<]*)<', self.body)
        return unescape(found[1]) if found else ""

    @property
    def title(self) -> str:
        """The heading of a small page."""
        found = re.search(r"<h1>([^<]*)</h1>", self.body)
        return found[1] if found else ""

    @property
    def window(self) -> str:
        """The token of the window that the page connects to."""
        found = re.search(r'"token":"([^"]+)"', self.body)
        assert found, self.body[:300]
        return found[1]


class Visitor:
    """One browser; `address` is where the server is."""

    def __init__(self, port: int, *, origin: str | None = None) -> None:
        self.port = port
        self.origin = origin or f"http://127.0.0.1:{port}"
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None, **headers: str | None) -> Answer:
        """Send a request and keep the cookies of its answer; a header that is None is left out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent: dict[str, str | None] = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if method == "POST":
            sent |= {"Origin": self.origin, "Content-Type": "application/x-www-form-urlencoded"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = urlencode(fields) if fields else None
        connection.request(method, path, body, {name: value for name, value in sent.items() if value is not None})
        response = connection.getresponse()
        for header in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(header).items():
                self.cookies.pop(name, None)
                if morsel.value:
                    self.cookies[name] = morsel.value
        text = "" if response.status == 101 else response.read().decode()
        connection.close()
        return Answer(response.status, response.headers, text)

    def get(self, path: str = "/", **headers: str | None) -> Answer:
        """Open an address."""
        return self.ask("GET", path, **headers)

    def send(self, form: Answer, path: str, **fields: str) -> Answer:
        """Fill a form in and send it."""
        hidden = {
            name: unescape(value)
            for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form.body)
        }
        return self.ask("POST", path, hidden | fields)

    def log_in(self, who: tuple[str, str], path: str = "/") -> Answer:
        """Log in from the login page."""
        return self.send(self.get(path), "/login", name=who[0], password=who[1], language="en")

    def upgrade(self, window: str, *, origin: str | None = "") -> int:
        """Ask for the websocket of a window and return the status: 101 when it is given."""
        return self.ask(
            "GET", "/ws", Connection="Upgrade", Upgrade="websocket", Sec_WebSocket_Version="13",
            Sec_WebSocket_Key="x" * 22 + "==", Sec_WebSocket_Protocol=f"bokeh, {window}",
            Origin=self.origin if origin == "" else origin,
        ).status  # fmt: skip
