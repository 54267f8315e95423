"""Links that open the dashboards, asked for by other processes of the same user."""

from __future__ import annotations

from bankklient_lab.actions import action
from bankklient_lab.errors import Refused
from bankklient_lab.lab import Lab


@action(mode="standard")
def new_link(lab: Lab) -> str:
    """Return an address that opens the dashboards once, for one browser; Refused when none are served."""
    if lab.pages is None:
        raise Refused(f"no dashboards of {lab.path} are served; start them with `bankklient serve`")
    return lab.pages.new_link()
