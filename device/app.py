"""A terminal at work: events in, `step`, requests out.

One task turns events into requests and performs them in order; one watches for cards. They share
nothing but a bounded queue.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog

from device.behaviour.events import (
    Booted,
    CardRead,
    CardRefused,
    CardWritten,
    Chosen,
    DayEnded,
    Event,
    HubAnswered,
    HubUnreached,
    IntentSaved,
    JournalFailed,
    LookedUp,
    NumberKeyed,
    RecordSaved,
    RecordsSettled,
    TimedOut,
)
from device.behaviour.requests import (
    AskHub,
    AwaitCard,
    AwaitSettled,
    Identify,
    JudgeFace,
    LookUp,
    Personalise,
    PrintFace,
    Request,
    ReturnCard,
    SaveIntent,
    SaveRecord,
    Show,
    Sound,
    StopAwaitingCard,
    WriteCard,
)
from device.behaviour.setting import Now, Setting
from device.errors import DeviceError
from device.mqtt.client import HubSilent
from device.nfc.cards.keys import IssuerKeys
from device.parts import Parts
from device.records.journal import JournalFull
from loyalty.asks import Ask
from loyalty.key_wrap import NotWrappedForUs
from loyalty.receipts import CardKeysGranted, LeaseGranted

EVENTS_MAX = 64
ASK_TIMEOUT_MS = 10_000
SETTLE_TIMEOUT_MS = 10_000
LEAVINGS = 2  # a member who does nothing is asked for more time once, and has then left

log = structlog.get_logger()


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
        self._rest = state.phase
        self._setting = setting
        self._renew: Callable[[], Setting] | None = None
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

    @property
    def setting(self) -> Setting:
        """What the terminal works by now."""
        return self._setting

    def change(self, renew: Callable[[], Setting]) -> None:
        """Work by the setting that `renew` returns, from the next moment when nobody is served."""
        self._renew = renew
        self._change_at_rest()

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
        self._change_at_rest()

    def _change_at_rest(self) -> None:
        if self._renew is not None and self._state.phase == self._rest:
            renew, self._renew = self._renew, None
            self._setting = renew()

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
            case WriteCard() | Personalise():
                return await self._write(request)
            case LookUp(uid=uid):
                return LookedUp(self._parts.standing(uid))
            case AskHub(ask=ask):
                return await self._ask(ask)
            case AwaitSettled():
                return await self._await_settled()
            case PrintFace() | JudgeFace() | ReturnCard():
                return await self._perform_at_slot(request)
        return None

    async def _write(self, request: WriteCard | Personalise) -> CardWritten:
        place = self._parts.place
        try:
            if isinstance(request, Personalise):
                issuer = self._issuer_keys(request.granted)
                return await place.personalise(
                    request.uid, member=request.member, op=request.op, issuer=issuer
                )
            card = request.card
            return await place.write(
                card,
                op=request.op,
                rewrites=request.rewrites,
                lease=request.lease,
                credit_key=self._credit_key(request.granted),
            )
        except NotWrappedForUs as error:
            log.error("card_key_not_opened", error=str(error))
            return CardWritten(
                "torn", request.card.counter if isinstance(request, WriteCard) else 0
            )

    def _issuer_keys(self, granted: CardKeysGranted | None) -> IssuerKeys | None:
        if granted is None:
            return None
        return IssuerKeys(
            master=self._parts.hub.unwrap(granted.ref, granted.master_key),
            credit=self._parts.hub.unwrap(granted.ref, granted.credit_key),
        )

    def _credit_key(self, granted: LeaseGranted | None) -> bytes:
        return b"" if granted is None else self._parts.hub.unwrap(granted.ref, granted.credit_key)

    async def _perform_at_slot(self, request: PrintFace | JudgeFace | ReturnCard) -> Event:
        slot = self._parts.slot
        assert slot is not None, "only a kiosk prints"
        if isinstance(request, ReturnCard):
            returned = await slot.return_card()
            self._forget_who_left()
            return returned
        if isinstance(request, JudgeFace):
            return await slot.judge_face(is_good=request.is_good)
        return await slot.print_face(request.card, request.touch, request.content)

    def _forget_who_left(self) -> None:
        """Drop what people did while a card was given back: that may have had to wait for staff."""
        waiting = [self._events.get_nowait() for _ in range(self._events.qsize())]
        for event in waiting:
            if not isinstance(event, CardRead | CardRefused | NumberKeyed | Chosen | TimedOut):
                self._events.put_nowait(event)

    async def _watch(self, but_not: str) -> None:
        await self._events.put(await self._parts.place.next_card(but_not, self._events.put))

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
