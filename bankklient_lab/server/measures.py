"""What monitoring reads of a served lab (Prometheus text): counts and times, never a name of a user or an account."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bankklient_lab.lab import Lab
from bankklient_lab.server.running import LongCalls

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Measures:
    """Counters of one lab, in a registry of its own."""

    def __init__(self, lab: Lab, long_calls: LongCalls) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_State(lab, long_calls))
        self._calls = Counter(
            "bankklient_calls", "Calls of actions, by action and outcome (done, or the code of the problem)",
            ("action", "outcome"), registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "bankklient_call_seconds", "How long calls of actions took", ("action",),
            buckets=SECONDS, registry=self._registry,
        )  # fmt: skip

    def note(self, action: str, outcome: str, seconds: float) -> None:
        """Count a call of an action that exists."""
        self._calls.labels(action, outcome).inc()
        self._seconds.labels(action).observe(seconds)

    def text(self) -> bytes:
        """Return everything in the text form of Prometheus."""
        return generate_latest(self._registry)


class _State(Collector):
    """What is so at the moment of asking."""

    def __init__(self, lab: Lab, long_calls: LongCalls) -> None:
        self._lab, self._long_calls = lab, long_calls

    def describe(self) -> list[GaugeMetricFamily]:
        """Return nothing: the lab need not be asked to know the names."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Ask the lab."""
        channels = Count(caller.channel for caller in self._lab.rights.sessions().values())
        yield _gauge("bankklient_sessions", "Sessions that have not ended", "channel", channels)
        modes = Count(work.mode for work in self._lab.locks.work())
        yield _gauge("bankklient_work", "Actions that run and records that forms hold", "mode", modes)
        yield _gauge("bankklient_long_calls", "Calls that report progress", "", {"": len(self._long_calls)})
        states = dict(self._lab.rows("SELECT state, count(*) FROM ops.import GROUP BY state"))
        yield _gauge("bankklient_imports", "Imports, by state", "state", states)


def _gauge(name: str, said: str, label: str, values: Mapping[Any, int]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, said, labels=[label] if label else [])
    for value, number in sorted(values.items()):
        gauge.add_metric([value] if label else [], number)
    return gauge
