"""What goes over the wire names nobody: no phone number, no number of a card, no secret."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from hub.web.listening import stop_listening
from simulators.free_port import free_port
from simulators.life import Making
from simulators.mqtt_packets import PacketCutter
from tests.nfc.reader_on_a_port import KEYS
from tests.scanners.test_members_without_chips import BARCODE, PHONE, SHOWN, STRIPE, Shop, opened

# As they are shown, without what separates them, and with a country's prefix left out.
PRIVATE = (PHONE, PHONE.replace(" ", ""), BARCODE, STRIPE, STRIPE.strip(";?"))


class Listener:
    """Somebody on the road between terminals and broker who keeps what passes."""

    def __init__(self) -> None:
        self.port = free_port()
        self.heard: dict[str, list[bytes]] = {"up": [], "down": []}

    @asynccontextmanager
    async def on_the_road_to(self, broker_port: int):
        async def pass_on(reader, writer) -> None:
            broker = await asyncio.open_connection("127.0.0.1", broker_port)
            await asyncio.gather(
                self._carry("up", reader, broker[1]), self._carry("down", broker[0], writer)
            )

        server = await asyncio.start_server(pass_on, "127.0.0.1", self.port)
        try:
            yield
        finally:
            await stop_listening(server)

    def published(self, direction: str) -> list[bytes]:
        """Return the packets that carried messages."""
        packets = [it for stream in self.heard[direction] for it in PacketCutter().feed(stream)]
        return [it for it in packets if it[0] >> 4 == 3]

    async def _carry(self, direction: str, reader, writer) -> None:
        mine = len(self.heard[direction])
        self.heard[direction].append(b"")
        while data := await reader.read(65_536):
            self.heard[direction][mine] += data
            writer.write(data)
            await writer.drain()
        writer.close()


class ListenedShop(Shop):
    """A shop with a listener on its road."""

    def __init__(self, folder: Path) -> None:
        self.listener = Listener()
        self.secrets: list[bytes] = []
        super().__init__(folder)

    def _making(self, folder: Path, name: str) -> Making:
        making = super()._making(folder, name)
        self.secrets += making.identity.secrets.values()
        return replace(making, broker=replace(making.broker, port=self.listener.port))


async def test_numbers_of_people_and_cards_never_leave_a_terminal(tmp_path):
    shop = ListenedShop(tmp_path)

    async with shop.hub, shop.listener.on_the_road_to(shop.hub.port), opened(shop):
        await shop.meet()
        for number, shown in enumerate(SHOWN.values()):
            assert await shop.link(f"m-{number}", shown) == "linked"
            assert await shop.sell(shown) == "sold"
        await shop.handheld.settled()
        await shop.ask_kiosk(SHOWN["phone"])

    said = b"".join(shop.listener.published("up") + shop.listener.published("down"))
    assert said.count(b'"phone:') >= 3  # linked, sold to and asked about, by its digest
    assert [it for it in PRIVATE if it.encode() in said] == []


async def test_keys_never_leave_a_terminal(tmp_path):
    shop = ListenedShop(tmp_path)

    async with shop.hub, shop.listener.on_the_road_to(shop.hub.port), opened(shop):
        await shop.meet()
        await shop.link("m-1", SHOWN["phone"])
        await shop.handheld.settled()

    heard = b"".join(it for streams in shop.listener.heard.values() for it in streams)
    keys = [*shop.secrets, KEYS.seal_key, KEYS.master, KEYS.credit_master]
    assert len(shop.secrets) == 2
    assert [it for it in keys if it in heard or it.hex().encode() in heard.lower()] == []
