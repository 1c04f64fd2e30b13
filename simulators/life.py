"""One life of a simulated terminal's program, from power-up until its power is cut.

It is everything a device runs, above its ptys. When the power goes nothing is cleaned up: what is
left is the journal as it lies on the disk at that moment, and the next life begins from a copy.
"""

import asyncio
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from device.app import App
from device.behaviour import handheld, kiosk
from device.behaviour.events import Event
from device.behaviour.identify import Identifier
from device.behaviour.requests import Request
from device.behaviour.setting import Now, Setting
from device.behaviour.standing import standing_of
from device.display.printers.star_printer import StarPrinter, StarTimings
from device.documents.catalogue import Catalogue
from device.documents.following import Following
from device.documents.hotlist import NO_HOTLIST, Hotlist
from device.documents.published import PROGRAMME, programme_of
from device.documents.pulling import Documents
from device.errors import DeviceError
from device.faces.face_maker import FaceMaker
from device.links.reopened_link import ReopenedLink
from device.links.serial_link import SerialLink
from device.mqtt.client import HubClient
from device.mqtt.identity import Broker, Identity
from device.nfc.cards.keys import CardKeys
from device.nfc.readers.pn532 import Pn532
from device.nfc.readers.supervisor import Supervisor
from device.parts import Front, Parts
from device.records.journal import Journal
from device.records.offline_giving import OfflineGiving
from device.records.recorder import Recorder
from device.slot import Slot
from device.tap import Tap
from device.terminal_parts import setting_of
from loyalty.clock import Clock
from loyalty.programme import Programme
from simulators.script_clock import OffsetClock

PRINTER_BAUD = 115200


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What a terminal is made from; `clock` stamps its records, `patience` paces its waits.

    With the hub's key in its `setting` it deals in leases and pulls documents. It then takes one
    monotonic clock for both, since it counts the hub's time with it.
    """

    folder: Path
    identity: Identity
    broker: Broker
    keys: CardKeys
    setting: Setting
    programme: Programme
    locale: str
    clock: OffsetClock
    patience: Clock
    printer_timings: StarTimings
    seed: int


class Life:
    """A running terminal; `run` ends once `cut_power` was called, or when it is cancelled.

    `before_step` is called before each step of the terminal's machine.
    """

    def __init__(
        self,
        making: Making,
        number: int,
        *,
        front: Front,
        reader_path: str,
        printer_path: str = "",
        faces: FaceMaker | None = None,
        before_step: Callable[[], None],
    ) -> None:
        self._folder = making.folder
        self._number = number
        self._before_step = before_step
        self._is_cut = False
        self._tasks: list[asyncio.Task[None]] = []
        self._printer_link: ReopenedLink | None = None
        rng = random.Random(f"{making.seed} {number}")
        self._reader = Supervisor(
            Pn532(SerialLink(reader_path)),
            clock=making.patience,
            rng=random.Random(f"{making.seed} {number} reader"),
        )
        folder = _folder(making.folder, number)
        folder.mkdir(parents=True, exist_ok=True)
        self.journal = Journal.open(
            folder / "journal.db", epoch_of_new=f"{rng.getrandbits(64):016x}"
        )
        self.hub = HubClient(
            identity=making.identity,
            broker=making.broker,
            journal=self.journal,
            clock=making.patience,
            rng=rng,
            rules=making.setting.rules,
        )
        recorder = Recorder(self.journal, self.hub, making.clock)
        tap = Tap(self._reader, making.keys, making.patience, with_leases=faces is not None)
        slot = None
        if faces is not None:
            self._printer_link = ReopenedLink(SerialLink(printer_path, PRINTER_BAUD))
            slot = Slot(
                printer=StarPrinter(
                    self._printer_link,
                    monotonic_s=time.monotonic,
                    timings=making.printer_timings,
                ),
                reader=self._reader,
                tap=tap,
                faces=faces,
                recorder=recorder,
                setting=making.setting,
                front=front,
                patience=making.patience,
            )
        giving = OfflineGiving(self.journal)
        self._documents: Documents | None = None
        parts = Parts(
            place=tap if slot is None else slot,
            slot=slot,
            identifier=Identifier(making.keys.seal_key),
            journal=self.journal,
            recorder=recorder,
            hub=self.hub,
            front=front,
            clock=making.clock,
            standing=lambda card: standing_of(card, giving, self.hotlist),
        )
        machine = handheld if slot is None else kiosk
        state: Any = machine.State()
        self._machine_step: Any = machine.step
        self.app = App(self._step, state, making.setting, parts)
        if making.setting.hub_key:
            self._documents = self._pulled(making, folder, slot, faces)

    @property
    def hotlist(self) -> Hotlist:
        """The stopped cards that this life has heard of."""
        return NO_HOTLIST if self._documents is None else self._documents.hotlist

    async def run(self) -> None:
        """Work until the power is cut, or until cancelled; then close everything."""
        try:
            await self._reader.open()
            if self._printer_link is not None:
                await self._printer_link.open()
            async with asyncio.TaskGroup() as group:
                self._tasks = [
                    group.create_task(self.hub.run(), name="hub client"),
                    group.create_task(self.app.run(), name="app"),
                ]
                if self._documents is not None:
                    pulling = self._documents.run()
                    self._tasks.append(group.create_task(pulling, name="documents"))
        except* DeviceError:
            if not self._is_cut:
                raise
            # Its ports went away with the power.
        finally:
            await self._close()

    def cut_power(self) -> None:
        """Stop at once, with nothing put away; the next life finds the journal as it lies."""
        self._is_cut = True
        now, then = (_folder(self._folder, it) for it in (self._number, self._number + 1))
        shutil.copytree(now, then, ignore=shutil.ignore_patterns("*.lock", "*-shm"))
        for task in self._tasks:
            task.cancel()

    def _step(
        self, setting: Setting, state: Any, event: Event, now: Now
    ) -> tuple[Any, list[Request]]:
        self._before_step()
        if self._is_cut:
            raise asyncio.CancelledError
        stepped: tuple[Any, list[Request]] = self._machine_step(setting, state, event, now)
        return stepped

    def _pulled(
        self, making: Making, folder: Path, slot: Slot | None, faces: FaceMaker | None
    ) -> Documents:
        """Return the documents of this life, which every part of it follows."""

        def setting_under(programme: Programme) -> Setting:
            fresh = setting_of(programme, making.setting.store)
            return replace(fresh, hub_key=making.setting.hub_key)

        followers: list[Callable[[Programme], None]] = [lambda it: self.hub.set_rules(it.version)]
        if slot is not None and faces is not None:
            followers += [faces.follow, lambda it: slot.follow(setting_under(it))]
        following = Following(app=self.app, setting_under=setting_under, parts=tuple(followers))
        catalogue = Catalogue(folder / "catalogue.json")
        if catalogue.get(PROGRAMME) is not None:  # an earlier life has pulled it
            following.follow(programme_of(catalogue))
        return Documents(
            hub=self.hub,
            catalogue=catalogue,
            hub_key=making.setting.hub_key,
            clock=making.clock,
            boot=f"{self.journal.epoch[:16]}-{self.journal.boot}",
            on_programme=following.follow,
        )

    async def _close(self) -> None:
        await self._reader.close()
        if self._printer_link is not None:
            await self._printer_link.close()
        self.journal.close()


def _folder(folder: Path, number: int) -> Path:
    return folder / f"life-{number}"
