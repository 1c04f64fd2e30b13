"""The kiosk's card slot: performs what the insert-to-eject cycle asks for.

The printer holds the card where the reader's antenna is, so the card that is read is the card
that is printed. The cycle decides (`display/cycle.py`); this shell moves the card, draws the face
and journals around it. The terminal uses it in three steps: next card, perhaps a face, the return.
"""

from collections import deque

import structlog

from device.app import Front
from device.display import cycle
from device.display import cycle_terms as terms
from device.display.printers.printer import CardPrinter
from device.errors import DeviceError
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
from device.face_records import FaceRecords
from device.nfc.reader import CardGone, CardSeen, Reader
from device.printer_minder import PrinterMinder
from device.recorder import Recorder
from device.tap import Tap
from loyalty.clock import Clock

SLOT_OPEN_S = 3600.0
READ_UID_S = 1.0
JAM_POLL_MS = 2000
PRINTER_RETRY_MS = 5000

log = structlog.get_logger()

_AWAY = (cycle.Done, cycle.Stale, cycle.Idle)


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
        self._minder = PrinterMinder(printer, patience)
        self._reader = reader
        self._tap = tap
        self._faces = faces
        self._records = FaceRecords(recorder, setting)
        self._front = front
        self._patience = patience
        self._state: cycle.State = cycle.Idle()
        self._todo: deque[terms.Request] = deque()
        self._found: CardRead | CardRefused | None = None
        self._made: MadeFace | None = None
        self._is_new = True
        self._is_serving = False
        self._has_spoken = False

    async def next_card(self, but_not: str = "") -> CardRead | CardRefused:
        """Open the slot and return the card that is put in; wait for as long as it takes."""
        if self._is_new:
            self._is_new = False
            self._feed(terms.Booted(self._records.left_open()))
        self._is_serving = False
        while True:
            await self._perform_until_at_rest()
            if isinstance(self._state, cycle.Identified):
                assert self._found is not None
                self._is_serving = True
                return self._found
            await self._until_away()
            if self._has_spoken:
                self._front.show(Show(screen="welcome"))
                self._has_spoken = False
            self._feed(terms.SlotOpened(SLOT_OPEN_S))

    async def write(self, card: Card, *, op: str, rewrites: int) -> CardWritten:
        """Write the held card."""
        return await self._tap.write(card, op=op, rewrites=rewrites)

    async def personalise(self, uid: str, *, member: str, op: str) -> CardWritten:
        """Make the held blank card one of ours."""
        return await self._tap.personalise(uid, member=member, op=op)

    async def print_face(self, card: Card, touch: TouchOutcome, content: FaceContent) -> FaceEnded:
        """Give the held card a new face; the card is still inside afterwards, if it can be."""
        self._made = self._faces.make(content)
        job = self._records.plan(card, touch, content, self._made)
        self._feed(terms.FaceCommitted(job))
        while self._todo and not isinstance(self._todo[0], terms.Eject | terms.AwaitRemoval):
            await self._perform_next()
        return FaceEnded(_outcome(self._state))

    async def return_card(self) -> CardReturned:
        """Push the card out; return once it is taken, or staff have cleared the slot."""
        if isinstance(self._state, cycle.Identified):
            self._feed(terms.ReturnChosen())
        await self._perform_until_at_rest()
        await self._until_away()
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
            case terms.JournalFaceStarted(rewrite_no=rewrite_no):
                is_safe = self._records.start(rewrite_no)
                return terms.FaceStartedJournalled() if is_safe else terms.JournalRefused()
            case terms.Rewrite():
                return terms.RewriteEnded(await self._printer.rewrite())
            case terms.Probe():
                return await self._probe()
            case terms.JournalFaceOutcome(outcome=outcome):
                self._records.end(outcome)
            case terms.Eject():
                return terms.Ejected() if await self._minder.eject() else terms.EjectFailed()
            case terms.Retract():
                return terms.Retracted() if await self._minder.retract() else terms.EjectFailed()
            case terms.AwaitRemoval(timeout_s=timeout_s):
                is_taken = await self._minder.is_taken(timeout_s)
                return terms.CardRemoved() if is_taken else terms.NotRemoved()
            case terms.ShowCallStaff(reason=reason):
                log.error("printer_needs_staff", reason=reason)
            case terms.ShowTakeCard() if not self._is_serving:
                self._say(Show(screen="take_card"))
            case terms.ShowOfferNewCard(rewrites=rewrites):
                self._say(Show(screen="card_worn", values={"rewrites": rewrites}))
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
            self._say(Show(screen="staff_needed"))
            while not await self._minder.is_well_again():
                await self._patience.sleep_ms(PRINTER_RETRY_MS)
            return terms.CardNotTaken()
        return terms.CardTaken() if taken else terms.CardNotTaken()

    async def _read_uid(self) -> terms.Event:
        seen = await self._see_card()
        if seen is None:
            return terms.UidNotRead()
        if isinstance(self._state, cycle.Held):
            try:
                self._found = await self._tap.read_now(seen)
            except DeviceError as error:
                log.warning("card_not_read", error=str(error))
                return terms.UidNotRead()
        return terms.UidRead(seen.uid.hex())

    async def _see_card(self) -> CardSeen | None:
        try:
            return await self._reader.wait_for_card(READ_UID_S)
        except CardGone:
            return None
        except DeviceError as error:
            log.error("card_not_seen", error=str(error))
            return None

    async def _load(self, job: terms.Job) -> terms.Event:
        assert self._made is not None
        try:
            await self._printer.load(self._made.raster)
        except DeviceError as error:
            log.error("face_not_loaded", error=str(error))
            return terms.LoadFailed()
        return terms.FaceLoaded(job.face, self._made.read_back)

    async def _probe(self) -> terms.Event:
        status = await self._minder.status()
        seen = await self._see_card() if status.card_held else None
        return terms.Probed(status, None if seen is None else seen.uid.hex())

    async def _until_away(self) -> None:
        """Return at once if nothing is stuck or left behind, else once staff have seen to it."""
        if not isinstance(self._state, _AWAY):
            self._say(Show(screen="staff_needed"))
        while not isinstance(self._state, _AWAY):
            await self._patience.sleep_ms(JAM_POLL_MS)
            keeps_card = isinstance(self._state, cycle.Abandoned)
            if await self._minder.is_well_again(keeps_card=keeps_card):
                self._feed(terms.StaffCleared())

    def _say(self, show: Show) -> None:
        self._front.show(show)
        self._has_spoken = True


def _outcome(state: cycle.State) -> FaceOutcome:
    """Return how the face ended, from where the cycle stands now that it has."""
    ending = getattr(state, "ending", state)
    return ending.face if isinstance(ending, cycle.Done) else "stale"
