"""Exchange rates of the bank's days: around the parameters' mean, by the seed and the day alone, and their lists."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from hashlib import sha256

import pyarrow as pa

from bankklient_lab.bank.answers import send
from bankklient_lab.bank.work import Work
from bankklient_lab.codebooks.codes import BatchType
from bankklient_lab.formats.bank_files import BankFile, write_file
from bankklient_lab.formats.rates import write_bank_rates

_STEPS = 1_000  # up and down of the mean, each a hundred-thousandth of it: one per cent at most
_STEP = Decimal("0.00001")
_PLACES = Decimal("0.00000001")


def make_rates(work: Work, seed: int) -> None:
    """Store the rates of the day, when it has none yet; the national currency's is 1."""
    if work.store.row("SELECT 1 FROM rate WHERE day = $day LIMIT 1", {"day": work.day}):
        return
    rates = {work.parameters.currency: Decimal(1)}
    for currency, mean in sorted(work.parameters.rates.items()):
        digest = sha256(f"{seed}|{work.day}|{currency}".encode()).digest()
        steps = int.from_bytes(digest[:8], "big") % (2 * _STEPS + 1) - _STEPS
        rates[currency] = (mean.rate * (1 + steps * _STEP)).quantize(_PLACES, ROUND_HALF_EVEN)
    table = pa.table({"currency": list(rates), "rate": pa.array(list(rates.values()), pa.decimal128(18, 8))})
    with work.store.lent(new_rates=table):
        work.store.do("INSERT INTO rate SELECT $day, currency, rate FROM new_rates", {"day": work.day})


def send_rates(work: Work) -> None:
    """Send each client the list of the day, in a batch of type 31."""
    p = work.parameters
    rates: dict[str, Decimal] = dict(
        work.store.rows("SELECT currency, rate FROM rate WHERE day = $day AND currency <> $own", {
            "day": work.day, "own": p.currency,
        })
    )  # fmt: skip
    list_of_day = BankFile(f"rates-{work.day:%Y%m%d}.xml", write_bank_rates(p.bic, work.day, p.currency, rates))
    for (point,) in work.store.rows("SELECT point FROM client ORDER BY point"):
        send(work, point, BatchType.EXCHANGE_RATES, [write_file(list_of_day)])
