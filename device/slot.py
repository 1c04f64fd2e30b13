"""The kiosk's card slot: performs what the insert-to-eject cycle asks for.

The printer holds the card where the reader's antenna is, so the card that is read is the card
that is printed. The cycle decides (`display/cycle.py`); this shell moves the card, draws the face
and journals around it. The terminal uses it in three steps: next card, perhaps a face, the return.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from device.app import Front
from device.display import cycle
from device.display import cycle_terms as terms
from device.display.printers.printer import CardPrinter, PrinterTrouble
from device.errors import DeviceError, LinkLost
from device.events import (
    Card,
    CardRead,
    CardRefused,
    CardReturned,
    CardWritten,
    FaceContent,
    FaceEnded,
    FaceOutcome,
    Setting,
    Show,
    TouchOutcome,
)
from device.face_maker import FaceMaker, MadeFace
from device.nfc.reader import Reader
from device.recorder import Recorder
from device.stamp import stamp, touched
from device.tap import Tap
from loyalty.clock import Clock
from loyalty.records import FacePrinted, FaceStarted

SLOT_OPEN_S = 3600.0
READ_UID_S = 1.0
GATE_POLL_MS = 50
JAM_POLL_MS = 2000
PRINTER_RETRY_MS = 5000

log = structlog.get_logger()

_AWAY = (cycle.Done, cycle.Stale, cycle.Idle)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FaceJob:
    """The face under way, with what its records need."""

    card: Card
    touch: TouchOutcome
    content: FaceContent
    made: MadeFace


class Slot:
    """One slot with its printer and reader; `patience` is the clock of its waits."""

    def __init__(
        self,
        *,
        printer: CardPrinter,
        reader: Reader,
        tap: Tap,
        faces: FaceMaker,
        recorder: Recorder,
        setting: Setting,
        front: Front,
        patience: Clock,
    ) -> None:
        self._printer = printer
        self._reader = reader
        self._tap = tap
        self._faces = faces
        self._recorder = recorder
        self._setting = setting
        self._front = front
        self._patience = patience
        self._state: cycle.State = cycle.Idle()
        self._todo: deque[terms.Request] = deque()
        self._found: CardRead | CardRefused | None = None
        self._job: _FaceJob | None = None
        self._is_new = True

    async def next_card(self, but_not: str = "") -> CardRead | CardRefused:
        """Open the slot and return the card that is put in; wait for as long as it takes."""
        if self._is_new:
            self._is_new = False
            self._feed(terms.Booted(None))
        while True:
            await self._perform_until_at_rest()
            if isinstance(self._state, cycle.Identified):
                assert self._found is not None
                return self._found
            self._feed(terms.SlotOpened(SLOT_OPEN_S))

    async def write(self, card: Card, *, op: str, rewrites: int) -> CardWritten:
        """Write the held card."""
        return await self._tap.write(card, op=op, rewrites=rewrites)

    async def personalise(self, uid: str, *, member: str, op: str) -> CardWritten:
        """Make the held blank card one of ours."""
        return await self._tap.personalise(uid, member=member, op=op)

    async def print_face(self, card: Card, touch: TouchOutcome, content: FaceContent) -> FaceEnded:
        """Give the held card a new face; the card is still inside afterwards, if it can be."""
        made = self._faces.make(content)
        self._job = _FaceJob(card=card, touch=touch, content=content, made=made)
        job = terms.Job(
            uid=card.uid,
            face=made.raster.digest(),
            payload=made.payload,
            rewrites=card.rewrites,
        )
        self._feed(terms.FaceCommitted(job))
        while self._todo and not isinstance(self._todo[0], terms.Eject | terms.AwaitRemoval):
            await self._perform_next()
        return FaceEnded(_outcome(self._state))

    async def return_card(self) -> CardReturned:
        """Push the card out; return once it is taken, or staff have cleared the slot."""
        if isinstance(self._state, cycle.Identified):
            self._feed(terms.ReturnChosen())
        await self._perform_until_at_rest()
        while not isinstance(self._state, _AWAY):
            await self._await_staff()
        return CardReturned()

    async def _perform_until_at_rest(self) -> None:
        while self._todo:
            await self._perform_next()

    async def _perform_next(self) -> None:
        event = await self._perform(self._todo.popleft())
        if event is not None:
            self._feed(event)

    def _feed(self, event: terms.Event) -> None:
        self._state, requests = cycle.step(self._state, event)
        self._todo.extend(requests)

    async def _perform(self, request: terms.Request) -> terms.Event | None:
        match request:
            case terms.TakeCard(timeout_s=timeout_s):
                return await self._take_card(timeout_s)
            case terms.ReadUid():
                return await self._read_uid()
            case terms.LoadFace(job=job):
                return await self._load(job)
            case terms.JournalFaceStarted(job=job, rewrite_no=rewrite_no):
                return self._journal_started(job, rewrite_no)
            case terms.Rewrite():
                return terms.RewriteEnded(await self._printer.rewrite())
            case terms.Probe():
                return await self._probe()
            case terms.JournalFaceOutcome(outcome=outcome):
                self._journal_outcome(outcome)
            case terms.Eject():
                return await self._move(self._printer.eject, terms.Ejected())
            case terms.Retract():
                return await self._move(self._printer.retract, terms.Retracted())
            case terms.AwaitRemoval(timeout_s=timeout_s):
                return await self._await_removal(timeout_s)
            case terms.ShowCallStaff(reason=reason):
                log.error("printer_needs_staff", reason=reason)
                self._front.show(Show(screen="staff_needed"))
            case terms.ShowOfferNewCard(rewrites=rewrites):
                self._front.show(Show(screen="card_worn", values={"rewrites": rewrites}))
            case terms.ShowCardWorn(rewrites=rewrites):
                log.warning("card_wearing_out", rewrites=rewrites)
            case _:
                pass  # The kiosk has its own words for inserting, taking and owing.
        return None

    async def _take_card(self, timeout_s: float) -> terms.Event:
        try:
            taken = await self._printer.take_card(timeout_s)
        except DeviceError as error:
            log.error("printer_lost", error=str(error), retry_in_ms=PRINTER_RETRY_MS)
            self._front.show(Show(screen="staff_needed"))
            await self._patience.sleep_ms(PRINTER_RETRY_MS)
            return terms.CardNotTaken()
        return terms.CardTaken() if taken else terms.CardNotTaken()

    async def _read_uid(self) -> terms.Event:
        try:
            seen = await self._reader.wait_for_card(READ_UID_S)
            if seen is None:
                return terms.UidNotRead()
            if isinstance(self._state, cycle.Held):
                self._found = await self._tap.read_now(seen)
        except DeviceError:
            return terms.UidNotRead()
        return terms.UidRead(seen.uid.hex())

    async def _load(self, job: terms.Job) -> terms.Event:
        assert self._job is not None
        made = self._job.made
        try:
            await self._printer.load(made.raster)
        except DeviceError as error:
            log.error("face_not_loaded", error=str(error))
            return terms.LoadFailed()
        return terms.FaceLoaded(job.face, made.read_back)

    def _journal_started(self, job: terms.Job, rewrite_no: int) -> terms.Event:
        assert self._job is not None
        record = FaceStarted(
            **stamp(self._setting, self._recorder.now()),
            **touched(self._job.card, self._job.touch),
            op="",
            face=job.face,
            rewrite=rewrite_no,
        )
        try:
            self._recorder.save(record)
        except DeviceError as error:
            log.error("journal_failed", error=str(error))
            return terms.JournalRefused()
        return terms.FaceStartedJournalled()

    def _journal_outcome(self, outcome: terms.FaceOutcome) -> None:
        assert self._job is not None
        content = self._job.content
        record = FacePrinted(
            **stamp(self._setting, self._recorder.now()),
            **touched(self._job.card, "none"),
            op="",
            face=self._job.made.raster.digest(),
            outcome=outcome,
            account_version=content.account_version,
            shown_points=content.points,
            pending_points=content.pending_points,
            as_of_ms=content.as_of_ms,
        )
        try:
            self._recorder.save(record)
        except DeviceError as error:
            log.error("journal_failed", error=str(error))

    async def _probe(self) -> terms.Event:
        status = await self._printer.status()
        if not status.card_held:
            return terms.Probed(status, None)
        try:
            seen = await self._reader.wait_for_card(READ_UID_S)
        except DeviceError:
            seen = None
        return terms.Probed(status, None if seen is None else seen.uid.hex())

    async def _await_removal(self, timeout_s: float) -> terms.Event:
        left_ms = int(timeout_s * 1000)
        while left_ms > 0:
            if not (await self._printer.status()).card_at_gate:
                return terms.CardRemoved()
            await self._patience.sleep_ms(GATE_POLL_MS)
            left_ms -= GATE_POLL_MS
        return terms.NotRemoved()

    async def _await_staff(self) -> None:
        """Wait until the printer is empty and well again, however staff did it."""
        await self._patience.sleep_ms(JAM_POLL_MS)
        status = await self._printer.status()
        if not (status.card_held or status.card_at_gate or status.fault):
            self._feed(terms.StaffCleared())

    async def _move(
        self, movement: Callable[[], Awaitable[None]], moved: terms.Event
    ) -> terms.Event:
        try:
            await movement()
        except (PrinterTrouble, LinkLost) as error:
            log.error("card_stuck", error=str(error))
            return terms.EjectFailed()
        return moved


def _outcome(state: cycle.State) -> FaceOutcome:
    """Return how the face ended, from where the cycle stands now that it has."""
    ending = getattr(state, "ending", state)
    return ending.face if isinstance(ending, cycle.Done) else "stale"
