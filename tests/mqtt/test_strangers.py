"""Whoever answers at the broker's address and is not our broker: what is wrong is told in words."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from device.mqtt.connection import Connection
from device.mqtt.events import Disconnected, Event
from device.mqtt.identity import Broker, Identity
from hub.broker.config import BridgeLogin, BrokerAddress
from hub.broker.mqtt_road import MqttRoad
from hub.broker.road import BridgeFailed
from hub.broker_bridge import Bridge
from hub.pairing.private_ca import Certified, new_root, new_server
from hub.posting.envelopes import Reply
from hub.posting.groups import Group
from loyalty.clock import SystemClock
from loyalty.tls import TlsContext, client_context, server_context
from simulators.free_port import free_port

WITHIN_S = 60.0
DAY_MS = 24 * 3_600_000
YEARS_MS = 11 * 365 * DAY_MS  # longer than our certificates are good for
LOGIN = BridgeLogin("bridge", "secret")

WRONG_TIMES = pytest.mark.parametrize(
    ("made_ago_ms", "told"),
    [
        (YEARS_MS, "its certificate has expired, or the clock here is ahead"),
        (-30 * DAY_MS, "its certificate is not valid yet, or the clock here is behind"),
    ],
)


class Nothing:
    """An intake to which nothing comes."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def post(self, group: Group, meanwhile: Callable[[], bool]) -> list[Reply]:
        raise AssertionError(f"{len(group.arrivals)} messages from a stranger")

    def tick(self) -> int:
        return 0


@pytest.fixture
def root(tmp_path: Path) -> Certified:
    """An authority whose certificate holds now; clients trust it."""
    found = new_root(SystemClock().now_ms())
    (tmp_path / "ca.crt").write_bytes(found.certificate)
    return found


@asynccontextmanager
async def stranger(says: bytes = b"", tls: TlsContext | None = None) -> AsyncIterator[int]:
    """Listen on the port that this yields, and say the same to everybody."""
    done = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        await done.wait()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            done.set()


def certified(folder: Path, root: Certified, made_ago_ms: int) -> TlsContext:
    made = new_server(root, ("127.0.0.1",), SystemClock().now_ms() - made_ago_ms)
    (folder / "server.crt").write_bytes(made.certificate)
    (folder / "server.key").write_bytes(made.key)
    return server_context(folder / "server.crt", folder / "server.key")


async def first_event(
    port: int, tls: TlsContext | None = None, *, patience_s: float = WITHIN_S
) -> Event:
    told: asyncio.Queue[Event] = asyncio.Queue()
    identity = Identity(store="s1", device="h1", secrets={"k1": bytes(32)})
    broker = Broker(host="127.0.0.1", port=port, password="p", tls=tls)
    connection = Connection(broker, identity, told.put_nowait, welcome_timeout_s=patience_s)
    connection.open()
    async with asyncio.timeout(WITHIN_S):
        event = await told.get()
        await connection.close()
    return event


async def start_bridge(port: int, tls: TlsContext | None = None) -> None:
    address = BrokerAddress("127.0.0.1", port, LOGIN, tls)
    await asyncio.to_thread(Bridge(MqttRoad(address, LOGIN), Nothing()).start)


@WRONG_TIMES
async def test_a_device_names_a_certificate_out_of_its_time(
    tmp_path: Path, root: Certified, made_ago_ms: int, told: str
) -> None:
    async with stranger(tls=certified(tmp_path, root, made_ago_ms)) as port:
        event = await first_event(port, client_context(tmp_path / "ca.crt"))

    assert event == Disconnected(f"cannot connect: {told}")


@WRONG_TIMES
async def test_a_hub_names_a_certificate_out_of_its_time(
    tmp_path: Path, root: Certified, made_ago_ms: int, told: str
) -> None:
    async with stranger(tls=certified(tmp_path, root, made_ago_ms)) as port:
        with capture_logs() as logs, pytest.raises(BridgeFailed, match=told):
            await start_bridge(port, client_context(tmp_path / "ca.crt"))

    assert [it["said"] for it in logs if it["event"] == "broker_refused_bridge"][:1] == [told]


@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff" * 4096, b""])
async def test_a_device_goes_away_from_what_is_no_broker(says: bytes) -> None:
    async with stranger(says) as port:
        event = await first_event(port, patience_s=1.0)

    assert isinstance(event, Disconnected)
    assert not event.was_refused
    assert event.reason


async def test_a_device_says_that_nobody_is_there() -> None:
    assert await first_event(free_port()) == Disconnected("cannot connect")
