"""Real baskets through everything: people, cards, readers, terminals, broker, hub, ledger.

The script says who shops when; a window of it is played at a time, its visits side by side. What
came of it is measured at the ends: the terminals' journals, the hub's ledger and the cards.
"""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from device.display.i18n import LOCALES
from device.events import Setting, TillSale
from device.mqtt.identity import Broker, Identity
from device.nfc.member_card import CardKeys
from hub.config import BrokerAddress, HubConfig
from hub.hub import Hub
from hub.ledger.sqlite import open_ledger
from loyalty.programme import Programme
from simulators.baskets import CURRENCY, Basket
from simulators.cards import ClassicChip
from simulators.plastic import PlasticCard
from simulators.script import Visit, Window, script
from simulators.script_clock import ScriptClock
from simulators.shopper import Shopper
from simulators.stations import HandheldStation, KioskStation, Making

SITE = "site"
KID = "k1"
SEED = 2017

LEDGER_FILE = "ledger.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to replay: baskets in time order, how many terminals serve them, and where to work.

    `ledger_path` must not exist yet.
    """

    baskets: Sequence[Basket]
    kiosks: int
    handhelds: int
    programme: Programme
    folder: Path
    ledger_path: Path


@dataclass(slots=True, kw_only=True)
class World:
    """Everything that runs in a replay, and the people in it."""

    clock: ScriptClock
    hub: Hub
    handhelds: list[HandheldStation]
    kiosks: list[KioskStation]
    shoppers: dict[str, Shopper] = field(default_factory=dict)

    @property
    def stations(self) -> list[HandheldStation | KioskStation]:
        """Every terminal."""
        return [*self.handhelds, *self.kiosks]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What the terminals counted when all was at rest."""

    records: int
    receipted: int
    bytes_pty: int
    bytes_broker: int


async def play(plan: Plan, on_served: Callable[[], None]) -> tuple[dict[str, PlasticCard], Traffic]:
    """Play the whole plan; return the cards by household, and what the terminals counted.

    `on_served` is called after each basket.
    """
    async with _world(plan) as world:
        for window in script(plan.baskets, handhelds=plan.handhelds, kiosks=plan.kiosks):
            await _play_window(world, window, on_served)
        cards = {household: it.card for household, it in world.shoppers.items()}
        return cards, _traffic(world)


async def _play_window(world: World, window: Window, on_served: Callable[[], None]) -> None:
    world.clock.move_to(window.ends_ms)
    async with asyncio.TaskGroup() as people:
        for visit in window.visits:
            people.create_task(_serve(world, visit, on_served), name="visit")


async def _serve(world: World, visit: Visit, on_served: Callable[[], None]) -> None:
    basket = visit.basket
    shopper = _shopper(world, basket.household)
    handheld = world.handhelds[visit.handheld]
    await shopper.buy(handheld, _till_sale(basket))
    await handheld.settled()
    if visit.kiosk is not None:
        kiosk = world.kiosks[visit.kiosk]
        await shopper.visit(kiosk)
        await kiosk.settled()
    on_served()


def _shopper(world: World, household: str) -> Shopper:
    shopper = world.shoppers.get(household)
    if shopper is None:
        uid = (0x10000000 + int(household)).to_bytes(4, "big")
        card = PlasticCard(ClassicChip(uid))
        shopper = world.shoppers[household] = Shopper(f"hh-{household}", card)
    return shopper


def _till_sale(basket: Basket) -> TillSale:
    return TillSale(
        store=basket.store,
        receipt=basket.basket_id,
        till_ms=basket.at_ms,
        currency=CURRENCY,
        items=basket.items,
    )


def _traffic(world: World) -> Traffic:
    stations = world.stations
    return Traffic(
        records=sum(it.journal.last_seq for it in stations),
        receipted=sum(it.journal.settled_seq for it in stations),
        bytes_pty=sum(it.pty_bytes for it in stations),
        bytes_broker=sum(it.hub.bytes_sent + it.hub.bytes_received for it in stations),
    )


@asynccontextmanager
async def _world(plan: Plan) -> AsyncIterator[World]:
    rng = random.Random(SEED)
    clock = ScriptClock(plan.baskets[0].at_ms)
    port = _free_port()
    keys = CardKeys(master=rng.randbytes(16), seal_key=rng.randbytes(32))
    names = [
        *(("handheld", number) for number in range(plan.handhelds)),
        *(("kiosk", number) for number in range(plan.kiosks)),
    ]
    makings = [
        _making(
            plan, rng, clock, port, keys, f"{kind}-{number + 1}", LOCALES[number % len(LOCALES)]
        )
        for kind, number in names
    ]
    _register(plan.ledger_path, makings)
    config = HubConfig(
        ledger_path=plan.ledger_path,
        programmes=(plan.programme,),
        face_key=rng.randbytes(32),
        broker=BrokerAddress("127.0.0.1", port, None),
    )
    async with Hub(config, clock, new_id=lambda: f"{rng.getrandbits(64):016x}") as hub:
        world = World(
            clock=clock,
            hub=hub,
            handhelds=[HandheldStation.build(it) for it in makings[: plan.handhelds]],
            kiosks=[KioskStation.build(it) for it in makings[plan.handhelds :]],
        )
        async with asyncio.TaskGroup() as running:
            tasks = [running.create_task(it.run(), name="station") for it in world.stations]
            yield world
            for task in tasks:
                task.cancel()


def _making(
    plan: Plan,
    rng: random.Random,
    clock: ScriptClock,
    port: int,
    keys: CardKeys,
    name: str,
    locale: str,
) -> Making:
    programme = plan.programme
    offers = sorted(programme.offers, key=lambda it: it.points)
    return Making(
        folder=plan.folder / name,
        identity=Identity(store=SITE, device=name, secrets={KID: rng.randbytes(32)}),
        broker=Broker(host="127.0.0.1", port=port, password=rng.randbytes(16).hex()),
        keys=keys,
        setting=Setting(
            store=SITE,
            rules=programme.version,
            currency=programme.currency,
            offers={it.id: it.points for it in offers},
        ),
        programme=programme,
        locale=locale,
        clock=clock,
        seed=rng.getrandbits(64),
    )


def _register(ledger_path: Path, makings: Sequence[Making]) -> None:
    ledger = open_ledger(ledger_path, create=True)
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
