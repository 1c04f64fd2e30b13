"""Members with a barcode, a stripe or a phone number, at real terminals with a hub beside them."""

import asyncio
import random
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from device.behaviour.events import (
    Chosen,
    IssueKeyed,
    NumberKeyed,
    SaleKeyed,
    StaffSignedOn,
    TillSale,
)
from device.behaviour.identify import Identifier
from device.display.printers.star_printer import StarTimings
from device.mqtt.identity import Broker, Identity
from device.terminal_parts import setting_of
from hub.ledger.ledger import open_ledger
from hub.ledger.queries import line_counts, member_cards, member_view, open_cases
from hub.ledger.verify import broken, verify
from loyalty.clock import SystemClock
from loyalty.programme import parse
from loyalty.records import SaleItem
from simulators.calm_site import CalmSite
from simulators.life import Making
from simulators.script_clock import OffsetClock, ScriptClock
from simulators.stations import HandheldStation, KioskStation
from tests.nfc.reader_on_a_port import KEYS

START_MS = 1_487_000_000_000  # 2017-02-13T15:33:20Z, when nothing earns more than usual
PROGRAMME_FILE = Path(__file__).parents[2] / "programmes" / "supermarket.toml"
PROGRAMME = parse(PROGRAMME_FILE.read_text(), source=PROGRAMME_FILE.name)
SETTING = setting_of(PROGRAMME, "s1")
WITHIN_S = 120

IDENTIFIER = Identifier(KEYS.seal_key)
BARCODE, STRIPE, PHONE = "6291041500213", ";60012345?", "9123 4567"
SHOWN = {
    "barcode": IDENTIFIER.scanned(BARCODE),
    "magnetic": IDENTIFIER.scanned(STRIPE),
    "phone": NumberKeyed(PHONE),
}


class Shop:
    """One handheld and one kiosk, and a hub that is there while `hub` is entered."""

    def __init__(self, folder: Path) -> None:
        self._rng = random.Random(7)
        self._clock = ScriptClock(START_MS)
        self.ledger_path = folder / "ledger.db"
        open_ledger(self.ledger_path, create=True).close()
        self.hub = CalmSite(self.ledger_path, PROGRAMME, self._clock, self._rng, None)
        self.handheld = HandheldStation(self._making(folder, "h1"))
        self.kiosk = KioskStation(self._making(folder, "k1"))
        self._receipts = iter(range(1, 100))

    async def sell(self, shown, *, paid_minor: int = 1000) -> str:
        """Ring up a basket for whoever shows that; return the screen that ends it."""
        sale = TillSale(
            store="s1",
            receipt=str(next(self._receipts)),
            till_ms=START_MS,
            currency="USD",
            items=(SaleItem("unknown", paid_minor, 0),),
        )
        await self.handheld.put(SaleKeyed(sale))
        await self.handheld.front.see(("tap_card",))
        await self.handheld.put(shown)
        ends = ("sold", "sold_unseen", "card_unlinked", "card_bank_card")
        return (await self.handheld.front.see(ends)).screen

    async def meet(self) -> None:
        """Wait until the handheld has heard of its hub."""
        await self.handheld.put(StaffSignedOn("anna"))
        await self.handheld.front.see(("signed_on",))
        await self.handheld.settled()

    async def ask_kiosk(self, shown):
        """Return the account that the kiosk shows for it, trying again as people do."""
        ends = ("account", "number_offline")
        found = self.kiosk.front.screen
        while found.screen != "account":
            await self.kiosk.put(shown)
            found = await self.kiosk.front.see(ends, but_not=found)
        return found

    async def link(self, member: str, shown) -> str:
        """Make what is shown a card of `member`; return the screen that ends it."""
        await self.handheld.put(IssueKeyed(member))
        await self.handheld.front.see(("tap_new_card",))
        await self.handheld.put(shown)
        return (await self.handheld.front.see(("linked", "card_taken"))).screen

    def ledger(self):
        return open_ledger(self.ledger_path)

    def _making(self, folder: Path, name: str) -> Making:
        secret, password = self._rng.randbytes(32), self._rng.randbytes(16).hex()
        with_device = open_ledger(self.ledger_path)
        with_device.add_device("s1", name, "k1", secret, password)
        with_device.close()
        return Making(
            folder=folder / name,
            identity=Identity(store="s1", device=name, secrets={"k1": secret}),
            broker=Broker(host="127.0.0.1", port=self.hub.port, password=password),
            keys=KEYS,
            setting=SETTING,
            programme=PROGRAMME,
            locale="en",
            clock=OffsetClock(self._clock),
            patience=SystemClock(),
            printer_timings=StarTimings(),
            seed=7,
        )


@asynccontextmanager
async def opened(shop: Shop):
    """Run the terminals, and see to it that nothing takes for ever."""
    tasks = [asyncio.create_task(it.run()) for it in (shop.handheld, shop.kiosk)]
    try:
        async with asyncio.timeout(WITHIN_S):
            await shop.handheld.front.see(("ready",))
            await shop.kiosk.front.see(("welcome",))
            yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("kind", SHOWN)
async def test_a_number_is_linked_earns_and_shows_what_was_earned(tmp_path, kind):
    shop = Shop(tmp_path)
    shown = SHOWN[kind]

    async with shop.hub, opened(shop):
        await shop.meet()
        said = [await shop.sell(shown)]
        await shop.handheld.put(Chosen("no_card"))
        said += [await shop.link("m-1", shown)]
        await shop.handheld.settled()
        said += [await shop.link("m-2", shown)]
        await shop.handheld.put(Chosen("cancel"))
        said += [await shop.sell(shown)]
        await shop.handheld.settled()
        account = await shop.ask_kiosk(shown)
        await shop.kiosk.put(Chosen("done"))
        await shop.kiosk.front.see(("welcome",))

    assert said == ["card_unlinked", "linked", "card_taken", "sold"]
    assert (account.values["points"], account.choices) == (10, ("done",))
    ledger = shop.ledger()
    assert member_view(ledger, "m-1", START_MS).balance_points == 10
    assert [it.kind for it in member_cards(ledger, "m-1")] == [kind]
    assert broken(verify(ledger, [PROGRAMME], START_MS)) == []
    ledger.close()


async def test_numbers_earn_while_the_hub_is_away(tmp_path):
    shop = Shop(tmp_path)

    async with opened(shop):
        said = [await shop.link("m-1", it) for it in SHOWN.values()]
        said += [await shop.sell(it) for it in SHOWN.values()]
        async with shop.hub:
            await shop.handheld.settled()

    assert said == ["linked"] * 3 + ["sold_unseen"] * 3
    ledger = shop.ledger()
    assert member_view(ledger, "m-1", START_MS).balance_points == 30
    assert (line_counts(ledger), open_cases(ledger)) == ({"posted": 6}, [])
    ledger.close()


async def test_no_number_is_left_anywhere_a_bank_cards_least_of_all(tmp_path):
    shop = Shop(tmp_path)
    bank_card = IDENTIFIER.scanned(";4111111111111111=3012101000000000?")

    async with shop.hub, opened(shop):
        await shop.meet()
        for it in SHOWN.values():
            await shop.link("m-1", it)
            await shop.sell(it)
        said = await shop.sell(bank_card)
        await shop.handheld.settled()

    assert said == "card_bank_card"
    kept = b"".join(it.read_bytes() for it in tmp_path.rglob("*") if it.is_file())
    assert b"phone:" in kept
    for number in (BARCODE, "60012345", "91234567", "4111111111111111"):
        assert number.encode() not in kept
