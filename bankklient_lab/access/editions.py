"""What the lab's edition has (rights.editions)."""

from __future__ import annotations

import pyarrow as pa

from bankklient_lab.actions import table_action
from bankklient_lab.lab import Lab
from bankklient_lab.rights.editions import EDITIONS, Edition, features


def edition(lab: Lab) -> Edition:
    """Return the lab's edition, in the process that owns it."""
    return lab.rights.edition


@table_action()
def edition_features(lab: Lab) -> pa.Table:
    """Return what editions have. Columns: feature, name, permissions, light, standard, xl, offered (by this lab)."""
    own = edition(lab)
    return pa.Table.from_pylist(
        [
            {"feature": one.feature, "name": one.name, "permissions": " ".join(map(str, sorted(one.permissions)))}
            | {edition: edition in one.editions for edition in EDITIONS}
            | {"offered": own in one.editions}
            for one in features().values()
        ]
    )
