"""The cycle, each of our drivers and its simulated printer together, under whatever luck there is.

In the small worlds one thing goes wrong; in a campaign each of them meets a power cut of the
terminal before each thing that it does.
"""

from dataclasses import dataclass, field

import pytest

from device.display.cycle import step
from device.display.cycle_events import (
    Booted,
    CardNotTaken,
    CardRemoved,
    CardTaken,
    CooledDown,
    Ejected,
    EjectFailed,
    FaceCommitted,
    FaceLoaded,
    FaceStartedJournalled,
    Job,
    LoadFailed,
    NotRemoved,
    Probed,
    Retracted,
    RewriteEnded,
    SlotOpened,
    StaffCleared,
    UidNotRead,
    UidRead,
)
from device.display.cycle_requests import (
    AwaitRemoval,
    CoolDown,
    Eject,
    JournalFaceOutcome,
    JournalFaceStarted,
    LoadFace,
    Probe,
    ReadUid,
    Retract,
    Rewrite,
    TakeCard,
)
from device.display.cycle_states import Abandoned, Done, Identified, Idle, Jammed, Stale
from device.display.printers.printer import Fault, FaultCode, PrinterTrouble, Rank, Status
from device.errors import LinkLost
from simulators.mechanism import Faults
from simulators.plastic import PlasticCard
from tests.campaign import IS_CAMPAIGN
from tests.device.quick_time import in_quick_time
from tests.display.printers_on_ports import BENCHES

UID = "deadbeef"
PAYLOAD = "RV1;…"
REQUESTS_MAX = 40
SILENT = Status(
    card_held=False,
    card_at_gate=False,
    cover_open=False,
    fault=Fault(FaultCode.COMMS, Rank.OPERATOR, "the link is lost"),
)


@dataclass
class Journal:
    """What survives a power cut of the terminal."""

    started: int = 0
    open_job: Job | None = None
    outcomes: list[str] = field(default_factory=list)


class PowerCut(Exception):
    """The terminal's power is gone."""


class Shell:
    """The plainest shell: performs each request and brings back the event it promises."""

    def __init__(self, bench, journal, luck, *, dies_before=None):
        self.bench, self.journal, self.luck = bench, journal, dict(luck)
        self.raster = bench.raster(7)
        self.performed = 0
        self.dies_before = dies_before

    @property
    def job(self):
        return Job(uid=UID, face=self.raster.digest(), payload=PAYLOAD, rewrites=0)

    async def run(self, event):
        """Play from `event` until the card is away, with staff's help where it takes that."""
        state, todo = Idle(), [event]
        while todo:
            state, requests = step(state, todo.pop(0))
            for request in requests:
                if (brought := await self.perform(request)) is not None:
                    todo.append(brought)
            if not todo and isinstance(state, Identified):
                todo.append(FaceCommitted(self.job))
            if not todo and isinstance(state, (Jammed, Abandoned)):
                self.help()
                todo.append(StaffCleared())
        return state

    async def perform(self, request):
        if self.performed == self.dies_before:
            raise PowerCut
        self.performed += 1
        assert self.performed < REQUESTS_MAX
        if (bad := self.luck.pop(type(request), None)) is not None:
            bad(self.bench)
        return await self.answer(request)

    async def answer(self, request):
        driver, printer = self.bench.driver, self.bench.printer
        match request:
            case TakeCard(timeout_s=timeout_s):
                return await self.take_card(timeout_s)
            case ReadUid():
                return self.uid_event()
            case LoadFace(job=job):
                loaded = await self.moved(driver.load(self.raster))
                return FaceLoaded(job.face, PAYLOAD) if loaded else LoadFailed()
            case JournalFaceStarted(job=job):
                self.journal.started += job.erases
                self.journal.open_job = job
                return FaceStartedJournalled()
            case JournalFaceOutcome(outcome=outcome):
                self.journal.outcomes.append(outcome)
                self.journal.open_job = None
            case Rewrite():
                outcome = await driver.rewrite()
                printer.faults.mute = False
                if not printer.powered:
                    printer.restore_power()
                return RewriteEnded(outcome)
            case Probe():
                status = await self.status()
                return Probed(status, self.held_uid() if status.card_held else None)
            case CoolDown():
                printer.faults.head_hot = False
                return CooledDown()
            case Eject():
                return Ejected() if await self.moved(driver.eject()) else EjectFailed()
            case Retract():
                return Retracted() if await self.moved(driver.retract()) else EjectFailed()
            case AwaitRemoval():
                if self.luck.pop("left", False):
                    return NotRemoved()
                self.bench.port.pull()
                return CardRemoved()
        return None

    async def take_card(self, timeout_s):
        if self.bench.printer.held is None:
            self.bench.printer.at_gate = self.bench.card
        try:
            return CardTaken() if await self.bench.driver.take_card(timeout_s) else CardNotTaken()
        except (PrinterTrouble, LinkLost):
            return CardNotTaken()

    async def moved(self, movement):
        try:
            await movement
        except (PrinterTrouble, LinkLost):
            return False
        return True

    async def status(self):
        try:
            return await self.bench.driver.status()
        except LinkLost:
            return SILENT

    def held_uid(self):
        held = self.bench.printer.held
        return None if held is None or held.chip is None else held.chip.uid.hex()

    def uid_event(self):
        uid = self.held_uid()
        return UidNotRead() if uid is None else UidRead(uid)

    def help(self):
        """What staff does: whatever was wrong is put right and no card is left inside."""
        printer = self.bench.printer
        printer.faults = Faults()
        printer.clear_jam()
        printer.restore_power()
        printer.pull()


