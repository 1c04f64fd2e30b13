"""A terminal at work: events in, `step`, requests out.

One task turns events into requests and performs them in order; one watches for cards. They share
nothing but a bounded queue.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

import structlog

from device.errors import DeviceError
from device.events import (
    AskHub,
    AwaitCard,
    AwaitSettled,
    Booted,
    Card,
    CardRead,
    CardRefused,
    CardReturned,
    CardWritten,
    DayEnded,
    Event,
    FaceContent,
    FaceEnded,
    HubAnswered,
    HubUnreached,
    Identify,
    IntentSaved,
    JournalFailed,
    JudgeFace,
    Now,
    Personalise,
    PrintFace,
    RecordSaved,
    RecordsSettled,
    Request,
    ReturnCard,
    SaveIntent,
    SaveRecord,
    Setting,
    Show,
    Sound,
    StopAwaitingCard,
    TimedOut,
    TouchOutcome,
    WriteCard,
)
from device.identify import Identifier
from device.journal import Journal, JournalFull
from device.mqtt.client import HubClient, HubSilent
from device.recorder import Recorder
from loyalty.asks import Ask
from loyalty.clock import Clock

EVENTS_MAX = 64
ASK_TIMEOUT_MS = 10_000
SETTLE_TIMEOUT_MS = 10_000
LEAVINGS = 2  # a member who does nothing is asked for more time once, and has then left

log = structlog.get_logger()


class CardPlace(Protocol):
    """Where cards come to this terminal: held against a reader, or put into a slot."""

    async def next_card(self, but_not: str = "") -> CardRead | CardRefused:
        """Return the next card; wait for as long as it takes."""
        ...

    async def write(self, card: Card, *, op: str, rewrites: int) -> CardWritten:
        """Write the card that came last."""
        ...

    async def personalise(self, uid: str, *, member: str, op: str) -> CardWritten:
        """Make the blank card that came last one of ours."""
        ...


class CardSlot(Protocol):
    """A slot that holds the card, prints its face and gives it back."""

    async def print_face(self, card: Card, touch: TouchOutcome, content: FaceContent) -> FaceEnded:
        """Erase and print the held card, journalled on the way."""
        ...

    async def judge_face(self, *, is_good: bool) -> FaceEnded:
        """Take the word of whoever looked at a card whose face ended "unseen"."""
        ...

    async def return_card(self) -> CardReturned:
        """Push the card out and wait until it is taken, or take it in after a while."""
        ...


class Front(Protocol):
    """What a person sees and hears."""

    def show(self, show: Show) -> None:
        """Put a screen up."""
        ...

    def sound(self, sound: Sound) -> None:
        """Make a sound."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The real parts a terminal is built from; `slot` is a kiosk's, where cards are held."""

    place: CardPlace
    slot: CardSlot | None = None
    identifier: Identifier
    journal: Journal
    recorder: Recorder
    hub: HubClient
    front: Front
    clock: Clock


