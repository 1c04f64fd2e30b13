"""A terminal's real parts, opened as its configuration says, and how they are joined."""

import random
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from device.app import App
from device.behaviour import handheld, kiosk
from device.behaviour.identify import Identifier
from device.behaviour.setting import Setting
from device.behaviour.standing import standing_of
from device.card_keys import read_card_keys
from device.config import DeviceConfig
from device.config_table import ConfigError
from device.console_front import ConsoleFront
from device.day_watch import DayWatch
from device.display.printers.printer import CardPrinter
from device.display.screens.view import Link
from device.documents.catalogue import Catalogue
from device.documents.following import Following
from device.documents.hotlist import NO_HOTLIST
from device.documents.published import programme_of
from device.documents.pulling import Documents
from device.faces.open_faces import open_faces
from device.graphic_front import GraphicFront
from device.mqtt.client import HubClient
from device.nfc.readers.open_reader import supervised_reader
from device.nfc.readers.supervisor import Supervisor
from device.open_printer import open_printer
from device.open_screen import open_front, words_of
from device.parts import Parts
from device.records.journal import Journal
from device.records.offline_giving import OfflineGiving
from device.records.recorder import Recorder
from device.scanners.scanner import Scanner, scanner_at
from device.slot import Slot
from device.tap import Tap
from loyalty.clock import SystemClock
from loyalty.programme import Programme


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """A terminal whose parts are open; `slot` is a kiosk's."""

    app: App
    front: ConsoleFront | GraphicFront
    parts: Parts
    documents: Documents | None
    days: DayWatch
    reader: Supervisor
    slot: Slot | None
    scanner: Scanner | None


async def build_terminal(
    kind: str,
    config: DeviceConfig,
    programme_file: Path | None,
    screen: TextIO,
    opened: AsyncExitStack,
) -> Terminal:
    """Return a `kiosk` or `handheld` with everything open; `opened` closes it.

    Raises:
        DeviceError: a part cannot start; the message says which, and what it needs.
    """
    clock = SystemClock()
    # The journal is first: its lock keeps a second process away from everything else here.
    journal = Journal.open(config.journal, epoch_of_new=secrets.token_hex(8))
    opened.callback(journal.close)
    catalogue = Catalogue(config.catalogue)
    programme = programme_of(catalogue, programme_file)
    setting = _setting(config, programme)
    hub = HubClient(
        identity=config.identity,
        broker=config.broker,
        journal=journal,
        clock=clock,
        rng=random.Random(secrets.randbits(64)),
        rules=programme.version,
    )
    recorder = Recorder(journal, hub, clock)
    front = open_front(
        config.screen,
        programme,
        locale=config.locale,
        link=lambda: Link(hub.online, hub.pending_lines),
        clock=clock,
        out=screen,
        opened=opened,
    )
    reader = supervised_reader(
        config.reader.place,
        config.reader.reset,
        clock=clock,
        rng=random.Random(secrets.randbits(64)),
    )
    await reader.open()
    opened.push_async_callback(reader.close)
    keys = read_card_keys(config.card_keys)
    tap = Tap(reader, keys, clock, with_leases=kind == "kiosk")
    slot: Slot | None = None
    followers = [_followed_by(front, config.locale), lambda it: hub.set_rules(it.version)]
    if kind == "kiosk":
        printer = await _printer(config, reader, opened)
        faces = open_faces(config.face, printer.traits.profile, programme, locale=config.locale)
        slot = Slot(
            printer=printer,
            reader=reader,
            tap=tap,
            faces=faces,
            recorder=recorder,
            setting=setting,
            front=front,
            patience=clock,
        )
        followers += [faces.follow, lambda it: slot.follow(_setting(config, it))]
    giving = OfflineGiving(journal)
    parts = Parts(
        place=tap if slot is None else slot,
        slot=slot,
        identifier=Identifier(keys.seal_key),
        journal=journal,
        recorder=recorder,
        hub=hub,
        front=front,
        clock=clock,
        standing=lambda card: standing_of(
            card, giving, NO_HOTLIST if documents is None else documents.hotlist
        ),
    )
    machine = handheld if slot is None else kiosk
    state: Any = machine.State()
    app = App(machine.step, state, setting, parts)
    days = DayWatch(programme, journal, recorder.now, clock)
    followers.append(days.follow)
    following = Following(app=app, setting_under=partial(_setting, config), parts=tuple(followers))
    documents = None
    if config.hub_key:
        documents = Documents(
            hub=hub,
            catalogue=catalogue,
            hub_key=config.hub_key,
            clock=clock,
            boot=f"{journal.epoch[:16]}-{journal.boot}",
            on_programme=following.follow,
        )
    scanner = None if config.scanner is None else scanner_at(config.scanner)
    return Terminal(
        app=app,
        front=front,
        parts=parts,
        documents=documents,
        days=days,
        reader=reader,
        slot=slot,
        scanner=scanner,
    )


def setting_of(programme: Programme, store: str) -> Setting:
    """Return what a terminal of `store` is told at its start under `programme`."""
    offers = sorted(programme.offers, key=lambda it: it.points)
    return Setting(
        store=store,
        rules=programme.version,
        currency=programme.currency,
        offers={it.id: it.points for it in offers},
        worth_minor={it.id: it.value_minor for it in offers},
        cards=programme.cards,
        offline=programme.offline,
    )


def _setting(config: DeviceConfig, programme: Programme) -> Setting:
    return replace(
        setting_of(programme, config.identity.store),
        idle_ms=1000 * config.screen.idle_s,
        hub_key=config.hub_key,
    )


def _followed_by(front: ConsoleFront | GraphicFront, locale: str) -> Callable[[Programme], None]:
    """Return what makes `front` say the words of a programme."""
    if isinstance(front, GraphicFront):
        return lambda programme: front.follow(words_of(programme))
    return lambda programme: front.follow(words_of(programme)[locale].labels)


async def _printer(config: DeviceConfig, reader: Supervisor, opened: AsyncExitStack) -> CardPrinter:
    if config.printer is None:
        raise ConfigError("printer: missing, a kiosk wants a table with url")
    return await open_printer(config.printer, opened, reader=reader)
