"""How a visit of the script is played: the person, the terminals, and what goes wrong meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from device.behaviour.events import TillSale
from loyalty.card import SLOT_BYTES
from simulators.baskets import CURRENCY, Basket
from simulators.chips.classic import ClassicChip
from simulators.faults import Mishap
from simulators.mechanism import Faults
from simulators.script import Visit
from simulators.script_clock import ScriptClock
from simulators.shopper import Shopper
from simulators.stations import HandheldStation, KioskStation

FIRST_UID = 0x10000000
SILENCE_S = 0.5
DARKNESS_S = 0.1
LOOK_S = 0.005


class RoughPlaces(Protocol):
    """What mishaps need of a site."""

    def cut(self, device: str) -> bool: ...
    def leave_half_open(self, device: str) -> bool: ...
    def restart_broker(self) -> None: ...
    def kill_hub(self, after_ms: int) -> None: ...


@dataclass(slots=True, kw_only=True)
class World:
    """Everything that runs in a replay, and the people in it; `rough` where things go wrong."""

    clock: ScriptClock
    handhelds: Sequence[HandheldStation]
    kiosks: Sequence[KioskStation]
    rough: RoughPlaces | None = None
    patience_s: float
    happened: Counter[str]
    shoppers: dict[str, Shopper] = field(default_factory=dict)
    facts: dict[str, dict[HandheldStation, int]] = field(default_factory=dict)
    cards_made: int = 0

    @property
    def stations(self) -> list[HandheldStation | KioskStation]:
        """Every terminal."""
        return [*self.handhelds, *self.kiosks]

    def next_chip(self) -> ClassicChip:
        """Return a blank card's chip with a UID of its own."""
        self.cards_made += 1
        return ClassicChip((FIRST_UID + self.cards_made).to_bytes(4, "big"))

    async def wait_ms(self, duration_ms: int) -> None:
        """Let script time pass."""
        self.clock.move_to(self.clock.now_ms() + duration_ms)


async def serve(
    world: World, visit: Visit, mishaps: Sequence[Mishap], on_served: Callable[[], None]
) -> None:
    """Play one visit to its end: the basket is bought, and the kiosk has done what was wanted."""
    household = visit.basket.household
    amounts = {it.fault: it.amount for it in mishaps}
    handheld = world.handhelds[visit.handheld]
    trouble = asyncio.create_task(_trouble_site(world.rough, handheld.name, amounts))
    shopper = _shopper(world, household)
    await _buy(world, shopper, handheld, visit.basket, amounts)
    if visit.kiosk is not None:
        # What a household is offered must not depend on which of its facts have arrived.
        for station, seq in world.facts[household].items():
            await station.settled(seq)
        await _use_kiosk(world, shopper, world.kiosks[visit.kiosk], amounts)
    await trouble
    on_served()


async def _trouble_site(rough: RoughPlaces | None, device: str, amounts: Mapping[str, int]) -> None:
    """Do to the site what is due during a visit that begins at `device`."""
    if rough is None:
        return
    if "hubs_killed" in amounts:
        rough.kill_hub(amounts["hubs_killed"])
    if "brokers_restarted" in amounts:
        await asyncio.sleep(amounts["brokers_restarted"] / 1000)
        rough.restart_broker()
    for fault, deed in (
        ("connections_cut", rough.cut),
        ("connections_half_open", rough.leave_half_open),
    ):
        if fault in amounts:
            await asyncio.sleep(amounts[fault] / 1000)
            while not deed(device):  # noqa: ASYNC110 - it is just connecting
                await asyncio.sleep(LOOK_S)


