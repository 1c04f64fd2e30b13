"""A printer that reads UIDs itself is asked whether the card at the antenna is the one it holds."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from device.behaviour.events import CardRefused
from device.behaviour.setting import Setting
from device.display.printers.eps3_printer import Eps3Printer, Eps3Timings
from device.links.reopened_link import ReopenedLink
from device.links.serial_link import SerialLink
from device.nfc.reader import CardSeen
from device.records.journal import Journal
from device.records.recorder import Recorder
from device.slot import Slot
from simulators.chips.classic import ClassicChip
from simulators.eps3 import Eps3Simulator
from simulators.plastic import PlasticCard
from simulators.printer_port import PrinterPort
from simulators.script_clock import ScriptClock
from tests.device.quick_time import in_quick_time
from tests.device.terminal_world import START_MS, HastyClock, NotedFront, SpokenForHub

HELD = bytes.fromhex("deadbeef")
TIMINGS = Eps3Timings(reply_s=0.5, quiet_s=0.05, move_s=1.0)
FOREIGN = CardRefused("deadbeef", "foreign")


class Antenna:
    """A reader that always sees one card."""

    is_lost = False

    def __init__(self, uid):
        self.uid = uid

    async def wait_for_card(self, timeout_s):
        return CardSeen(uid=self.uid, atqa=b"\x00\x04", sak=8)


class GateEasyPrinter(Eps3Simulator):
    """A printer before which somebody waits: for its slot to open, and for a card to come out."""

    def __init__(self):
        self.card_came_out = asyncio.Event()
        self.slot_opened = asyncio.Event()
        super().__init__(on_slot_open=self.slot_opened.set)

    def _discharge(self):
        super()._discharge()
        self.card_came_out.set()


class Tap:
    """Reads every card as one that is not ours."""

    def __init__(self):
        self.read = []

    async def read_now(self, seen):
        self.read.append(seen.uid)
        return FOREIGN


@asynccontextmanager
async def slot_of_an_easyprinter(folder, uid_at_antenna):
    port = PrinterPort(GateEasyPrinter())
    link = ReopenedLink(SerialLink(port.start()))
    await link.open()
    journal = Journal.open(folder / "journal.db", epoch_of_new="e1")
    tap = Tap()
    slot = Slot(
        printer=Eps3Printer(link, timings=TIMINGS),
        reader=Antenna(uid_at_antenna),
        tap=tap,
        faces=None,
        recorder=Recorder(journal, SpokenForHub(), ScriptClock(START_MS)),
        setting=Setting(store="s1", rules=1, currency="USD"),
        front=NotedFront(),
        patience=HastyClock(START_MS),
    )
    try:
        yield slot, tap, port
    finally:
        await link.close()
        port.stop()
        journal.close()


async def put_in(slot, port):
    """Put the card in and return what the slot says of it, or None if it gives it back unread."""
    coming = asyncio.ensure_future(slot.next_card())
    await port.printer.slot_opened.wait()
    port.insert(PlasticCard(ClassicChip(HELD), size=(960, 560)))
    came_out = asyncio.ensure_future(port.printer.card_came_out.wait())
    done, waiting = await asyncio.wait({coming, came_out}, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    return coming.result() if coming in done else None


@pytest.mark.parametrize("uid", [HELD, HELD[::-1]], ids=["as it is", "the other way round"])
def test_the_card_that_both_read_is_served(tmp_path, uid):
    @in_quick_time
    async def served():
        async with slot_of_an_easyprinter(tmp_path, uid) as (slot, tap, port):
            assert await put_in(slot, port) == FOREIGN
            assert tap.read == [uid]

    served()


@in_quick_time
async def test_another_card_at_the_antenna_is_not_taken_for_the_held_one(tmp_path):
    async with slot_of_an_easyprinter(tmp_path, bytes.fromhex("0badcafe")) as (slot, tap, port):
        assert await put_in(slot, port) is None
        assert tap.read == []
