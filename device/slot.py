"""The kiosk's card slot: performs what the insert-to-eject cycle asks for.

The printer holds the card where the reader's antenna is, so the card that is read is the card
that is printed. The cycle decides (`device/display/cycle.py`); this shell moves the card, draws
the face and journals around it. The terminal uses it in three steps: next card, perhaps a face,
the return.
"""

from collections import deque

import structlog

from device.behaviour.card import Card, TouchOutcome
from device.behaviour.events import (
    CardRead,
    CardRefused,
    CardReturned,
    CardWritten,
    FaceEnded,
    FaceOutcome,
    PlaceOpened,
    PlaceShut,
)
from device.behaviour.requests import FaceContent, Show
from device.behaviour.setting import Setting
from device.display import cycle
from device.display import cycle_events as happened
from device.display import cycle_requests as wanted
from device.display import cycle_states as at
from device.display.printers.printer import CardPrinter, FaultCode, PrinterTrouble
from device.errors import DeviceError
from device.faces.face_maker import FaceMaker, MadeFace
from device.held_card import HeldCard
from device.nfc.cards.card_lease import CardLease
from device.nfc.cards.keys import IssuerKeys
from device.nfc.readers.supervisor import Supervisor
from device.parts import Front, Tell, tell_nobody
from device.printer_minder import PrinterMinder
from device.records.face_records import FaceRecords
from device.records.recorder import Recorder
from device.tap import Tap
from loyalty.clock import Clock

SLOT_OPEN_S = 3600.0
READER_LOOK_S = 10.0  # so long at most an open slot invites cards to a reader that is lost
JAM_POLL_MS = 2000
READER_RETRY_MS = 2000
PRINTER_RETRY_MS = 5000

log = structlog.get_logger()

_AWAY = (at.Done, at.Stale, at.Idle)


