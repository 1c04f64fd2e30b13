"""A person with a card: sees the screen, holds the card, waits, and tries again as people do.

A shopper knows nothing of journals or hubs. What ends a visit is what the screen says; what was
wanted is wanted until it is served, and once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from device.behaviour.events import Chosen, Event, IssueKeyed, SaleKeyed, TillSale
from device.behaviour.handheld import sale_op
from device.behaviour.requests import Show
from simulators.chips.classic import ClassicChip
from simulators.front import DARK
from simulators.plastic import PlasticCard
from simulators.stations import HandheldStation, KioskStation

PATIENCE_S = 20.0  # before a person takes the card away and starts again
GATE_SHARE = 8  # of that patience passes before a person calls staff to get a card out
PAUSE_S = 0.25  # before the next try: a hub that was killed takes seconds to come back
TRIES_MAX = 60
WAIT_MS = 300_000  # before looking again whether what was reserved for nobody is free

_CARD_TROUBLE = ("card_blank", "card_foreign", "card_wrong_key", "card_bad_seal", "card_taken")
_LOST = ("card_wrong_key", "card_bad_seal", "card_spoiled")  # pulled away at the wrong moment
_ISSUE_ENDS = ("issue_again", "card_spoiled")
_TAP_ENDS = (*_CARD_TROUBLE, *_ISSUE_ENDS, "journal_full", "journal_failed", DARK.screen)
_OVER = (
    *("take_card", "face_later", "not_finished", "reader_lost", "staff_needed"),
    *("offline", "try_later", "unknown_card", "card_blocked"),
)
_NOT_OFFERS = ("print", "return")


class GaveUp(Exception):
    """Even a patient person leaves at some point; says what the screen said last."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a member came to the kiosk for, and what the account held before it was asked for."""

    choice: str
    points: int
    price_points: int


