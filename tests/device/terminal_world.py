"""Terminals for tests: real app, slot, tap, drivers and journal before simulated hardware.

The hardware (`Hardware`) outlives a terminal, as it does when a terminal's power is cut. The hub is
the one part that is only spoken for.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from device.app import App
from device.behaviour import handheld, kiosk
from device.behaviour.events import Chosen, SaleKeyed, TillSale
from device.behaviour.identify import Identifier
from device.behaviour.requests import Show
from device.behaviour.standing import standing_of
from device.display.cards.artist import FaceArtist
from device.display.cards.layout_files import ORDINARY, read_layout
from device.display.cards.profile import STAR_TCP
from device.display.fonts import Fonts, installed_collection
from device.display.printers.star_printer import StarPrinter, StarTimings
from device.documents.hotlist import NO_HOTLIST, Hotlist
from device.faces.face_maker import FaceMaker
from device.links.reopened_link import ReopenedLink
from device.links.serial_link import SerialLink
from device.mqtt.client import HubSilent
from device.mqtt.hub_time import HubTime
from device.nfc.readers.pn532 import Pn532
from device.nfc.readers.supervisor import Supervisor
from device.parts import Parts
from device.records.journal import Journal
from device.records.offline_giving import OfflineGiving
from device.records.recorder import Recorder
from device.slot import Slot
from device.tap import Tap
from device.terminal_parts import setting_of
from loyalty.asks import Ask, AskAccount, AskRedeem, CancelRedeem
from loyalty.key_wrap import unwrap
from loyalty.programme import parse
from loyalty.receipts import AccountView, Answer, RedeemGranted, Released
from loyalty.record import Record
from loyalty.records import SaleItem, from_line
from simulators.chips.chip import Chip
from simulators.chips.classic import ClassicChip
from simulators.front import Front
from simulators.plastic import PlasticCard
from simulators.pn532_port import Pn532Port
from simulators.printer_port import PrinterPort
from simulators.script_clock import ScriptClock
from simulators.star import StarSimulator
from tests.nfc.reader_on_a_port import KEYS, issue

STORE = "s1"
MEMBER = "m-1001"  # whose every number is
START_MS = 1_488_360_000_000  # 2017-03-01T09:20:00Z
PROGRAMME = Path(__file__).parents[2] / "programmes" / "supermarket.toml"
SECRET = b"the secret of this terminal"
LONG_MS = 100
TERMINAL_KEYS = replace(KEYS, credit_master=None)
TIMINGS = StarTimings(short_s=0.5, rewrite_s=0.5)


class SpokenForHub:
    """What a terminal hears from its hub: a view, a grant; or nothing at all."""

    def __init__(self) -> None:
        self.is_silent = False
        self.is_silent_about_receipts = False
        self.asked: list[Ask] = []
        self.hub_ms = 0
        self.time = HubTime()
        self.hotlist: Hotlist = NO_HOTLIST
        self.programme = _programme()
        self.key = b""

    def meet(self, journal: Journal, clock: ScriptClock) -> None:
        """Be the hub of the terminal with this journal."""

    def notify_appended(self) -> None:
        """Nothing is sent."""

    def unwrap(self, ref: str, wrapped: str) -> bytes:
        return unwrap(SECRET, ref, wrapped)

    async def ask(self, ask: Ask, timeout_ms: int) -> Answer:
        self.asked.append(ask)
        if self.is_silent:
            raise HubSilent("no hub")
        return _answer(ask)

    async def settled(self, upto_seq: int) -> None:
        if self.is_silent or self.is_silent_about_receipts:
            await asyncio.Event().wait()


class HastyClock(ScriptClock):
    """A clock for waits between two looks: short ones take no time, long ones the loop's."""

    async def sleep_ms(self, duration_ms: int) -> None:
        await asyncio.sleep(duration_ms / 1000 if duration_ms >= LONG_MS else 0)


