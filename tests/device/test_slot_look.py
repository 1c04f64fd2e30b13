"""A printer that cannot tell how a face ended: somebody looks, and their word is journalled."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from PIL import Image

from device.behaviour.events import CardRead, CardReturned, FaceEnded, PlaceOpened, PlaceShut
from device.behaviour.setting import Setting
from device.display.cards.raster import pack
from device.display.printers.ipp_printer import IppPrinter, IppTimings
from device.errors import LinkLost
from device.faces.face_maker import MadeFace
from device.links.tcp_link import TcpLink
from device.nfc.reader import CardSeen
from device.records.journal import Journal
from device.records.recorder import Recorder
from device.slot import Slot
from loyalty.records import FacePrinted, FaceStarted, from_line
from simulators.chips.classic import ClassicChip
from simulators.ipp import IppSimulator
from simulators.plastic import PlasticCard
from simulators.printer_port import PrinterServer
from simulators.script_clock import ScriptClock
from tests.device.quick_time import in_quick_time
from tests.device.records.test_face_records import CARD, CONTENT, COUNTING
from tests.device.terminal_world import START_MS, HastyClock, NotedFront, SpokenForHub


class Antenna:
    """A reader in the printer, both as the slot and as the printer's driver use it."""

    def __init__(self, printer):
        self._printer = printer
        self.is_lost = False

    async def wait_for_card(self, timeout_s):
        held = None if self.is_lost else self._printer.held
        return None if held is None else CardSeen(uid=held.chip.uid, atqa=b"\x00\x04", sak=8)

    async def sees_card(self):
        if self.is_lost:
            raise LinkLost("the reader in the printer is lost")
        return self._printer.held is not None


class Tap:
    """Reads every card as a member's."""

    async def read_now(self, seen):
        return CardRead(CARD)


class Faces:
    """Has one face."""

    def make(self, content):
        raster = pack(Image.new("1", (1011, 637), 0))
        return MadeFace(raster=raster, payload="p", read_back="p")


@asynccontextmanager
async def slot_of_a_queue(folder):
    printer = IppSimulator()
    server = PrinterServer(printer)
    port = await server.start()
    journal = Journal.open(folder / "journal.db", epoch_of_new="e1")
    antenna = Antenna(printer)
    slot = Slot(
        printer=IppPrinter(
            TcpLink("127.0.0.1", port),
            antenna,
            host="127.0.0.1",
            port=port,
            path="/printers/cards",
            timings=IppTimings(job_s=5.0),
        ),
        reader=antenna,
        tap=Tap(),
        faces=Faces(),
        recorder=Recorder(journal, SpokenForHub(), ScriptClock(START_MS)),
        setting=Setting(store="s1", rules=1, currency="USD"),
        front=NotedFront(),
        patience=HastyClock(START_MS),
    )
    try:
        yield slot, server, journal, antenna
    finally:
        await server.stop()
        journal.close()


@pytest.mark.parametrize(("is_good", "outcome"), [(True, "printed"), (False, "stale")])
def test_what_somebody_saw_becomes_the_end_of_the_face(tmp_path, is_good, outcome):
    @in_quick_time
    async def looked_at():
        async with slot_of_a_queue(tmp_path) as (slot, server, journal, _):
            card = PlasticCard(ClassicChip(bytes.fromhex(CARD.uid)), size=(1011, 637))
            journal.begin(COUNTING)
            coming = asyncio.ensure_future(slot.next_card())
            await asyncio.sleep(1.0)  # of quick time, in which the slot has found itself empty
            server.insert(card)
            assert await coming == CardRead(CARD)

            unseen = await slot.print_face(CARD, "done", CONTENT)
            before = [from_line(line) for _, line in journal.pending(0, 10)]
            ended = await slot.judge_face(is_good=is_good)
            returned = await slot.return_card()

            after = [from_line(line) for _, line in journal.pending(0, 10)]
            assert (unseen, ended, returned) == (
                FaceEnded("unseen"),
                FaceEnded(outcome),
                CardReturned(),
            )
            assert [type(it) for it in before] == [FaceStarted]
            assert [type(it) for it in after] == [FaceStarted, FacePrinted]
            assert (after[1].outcome, card.rewrite_count) == (outcome, 1)

    looked_at()


@in_quick_time
async def test_a_printer_is_not_blamed_for_the_reader_in_it(tmp_path):
    told = asyncio.Queue()
    async with slot_of_a_queue(tmp_path) as (slot, _, _, antenna):
        waiting = asyncio.ensure_future(slot.next_card(tell=told.put))
        await asyncio.sleep(1.0)
        antenna.is_lost = True

        assert await told.get() == PlaceShut("reader_lost")
        assert slot.trouble is None
        antenna.is_lost = False
        assert await told.get() == PlaceOpened()
        waiting.cancel()
