"""The bridge: messages from the broker go through the intake, replies go back.

Whoever brings messages only appends them to a bounded queue; one worker thread drains it into
transactions and, after each commit, sends the replies. While a database server works on one group,
the worker reads the next, message by message. What waits for its turn is acknowledged in the order
in which it came; what is dropped before, for want of room or because it cannot be read, at once.
What is dropped anywhere comes again: devices resend until they hold a receipt.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import structlog

from hub.broker.fair_queue import FairQueue, Turn
from hub.broker.road import Road
from hub.errors import LedgerUnavailable
from hub.posting.envelopes import Arrival, Reply
from hub.posting.groups import Group, Reading
from hub.posting.uncollected import uncollected
from hub.web.pulse import Pulse
from loyalty.chain import ENVELOPE_MAX_BYTES

GROUP_MAX_MESSAGES = 200
GROUP_MAX_BYTES = 512 * 1024  # about 1,500 lines, a tenth of a second of posting
GROUP_WAIT_S = 0.005
IDLE_S = 0.1
QUEUE_MAX_MESSAGES = 1_000
TICK_EVERY_S = 10.0
RETRY_S = (0.25, 30.0)
STOP_WITHIN_S = 30.0

_WHOLE = (GROUP_MAX_MESSAGES, GROUP_MAX_BYTES)


class Taker(Protocol):
    """What the bridge needs of the intake."""

    counts: Counter[str]

    def post(self, group: Group, meanwhile: Callable[[], bool], /) -> list[Reply]: ...
    def tick(self) -> int: ...


class _Waiting(NamedTuple):
    """A message that is not acknowledged yet, and what does it."""

    arrival: Arrival
    acknowledge: Callable[[], None]


class _Next(NamedTuple):
    """The group whose turn is next, and how far its messages are read."""

    turns: list[Turn[_Waiting]]
    reading: Reading


class Bridge:
    """Carries messages between the broker at the end of one road and one intake.

    `counts` says what was received, dropped and published, besides the intake's own counts; `pulse`
    whether all goes well.
    """

    def __init__(
        self,
        road: Road,
        intake: Taker,
        *,
        on_group: Callable[[int, float], None] = lambda _messages, _took_s: None,
    ) -> None:
        """`on_group` is told, in the worker's thread, of each group that went through the intake.

        It hears how many messages the group had and how long it took.
        """
        self._road = road
        self._intake = intake
        self._on_group = on_group
        self._queue: FairQueue[_Waiting] = FairQueue(QUEUE_MAX_MESSAGES)
        self._ahead: _Next | None = None
        self._stopping = threading.Event()
        self._worker: threading.Thread | None = None
        self._log = structlog.get_logger().bind(broker=road.place)
        self.counts: Counter[str] = Counter()
        self.pulse = Pulse(turned_s=time.monotonic())

    @property
    def waiting_messages(self) -> int:
        """How many messages wait for their turn."""
        return len(self._queue) + (0 if self._ahead is None else len(self._ahead.turns))

    @property
    def silent_s(self) -> float:
        """Since when the worker has had its hands full, or has not come back at all."""
        return time.monotonic() - self.pulse.turned_s

    def start(self) -> None:
        """Open the road and begin.

        Raises:
            BridgeFailed: the broker is not there, or does not let us in.
        """
        self._road.open(self)
        self._worker = threading.Thread(target=self._work, name="bridge", daemon=True)
        self._worker.start()

    def stop(self) -> None:
        """Finish what is in the queue, unless the ledger is away, and close the road."""
        self._stopping.set()
        if self._worker is not None:
            self._worker.join(STOP_WITHIN_S)
        self._road.close()

    # The road's thread

    def connected(self) -> None:
        """Note that messages come from now on."""
        self.counts["connected"] += 1
        self.pulse.is_ready = True
        self._log.info("bridge_ready", connection=self.counts["connected"])

    def lost(self) -> None:
        """Note that none come until we are connected again."""
        self.pulse.is_ready = False

    def received(self, topic: str, payload: bytes, acknowledge: Callable[[], None]) -> None:
        """Let a message wait for its turn, if there is room."""
        if self._stopping.is_set():
            return  # What is not acknowledged comes again, to whoever is here then.
        self.counts["received"] += 1
        if not topic or len(payload) > ENVELOPE_MAX_BYTES:
            self.counts["dropped_oversized_or_unreadable"] += 1
            acknowledge()
            return
        waiting = _Waiting(Arrival(topic, payload), acknowledge)
        if not self._queue.put(_sender(topic), waiting, len(payload)):
            self.counts["dropped_queue_full"] += 1
            acknowledge()

    # Our worker's thread

    def _work(self) -> None:
        tick_at_s = time.monotonic() + TICK_EVERY_S
        while not (self._stopping.is_set() and not self.waiting_messages):
            self.pulse.turned_s = time.monotonic()
            if self._ahead is None:
                turns = self._queue.take(*_WHOLE, patience_s=IDLE_S, gather_s=GROUP_WAIT_S)
            else:
                turns = self._ahead.turns
            if turns:
                with uncollected():
                    self._deliver(turns)
            if time.monotonic() >= tick_at_s:
                self._try(self._intake.tick)
                tick_at_s = time.monotonic() + TICK_EVERY_S

    def _read_ahead(self) -> bool:
        """Read a message of the next group; return False if there is nothing more to read.

        Only a whole group is read ahead: a small one may grow until it is its turn.
        """
        if self._ahead is None:
            if not self._queue.holds(*_WHOLE):
                return False
            turns = self._queue.take(*_WHOLE, patience_s=0, gather_s=0)
            self._ahead = _Next(turns, _reading(turns))
        return self._ahead.reading.read_one()

    def _deliver(self, turns: list[Turn[_Waiting]]) -> None:
        reading = _reading(turns) if self._ahead is None else self._ahead.reading
        self._ahead = None
        begun_s = time.monotonic()
        group = reading.whole()
        replies = self._try(lambda: self._intake.post(group, self._read_ahead))
        if replies is None:
            return  # stopping while the ledger is away: nothing is acknowledged
        self.pulse.delivered_s = time.monotonic()
        self._on_group(len(turns), self.pulse.delivered_s - begun_s)
        self.counts["published"] += len(replies)
        self._road.send(replies)
        for waiting in self._queue.finish(turns):
            waiting.acknowledge()

    def _try(self, deed: Callable[[], Any]) -> Any:
        """Return what `deed` returns, however often the ledger is away first; None when stopping.

        A deed that fails in any other way is logged and given up, so that the next can be done.
        """
        delay_s = RETRY_S[0]
        while True:
            self.pulse.turned_s = time.monotonic()
            try:
                done = deed()
                self.pulse.trouble = ""
                return done
            except LedgerUnavailable as error:
                self.pulse.trouble = str(error)
                self.counts["ledger_unavailable"] += 1
                self._log.error("ledger_unavailable", error=str(error), retry_in_s=delay_s)
            except Exception as error:
                self.counts["faults"] += 1
                self._log.error("group_given_up", error=repr(error))
                return []
            if self._stopping.wait(delay_s):
                return None
            delay_s = min(2 * delay_s, RETRY_S[1])


def _reading(turns: list[Turn[_Waiting]]) -> Reading:
    return Reading([it.message.arrival for it in turns])


def _sender(topic: str) -> str:
    return topic.rpartition("/")[0]