class NotedFront(Front):
    """A front that notes every screen."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def show(self, show: Show) -> None:
        super().show(show)
        self.shown.append(show.screen)


class GateStar(StarSimulator):
    """A printer before which somebody waits for a card."""

    def __init__(self, on_held: Callable[[PlasticCard | None], None]) -> None:
        self.card_came_out = asyncio.Event()
        self.slot_opened = asyncio.Event()
        super().__init__(on_held=on_held, on_slot_open=self.slot_opened.set)

    @property
    def at_gate(self) -> PlasticCard | None:
        return self._at_gate

    @at_gate.setter
    def at_gate(self, card: PlasticCard | None) -> None:
        self._at_gate = card
        if card is None:
            self.card_came_out.clear()
        else:
            self.card_came_out.set()


class Hardware:
    """A reader and a printer on ptys with names; the card that the printer holds is read."""

    def __init__(self, folder: Path) -> None:
        self.reader_link, self.printer_link = folder / "reader", folder / "printer"
        self.star = GateStar(self._on_held)
        self.reader: Pn532Port
        self.printer: PrinterPort[StarSimulator]
        self.plug_in_reader()
        self.plug_in_printer()

    def plug_in_reader(self) -> None:
        self.reader = Pn532Port(link=self.reader_link)
        self.reader.start()

    def plug_in_printer(self) -> None:
        self.printer = PrinterPort(self.star, link=self.printer_link)
        self.printer.start()

    def unplug(self) -> None:
        self.reader.stop()
        self.printer.stop()

    async def issued_card(
        self, card: PlasticCard | None = None, *, chip: ClassicChip | None = None
    ) -> PlasticCard:
        """Return a card that staff have made a member's."""
        card = card or PlasticCard()
        card.chip = chip or ClassicChip()
        self.reader.place(card.chip)
        driver = Pn532(SerialLink(str(self.reader_link)))
        await driver.open()
        await issue(driver, card.chip)
        await driver.close()
        self.reader.remove()
        return card

    def _on_held(self, card: PlasticCard | None) -> None:
        if card is None or card.chip is None:
            self.reader.remove()
        else:
            self.reader.place(card.chip)


@dataclass(kw_only=True)
class Terminal:
    """A running terminal, what stands before it, and what it wrote down."""

    hardware: Hardware
    app: App
    front: NotedFront
    journal: Journal
    hub: SpokenForHub
    clock: ScriptClock
    running: asyncio.Task[None]
    slot: Slot

    def records(self) -> list[Record]:
        return [from_line(line) for _, line in self.journal.pending(0, 1000)]

    def kinds(self) -> list[str]:
        return [it.kind for it in self.records()]

    async def see(self, *screens: str) -> None:
        await self.front.see(screens)

    async def choose(self, choice: str) -> None:
        await self.app.put(Chosen(choice))

    async def redeem_cheapest(self) -> None:
        """Choose the first offer of the account, and say yes to what it costs."""
        await self.choose(self.front.screen.choices[0])
        await self.see("confirm")
        await self.choose("confirm")

    async def key_sale(self, receipt: str = "7") -> None:
        items = (SaleItem("grocery", 1250, 0),)
        sale = TillSale(store=STORE, receipt=receipt, till_ms=START_MS, currency="USD", items=items)
        await self.app.put(SaleKeyed(sale))

    async def pass_ms(self, duration_ms: int) -> None:
        """Let time go by for who stands before the screen."""
        await asyncio.sleep(0)  # the screen's timer begins
        self.clock.move_to(self.clock.now_ms() + duration_ms)

    def hold(self, chip: Chip) -> None:
        self.hardware.reader.place(chip)

    def take_away(self) -> None:
        self.hardware.reader.remove()

    async def insert(self, card: PlasticCard) -> None:
        """Put a card in once the slot's light is on."""
        slot_opened = self.hardware.star.slot_opened
        await slot_opened.wait()
        slot_opened.clear()
        self.hardware.printer.insert(card)

    async def card_at_gate(self) -> PlasticCard:
        """Take the card once it is at the gate."""
        await self.hardware.star.card_came_out.wait()
        return self.hardware.printer.pull()


@asynccontextmanager
async def hardware_in(folder: Path) -> AsyncIterator[Hardware]:
    """Give hardware that is unplugged in the end."""
    hardware = Hardware(folder)
    try:
        yield hardware
    finally:
        hardware.unplug()


