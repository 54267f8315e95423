"""Lists that a command prints or writes to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bankklient_lab.cli.output import save_file
from bankklient_lab.cli.shared import Listed

if TYPE_CHECKING:
    from bankklient_lab.access.listings import Listing


def print_or_write(how: Listed, name: str, *given: object, empty: str = "there is nothing to list") -> None:
    """Print a list of access control or around orders, or write it as a file; `given` are arguments of its reader."""
    listing = _listing(name)
    with how.opened(pandas=how.output is not None) as one:
        if how.output is not None:
            from bankklient_lab.reports.listings import render_listing

            save_file(how.output, render_listing(one, name, how.output.suffix.lower(), *given))
            return
        rows = listing.read.rows(one, *given)
    columns = (listing.key, *listing.columns) if listing.key else listing.columns
    how.table(rows, columns, empty=empty)


def _listing(name: str) -> Listing:
    from bankklient_lab.access.listings import LISTINGS

    if name in LISTINGS:  # without importing the room of orders
        return LISTINGS[name]
    from bankklient_lab.orders.reported import ORDER_LISTINGS

    if name in ORDER_LISTINGS:
        return ORDER_LISTINGS[name]
    from bankklient_lab.services.reported import SERVICE_LISTINGS

    if name in SERVICE_LISTINGS:
        return SERVICE_LISTINGS[name]
    from bankklient_lab.exchange.reported import MESSAGE_LISTINGS

    return MESSAGE_LISTINGS[name]
