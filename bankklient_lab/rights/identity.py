"""Who calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bankklient_lab.errors import NotLoggedIn
from bankklient_lab.rights.permissions import Held

# Where credentials come from when none are given.
ENVIRONMENT_USER = "BANKKLIENT_USER"
ENVIRONMENT_PASSWORD_FILE = "BANKKLIENT_PASSWORD_FILE"  # noqa: S105 - the name of the variable
ENVIRONMENT_TOKEN = "BANKKLIENT_TOKEN"  # noqa: S105 - the name of the variable

Channel = Literal["pages", "api", "local"]
OWNER = 1  # the first user of a lab, who made it


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller: a user in a session, or through a token whose `scope` narrows what the user may; 0 is nobody.

    `name` is what the log names. `session_id` is None for the local owner of a lab without access control and for
    tokens.
    """

    user_id: int
    name: str
    reference: str
    channel: Channel = "local"
    session_id: int | None = None
    token_id: int | None = None
    scope: Held | None = None
    workstation: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller logs in with: name and password (and a code), or a token."""

    user: str = ""
    password: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def check(self) -> None:
        """Raise NotLoggedIn when there is neither a token nor a password."""
        if not self.token and not self.password:
            raise NotLoggedIn("the lab has several users: give your name and password, or a token")


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages of a lab are served, as browsers see it: host name, and origin such as https://host:port."""

    host: str
    origin: str


NOBODY = Identity(0, "", "")
# The process that owns a lab, when it begins the runs that fall due; each then works through a token of its user.
SCHEDULER = Identity(-1, "scheduler", "")