@asynccontextmanager
async def handheld_at(folder: Path, **options: int) -> AsyncIterator[tuple[Terminal, ClassicChip]]:
    """Give a running handheld and a member's chip."""
    async with hardware_in(folder) as hardware:
        card = await hardware.issued_card()
        async with terminal_on(hardware, folder, kind="handheld", **options) as terminal:
            yield terminal, card.chip


@asynccontextmanager
async def kiosk_at(folder: Path, **options: int) -> AsyncIterator[tuple[Terminal, PlasticCard]]:
    """Give a running kiosk and a member's card."""
    async with hardware_in(folder) as hardware:
        card = await hardware.issued_card()
        async with terminal_on(hardware, folder, **options) as terminal:
            yield terminal, card


def supervised(hardware: Hardware) -> Supervisor:
    driver = Pn532(SerialLink(str(hardware.reader_link)))
    return Supervisor(driver, clock=HastyClock(START_MS), rng=random.Random(7))


@asynccontextmanager
async def terminal_on(
    hardware: Hardware,
    folder: Path,
    *,
    kind: str = "kiosk",
    hub: SpokenForHub | None = None,
    **options: int,
) -> AsyncIterator[Terminal]:
    """Run a terminal on `hardware` until the block ends as a power cut would end it."""
    journal = Journal.open(folder / "journal.db", epoch_of_new="e1", **options)
    hub, front, clock = hub or SpokenForHub(), NotedFront(), ScriptClock(START_MS)
    hub.meet(journal, clock)
    recorder = Recorder(journal, hub, clock)
    driver = supervised(hardware)
    await driver.open()
    link = ReopenedLink(SerialLink(str(hardware.printer_link)))
    await link.open()
    setting = replace(setting_of(hub.programme, STORE), hub_key=hub.key)
    tap = Tap(driver, TERMINAL_KEYS, HastyClock(START_MS), with_leases=kind == "kiosk")
    slot = Slot(
        printer=StarPrinter(link, monotonic_s=asyncio.get_running_loop().time, timings=TIMINGS),
        reader=driver,
        tap=tap,
        faces=_faces(),
        recorder=recorder,
        setting=setting,
        front=front,
        patience=HastyClock(START_MS),
    )
    place, held, machine = (slot, slot, kiosk) if kind == "kiosk" else (tap, None, handheld)
    parts = Parts(
        place=place, slot=held, identifier=Identifier(KEYS.seal_key), journal=journal,
        recorder=recorder, hub=hub, front=front, clock=clock,
        standing=lambda card: standing_of(card, OfflineGiving(journal), hub.hotlist),
    )  # fmt: skip
    app = App(machine.step, machine.State(), setting, parts)
    running = asyncio.create_task(app.run())
    try:
        terminal = Terminal(
            hardware=hardware, app=app, front=front, journal=journal, hub=hub, clock=clock,
            running=running, slot=slot,
        )  # fmt: skip
        yield terminal
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await driver.close()
        await link.close()
        journal.close()


@cache
def _programme():
    return parse(PROGRAMME.read_text(), source=PROGRAMME.name)


@cache
def _faces() -> FaceMaker:
    artist = FaceArtist(read_layout(ORDINARY), STAR_TCP, Fonts(installed_collection()))
    return FaceMaker(artist, _programme(), locale="en")


def _answer(ask: Ask) -> Answer:
    match ask:
        case AskAccount(ref=ref, member=member):
            return AccountView(
                ref=ref, account=member or MEMBER, version=4, tier="gold", points=80,
                available_points=80, as_of_ms=START_MS, check="a1b2",
            )  # fmt: skip
        case AskRedeem(ref=ref, offer=offer):
            return RedeemGranted(
                ref=ref, auth="grant-1", offer=offer, points=50, value_minor=500,
                granted_ms=START_MS, expires_ms=START_MS + 60_000,
            )  # fmt: skip
        case CancelRedeem(ref=ref, auth=auth):
            return Released(ref=ref, auth=auth)
    raise AssertionError(f"no answer to {ask.kind}")
