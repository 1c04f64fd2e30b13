"""The cycle, our driver and the simulated printer together, under whatever luck there is."""

from dataclasses import dataclass

import pytest
from PIL import Image
from sample_faces import FACES, artist
from star_on_a_port import star_on_a_port

from device.display.cards.payload import encode
from device.display.cards.raster import pack
from device.display.cards.readback import read_code
from device.display.cycle import Done, Idle, Jammed, Stale, step
from device.display.cycle_terms import (
    AwaitRemoval,
    Booted,
    CardRemoved,
    CardTaken,
    Eject,
    Ejected,
    EjectFailed,
    FaceCommitted,
    FaceLoaded,
    FaceStartedJournalled,
    Job,
    JournalFaceOutcome,
    JournalFaceStarted,
    LoadFace,
    LoadFailed,
    Probe,
    Probed,
    ReadUid,
    Rewrite,
    RewriteEnded,
    SlotOpened,
    TakeCard,
    UidNotRead,
    UidRead,
)
from device.display.printers.printer import PrinterTrouble

OLD = Image.new("1", (480, 320), 255)
FACE = FACES["zh_Hans_CN"]


@dataclass
class Journal:
    """What survives a power cut of the terminal."""

    started: int = 0
    open_job: Job | None = None
    outcome: str = ""


@pytest.fixture(scope="module")
def picture():
    return artist().draw(FACE)


class Kiosk:
    """The plainest shell: performs each request and brings back the event it promises."""

    def __init__(self, port, printer, card, picture, journal, luck=()):
        self.port, self.printer, self.card = port, printer, card
        self.raster, self.journal, self.luck = pack(picture), journal, dict(luck)
        self.job = Job(
            uid="anna", face=self.raster.digest(), payload=encode(FACE.payload), rewrites=0
        )

    async def run(self, event, *, die_before=None):
        """Play from `event` to the end of the cycle, or until power fails before a request."""
        state, todo = Idle(), [event]
        while todo:
            state, requests = step(state, todo.pop(0))
            for request in requests:
                if die_before is not None and isinstance(request, die_before):
                    return state
                if (brought := await self.perform(request)) is not None:
                    todo.append(brought)
            if not todo and type(state).__name__ == "Identified":
                todo.append(FaceCommitted(self.job))
        return state

    async def perform(self, request):
        match request:
            case TakeCard():
                self.port.insert(self.card)
                assert await self.printer.take_card(1.0)
                return CardTaken()
            case ReadUid():
                return UidRead("anna") if self.port.printer.held else UidNotRead()
            case LoadFace(job=job):
                read = read_code(self.raster, artist().sheet)
                try:
                    await self.printer.load(self.raster)
                except PrinterTrouble:
                    return LoadFailed()
                return FaceLoaded(job.face, read)
            case JournalFaceStarted(job=job):
                self.journal.started += 1
                self.journal.open_job = job
                while self.luck:
                    setattr(self.port.printer.faults, *self.luck.popitem())
                return FaceStartedJournalled()
            case JournalFaceOutcome(outcome=outcome):
                self.journal.outcome, self.journal.open_job = outcome, None
            case Rewrite():
                outcome = await self.printer.rewrite()
                if not self.port.printer.powered:
                    self.port.printer.restore_power()
                return RewriteEnded(outcome)
            case Probe():
                status = await self.printer.status()
                return Probed(status, "anna" if status.card_held else None)
            case Eject():
                try:
                    await self.printer.eject()
                except PrinterTrouble:
                    return EjectFailed()
                return Ejected()
            case AwaitRemoval():
                assert self.port.pull() is self.card
                return CardRemoved()
        return None


BAD_LUCK = {
    "none": {},
    "answer lost": {"lose_answers": 1},
    "answers garbled": {"garble_answers": 2},
    "commands garbled": {"nak_frames": 2},
    "jam early": {"jam_at_percent": 5},
    "jam late": {"jam_at_percent": 95},
    "power cut after the erase": {"power_cut_at_percent": 0},
    "power cut half way": {"power_cut_at_percent": 50},
    "power cut at the end": {"power_cut_at_percent": 100},
    "head hot": {"head_hot": True},
}


@pytest.mark.parametrize("luck", BAD_LUCK)
async def test_whatever_happens_a_card_is_printed_or_known_to_be_owed(picture, luck):
    journal = Journal()
    async with star_on_a_port(held=False) as (port, printer, card):
        kiosk = Kiosk(port, printer, card, picture, journal, BAD_LUCK[luck])

        ended = await kiosk.run(SlotOpened(1.0))

    assert ended in (Done("anna", "printed"), Stale("anna"), Jammed(Stale("anna")))
    assert journal.outcome == ("printed" if ended == Done("anna", "printed") else "stale")
    assert journal.started >= card.rewrite_count
    if journal.outcome == "printed":
        assert card.picture.tobytes() == picture.tobytes()


@pytest.mark.parametrize(
    "moment", [LoadFace, JournalFaceStarted, Rewrite, Probe, JournalFaceOutcome, Eject]
)
async def test_a_terminal_that_loses_power_at_any_moment_recovers(picture, moment):
    journal = Journal()
    async with star_on_a_port(held=False) as (port, printer, card):
        kiosk = Kiosk(port, printer, card, picture, journal)
        await kiosk.run(SlotOpened(1.0), die_before=moment)

        ended = await kiosk.run(Booted(journal.open_job))

        begun = moment in (Rewrite, Probe, JournalFaceOutcome)
        assert ended == (Done("anna", "printed") if begun else Done("", "unchanged"))
        assert journal.open_job is None
        assert journal.started >= card.rewrite_count
        whole = OLD if card.rewrite_count == 0 else picture
        assert card.picture.tobytes() == whole.tobytes()
