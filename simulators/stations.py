"""Simulated terminals: our real app, drivers, journal and hub client, with simulators behind them.

A station runs everything a device runs, from the pty up. Only the front (screen and sound) and
the person before it are the simulation's.
"""

import asyncio
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from device import handheld, kiosk
from device.app import App, Parts
from device.display.cards.face import FaceArtist
from device.display.cards.fonts import Fonts, installed_collection
from device.display.cards.profile import STAR_TCP
from device.display.printers.star_printer import StarPrinter
from device.events import Setting
from device.face_maker import FaceMaker
from device.journal import Journal
from device.mqtt.client import HubClient
from device.mqtt.identity import Broker, Identity
from device.nfc.member_card import CardKeys
from device.nfc.pn532 import Pn532
from device.recorder import Recorder
from device.serial_link import SerialLink
from device.slot import Slot
from device.tap import Tap
from loyalty.clock import Clock, SystemClock
from loyalty.programme import Programme
from simulators.front import Front
from simulators.plastic import PlasticCard
from simulators.pn532_port import Pn532Port
from simulators.star import StarSimulator
from simulators.star_port import StarPort

PRINTER_BAUD = 115200
GATE_LOOK_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What a station is made from; `clock` stamps its records, its patience is the real clock's."""

    folder: Path
    identity: Identity
    broker: Broker
    keys: CardKeys
    setting: Setting
    programme: Programme
    locale: str
    clock: Clock
    seed: int


@dataclass(slots=True, kw_only=True)
class HandheldStation:
    """A handheld and the place before it, where one person at a time is served."""

    app: App
    front: Front
    journal: Journal
    hub: HubClient
    reader: Pn532Port
    counter: asyncio.Lock = field(default_factory=asyncio.Lock)
    _driver: Pn532

    @classmethod
    def build(cls, making: Making) -> "HandheldStation":
        """Build it; call this on the event loop that will run it."""
        reader, driver, tap = _tap(making)
        journal, hub = _records(making)
        front = Front()
        parts = Parts(
            place=tap,
            journal=journal,
            recorder=Recorder(journal, hub, making.clock),
            hub=hub,
            front=front,
            clock=making.clock,
        )
        app = _app(handheld, making, parts)
        return cls(app=app, front=front, journal=journal, hub=hub, reader=reader, _driver=driver)

    async def run(self) -> None:
        """Work until cancelled, then close everything."""
        await self._driver.open()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.hub.run(), name="hub client")
                group.create_task(self.app.run(), name="app")
        finally:
            await self._driver.close()
            self.reader.stop()
            self.journal.close()

    def hold_card(self, card: PlasticCard) -> None:
        """Hold a card against the reader."""
        _hold(self.reader, card)

    def take_card_away(self) -> None:
        """Hold it there no longer."""
        _hold(self.reader, None)

    async def settled(self) -> None:
        """Wait until the hub has given a receipt for everything so far."""
        await self.hub.settled(self.journal.last_seq)

    @property
    def pty_bytes(self) -> int:
        """How many bytes went over the pty, both ways."""
        return self.reader.bytes_in + self.reader.bytes_out


@dataclass(slots=True, kw_only=True)
class KioskStation:
    """A kiosk: the card that its printer holds is the card that its reader sees."""

    app: App
    front: Front
    journal: Journal
    hub: HubClient
    reader: Pn532Port
    printer: StarPort
    counter: asyncio.Lock = field(default_factory=asyncio.Lock)
    _driver: Pn532
    _printer_link: SerialLink

    @classmethod
    def build(cls, making: Making) -> "KioskStation":
        """Build it; call this on the event loop that will run it."""
        reader, driver, tap = _tap(making)
        printer = StarPort(StarSimulator(on_held=lambda card: _hold(reader, card)))
        link = SerialLink(printer.start(), PRINTER_BAUD)
        journal, hub = _records(making)
        front = Front()
        recorder = Recorder(journal, hub, making.clock)
        slot = Slot(
            printer=StarPrinter(link, monotonic_s=time.monotonic),
            reader=driver,
            tap=tap,
            faces=_faces(making),
            recorder=recorder,
            setting=making.setting,
            front=front,
            patience=SystemClock(),
        )
        parts = Parts(
            place=slot,
            slot=slot,
            journal=journal,
            recorder=recorder,
            hub=hub,
            front=front,
            clock=making.clock,
        )
        return cls(
            app=_app(kiosk, making, parts),
            front=front,
            journal=journal,
            hub=hub,
            reader=reader,
            printer=printer,
            _driver=driver,
            _printer_link=link,
        )

    async def run(self) -> None:
        """Work until cancelled, then close everything."""
        await self._driver.open()
        await self._printer_link.open()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.hub.run(), name="hub client")
                group.create_task(self.app.run(), name="app")
        finally:
            await self._driver.close()
            await self._printer_link.close()
            self.reader.stop()
            self.printer.stop()
            self.journal.close()

    def insert(self, card: PlasticCard) -> None:
        """Put a card into the slot."""
        self.printer.insert(card)

    async def take_card(self) -> PlasticCard:
        """Take the card from the gate, once it is there."""
        while (card := self.printer.pull()) is None:  # noqa: ASYNC110 - people look, now and then
            await asyncio.sleep(GATE_LOOK_S)
        return card

    async def settled(self) -> None:
        """Wait until the hub has given a receipt for everything so far."""
        await self.hub.settled(self.journal.last_seq)

    @property
    def pty_bytes(self) -> int:
        """How many bytes went over both ptys, both ways."""
        ports = (self.reader, self.printer)
        return sum(it.bytes_in + it.bytes_out for it in ports)


def _hold(reader: Pn532Port, card: PlasticCard | None) -> None:
    if card is None or card.chip is None:
        reader.remove()
    else:
        reader.place(card.chip)


def _faces(making: Making) -> FaceMaker:
    return FaceMaker(
        FaceArtist(STAR_TCP, Fonts(installed_collection())),
        STAR_TCP,
        making.programme,
        locale=making.locale,
    )


def _tap(making: Making) -> tuple[Pn532Port, Pn532, Tap]:
    reader = Pn532Port()
    driver = Pn532(SerialLink(reader.start()))
    return reader, driver, Tap(driver, making.keys, SystemClock())


def _records(making: Making) -> tuple[Journal, HubClient]:
    rng = random.Random(making.seed)
    making.folder.mkdir(parents=True, exist_ok=True)
    journal = Journal.open(making.folder / "journal.db", epoch_of_new=f"{rng.getrandbits(64):016x}")
    hub = HubClient(
        identity=making.identity,
        broker=making.broker,
        journal=journal,
        clock=SystemClock(),
        rng=rng,
        rules=making.setting.rules,
    )
    return journal, hub


def _app(machine: ModuleType, making: Making, parts: Parts) -> App:
    state: Any = machine.State()
    return App(machine.step, state, making.setting, parts)
