"""What can be seen of a running hub: its bridge, its disk, and its ledger.

The ledger is asked through a connection and a thread of its own, so that nobody who watches keeps
the bridge waiting, and a server that does not answer keeps nobody waiting for long.
"""

import asyncio
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import structlog
from prometheus_client import ProcessCollector
from prometheus_client.metrics_core import Metric

from hub.broker_bridge import Bridge
from hub.errors import LedgerContended, LedgerUnavailable
from hub.ledger.figures import LedgerFigures, ledger_figures
from hub.ledger.ledger import Ledger
from hub.posting.intake import Intake
from hub.web.health import Health, Vitals, health
from hub.web.metrics import (
    GroupTimes,
    LedgerMetrics,
    count_families,
    ledger_families,
    vital_families,
)
from loyalty.clock import Clock

ANSWER_WITHIN_S = 5.0

T = TypeVar("T")


class Observer:
    """Looks at a hub when somebody asks; `stop` lets go of the ledger's connection."""

    def __init__(
        self,
        ledger: Ledger,
        ledger_file: Path | None,
        intake: Intake,
        bridge: Bridge,
        group_times: GroupTimes,
        clock: Clock,
        more: Sequence[LedgerMetrics] = (),
    ) -> None:
        """`ledger_file` is None for a ledger on a server; `more` are asked for the metrics too."""
        self._ledger = ledger
        self._ledger_file = ledger_file
        self._intake = intake
        self._bridge = bridge
        self._group_times = group_times
        self._clock = clock
        self._more = more
        self._process = ProcessCollector(registry=None)  # memory, time and files of this process
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="observer")

    async def stop(self) -> None:
        """Wait for the last answer and close the connection."""
        await asyncio.to_thread(self._thread.shutdown)
        self._ledger.close()

    async def health(self) -> Health:
        """Return how the hub is."""
        return health(self._vitals(await self._ask(self._figures)))

    async def metrics(self) -> list[Metric]:
        """Return all there is to count; without the ledger's where it does not answer."""
        asked = await self._ask(lambda: (self._figures(), self._asked_for_more()))
        figures, more = (None, []) if asked is None else asked
        # The worker goes on counting; a copy of a dictionary is made in one step.
        counts = {**self._intake.counts, **self._bridge.counts}
        families = [
            *vital_families(self._vitals(figures)),
            *count_families(counts),
            *self._group_times.families(),
            *self._process.collect(),
        ]
        if figures is not None:
            families += ledger_families(figures, self._intake.heard_ms)
        return families + more

    def _vitals(self, figures: LedgerFigures | None) -> Vitals:
        pulse = self._bridge.pulse
        posted_s = pulse.delivered_s
        gap_ms = None if figures is None else figures.oldest_gap_ms
        return Vitals(
            is_ledger_there=figures is not None,
            is_broker_there=pulse.is_ready,
            posting_trouble=pulse.trouble,
            silent_s=self._bridge.silent_s,
            waiting_messages=self._bridge.waiting_messages,
            posted_ago_s=None if posted_s is None else time.monotonic() - posted_s,
            oldest_gap_s=None if gap_ms is None else (self._clock.now_ms() - gap_ms) / 1000,
            disk_free_bytes=self._disk_free_bytes(),
        )

    def _figures(self) -> LedgerFigures:
        return ledger_figures(self._ledger, self._clock.now_ms())

    def _asked_for_more(self) -> list[Metric]:
        now_ms = self._clock.now_ms()
        return [family for it in self._more for family in it(self._ledger, now_ms)]

    def _disk_free_bytes(self) -> int | None:
        if self._ledger_file is None:
            return None
        return shutil.disk_usage(self._ledger_file.absolute().parent).free

    async def _ask(self, question: Callable[[], T]) -> T | None:
        """Return what `question` finds out from the ledger, None where it does not answer."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await asyncio.get_running_loop().run_in_executor(self._thread, question)
        except (LedgerUnavailable, LedgerContended, TimeoutError) as error:
            structlog.get_logger().warning("ledger_unanswered", error=repr(error))
            return None
