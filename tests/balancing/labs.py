"""What the tests of balancing share: a signer, all orders balanced in one call, payloads read again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from bankklient_lab.balancing.making import Signer, make_batches
from bankklient_lab.balancing.summaries import balancing_types
from bankklient_lab.formats.batches import Batch, read_batch
from bankklient_lab.lab import Lab
from bankklient_lab.sealing.container import sign
from bankklient_lab.sealing.keys import new_key
from tests.clocks import NOON

OWN_POINT = 20001


# The client's key, one for all tests.
KEY = new_key(point=OWN_POINT, kind="operational", at=NOON, expires_on=date(2028, 1, 1), algorithm="ecdsa")


def a_signer() -> Signer:
    """Return what signs with the client's key."""
    return Signer(1, lambda identity, sha256, at: sign(identity, sha256, KEY, at))


def agreed(lab: Lab, which: str = "complete", types: Sequence[str] = ()) -> dict[str, str]:
    """Return the digest of each type that has records (or of the named ones), as somebody agrees to it."""
    return {
        row["record_type"]: row["digest"]
        for row in balancing_types.rows(lab, which)
        if row["records"] and (not types or row["record_type"] in types)
    }


def balanced(lab: Lab, signer: Signer, which: str = "complete", types: Sequence[str] = ()) -> dict[str, Any]:
    """Balance what there is and return what was made."""
    return make_batches(lab, agreed(lab, which, types), signer, which=which)


def payload(lab: Lab, batch_id: int) -> Batch:
    """Return what a kept payload says."""
    ((content,),) = lab.rows("SELECT payload FROM ops.batch_content WHERE batch_id = $id", {"id": batch_id})
    return read_batch(content)
