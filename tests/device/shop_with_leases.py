"""A shop whose cards carry leases: whole hub, real broker, handheld and kiosk, all of it over MQTT.

Only what is beyond the serial ports and before the screens is simulated. The terminals begin with a
programme that knows nothing of leases; what they know of them they pull from the hub.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

from device.behaviour.events import Chosen, IssueKeyed, SaleKeyed, TillSale
from device.behaviour.requests import Show
from device.display.printers.star_printer import StarTimings
from device.mqtt.identity import Broker, Identity
from device.nfc.cards.keys import CardKeys
from device.terminal_parts import setting_of
from hub.broker.config import BrokerAddress
from hub.config import HubConfig
from hub.decisions.decisions import Decisions
from hub.hub import Hub
from hub.ledger.ledger import Place, open_ledger
from hub.ledger.verify import broken, verify
from hub.posting.documents import PROGRAMME as PROGRAMME_NAME
from hub.posting.documents import Document
from hub.posting.offline_keys import OfflineKeys
from loyalty.programme import parse
from loyalty.records import SaleItem, from_line
from loyalty.signatures import public_key_of
from loyalty.tls import TlsContext
from simulators.chips.desfire import desfire_chip
from simulators.free_port import free_port
from simulators.life import Making
from simulators.mosquitto import Mosquitto
from simulators.plastic import PlasticCard
from simulators.script_clock import OffsetClock
from simulators.stations import HandheldStation, KioskStation
from tests.device.skipping_clock import SkippingClock

STORE, MEMBER, KID = "s1", "m-1001", "k1"
BEFORE = (Path(__file__).parents[2] / "programmes" / "supermarket.toml").read_text()
LEASED = 300
OFFLINE = f"""
[offline]
lease_points = {LEASED}
lease_hours = 48
transaction_points = 200
device_points = 500
hotlist_hours = 24
"""
PUBLISHED = BEFORE.replace("version = 1", "version = 2", 1) + OFFLINE
SEED = bytes(range(2, 34))
CARD_MASTER, CREDIT_MASTER = bytes(range(16)), bytes(range(16, 32))


class Shop:
    """A handheld and a kiosk, and a hub with the embedded broker, or with a mosquitto if given."""

    def __init__(
        self, folder: Path, place: Place, clock: SkippingClock, mosquitto: Mosquitto | None
    ) -> None:
        self.place = place
        self.clock = clock
        self.programme = parse(PUBLISHED, source="published")
        self._mosquitto = mosquitto
        self._hub: Hub | None = None
        address = BrokerAddress("127.0.0.1", free_port(), None)
        self.address = address if mosquitto is None else mosquitto.address
        self._config = HubConfig(
            ledger_place=place,
            programmes=(self.programme,),
            face_key=bytes(range(1, 33)),
            broker=self.address,
            offline_keys=OfflineKeys(signing_seed=SEED, credit_master=CREDIT_MASTER),
            programme_document=Document(PROGRAMME_NAME, 2, PUBLISHED.encode()),
        )
        self.handheld = HandheldStation(self._making(folder, "h1"))
        self.kiosk = KioskStation(self._making(folder, "k1"))

    async def open(self) -> None:
        """Start the broker, and the hub if it does not run."""
        if self._mosquitto is not None:
            await self._mosquitto.start()
        if self._hub is None:
            self._hub = Hub(self._config, self.clock)
            await self._hub.start()

    async def lose_broker(self) -> None:
        """Stop the broker, and with the embedded one the hub; no terminal hears it any more."""
        if self._mosquitto is not None:
            await self._mosquitto.stop()
        else:
            await self.close()
        for station in (self.handheld, self.kiosk):
            await station.until(lambda it: not it.online)

    async def close(self) -> None:
        """Stop the hub."""
        if self._hub is not None:
            await self._hub.stop()
            self._hub = None

    async def have_programme(self) -> None:
        """Wait until both terminals work by what the hub has published."""
        version = self.programme.version
        for station in (self.handheld, self.kiosk):
            await station.until(lambda _, it=station: it.setting.rules == version)

    async def issue(self) -> PlasticCard:
        """Have the handheld make a DESFire the member's; return it."""
        card = PlasticCard(desfire_chip(generation="desfire_ev2", rng=random.Random(7)))
        await self.handheld.put(IssueKeyed(MEMBER))
        await self._hold(card, "tap_new_card", "issued")
        return card

    async def sell(self, card: PlasticCard, paid_minor: int) -> None:
        """Have the member buy something at the handheld."""
        items = (SaleItem("GROCERY", paid_minor, 0),)
        sale = TillSale(
            store=STORE, receipt="1", till_ms=self.clock.now_ms(), currency="USD", items=items
        )
        await self.handheld.put(SaleKeyed(sale))
        await self._hold(card, "tap_card", "sold")

    async def visit(self, card: PlasticCard, *choices: str) -> list[str]:
        """Put the card into the kiosk, touch each of `choices` once it is there, and take the card.

        "" is the first choice of the screen. Return the screens that were seen.
        """
        front = self.kiosk.front
        await front.see(("welcome",))
        self.kiosk.insert(card)
        seen: list[str] = []
        shown: Show | None = None
        for choice in choices:
            shown = await front.see(("account", "account_offline", "confirm"), but_not=shown)
            seen.append(shown.screen)
            await self.kiosk.put(Chosen(choice or shown.choices[0]))
        taken = await self.kiosk.take_card()
        assert taken is card
        seen.append(front.screen.screen)
        return seen

    def stop(self, card: PlasticCard) -> None:
        """Have the office stop the card."""
        with closing(open_ledger(self.place)) as ledger:
            Decisions(ledger, []).stop_card(uid_of(card), "lost", self.clock.now_ms(), "wong")

    def stated(self, kind: type) -> list:
        """Return the records of `kind` that the hub has, in the order of their lines."""
        with closing(open_ledger(self.place)) as ledger:
            rows = ledger.connection.execute("SELECT line FROM inbox ORDER BY id").fetchall()
        records = [from_line(bytes(line)) for (line,) in rows]
        return [it for it in records if isinstance(it, kind)]

    def balance(self, kind: str) -> int:
        """Return what all accounts of a kind have."""
        return self._value(f"SELECT coalesce(sum(balance), 0) FROM account WHERE kind = '{kind}'")

    def cases(self) -> int:
        """Return how many cases there are."""
        return self._value("SELECT count(*) FROM case_file")

    def broken(self) -> list[str]:
        """Return the invariants that do not hold."""
        with closing(open_ledger(self.place)) as ledger:
            return broken(verify(ledger, [self.programme], self.clock.now_ms()))

    def _value(self, statement: str) -> int:
        with closing(open_ledger(self.place)) as ledger:
            return int(ledger.connection.execute(statement).fetchone()[0])

    async def _hold(self, card: PlasticCard, asks: str, ends: str) -> None:
        await self.handheld.front.see((asks,))
        self.handheld.hold_card(card)
        await self.handheld.front.see((ends,))
        self.handheld.take_card_away()

    def _making(self, folder: Path, name: str) -> Making:
        programme = parse(BEFORE, source="before")
        tls: TlsContext | None = self.address.tls
        rng = random.Random(name)
        return Making(
            folder=folder / name,
            identity=Identity(store=STORE, device=name, secrets={KID: secret_of(name)}),
            broker=Broker(
                host="127.0.0.1", port=self.address.port, tls=tls, password=password_of(name)
            ),
            keys=CardKeys(
                master=CARD_MASTER, seal_key=bytes(range(3, 35)), random_bytes=rng.randbytes
            ),
            setting=replace(setting_of(programme, STORE), hub_key=public_key_of(SEED)),
            programme=programme,
            locale="en",
            clock=OffsetClock(self.clock),
            patience=self.clock,
            printer_timings=StarTimings(),
            seed=7,
        )


@asynccontextmanager
async def shop_at(folder: Path, place: Place, *, on_mosquitto: bool) -> AsyncIterator[Shop]:
    """Give a shop that is open, with two terminals at work."""
    with closing(open_ledger(place, create=True)) as ledger:
        for name in ("h1", "k1"):
            ledger.add_device(STORE, name, KID, secret_of(name), password_of(name))
    mosquitto = Mosquitto(folder / "mq", place, free_port()) if on_mosquitto else None
    shop = Shop(folder, place, SkippingClock(), mosquitto)
    try:
        await shop.open()
        async with asyncio.TaskGroup() as running:
            tasks = [running.create_task(it.run()) for it in (shop.handheld, shop.kiosk)]
            yield shop
            for task in tasks:
                task.cancel()
    finally:
        await shop.close()
        if mosquitto is not None:
            await mosquitto.stop()


def uid_of(card: PlasticCard) -> str:
    """Return the number of the card's chip, as lines have it."""
    assert card.chip is not None
    return card.chip.uid.hex()


def secret_of(name: str) -> bytes:
    return name.encode().ljust(32, b".")


def password_of(name: str) -> str:
    return f"password-of-{name}"
