"""The hub's figures as Prometheus reads them; docs/operating.md lists them.

Each function here makes metric families out of figures. A part of the hub that has figures of its
own writes a `LedgerMetrics` beside it, and `hub.hub` hands that to the observer.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import Histogram
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from hub.ledger.figures import LedgerFigures
from hub.ledger.ledger import Ledger
from hub.web.health import Vitals

# What a part of the hub asks the ledger, at a moment of the hub's clock.
LedgerMetrics = Callable[[Ledger, int], Iterable[Metric]]

GROUP_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)
GROUP_MESSAGES = (1, 2, 5, 10, 20, 50, 100, 200)

# Prefix of a count's name -> the family it belongs to, its label, and what it says.
_LABELLED = {
    "dropped_": ("revisit_messages_dropped", "reason", "Messages that were not believed or kept."),
    "taken_": ("revisit_messages_taken", "purpose", "Messages that went through the intake."),
    "line_": ("revisit_lines_not_posted", "status", "Lines taken that did not simply post."),
    "fault_": ("revisit_faults", "error", "Messages that made the hub itself fail."),
}
_PLAIN = {
    "received": ("revisit_messages_received", "Messages that came from the broker."),
    "published": ("revisit_replies", "Receipts and answers that went to the broker."),
    "lines": ("revisit_lines", "Lines taken, those that came again among them."),
    "connected": ("revisit_broker_connections", "How often the broker let the bridge in."),
    "ledger_unavailable": ("revisit_ledger_refusals", "How often the ledger took nothing."),
    "faults": ("revisit_groups_given_up", "Groups of messages that were given up."),
}


class GroupTimes:
    """How groups of messages went through the intake; told by one thread, read by another."""

    def __init__(self) -> None:
        self._seconds = Histogram(
            "revisit_group_seconds",
            "How long a group of messages took, from the queue to the disk.",
            buckets=GROUP_SECONDS,
            registry=None,
        )
        self._messages = Histogram(
            "revisit_group_messages",
            "How many messages shared a transaction.",
            buckets=GROUP_MESSAGES,
            registry=None,
        )

    def observe(self, messages: int, took_s: float) -> None:
        """Count one group."""
        self._seconds.observe(took_s)
        self._messages.observe(messages)

    def families(self) -> Iterator[Metric]:
        """Yield both histograms."""
        yield from self._seconds.collect()
        yield from self._messages.collect()


def count_families(counts: Mapping[str, int]) -> Iterator[Metric]:
    """Yield what became of messages and lines since the start, named as `Hub.counts` has them."""
    for key, (name, said) in _PLAIN.items():
        yield CounterMetricFamily(name, said, value=counts.get(key, 0))
    for prefix, (name, label, said) in _LABELLED.items():
        family = CounterMetricFamily(name, said, labels=[label])
        for key in sorted(counts):
            if key.startswith(prefix):
                family.add_metric([key.removeprefix(prefix)], counts[key])
        yield family


def vital_families(vitals: Vitals) -> Iterator[Metric]:
    """Yield whether the hub's parts are there."""
    yield _gauge("ledger_up", "Whether the ledger answers.", vitals.is_ledger_there)
    yield _gauge("broker_up", "Whether the broker brings us messages.", vitals.is_broker_there)
    yield _gauge("waiting_messages", "Messages in the queue.", vitals.waiting_messages)
    yield _gauge("worker_silent_seconds", "Since when the worker is busy.", vitals.silent_s)
    if vitals.disk_free_bytes is not None:
        said = "Room left where the ledger's file is."
        yield _gauge("disk_free_bytes", said, vitals.disk_free_bytes)


def ledger_families(
    figures: LedgerFigures, heard_ms: Mapping[str, int] | None = None
) -> Iterator[Metric]:
    """Yield what the ledger holds; `heard_ms` is when each device was last heard, by name."""
    yield _gauge("ledger_bytes", "Size of the ledger.", figures.size_bytes)
    yield _gauge("holds_open", "Grants that keep points aside.", figures.open_holds)
    yield _gauge("points_on_hold", "Points that grants keep aside.", figures.points_on_hold)
    yield _by_code("lines_held", "Lines that wait, by why.", figures.held_lines)
    yield _by_code("cases_open", "Cases that want a person.", figures.open_cases)
    yield from _device_families(figures, heard_ms or {})


def _device_families(figures: LedgerFigures, heard_ms: Mapping[str, int]) -> Iterator[Metric]:
    revoked = sum(it.is_revoked for it in figures.devices)
    states = GaugeMetricFamily("revisit_devices", "Registered devices.", labels=["state"])
    states.add_metric(["active"], len(figures.devices) - revoked)
    states.add_metric(["revoked"], revoked)
    yield states
    seen = _of_devices("device_seen_timestamp_seconds", "When it was last heard.")
    apart = _of_devices("device_lines_apart", "Lines beyond a gap, and the gap.")
    gaps = _of_devices("device_gap_timestamp_seconds", "Since when a gap is open.")
    for it in figures.devices:
        if it.is_revoked:
            continue
        seen_ms = max(heard_ms.get(it.name, 0), it.last_line_ms or 0)
        if seen_ms:
            seen.add_metric([it.store, it.name], seen_ms / 1000)
        apart.add_metric([it.store, it.name], it.lines_apart)
        if it.gap_since_ms is not None:
            gaps.add_metric([it.store, it.name], it.gap_since_ms / 1000)
    yield from (seen, apart, gaps)


def _gauge(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(f"revisit_{name}", said, value=value)


def _by_code(name: str, said: str, counts: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(f"revisit_{name}", said, labels=["code"])
    for code, count in counts.items():
        family.add_metric([code], count)
    return family


def _of_devices(name: str, said: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"revisit_{name}", said, labels=["store", "device"])