class App:
    """One terminal; `step` and `state` make it a kiosk or a handheld."""

    def __init__(
        self,
        step: Callable[[Setting, Any, Event, Now], tuple[Any, list[Request]]],
        state: Any,
        setting: Setting,
        parts: Parts,
    ) -> None:
        self._step = step
        self._state = state
        self._setting = setting
        self._parts = parts
        self._events: asyncio.Queue[Event] = asyncio.Queue(EVENTS_MAX)
        self._watching: asyncio.Task[None] | None = None
        self._timer: asyncio.Task[None] | None = None
        self._asked = 0
        self._is_finishing = False
        self._tasks: asyncio.TaskGroup

    async def run(self) -> None:
        """Work until `finish` has had its way, or until cancelled."""
        journal = self._parts.journal
        last = journal.last_operation()
        booted = Booted(tuple(journal.open_intents()), last.op if last is not None else "")
        async with asyncio.TaskGroup() as self._tasks:
            await self._take(booted)  # before anything that was put while nobody worked
            while not self._is_finishing:
                await self._take(await self._events.get())
            await self._finish()

    def finish(self) -> None:
        """Serve whoever is here to the end, as if they walked away now; then `run` returns.

        Set your own limit: a card may wait in the gate, or for staff.
        """
        self._is_finishing = True
        with suppress(asyncio.QueueFull):  # then there is something to wake up for anyhow
            self._events.put_nowait(TimedOut())

    async def put(self, event: Event) -> None:
        """Bring an event from outside: the till, the touch screen, the calendar."""
        await self._events.put(event)

    async def _take(self, event: Event) -> None:
        if isinstance(event, DayEnded) and event.day == self._parts.journal.closed_day():
            return  # A day is over once, however often that is said.
        waiting = deque([event])
        while waiting:
            event = waiting.popleft()
            self._state, requests = self._step(
                self._setting, self._state, event, self._parts.recorder.now()
            )
            for request in requests:
                follows = await self._perform(request)
                if follows is not None:
                    waiting.append(follows)

    async def _finish(self) -> None:
        self._stop_watching()
        while not self._events.empty():
            await self._take(self._events.get_nowait())
        for _ in range(LEAVINGS):
            await self._take(TimedOut())
        if self._timer is not None:
            self._timer.cancel()

    async def _perform(self, request: Request) -> Event | None:
        match request:
            case Show():
                self._show(request)
            case Sound():
                self._parts.front.sound(request)
            case AwaitCard() if self._is_finishing:
                pass  # The next card is for the next start.
            case AwaitCard(but_not=but_not):
                self._stop_watching()
                self._watching = self._tasks.create_task(self._watch(but_not), name="cards")
            case StopAwaitingCard():
                self._stop_watching()
            case Identify(text=text):
                return self._parts.identifier.keyed(text)
            case SaveIntent(intent=intent):
                return self._save(lambda: self._parts.recorder.begin(intent), IntentSaved())
            case SaveRecord(record=record, ends_op=ends_op):
                recorder = self._parts.recorder
                return self._save(lambda: recorder.save(record, ends_op), RecordSaved())
            case WriteCard(card=card, op=op, rewrites=rewrites):
                return await self._parts.place.write(card, op=op, rewrites=rewrites)
            case Personalise(uid=uid, member=member, op=op):
                return await self._parts.place.personalise(uid, member=member, op=op)
            case AskHub(ask=ask):
                return await self._ask(ask)
            case AwaitSettled():
                return await self._await_settled()
            case PrintFace() | JudgeFace() | ReturnCard():
                return await self._perform_at_slot(request)
        return None

    async def _perform_at_slot(self, request: PrintFace | JudgeFace | ReturnCard) -> Event:
        slot = self._parts.slot
        assert slot is not None, "only a kiosk prints"
        if isinstance(request, ReturnCard):
            return await slot.return_card()
        if isinstance(request, JudgeFace):
            return await slot.judge_face(is_good=request.is_good)
        return await slot.print_face(request.card, request.touch, request.content)

    async def _watch(self, but_not: str) -> None:
        await self._events.put(await self._parts.place.next_card(but_not))

    def _stop_watching(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None

    def _save(self, durably: Callable[[], object], saved: Event) -> Event:
        try:
            durably()
        except JournalFull as error:
            log.error("journal_full", error=str(error))
            return JournalFailed("full")
        except DeviceError as error:
            log.error("journal_failed", error=str(error))
            return JournalFailed("failed")
        return saved

    async def _ask(self, ask: Ask) -> Event:
        self._asked += 1
        named = replace(
            ask, ref=f"{self._parts.journal.epoch[:16]}-{self._parts.journal.boot}-{self._asked}"
        )
        try:
            return HubAnswered(await self._parts.hub.ask(named, ASK_TIMEOUT_MS))
        except HubSilent:
            return HubUnreached()

    async def _await_settled(self) -> Event:
        try:
            async with asyncio.timeout(SETTLE_TIMEOUT_MS / 1000):
                await self._parts.hub.settled(self._parts.journal.last_seq)
        except TimeoutError:
            return HubUnreached()
        return RecordsSettled()

    def _show(self, show: Show) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if show.timeout_ms:
            self._timer = self._tasks.create_task(self._time_out(show.timeout_ms), name="timer")
        self._parts.front.show(show)

    async def _time_out(self, timeout_ms: int) -> None:
        await self._parts.clock.sleep_ms(timeout_ms)
        await self._events.put(TimedOut())
