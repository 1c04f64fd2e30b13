"""The device's line to the hub: the journal goes up, receipts and answers come down.

This shell moves events and requests between the terminal, the connection and the session; the
session decides.
"""

import asyncio
import random
from collections.abc import Callable

import structlog

from device.errors import DeviceError
from device.mqtt.connection import Connection
from device.mqtt.events import (
    AskWanted,
    Connected,
    Deliver,
    Disconnected,
    Event,
    GiveUp,
    LinesAppended,
    Notice,
    Publish,
    Received,
    Reconnect,
    Report,
    Request,
    TimePassed,
)
from device.mqtt.hub_time import HubTime
from device.mqtt.identity import Broker, Identity
from device.mqtt.session import Session
from device.records.journal import Journal
from device.records.journal_file import JournalFailed
from loyalty import topics
from loyalty.asks import Ask
from loyalty.clock import Clock
from loyalty.receipts import Answer, LineStatus

TICK_MS = 200
EVENTS_MAX = 1_000  # envelopes waiting to be looked at; what is dropped comes again


class HubSilent(DeviceError):
    """The hub cannot be reached or did not answer in time; go on offline."""


class HubClient:
    """The device's line to the hub: journal up, receipts and answers down.

    `run` it in a task; call everything else on the same event loop. `on_statuses` is told of
    lines that did not simply post. `is_refused` says that the broker does not take our
    credentials: a technician must look. `bytes_sent` and `bytes_received` count payloads.
    `turned_ms` is when it last had its hands free, by the monotonic clock; `heard_ms` when anything
    last came from the hub, by the wall clock, 0 for never.
    """

    def __init__(
        self,
        *,
        identity: Identity,
        broker: Broker,
        journal: Journal,
        clock: Clock,
        rng: random.Random,
        rules: int = 0,
        on_statuses: Callable[[tuple[LineStatus, ...]], None] | None = None,
    ) -> None:
        self._identity = identity
        self._broker = broker
        self._journal = journal
        self._clock = clock
        self._on_statuses = on_statuses
        self._session = Session(identity=identity, outbox=journal, rng=rng, rules=rules)
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._reconnects: asyncio.Queue[int] = asyncio.Queue()
        self._answers: dict[str, asyncio.Future[Answer]] = {}
        self._waiting: dict[asyncio.Future[None], Callable[[HubClient], bool]] = {}
        self._connection: Connection | None = None
        self._has_news = False
        self._is_nearly_full = False
        self._log = structlog.get_logger().bind(device=identity.device)
        self.is_refused = False
        self.bytes_sent = 0
        self.bytes_received = 0
        self.turned_ms = clock.monotonic_ms()
        self.heard_ms = 0

    @property
    def online(self) -> bool:
        """Whether the hub itself has answered on this connection."""
        return self._session.is_greeted

    @property
    def pending_lines(self) -> int:
        """How many lines wait for the hub's receipt."""
        return self._journal.pending_lines

    @property
    def hub_ms(self) -> int:
        """The latest time that the hub has named since this client was made; 0 for none."""
        return self._session.time.named_ms

    @property
    def time(self) -> HubTime:
        """What the device knows for sure of the hub's time."""
        return self._session.time

    @property
    def tallies(self) -> dict[str, int]:
        """What went wrong so far, by name."""
        return dict(self._session.tallies)

    def set_rules(self, version: int) -> None:
        """Tell the hub from now on that this device has programme `version`."""
        self._session.rules = version

    def notify_appended(self) -> None:
        """Say that the journal holds more lines; many calls before the next step are one."""
        if not self._has_news:
            self._has_news = True
            self._events.put_nowait(LinesAppended())

    async def ask(self, ask: Ask, timeout_ms: int) -> Answer:
        """Ask the hub and return its answer.

        Raises:
            HubSilent: it is not reachable, or did not answer within `timeout_ms`.
            ValueError: an ask with this `ref` is still open.
        """
        if ask.ref in self._answers:
            raise ValueError(f"ask {ask.ref} is open already")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[ask.ref] = answer
        self._events.put_nowait(AskWanted(ask, timeout_ms))
        try:
            return await answer
        finally:
            del self._answers[ask.ref]

    def unwrap(self, ref: str, wrapped: str) -> bytes:
        """Return the key that the hub has wrapped for this device in its answer to ask `ref`.

        Raises:
            NotWrappedForUs: it was altered, or is for another device or ask.
        """
        return self._identity.unwrap(ref, wrapped)

    async def settled(self, upto_seq: int) -> None:
        """Wait until the hub has given a receipt for line `upto_seq`; set your own limit."""
        await self.until(lambda it: it._journal.settled_seq >= upto_seq)

    async def until(self, holds: Callable[["HubClient"], bool]) -> None:
        """Wait until `holds` is true of this client; set your own limit."""
        if holds(self):
            return
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[told] = holds
        try:
            await told
        finally:
            del self._waiting[told]

    async def run(self) -> None:
        """Keep in touch with the hub until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._take_events(), name="hub events")
                group.create_task(self._keep_connected(), name="hub connection")
                group.create_task(self._keep_time(), name="hub time")
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(HubSilent("this device is stopping"))

    async def _keep_connected(self) -> None:
        while True:
            self._connection = Connection(self._broker, self._identity, self._take)
            try:
                self._connection.open()
                after_ms = await self._reconnects.get()
            finally:
                await self._connection.close()
            await self._clock.sleep_ms(after_ms)

    async def _keep_time(self) -> None:
        while True:
            await self._clock.sleep_ms(TICK_MS)
            self._events.put_nowait(TimePassed())

    async def _take_events(self) -> None:
        while True:
            event = await self._events.get()
            self.turned_ms = self._clock.monotonic_ms()
            self._observe(event)
            try:
                requests = self._session.feed(event, self.turned_ms)
            except JournalFailed as error:
                # Nothing is settled; the hub's next receipt will be tried again.
                self._log.error("journal_failed", error=str(error))
                continue
            for request in requests:
                self._perform(request)
            for told, holds in self._waiting.items():
                if not told.done() and holds(self):
                    told.set_result(None)

    def _take(self, event: Event) -> None:
        if isinstance(event, Received) and self._events.qsize() >= EVENTS_MAX:
            self._session.tallies["envelopes_dropped"] += 1
            return
        self._events.put_nowait(event)

    def _observe(self, event: Event) -> None:
        match event:
            case LinesAppended():
                self._has_news = False
                self._warn_when_nearly_full()
            case Received(envelope):
                self.bytes_received += len(envelope)
                self.heard_ms = self._clock.now_ms()
            case Connected():
                self.is_refused = False
                self._log.info("broker_connected", host=self._broker.host)
            case Disconnected(reason, True):
                self.is_refused = True
                self._log.error("broker_refused_credentials", host=self._broker.host, said=reason)
            case Disconnected(reason):
                self._log.info("broker_lost", host=self._broker.host, reason=reason)

    def _warn_when_nearly_full(self) -> None:
        was_nearly_full, self._is_nearly_full = self._is_nearly_full, self._journal.is_nearly_full
        if self._is_nearly_full and not was_nearly_full:
            self._log.warning("journal_nearly_full", lines=self._journal.pending_lines)

    def _perform(self, request: Request) -> None:
        match request:
            case Publish(purpose, envelope):
                self._publish(purpose, envelope)
            case Deliver(answer):
                self._answer(getattr(answer, "ref", ""), answer)
            case GiveUp(ref):
                self._answer(ref, HubSilent(f"no answer to {ref}"))
            case Report(statuses):
                if self._on_statuses is not None:
                    self._on_statuses(statuses)
            case Reconnect(after_ms):
                self._reconnects.put_nowait(after_ms)
            case Notice(what, detail):
                self._log.warning(what, detail=detail)

    def _publish(self, purpose: str, envelope: bytes) -> None:
        if self._connection is not None:
            topic = topics.up(self._identity.store, self._identity.device, purpose)
            self._connection.publish(topic, envelope)
            self.bytes_sent += len(envelope)

    def _answer(self, ref: str, answer: Answer | HubSilent) -> None:
        waiting = self._answers.get(ref)
        if waiting is None or waiting.done():
            return
        if isinstance(answer, HubSilent):
            waiting.set_exception(answer)
        else:
            waiting.set_result(answer)