def faulty(**faults):
    def deed(bench):
        for name, value in faults.items():
            setattr(bench.printer.faults, name, value)

    return deed


def swap_in_another(bench):
    another = PlasticCard(type(bench.card.chip)(bytes.fromhex("0badcafe")), size=bench.size)
    bench.printer.swap(another)


LUCK = {
    "none": {},
    "answer lost": {Rewrite: faulty(lose_answers=1)},
    "answers garbled": {Rewrite: faulty(garble_answers=2)},
    "answers lost while loading": {LoadFace: faulty(lose_answers=4)},
    "a reply comes late": {LoadFace: faulty(late_answers=1)},
    "commands garbled": {LoadFace: faulty(nak_frames=2)},
    "a storm of refusals": {Rewrite: faulty(nak_frames=9)},
    "silence": {Rewrite: faulty(mute=True)},
    "jam early": {Rewrite: faulty(jam_at_percent=5)},
    "jam late": {Rewrite: faulty(jam_at_percent=95)},
    "power cut after the erase": {Rewrite: faulty(power_cut_at_percent=0)},
    "power cut half way": {Rewrite: faulty(power_cut_at_percent=50)},
    "power cut at the end": {Rewrite: faulty(power_cut_at_percent=100)},
    "head hot": {Rewrite: faulty(head_hot=True)},
    "card pulled before the rewrite": {Rewrite: lambda bench: bench.printer.force_out()},
    "card pulled after it": {Probe: lambda bench: bench.printer.force_out()},
    "wrong card swapped in": {JournalFaceStarted: lambda bench: None, LoadFace: swap_in_another},
    "path opened": {Rewrite: lambda bench: bench.printer.open_path()},
    "path opened and closed": {
        LoadFace: lambda bench: (bench.printer.open_path(), bench.printer.close_path())
    },
    "stuck on the way out": {Eject: lambda bench: setattr(bench.printer, "jammed", True)},
    "card left": {"left": True},
}


def check(ended, journal, bench):
    """What must hold in every world once the card is away."""
    card, wanted = bench.card, bench.picture(7).tobytes()
    assert isinstance(ended, (Done, Stale, Idle))
    assert journal.open_job is None
    assert journal.started >= card.rewrite_count
    if journal.outcomes[-1:] == ["printed"]:
        assert card.picture.tobytes() == wanted
    elif card.rewrite_count > 0:
        assert journal.outcomes[-1:] == ["stale"]


async def one_world(bench, luck, dies_before=None):
    """Return how one card's visit ended; a terminal that lost its power boots once more."""
    bench.card.chip.__init__(bytes.fromhex(UID))
    journal = Journal()
    shell = Shell(bench, journal, luck, dies_before=dies_before)
    try:
        ended = await shell.run(SlotOpened(1.0))
    except PowerCut:
        bench.driver = bench.new_driver()
        ended = await Shell(bench, journal, shell.luck).run(Booted(journal.open_job))
    check(ended, journal, bench)
    return ended, journal, shell.performed


@pytest.mark.parametrize("luck", LUCK)
@pytest.mark.parametrize("kind", BENCHES)
def test_whatever_goes_wrong_a_card_is_printed_or_known_to_be_owed(kind, luck):
    @in_quick_time
    async def world():
        async with BENCHES[kind]() as bench:
            ended, journal, _ = await one_world(bench, LUCK[luck])

            if luck in ("none", "card left", "path opened and closed"):
                assert journal.outcomes in (["printed"], ["stale"])
            if luck == "none":
                assert ended == Done(UID, "printed")
            if luck == "wrong card swapped in":
                assert (ended, bench.card.rewrite_count) == (Stale(UID), 0)

    world()


@pytest.mark.campaign
@pytest.mark.parametrize("luck", LUCK if IS_CAMPAIGN else ["none", "jam late"])
@pytest.mark.parametrize("kind", BENCHES if IS_CAMPAIGN else ["star+serial", "eps3+tcp"])
def test_a_terminal_that_loses_power_before_anything_it_does_recovers(kind, luck):
    @in_quick_time
    async def moments():
        moment = 0
        while True:
            async with BENCHES[kind]() as bench:
                _, _, performed = await one_world(bench, LUCK[luck], dies_before=moment)
            if performed < moment:
                break
            moment += 1

        assert moment > 1

    moments()
