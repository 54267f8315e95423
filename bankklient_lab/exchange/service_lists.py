"""The on-line update of a list of services: the bank is asked for its records, no batch goes either way (SRV-094)."""

from __future__ import annotations

from bankklient_lab.actions import action
from bankklient_lab.errors import FormatError, SealBroken
from bankklient_lab.exchange.channels import Link
from bankklient_lab.exchange.connecting import opened_link
from bankklient_lab.exchange.services import keep_records
from bankklient_lab.formats.batches import QUERY, read_batch_of
from bankklient_lab.formats.services import LIST_MESSAGE, ServiceList, read_records
from bankklient_lab.jobs import Job
from bankklient_lab.keys.points import BANK, OWN, point_of
from bankklient_lab.lab import Lab
from bankklient_lab.services.requests import ASKS, demand, kind_named


@action(ASKS, mode="batch", record="service_list", steps=True)
def update_service_records(lab: Lab, kind: str, password: str = "", *, job: Job | None = None) -> None:
    """Ask the bank for its records of a kind (codebooks.services) and keep them in place of those before.

    `password` is as in `transmit`. UnknownName for a kind that there is not; Unreachable, SealBroken for what the bank
    did not sign and FormatError for what can't be told: then the records that are here stay.
    """
    of = kind_named(kind)
    demand(lab, of.rights.sees or of.rights.creates, "update_service_records")
    job = job or Job()
    job.step(f"asking for {of.plural.lower()}")
    with opened_link(lab, password) as link:
        take_service_records(lab, link, of.name)


def take_service_records(lab: Lab, link: Link, kind: str) -> None:
    """Ask over a link, as `update_service_records` says."""
    listed = _asked(lab, link, kind)
    with lab.database.tx("ops") as cursor:
        keep_records(lab, cursor, listed)
        lab.log(cursor, "update_service_records", kind, records=len(listed.records))


def _asked(lab: Lab, link: Link, kind: str) -> ServiceList:
    """Return what the bank sealed for us as its records; SealBroken for anything else."""
    found = link.opened(link.service.service_list(kind), lab.clock())
    own, bank = point_of(lab, OWN).point, point_of(lab, BANK).point
    if (found.identity.sender, found.identity.recipient, found.identity.batch_type) != (bank, own, QUERY):
        raise SealBroken("identity", f"what came is batch {found.identity.line}, not a list of records")
    messages = read_batch_of(found.identity, found.payload).messages
    listed = [read_records(one) for one in messages if one.name == LIST_MESSAGE]
    if [one.kind for one in listed] != [kind]:
        raise FormatError("what came is not the list that was asked for", field=LIST_MESSAGE)
    return listed[0]
