"""Whether something has changed since somebody looked."""

from __future__ import annotations

from bankklient_lab.actions import action
from bankklient_lab.lab import Lab


@action
def last_change(lab: Lab) -> int:
    """Return a number that grows whenever accounts, statements or ended runs are others than before; 0 at first."""
    rows = lab.rows(
        "SELECT coalesce(max(log_id), 0) FROM ops.log WHERE action IN"
        " ('import_file', 'withdraw_import', 'rename_account', 'finish_run')"
    )
    return int(rows[0][0])