@dataclass(slots=True)
class Shopper:
    """A member of household `member` with one card, blank until staff make it theirs.

    Whoever calls for it stands at the counter alone. `new_chip` gives the next blank card's chip,
    `wait_ms` lets script time pass.
    """

    member: str
    new_chip: Callable[[], ClassicChip]
    wait_ms: Callable[[int], Awaitable[None]]
    patience_s: float = PATIENCE_S

    card: PlasticCard = field(init=False)
    has_card: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.card = PlasticCard(self.new_chip())

    async def buy(self, station: HandheldStation, sale: TillSale) -> None:
        """Have a basket rung up and hold the card against the handheld until it says sold."""
        if not self.has_card:
            await self._get_card(station)
        op = sale_op(sale)
        for _ in range(TRIES_MAX):
            shown = await self._tap(station, SaleKeyed(sale), asks="tap_card", done="sold")
            if shown is not None and _says_sold(shown, op):
                return
        raise GaveUp(f"{op}: {station.front.screen}")

    async def visit(self, station: KioskStation) -> Show:
        """Put the card into a kiosk, take the best offer or a new face; return the account seen.

        Who was cut off looks at the account again, once the kiosk has told what it knows.
        """
        wish: Wish | None = None
        for _ in range(TRIES_MAX):
            await station.settled()
            account, wish = await self._use_kiosk(station, wish)
            if account is not None:
                return account
            await asyncio.sleep(PAUSE_S)
        raise GaveUp(f"kiosk: {station.front.screen}")

    async def _get_card(self, station: HandheldStation) -> None:
        keyed = IssueKeyed(self.member)
        for _ in range(TRIES_MAX):
            shown = await self._tap(station, keyed, asks="tap_new_card", done="issued")
            if shown is not None and shown.screen == "issued":
                self.has_card = True
                return
            if shown is not None and shown.screen in _LOST:
                # Staff take another.
                self.card = PlasticCard(self.new_chip())
        raise GaveUp(f"new card: {station.front.screen}")

    async def _tap(
        self, station: HandheldStation, keyed: Event, *, asks: str, done: str
    ) -> Show | None:
        """Hold the card against the reader; return how the screen ended, None if it did not.

        After a power cut that is the first screen that is lit again.
        """
        front = station.front
        try:
            async with asyncio.timeout(self.patience_s):
                await front.see_anything()
                await station.put(keyed)
                shown = await front.see((asks, DARK.screen))
                if shown is not DARK:
                    station.hold_card(self.card)
                    shown = await front.see((done, *_TAP_ENDS))
                station.take_card_away()
                if shown is DARK:
                    return await front.see_anything()
        except TimeoutError:
            return None
        finally:
            station.take_card_away()
        for leave in ("cancel", "no_card"):
            if leave in front.screen.choices:
                await station.put(Chosen(leave))
                break
        return shown

    async def _use_kiosk(
        self, station: KioskStation, wish: Wish | None
    ) -> tuple[Show | None, Wish | None]:
        """Try once; return the account if the visit was served, and what is wanted from now on."""
        front = station.front
        served: Show | None = None
        is_inside = False
        try:
            async with asyncio.timeout(self.patience_s):
                await front.see(("welcome",))
                station.insert(self.card)
                is_inside = True
                shown = await front.see(("account", *_OVER, *_CARD_TROUBLE, DARK.screen))
                if shown.screen == "account":
                    served, wish = await self._choose(station, shown, wish)
        except TimeoutError:
            pass
        if is_inside:
            await self._get_card_back(station)
        elif front.screen.screen == "staff_needed":
            station.have_staff_clear()
        return served, wish

    async def _choose(
        self, station: KioskStation, account: Show, wish: Wish | None
    ) -> tuple[Show | None, Wish | None]:
        points, available_points = account.values["points"], account.values["available_points"]
        assert isinstance(points, int)
        assert isinstance(available_points, int)
        if wish is None and points == available_points:
            choice = best_choice(account)
            wish = Wish(choice, points, station.making.setting.offers.get(choice, 0))
        if wish is None or available_points < points:
            # Somebody asked and was cut off: what was reserved for nobody is free in a while.
            await self._touch(station, account, "return")
            await self.wait_ms(WAIT_MS)
            return None, wish
        had_it = points == wish.points - wish.price_points
        choice = "print" if had_it else wish.choice
        await self._touch(station, account, choice)
        ends = (*_OVER, "account", DARK.screen)
        shown = await station.front.see(("confirm", "redeemed", *ends), but_not=account)
        if shown.screen == "confirm":
            await self._touch(station, shown, "confirm")
            shown = await station.front.see(("redeemed", *ends), but_not=account)
        is_cut_off = shown is DARK
        has_it = shown.screen == "redeemed" or (choice == "print" and not is_cut_off)
        if shown.screen == "redeemed":
            shown = await station.front.see(ends)
        if shown.screen == "account":
            await self._touch(station, shown, "return")
        return (account if has_it else None), wish

    async def _touch(self, station: KioskStation, shown: Show, choice: str) -> None:
        """Touch a choice, which the screen must offer: people cannot touch what they do not see."""
        if choice not in shown.choices:
            raise ValueError(f"{shown.screen} offers {shown.choices}, not {choice!r}")
        await station.put(Chosen(choice))

    async def _get_card_back(self, station: KioskStation) -> None:
        """Take the card from the gate, or have staff free it."""
        for _ in range(TRIES_MAX):
            try:
                async with asyncio.timeout(self.patience_s / GATE_SHARE):
                    await station.take_card()
                    return
            except TimeoutError:
                if station.have_staff_clear() is not None:
                    return
        raise GaveUp(f"the card is not given back: {station.front.screen}")


def best_choice(account: Show) -> str:
    """Return the dearest offer on the screen, or else a new face.

    Offers stand before the other choices, cheapest first.
    """
    offers = [it for it in account.choices if it not in _NOT_OFFERS]
    return offers[-1] if offers else "print"


def _says_sold(shown: Show, op: str) -> bool:
    """Return whether the screen says that `op` is sold; after a power cut it says it once more."""
    is_last = shown.screen == "last_operation" and shown.values["op"] == op
    return shown.screen == "sold" or is_last