async def _buy(
    world: World,
    shopper: Shopper,
    handheld: HandheldStation,
    basket: Basket,
    amounts: Mapping[str, int],
) -> None:
    if "clocks_jumped" in amounts:
        # It stays wrong: nothing of value may depend on a terminal's own clock.
        handheld.making.clock.offset_ms = amounts["clocks_jumped"]
        world.happened["clocks_jumped"] += 1
    sale = _till_sale(basket)
    async with handheld.counter:
        cuts = handheld.power_cuts
        if "handhelds_killed" in amounts:
            handheld.cut_power_in(amounts["handhelds_killed"])
        if "cards_pulled" in amounts:
            await _buy_and_pull(world, shopper, handheld, sale, amounts["cards_pulled"])
        else:
            await shopper.buy(handheld, sale)
        handheld.cut_power_if_due()
        world.happened["handhelds_killed"] += handheld.power_cuts - cuts
        _remember(world, basket.household, handheld)
    if "receipts_keyed_twice" in amounts:
        other = world.handhelds[amounts["receipts_keyed_twice"] % len(world.handhelds)]
        async with other.counter:
            await shopper.buy(other, sale)
            _remember(world, basket.household, other)
        world.happened["receipts_keyed_twice"] += 1


async def _buy_and_pull(
    world: World, shopper: Shopper, handheld: HandheldStation, sale: TillSale, after_bytes: int
) -> None:
    chip = shopper.card.chip
    assert isinstance(chip, ClassicChip)
    chip.nvm.bytes_until_power_loss = after_bytes % SLOT_BYTES if shopper.has_card else after_bytes
    await shopper.buy(handheld, sale)
    world.happened["cards_pulled"] += chip.nvm.bytes_until_power_loss is None
    chip.nvm.bytes_until_power_loss = None


async def _use_kiosk(
    world: World, shopper: Shopper, kiosk: KioskStation, amounts: Mapping[str, int]
) -> None:
    async with kiosk.counter:
        cuts, luck = kiosk.power_cuts, kiosk.printer.faults
        if "kiosks_killed" in amounts:
            kiosk.cut_power_in(amounts["kiosks_killed"])
        luck.jam_at_percent = amounts.get("printers_jammed")
        luck.power_cut_at_percent = amounts.get("printers_cut_off")
        trouble = asyncio.create_task(_trouble_printer(world, kiosk, amounts))
        await shopper.visit(kiosk)
        trouble.cancel()
        kiosk.cut_power_if_due()
        world.happened["kiosks_killed"] += kiosk.power_cuts - cuts
        if "printers_jammed" in amounts:
            world.happened["printers_jammed"] += luck.jam_at_percent is None
        if "printers_cut_off" in amounts:
            world.happened["printers_cut_off"] += luck.power_cut_at_percent is None
        kiosk.printer.faults = Faults()
        await kiosk.settled()


async def _trouble_printer(world: World, kiosk: KioskStation, amounts: Mapping[str, int]) -> None:
    """Have the printer say nothing for a while from when it is to print; end its power cut."""
    if "printers_silent" in amounts:
        await kiosk.front.see(("printing",))
        luck = kiosk.printer.faults
        luck.mute = True
        world.happened["printers_silent"] += 1
        await asyncio.sleep(SILENCE_S)
        luck.mute = False
    if "printers_cut_off" in amounts:
        while kiosk.printer.powered:  # noqa: ASYNC110 - the printer tells nobody
            await asyncio.sleep(LOOK_S)
        await asyncio.sleep(DARKNESS_S)
        kiosk.printer.restore_power()


def _remember(world: World, household: str, station: HandheldStation) -> None:
    world.facts.setdefault(household, {})[station] = station.last_seq


def _shopper(world: World, household: str) -> Shopper:
    shopper = world.shoppers.get(household)
    if shopper is None:
        shopper = world.shoppers[household] = Shopper(
            f"hh-{household}", world.next_chip, world.wait_ms, world.patience_s
        )
    return shopper


def _till_sale(basket: Basket) -> TillSale:
    return TillSale(
        store=basket.store,
        receipt=basket.basket_id,
        till_ms=basket.at_ms,
        currency=CURRENCY,
        items=basket.items,
    )
