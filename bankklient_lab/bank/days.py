"""What happens in the bank and when: its days as events in the order of their moments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from bankklient_lab.bank import closing, domestic, foreign, forwards, incoming, processing, standing_orders, statements
from bankklient_lab.bank.answers import tell
from bankklient_lab.bank.documents import make_documents
from bankklient_lab.bank.foreign_details import send_details
from bankklient_lab.bank.letters import read_letters
from bankklient_lab.bank.rates import send_rates
from bankklient_lab.bank.services import cancel_forwards, end_deposits, open_deposits, send_changed_lists
from bankklient_lab.bank.work import Work
from bankklient_lab.calendars import is_working, working_after


class Event(NamedTuple):
    """Something that happens at an instant."""

    at: datetime
    happen: Callable[[Work], None]


def next_event(work: Work, lived_until: datetime) -> Event:
    """Return what happens first after the instant up to which everything has happened."""
    p, day = work.parameters, work.hours.day(lived_until)
    days = [*([day] if is_working(day, work.calendars) else []), working_after(day, work.calendars)]
    hours = (
        (p.day_start, _start_day),
        (p.foreign_booking, _book_foreign),
        (p.evening_credit, _credit_evening),
        (p.closing, _close),
    )
    events = [Event(work.hours.instant(day, hour), happen) for day in days for hour, happen in hours]
    events = [event for event in events if event.at > lived_until]
    ready = work.store.row("SELECT min(ready_at) FROM received WHERE state = 'waiting'")
    arrives = work.store.row("SELECT min(arrives_at) FROM incoming WHERE NOT booked")
    if ready and ready[0]:
        events.append(Event(max(ready[0], lived_until), _process))
    if arrives and arrives[0]:
        events.append(Event(max(work.open_from(arrives[0]), lived_until), _arrive))
    return min(events, key=lambda event: event.at)  # of one moment the first: the day starts before its queue


def _start_day(work: Work) -> None:
    """Send the rates, read messages, test foreign payments due today for funds of last evening, execute what is due.

    What standing orders pay today is due as well; they and permissions may have ended.
    """
    send_rates(work)
    read_letters(work)
    standing_orders.pay(work)
    end_deposits(work)
    forwards.settle(work, at_last=False)
    send_changed_lists(work)
    foreign.discard_not_agreed(work)
    foreign.hold(work)
    domestic.settle(work)
    _tell(work)


def _tell(work: Work) -> None:
    tell(work)
    standing_orders.tell_rejected(work)


def _process(work: Work) -> None:
    processing.process_ready(work)


def _arrive(work: Work) -> None:
    incoming.arrive(work)
    forwards.settle(work, at_last=False)
    domestic.settle(work)
    _tell(work)


def _book_foreign(work: Work) -> None:
    foreign.execute(work, evening=False)
    _tell(work)


def _credit_evening(work: Work) -> None:
    foreign.execute(work, evening=True)
    forwards.settle(work, at_last=False)
    domestic.settle(work)
    _tell(work)


def _close(work: Work) -> None:
    domestic.close_day(work)
    forwards.settle(work, at_last=True)
    cancel_forwards(work)
    send_changed_lists(work)
    open_deposits(work)
    closing.end_month(work)
    closing.close_accounts(work)
    _tell(work)
    statements.make_statements(work)
    send_details(work)
    make_documents(work)


LONGEST = timedelta(days=366 * 5)  # that the bank lives in one go
