"""A person with a card: sees the screen, holds the card, waits, and tries again as people do.

A shopper knows nothing of journals or hubs. What ends a visit is what the screen says.
"""

import asyncio
from dataclasses import dataclass

from device.events import IssueKeyed, SaleKeyed, Show, TillSale
from simulators.front import touch
from simulators.plastic import PlasticCard
from simulators.stations import HandheldStation, KioskStation

PATIENCE_S = 20.0  # before a person takes the card away and starts again
TRIES_MAX = 30

_CARD_TROUBLE = ("card_blank", "card_foreign", "card_wrong_key", "card_bad_seal", "card_taken")
_OVER = ("take_card", "face_later", "offline", "try_later", "unknown_card", "card_blocked")


class GaveUp(Exception):
    """Even a patient person leaves at some point; says what the screen said last."""


@dataclass(slots=True)
class Shopper:
    """A member of household `member` with one card, blank until staff make it theirs."""

    member: str
    card: PlasticCard
    has_card: bool = False

    async def buy(self, station: HandheldStation, sale: TillSale) -> None:
        """Have a basket rung up and hold the card against the handheld until it says sold."""
        async with station.counter:
            await station.front.see_anything()
            if not self.has_card:
                await self._get_card(station)
            for _ in range(TRIES_MAX):
                await station.app.put(SaleKeyed(sale))
                if await self._tap(station, waits_for="tap_card", ends=("sold",)):
                    return
        raise GaveUp(f"receipt {sale.receipt}: {station.front.screen.screen}")

    async def visit(self, station: KioskStation) -> Show:
        """Put the card into a kiosk, take the best offer or a new face; return the account seen."""
        async with station.counter:
            for _ in range(TRIES_MAX):
                account = await self._use_kiosk(station)
                if account is not None:
                    return account
        raise GaveUp(f"kiosk: {station.front.screen.screen}")

    async def _get_card(self, station: HandheldStation) -> None:
        for _ in range(TRIES_MAX):
            await station.app.put(IssueKeyed(self.member))
            if await self._tap(station, waits_for="tap_new_card", ends=("issued",)):
                self.has_card = True
                return
        raise GaveUp(f"new card: {station.front.screen.screen}")

    async def _tap(
        self, station: HandheldStation, *, waits_for: str, ends: tuple[str, ...]
    ) -> bool:
        """Hold the card against the reader; return whether the screen came to one of `ends`."""
        front = station.front
        try:
            async with asyncio.timeout(PATIENCE_S):
                await front.see((waits_for,))
                station.hold_card(self.card)
                shown = await front.see((*ends, *_CARD_TROUBLE, "issue_again", "journal_full"))
        except TimeoutError:
            return False
        finally:
            station.take_card_away()
        if shown.screen in ends:
            return True
        for leave in ("cancel", "no_card"):
            if leave in front.screen.choices:
                await touch(station.app, front, leave)
                break
        return False

    async def _use_kiosk(self, station: KioskStation) -> Show | None:
        front = station.front
        await front.see(("welcome",))
        station.insert(self.card)
        shown = await front.see(("account", *_OVER, *_CARD_TROUBLE))
        account = shown if shown.screen == "account" else None
        if account is not None:
            await touch(station.app, front, best_choice(account))
            await front.see(_OVER)
        await station.take_card()
        return account


def best_choice(account: Show) -> str:
    """Return the dearest offer on the screen, or else a new face.

    Offers stand before the other choices, cheapest first.
    """
    offers = [it for it in account.choices if it not in ("print", "return")]
    return offers[-1] if offers else "print"
