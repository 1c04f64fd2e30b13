"""What may be spent and lost without the hub, as figures for whoever watches it."""

from collections.abc import Iterator, Sequence

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from hub.ledger.exposure import exposure
from hub.ledger.ledger import Ledger
from hub.web.metrics import LedgerMetrics
from loyalty.programme import Programme, in_force


def offline_metrics(programmes: Sequence[Programme]) -> LedgerMetrics:
    """Return the question that answers with the exposure under the programme then in force."""

    def ask(ledger: Ledger, now_ms: int) -> Iterator[Metric]:
        found = exposure(ledger, in_force(programmes, now_ms))
        worst = "The most points that can be lost while devices cannot ask."
        yield GaugeMetricFamily("revisit_exposure_points", worst, value=found.points)
        covered = "Points that cards may spend without asking, set aside for that."
        yield GaugeMetricFamily("revisit_leased_points", covered, value=found.leased_points)

    return ask
