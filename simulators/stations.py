"""Terminals as they stand in a shop: real device parts with simulators behind them.

A station outlives the power cuts of its terminal: the reader, the printer and whatever card is in
them stay, the program begins another life. The front (screen and sound) and the person before it
are the simulation's.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from device.behaviour.events import Event
from device.behaviour.setting import Setting
from device.display.cards.artist import FaceArtist
from device.display.cards.layout_files import ORDINARY, read_layout
from device.display.cards.profile import STAR_TCP
from device.display.fonts import Fonts, installed_collection
from device.documents.hotlist import Hotlist
from device.faces.face_maker import FaceMaker
from device.mqtt.client import HubClient
from simulators.antenna import show_to
from simulators.front import DARK, Front
from simulators.life import Life, Making
from simulators.plastic import PlasticCard
from simulators.pn532 import Pn532Chip
from simulators.pn532_port import Pn532Port
from simulators.printer_port import PrinterPort
from simulators.star import StarSimulator

LOOK_S = 0.005
LIVES_MAX = 10_000


class _Station:
    """What handhelds and kiosks share: lives one after the other, and the count of their bytes."""

    def __init__(self, making: Making) -> None:
        self.making = making
        self.front = Front()
        self.counter = asyncio.Lock()
        self.on_power_cut: Callable[[], object] = lambda: None
        self.power_cuts = 0
        self._steps_left: int | None = None
        self._pty_bytes = 0
        self._hub_bytes = 0
        self._life = self._begin()

    @property
    def name(self) -> str:
        """The device's name."""
        return self.making.identity.device

    async def run(self) -> None:
        """Work until cancelled, through every power cut."""
        for _ in range(LIVES_MAX):
            try:
                await self._life.run()
            finally:
                self._pty_bytes, self._hub_bytes = self.pty_bytes, self.hub_bytes
                self._unplug()
            self._life = self._begin()
        raise RuntimeError(f"{self.name} lost power {LIVES_MAX} times")

    async def put(self, event: Event) -> None:
        """Bring an event from the till or the touch screen."""
        await self._life.app.put(event)

    def cut_power_in(self, steps: int) -> None:
        """Cut the power when the terminal's machine is about to do its `steps`-th step from now."""
        self._steps_left = steps

    def cut_power_if_due(self) -> None:
        """Cut the power now if those steps were not all done."""
        if self._steps_left is not None:
            self._steps_left = 1
            self._burn()

    @property
    def setting(self) -> Setting:
        """What its terminal works by now."""
        return self._life.app.setting

    @property
    def hotlist(self) -> Hotlist:
        """The stopped cards that its terminal has heard of."""
        return self._life.hotlist

    async def until(self, holds: Callable[[HubClient], bool]) -> None:
        """Wait until `holds` is true of the line to the hub, in this life."""
        await self._life.hub.until(holds)

    @property
    def last_seq(self) -> int:
        """The number of the last line that the journal holds."""
        return self._life.journal.last_seq

    @property
    def settled_seq(self) -> int:
        """The number of the last line that the hub gave a receipt for."""
        return self._life.journal.settled_seq

    async def settled(self, upto_seq: int | None = None) -> None:
        """Wait until the hub has given a receipt for line `upto_seq`, or for all so far."""
        wanted = self.last_seq if upto_seq is None else upto_seq
        while self.settled_seq < wanted:  # noqa: ASYNC110 - through lives, each with its own client
            await asyncio.sleep(LOOK_S)

    @property
    def hub_bytes(self) -> int:
        """How many bytes of payload went to the hub and came from it, in all lives."""
        hub = self._life.hub
        return self._hub_bytes + hub.bytes_sent + hub.bytes_received

    @property
    def pty_bytes(self) -> int:
        """How many bytes went over the ptys, both ways, in all lives."""
        return self._pty_bytes + self._bytes_now()

    def _burn(self) -> None:
        if self._steps_left is None:
            return
        self._steps_left -= 1
        if self._steps_left <= 0:
            self._steps_left = None
            self._cut_power()

    def _cut_power(self) -> None:
        self.power_cuts += 1
        self.on_power_cut()
        self._life.cut_power()
        self.front.show(DARK)

    def _begin(self) -> Life:
        raise NotImplementedError

    def _unplug(self) -> None:
        raise NotImplementedError

    def _bytes_now(self) -> int:
        raise NotImplementedError


class HandheldStation(_Station):
    """A handheld and the place before it, where one person at a time is served."""

    def __init__(self, making: Making) -> None:
        """Build it; call this on the event loop that will run it."""
        self._chip = Pn532Chip()
        super().__init__(making)

    def hold_card(self, card: PlasticCard) -> None:
        """Hold a card against the reader."""
        show_to(self._reader, card)

    def take_card_away(self) -> None:
        """Hold it there no longer."""
        show_to(self._reader, None)

    def _begin(self) -> Life:
        self._reader = Pn532Port(self._chip)
        return Life(
            self.making,
            self.power_cuts,
            front=self.front,
            reader_path=self._reader.start(),
            before_step=self._burn,
        )

    def _unplug(self) -> None:
        self._reader.stop()

    def _bytes_now(self) -> int:
        return self._reader.bytes_in + self._reader.bytes_out


class KioskStation(_Station):
    """A kiosk: the card that its printer holds is the card that its reader sees."""

    def __init__(self, making: Making) -> None:
        """Build it; call this on the event loop that will run it."""
        self._chip = Pn532Chip()
        self.printer = StarSimulator(on_held=self._show_to_reader)
        self._faces = FaceMaker(
            FaceArtist(read_layout(ORDINARY), STAR_TCP, Fonts(installed_collection())),
            making.programme,
            locale=making.locale,
        )
        super().__init__(making)

    def insert(self, card: PlasticCard) -> None:
        """Put a card into the slot."""
        self._port.insert(card)

    async def take_card(self) -> PlasticCard:
        """Take the card from the gate, once it is there."""
        while (card := self.printer.pull()) is None:  # noqa: ASYNC110 - people look, now and then
            await asyncio.sleep(LOOK_S)
        return card

    def have_staff_clear(self) -> PlasticCard | None:
        """Have staff switch the printer off and on, and free a stuck card; return it."""
        printer = self.printer
        printer.faults = type(printer.faults)()
        freed = printer.clear_jam() if printer.jammed else None
        printer.restore_power()
        return freed or printer.pull()

    def _cut_power(self) -> None:
        self.printer.cut_power()
        super()._cut_power()

    def _show_to_reader(self, card: PlasticCard | None) -> None:
        show_to(self._reader, card)

    def _begin(self) -> Life:
        self._reader = Pn532Port(self._chip)
        self._port = PrinterPort(self.printer)
        paths = self._reader.start(), self._port.start()
        if not self.printer.powered:
            self.printer.restore_power()
        return Life(
            self.making,
            self.power_cuts,
            front=self.front,
            reader_path=paths[0],
            printer_path=paths[1],
            faces=self._faces,
            before_step=self._burn,
        )

    def _unplug(self) -> None:
        self._reader.stop()
        self._port.stop()

    def _bytes_now(self) -> int:
        ports: tuple[Any, ...] = (self._reader, self._port)
        return sum(it.bytes_in + it.bytes_out for it in ports)
