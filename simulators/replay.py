"""Real baskets through everything: people, cards, readers, terminals, broker, hub, ledger.

The script says who shops when; a window of it is played at a time, its visits side by side. What
came of it is measured at the ends: the terminals' journals, the hub's ledger and the cards.

A seed of faults makes the site a rough one and gives visits their mishaps. It changes how things
get there, never what: the ledger's digest is the same for every seed and for none.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from device.display.i18n import LOCALES
from device.display.printers.star_printer import StarTimings
from device.mqtt.identity import KEEPALIVE_S, Broker, Identity
from device.nfc.cards.keys import CardKeys
from device.terminal_parts import setting_of
from hub.ledger.ledger import Place, open_ledger
from loyalty.clock import SystemClock
from loyalty.programme import Programme
from simulators.baskets import Basket
from simulators.calm_site import CalmSite
from simulators.faults import FAULTS, Mishap, plan
from simulators.free_port import free_port
from simulators.life import Making
from simulators.mosquitto import Mosquitto
from simulators.plastic import PlasticCard
from simulators.quick_clock import QuickClock
from simulators.rough_site import RoughSite
from simulators.script import Visit, Window, script
from simulators.script_clock import OffsetClock, ScriptClock
from simulators.stations import HandheldStation, KioskStation
from simulators.visits import World, serve

SITE = "site"
KID = "k1"
SEED = 2017

LEDGER_FILE = "ledger.db"

# Where things go wrong, what is only a wait for something lost is cut short.
PATIENCE_S = 20.0
ROUGH_PATIENCE_S = 8.0
ROUGH_SPEED = 10
ROUGH_KEEPALIVE_S = 1
ROUGH_PRINTER = StarTimings(short_s=0.5, rewrite_s=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to replay: baskets in time order, how many terminals serve them, and where to work.

    `programme_text` is the programme's document. `ledger_place` must not exist yet. With a seed of
    `faults` things go wrong, those of `fault_kinds`. `on_mosquitto` is on Debian's broker with TLS.
    """

    baskets: Sequence[Basket]
    kiosks: int
    handhelds: int
    programme: Programme
    programme_text: str
    folder: Path
    ledger_place: Place
    faults: int | None = None
    fault_kinds: Collection[str] = FAULTS
    on_mosquitto: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What the terminals counted when all was at rest at `ended_ms`, and what had gone wrong."""

    records: int
    receipted: int
    bytes_pty: int
    bytes_broker: int
    faults: dict[str, int]
    ended_ms: int


async def play(it: Plan, on_served: Callable[[], None]) -> tuple[dict[str, PlasticCard], Traffic]:
    """Play the whole plan; return the cards by household, and what the terminals counted.

    `on_served` is called after each basket.
    """
    windows = list(script(it.baskets, handhelds=it.handhelds, kiosks=it.kiosks))
    mishaps = _mishaps(it, [visit for window in windows for visit in window.visits])
    async with _world(it) as world:
        for window in windows:
            await _play_window(world, window, mishaps, on_served)
        for station in world.stations:
            await station.settled()
        cards = {household: shopper.card for household, shopper in world.shoppers.items()}
        return cards, _traffic(world)


def _mishaps(it: Plan, visits: Sequence[Visit]) -> Iterator[tuple[Mishap, ...]]:
    if it.faults is None:
        return iter([()] * len(visits))
    return iter(plan(it.faults, [visit.kiosk is not None for visit in visits], it.fault_kinds))


async def _play_window(
    world: World,
    window: Window,
    mishaps: Iterator[tuple[Mishap, ...]],
    on_served: Callable[[], None],
) -> None:
    world.clock.move_to(window.ends_ms)
    async with asyncio.TaskGroup() as people:
        for visit in window.visits:
            people.create_task(serve(world, visit, next(mishaps), on_served), name="visit")


def _traffic(world: World) -> Traffic:
    stations = world.stations
    return Traffic(
        records=sum(it.last_seq for it in stations),
        receipted=sum(it.settled_seq for it in stations),
        bytes_pty=sum(it.pty_bytes for it in stations),
        bytes_broker=sum(it.hub_bytes for it in stations),
        faults={fault: world.happened[fault] for fault in FAULTS},
        ended_ms=world.clock.now_ms(),
    )


@asynccontextmanager
async def _world(it: Plan) -> AsyncIterator[World]:
    rng = random.Random(SEED)
    clock = ScriptClock(it.baskets[0].at_ms)
    open_ledger(it.ledger_place, create=True).close()
    async with _site(it, clock, rng) as site:
        makings = _makings(it, site, clock, rng)
        _register(it.ledger_place, makings)
        await site.devices_changed()
        world = World(
            clock=clock,
            handhelds=[HandheldStation(making) for making in makings[: it.handhelds]],
            kiosks=[KioskStation(making) for making in makings[it.handhelds :]],
            rough=site if isinstance(site, RoughSite) else None,
            patience_s=PATIENCE_S if it.faults is None else ROUGH_PATIENCE_S,
            happened=site.happened,
        )
        async with asyncio.TaskGroup() as running:
            tasks = [
                running.create_task(station.run(), name=station.name) for station in world.stations
            ]
            yield world
            for task in tasks:
                task.cancel()


def _site(it: Plan, clock: ScriptClock, rng: random.Random) -> CalmSite | RoughSite:
    mosquitto = None
    if it.on_mosquitto:
        mosquitto = Mosquitto(it.folder / "mosquitto", it.ledger_place, free_port())
    if it.faults is None:
        return CalmSite(it.ledger_place, it.programme, clock, rng, mosquitto)
    return RoughSite(
        it.faults,
        it.fault_kinds,
        folder=it.folder / "hub",
        ledger_place=it.ledger_place,
        programme=it.programme_text,
        clock=clock,
        mosquitto=mosquitto,
    )


def _makings(
    it: Plan, site: CalmSite | RoughSite, clock: ScriptClock, rng: random.Random
) -> list[Making]:
    keys = CardKeys(
        master=rng.randbytes(16), seal_key=rng.randbytes(32), random_bytes=rng.randbytes
    )
    names = [
        *(("handheld", number) for number in range(it.handhelds)),
        *(("kiosk", number) for number in range(it.kiosks)),
    ]
    return [_making(it, f"{kind}-{number + 1}", site, keys, clock, rng) for kind, number in names]


def _making(
    it: Plan,
    name: str,
    site: CalmSite | RoughSite,
    keys: CardKeys,
    clock: ScriptClock,
    rng: random.Random,
) -> Making:
    is_rough = it.faults is not None
    return Making(
        folder=it.folder / name,
        identity=Identity(store=SITE, device=name, secrets={KID: rng.randbytes(32)}),
        broker=Broker(
            host="127.0.0.1",
            port=site.port,
            tls=site.tls,
            password=rng.randbytes(16).hex(),
            keepalive_s=ROUGH_KEEPALIVE_S if is_rough else KEEPALIVE_S,
        ),
        keys=keys,
        setting=setting_of(it.programme, SITE),
        programme=it.programme,
        locale=LOCALES[int(name.rpartition("-")[2]) % len(LOCALES)],
        clock=OffsetClock(clock),
        patience=QuickClock(ROUGH_SPEED) if is_rough else SystemClock(),
        printer_timings=ROUGH_PRINTER if is_rough else StarTimings(),
        seed=rng.getrandbits(64),
    )


def _register(ledger_place: Place, makings: Sequence[Making]) -> None:
    ledger = open_ledger(ledger_place, create=True)
    try:
        for making in makings:
            identity = making.identity
            ledger.add_device(
                identity.store,
                identity.device,
                KID,
                identity.secrets[KID],
                making.broker.password,
            )
    finally:
        ledger.close()
