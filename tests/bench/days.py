"""D1 and D2: confirmed orders become sealed batches, and a whole day with the bank."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from time import perf_counter

from bankklient_lab.bank import Account, Bank
from bankklient_lab.formats.batches import read_batch
from bankklient_lab.lab import Lab, open_here
from bankklient_lab.sealing.container import seal, sign
from bankklient_lab.sealing.identity import BatchIdentity
from tests.balancing.labs import KEY, OWN_POINT, a_signer, balanced
from tests.bench.measure import Measurement, Target, in_turns, timed
from tests.clocks import NOON, Clock
from tests.exchange.labs import BANK_KEY, BANK_POINT, Pair, introduced
from tests.orders.labs import equip, many

FUNDS = Decimal(1_000_000_000)
ACCOUNT = "CZ7706000006090150012947"
_D1, _D2_SECONDS, _LINEAR = 2, 60, 1.3


def made_into_batches(folder: Path, *, orders: int, rounds: int) -> Iterator[Measurement]:
    """Measure D1: orders balanced, serialised, signed, packed and sealed, beside the bare parts on the same bytes."""
    full = folder / "confirmed.lab"
    with _client(full, Clock(NOON)) as lab:
        many(lab, orders, "confirmed")
    payloads: list[bytes] = []

    def ours() -> float:
        path = Path(shutil.copy(full, folder / "balanced.lab"))
        with open_here(path, clock=lambda: NOON, user="bench") as lab:
            seconds = timed(lambda: payloads.__setitem__(slice(None), _sealed(lab)))
        path.unlink()
        return seconds

    ours()  # what is loaded and compiled once
    samples, bare = in_turns(rounds, ours, lambda: _bare(payloads))
    work = f"{orders:,} confirmed orders balanced, serialised, signed, packed, sealed"
    yield Measurement("D1", work, samples, Target("time", _D1), "bare lxml, signing and sealing, same bytes", bare)


def whole_days(folder: Path, *, sizes: Sequence[int]) -> Iterator[Measurement]:
    """Measure D2: from confirmed orders to their statement, received and taken over, at growing sizes."""
    _day(folder, min(sizes))  # what is loaded and compiled once
    seconds = {orders: _day(folder, orders) for orders in sizes}
    least, most = min(sizes), max(sizes)
    work = f"a bank's day: {most:,} orders confirmed, sent, processed, received"
    yield Measurement("D2", work, (seconds[most],), Target("limit", _D2_SECONDS))
    each = {orders: seconds[orders] / orders * 1000 for orders in (least, most)}
    peer = f"with {least:,} orders"
    work = f"the same, each order of {most:,}"
    yield Measurement("D2", work, (each[most],), Target("time", _LINEAR), peer, (each[least],), unit="ms")


def _client(path: Path, clock: Clock) -> Lab:
    return introduced(equip(open_here(path, create=True, clock=clock, user="bench")))


def _sealed(lab: Lab) -> list[bytes]:
    """Balance all orders, seal the batches for the bank, and return their payloads."""
    balanced(lab, a_signer())
    payloads: list[bytes] = []
    for batch_id, batch_type, year, number, signature in lab.rows(
        "SELECT batch_id, batch_type, year, number, signature FROM ops.batch JOIN ops.batch_signature USING (batch_id)"
        " ORDER BY batch_id"
    ):  # one payload at a time, as it sends
        ((payload,),) = lab.rows("SELECT payload FROM ops.batch_content WHERE batch_id = $id", {"id": batch_id})
        identity = BatchIdentity(OWN_POINT, BANK_POINT, batch_type, year, number)
        certificate = BANK_KEY.certificate
        seal(identity, payload, [signature], KEY, record_format="06", encrypt_for=certificate, at=NOON)
        payloads.append(payload)
    return payloads


def _bare(payloads: Sequence[bytes]) -> float:
    """Return the seconds that it takes to write the messages of payloads with lxml, to sign and to seal them."""
    from lxml import etree

    seconds = 0.0
    for payload in payloads:
        batch = read_batch(payload)
        for message in batch.messages:
            events = [
                (event, element.tag, element.text)
                for event, element in etree.iterparse(io.BytesIO(message.content), events=("start", "end"))
            ]
            began = perf_counter()
            builder = etree.TreeBuilder()
            for event, tag, text in events:
                if event == "start":
                    builder.start(tag, {})
                    builder.data(text or "")
                else:
                    builder.end(tag)
            etree.tostring(builder.close(), encoding="UTF-8", xml_declaration=True)
            seconds += perf_counter() - began
        began = perf_counter()
        signature = sign(batch.identity, sha256(payload).digest(), KEY, NOON)
        certificate = BANK_KEY.certificate
        seal(batch.identity, payload, [signature], KEY, record_format="06", encrypt_for=certificate, at=NOON)
        seconds += perf_counter() - began
    return seconds


def _day(folder: Path, orders: int) -> float:
    """Return the seconds of a day with so many orders, in a lab and a bank on disk."""
    clock = Clock(NOON)
    place = folder / f"day-{orders}"
    place.mkdir()
    bank = Bank.open(place / "bank.db", clock, key=BANK_KEY, seed=1)
    bank.register_client(OWN_POINT, "Client")
    bank.register_key(KEY.certificate)
    bank.open_account(Account(ACCOUNT, "CZK", "Account", OWN_POINT, opening=FUNDS))
    with _client(place / "client.lab", clock) as lab:
        many(lab, orders, "confirmed")
        clock.move(hours=21)  # to Monday morning
        pair = Pair(lab, bank, clock)
        seconds = timed(lambda: _live(pair))
        assert lab.rows("SELECT status, count(*) FROM ops.domestic_order GROUP BY ALL") == [("OK", orders)]
        booked = lab.rows("SELECT count(*) FROM live_entry() WHERE client_reference IS NOT NULL")
        assert booked == [(orders,)]
    bank.close()
    shutil.rmtree(place)
    return seconds


def _live(pair: Pair) -> None:
    pair.balance()
    assert pair.transmit()["complete"]
    pair.later(minutes=21)  # large batches are processed after twenty
    assert pair.transmit()["complete"]
    pair.later(hours=12)  # the day is closed
    assert pair.transmit()["complete"]
