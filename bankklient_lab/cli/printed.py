"""Lists that a command prints or writes to a file."""

from __future__ import annotations

from bankklient_lab.cli.output import lines
from bankklient_lab.cli.shared import Listed
from bankklient_lab.store.files import write_whole


def print_or_write(how: Listed, name: str, *given: object, empty: str) -> None:
    """Print one of ORDER_LISTINGS, or write it as a file; `given` are arguments of what reads it."""
    from bankklient_lab.orders.reported import ORDER_LISTINGS

    listing = ORDER_LISTINGS[name]
    with how.opened(pandas=how.output is not None) as one:
        if how.output is not None:
            from bankklient_lab.reports.listings import render_listing

            write_whole(how.output, render_listing(one, name, how.output.suffix.lower(), *given))
            lines([f"{how.output} is written"])
            return
        rows = listing.read.rows(one, *given)
    columns = (listing.key, *listing.columns) if listing.key else listing.columns
    how.table(rows, columns, empty=empty)
