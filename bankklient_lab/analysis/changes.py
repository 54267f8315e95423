"""Whether something has changed since somebody looked."""

from __future__ import annotations

from bankklient_lab.actions import action
from bankklient_lab.lab import Lab


@action(mode="standard")
def last_change(lab: Lab) -> int:
    """Return a number that grows whenever accounts, statements or ended runs are others than before; 0 at first."""
    rows = lab.rows(
        "SELECT coalesce(max(log_id), 0) FROM ops.log SEMI JOIN (FROM app.log_message WHERE shown = 'yes')"
        " USING (action)"
    )
    return int(rows[0][0])
