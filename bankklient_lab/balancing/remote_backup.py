"""What a remote backup says: the settings that users changed, when they are others than the bank has (BAL-063).

The bank keeps the last one and gives it back in the configuration with which a lost lab begins anew.
"""

from __future__ import annotations

from typing import Any

from bankklient_lab.access.configuration import settings_of_users
from bankklient_lab.codebooks.codes import DISCARDED, BatchType, Sent, listed
from bankklient_lab.keys.points import BANK, FOLDER, point_of
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.configuration import read_backup


def changed_settings(lab: Lab, cursor: Any) -> dict[str, str] | None:
    """Return the settings when they have changed since the last remote backup, else None.

    A bank that is reached by a folder keeps none: None there, too.
    """
    if point_of(lab, BANK).channel == FOLDER:
        return None
    settings = settings_of_users(lab)
    last = cursor.execute(
        f"SELECT payload FROM ops.batch JOIN ops.batch_content USING (batch_id) WHERE direction = 'send'"  # noqa: S608
        f" AND batch_type = {BatchType.REMOTE_BACKUP:d} AND status NOT IN {listed((*DISCARDED, Sent.REJECTED))}"
        " ORDER BY batch_id DESC LIMIT 1"
    ).fetchone()
    kept = read_backup(bytes(last[0])).settings if last else {}
    return None if settings == kept else settings