class Slot:
    """One slot with its printer and reader; `patience` is the clock of its waits.

    `trouble` is what staff were called for and have not seen to yet.
    """

    def __init__(
        self,
        *,
        printer: CardPrinter,
        reader: Supervisor,
        tap: Tap,
        faces: FaceMaker,
        recorder: Recorder,
        setting: Setting,
        front: Front,
        patience: Clock,
    ) -> None:
        self._printer = printer
        self._minder = PrinterMinder(printer, patience)
        self._held = HeldCard(printer, reader)
        self._tap = tap
        self._faces = faces
        self._records = FaceRecords(recorder, setting, printer.traits)
        self._front = front
        self._tell: Tell = tell_nobody
        self._patience = patience
        self._state: at.State = at.Idle()
        self._todo: deque[wanted.Request] = deque()
        self._found: CardRead | CardRefused | None = None
        self._made: MadeFace | None = None
        self._is_new = True
        self._is_serving = False
        self._is_shut = False  # as was told
        self._called_for = FaultCode.RELEASE
        self.trouble: FaultCode | None = None

    def follow(self, setting: Setting) -> None:
        """Work by `setting` from now on; nobody is served."""
        self._records.follow(setting)

    async def next_card(
        self, but_not: str = "", tell: Tell = tell_nobody
    ) -> CardRead | CardRefused:
        """Open the slot and return the card that is put in; wait for as long as it takes."""
        self._tell = tell
        if self._is_new:
            self._is_new = False
            self._feed(happened.Booted(self._records.left_open()))
        self._is_serving = False
        while True:
            await self._perform_until_at_rest()
            if isinstance(self._state, at.Identified):
                assert self._found is not None
                self._is_serving = True
                return self._found
            await self._until_away()
            await self._until_reader_is_back()
            if self._is_shut:
                self._is_shut = False
                await tell(PlaceOpened())
            self.trouble = None
            await self._minder.remind_of_cleaning()
            self._feed(happened.SlotOpened(SLOT_OPEN_S))

    async def write(
        self,
        card: Card,
        *,
        op: str,
        rewrites: int,
        lease: CardLease | None = None,
        credit_key: bytes = b"",
    ) -> CardWritten:
        """Write the held card."""
        return await self._tap.write(
            card, op=op, rewrites=rewrites, lease=lease, credit_key=credit_key
        )

    async def personalise(
        self, uid: str, *, member: str, op: str, issuer: IssuerKeys | None = None
    ) -> CardWritten:
        """Make the held blank card one of ours."""
        return await self._tap.personalise(uid, member=member, op=op, issuer=issuer)

    async def print_face(self, card: Card, touch: TouchOutcome, content: FaceContent) -> FaceEnded:
        """Give the held card a new face; the card is still inside afterwards, if it can be."""
        self._made = self._faces.make(content)
        job = self._records.plan(card, touch, content, self._made)
        self._feed(happened.FaceCommitted(job))
        return await self._perform_until_face_ended()

    async def judge_face(self, *, is_good: bool) -> FaceEnded:
        """Take the word of whoever looked at the card, after a face ended "unseen"."""
        self._feed(happened.FaceSeen(is_good))
        return await self._perform_until_face_ended()

    async def return_card(self) -> CardReturned:
        """Push the card out; return once it is taken, or staff have cleared the slot."""
        if isinstance(self._state, at.Identified):
            self._feed(happened.ReturnChosen())
        await self._perform_until_at_rest()
        await self._until_away()
        return CardReturned()

    async def _perform_until_face_ended(self) -> FaceEnded:
        while self._todo and not isinstance(self._todo[0], wanted.Eject | wanted.AwaitRemoval):
            await self._perform_next()
        return FaceEnded(_outcome(self._state))

    async def _perform_until_at_rest(self) -> None:
        while self._todo:
            await self._perform_next()

    async def _perform_next(self) -> None:
        event = await self._perform(self._todo.popleft())
        if event is not None:
            self._feed(event)

    def _feed(self, event: happened.Event) -> None:
        self._state, requests = cycle.step(self._state, event)
        self._todo.extend(requests)

    async def _perform(self, request: wanted.Request) -> happened.Event | None:
        match request:
            case wanted.TakeCard(timeout_s=timeout_s):
                return await self._take_card(timeout_s)
            case wanted.ReadUid():
                return await self._read_uid()
            case wanted.LoadFace(job=job):
                return await self._load(job)
            case wanted.JournalFaceStarted(rewrite_no=rewrite_no):
                is_safe = self._records.start(rewrite_no)
                return happened.FaceStartedJournalled() if is_safe else happened.JournalRefused()
            case wanted.Rewrite():
                return happened.RewriteEnded(await self._printer.rewrite())
            case wanted.Probe():
                return await self._probe()
            case wanted.CoolDown(duration_s=duration_s):
                await self._patience.sleep_ms(int(duration_s * 1000))
                return happened.CooledDown()
            case wanted.JournalFaceOutcome(outcome=outcome):
                self._records.end(outcome)
            case wanted.Eject():
                return happened.Ejected() if await self._minder.eject() else happened.EjectFailed()
            case wanted.Retract():
                return (
                    happened.Retracted() if await self._minder.retract() else happened.EjectFailed()
                )
            case wanted.AwaitRemoval(timeout_s=timeout_s):
                is_taken = await self._minder.is_taken(timeout_s)
                return happened.CardRemoved() if is_taken else happened.NotRemoved()
            case wanted.ShowCallStaff(code=code):
                log.error("printer_needs_staff", fault=code.value)
                self._called_for = code
            case wanted.ShowTakeCard() if not self._is_serving:
                why = "reader_lost" if self._held.is_reader_lost else "not_finished"
                await self._say(Show(screen=why, values={"card_is_out": 1}))
            case wanted.ShowOfferNewCard(rewrites=rewrites):
                await self._say(Show(screen="card_worn", values={"rewrites": rewrites}))
            case wanted.ShowCardWorn(rewrites=rewrites):
                log.warning("card_wearing_out", rewrites=rewrites)
            case _:
                pass  # The kiosk has its own words for inserting, taking, looking and owing.
        return None

    async def _take_card(self, timeout_s: float) -> happened.Event:
        left_s = timeout_s
        try:
            while left_s > 0:
                if await self._printer.take_card(min(left_s, READER_LOOK_S)):
                    return happened.CardTaken()
                left_s -= READER_LOOK_S
                if not await self._held.has_reader():
                    break
        except DeviceError as error:
            if self._held.is_reader_lost:
                return happened.CardNotTaken()  # a printer that needs it to see its card
            log.error("slot_not_opened", error=str(error), retry_in_ms=PRINTER_RETRY_MS)
            told = error.fault.code if isinstance(error, PrinterTrouble) else FaultCode.COMMS
            await self._call_staff(told)
            while not await self._minder.is_well_again():
                await self._patience.sleep_ms(PRINTER_RETRY_MS)
        return happened.CardNotTaken()

    async def _read_uid(self) -> happened.Event:
        seen = await self._held.see()
        if seen is None:
            return happened.UidNotRead()
        if isinstance(self._state, at.Held):
            try:
                self._found = await self._tap.read_now(seen)
            except DeviceError as error:
                log.warning("card_not_read", error=str(error))
                return happened.UidNotRead()
        return happened.UidRead(seen.uid.hex())

    async def _load(self, job: happened.Job) -> happened.Event:
        assert self._made is not None
        try:
            await self._printer.load(self._made.raster)
        except DeviceError as error:
            log.error("face_not_loaded", error=str(error))
            return happened.LoadFailed()
        return happened.FaceLoaded(job.face, self._made.read_back)

    async def _probe(self) -> happened.Event:
        status = await self._minder.status()
        seen = await self._held.see() if status.card_held else None
        return happened.Probed(status, None if seen is None else seen.uid.hex())

    async def _until_away(self) -> None:
        """Return at once if nothing is stuck or left behind, else once staff have seen to it."""
        if not isinstance(self._state, _AWAY):
            await self._call_staff(self._called_for)
        while not isinstance(self._state, _AWAY):
            await self._patience.sleep_ms(JAM_POLL_MS)
            keeps_card = isinstance(self._state, at.Abandoned)
            if await self._minder.is_well_again(keeps_card=keeps_card):
                self._feed(happened.StaffCleared())

    async def _until_reader_is_back(self) -> None:
        if await self._held.has_reader():
            return
        await self._say(Show(screen="reader_lost"))
        while not await self._held.has_reader():
            await self._patience.sleep_ms(READER_RETRY_MS)

    async def _call_staff(self, code: FaultCode) -> None:
        self.trouble = code
        await self._say(Show(screen="staff_needed", values={"notice": f"printer_{code.value}"}))

    async def _say(self, show: Show) -> None:
        """Show it to whose card is inside, who sees nothing else meanwhile; else tell of it."""
        if self._is_serving:
            self._front.show(show)
        else:
            self._is_shut = True
            await self._tell(PlaceShut(show.screen, show.values))


def _outcome(state: at.State) -> FaceOutcome:
    """Return how the face ended, from where the cycle stands now that it has."""
    if isinstance(state, at.Looking):
        return "unseen"
    ending = getattr(state, "ending", state)
    return ending.face if isinstance(ending, at.Done) else "stale"
