"""Who was shut out is out at once, and who was added comes in, at both brokers while they run."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from structlog.testing import capture_logs

from device.mqtt.provisioning import pair
from hub.broker.config import BridgeLogin, BrokerAddress, LoginFiles
from hub.broker.logins import LoginsNotKept, LoginWatch
from hub.broker.mosquitto_logins import RETRY_AFTER_TURNS, MosquittoLogins
from hub.config import HubConfig
from hub.hub import Hub
from hub.ledger.ledger import open_ledger
from hub.ledger.queries import DeviceLogin, device_logins
from hub.pairing.private_ca import new_client, new_root
from loyalty.clock import SystemClock
from loyalty.programme import parse
from loyalty.tls import client_context
from simulators.free_port import free_port
from simulators.mosquitto import Mosquitto
from tests.hub.hub_that_pairs import PairingHub
from tests.hub.hub_world import FACE_KEY, PROGRAMME, SECRET, START_MS, World
from tests.hub.mqtt_wire import Wire

WAIT_S = 60.0
BRIDGE = BridgeLogin("bridge", "secret")


@pytest.fixture
def world(tmp_path):
    """A ledger that knows h1 and h2."""
    found = World(tmp_path)
    for name in ("h1", "h2"):
        found.till(name)
    yield found
    found.ledger.close()


def hub_of(world: World, broker: BrokerAddress) -> Hub:
    programme = parse(PROGRAMME, source="tests")
    config = HubConfig(
        ledger_place=world.path, programmes=(programme,), face_key=FACE_KEY, broker=broker
    )
    return Hub(config, SystemClock())


class Site:
    """A hub and its broker, which tell devices apart by `wire`."""

    def __init__(self, port: int, ca_file: Path | None) -> None:
        self._port = port
        self._ca_file = ca_file

    def wire(self, user: str, password: str = "") -> Wire:
        tls = None if self._ca_file is None else client_context(self._ca_file)
        return Wire(self._port, user, password or f"password-of-{user}", tls=tls)

    async def told(self, times: int) -> None:
        """Wait until the broker has heard of so many changes."""


@asynccontextmanager
async def embedded_site(world: World) -> AsyncIterator[Site]:
    port = free_port()
    async with hub_of(world, BrokerAddress("127.0.0.1", port, None)):
        yield Site(port, None)


class MosquittoSite(Site):
    """With the mosquitto that was told once, at the hub's start."""

    def __init__(self, broker: Mosquitto) -> None:
        super().__init__(broker.address.port, broker.ca_file)
        self._broker = broker

    async def told(self, times: int) -> None:
        await self._broker.has_reloaded(1 + times)


@asynccontextmanager
async def mosquitto_site(world: World) -> AsyncIterator[Site]:
    broker = Mosquitto(world.path.parent / "mq", world.path, free_port())
    await broker.start()
    try:
        files = LoginFiles(broker.logins_folder, broker.reload_command)
        async with hub_of(world, broker.address._replace(logins=files)):
            site = MosquittoSite(broker)
            await site.told(0)
            yield site
    finally:
        await broker.stop()


SITES = pytest.mark.parametrize("site_of", [embedded_site, mosquitto_site])


def is_lost(wire: Wire) -> bool:
    return wire.lost.wait(WAIT_S)


@SITES
async def test_who_is_shut_out_is_out_at_once_and_others_stay(world, site_of):
    async with site_of(world) as site:
        revoked, other = (
            await asyncio.to_thread(site.wire, "h1"),
            await asyncio.to_thread(site.wire, "h2"),
        )
        world.ledger.revoke_device("h1", 1)

        lost = await asyncio.to_thread(is_lost, revoked)
        again = await asyncio.to_thread(site.wire, "h1")
        stays = other.client.is_connected()
        for wire in (revoked, other, again):
            await asyncio.to_thread(wire.close)

    assert (lost, again.refused, stays) == (True, True, True)


@SITES
async def test_who_is_added_comes_in_while_the_broker_runs(world, site_of):
    async with site_of(world) as site:
        world.till("h3")
        await site.told(1)
        wire = await asyncio.to_thread(site.wire, "h3")
        await asyncio.to_thread(wire.close)

    assert not wire.refused


@SITES
async def test_whoever_has_a_password_that_was_replaced_is_out(world, site_of):
    async with site_of(world) as site:
        wire = await asyncio.to_thread(site.wire, "h1")
        world.ledger.add_device("s1", "h1", "k2", SECRET, "another password")

        lost = await asyncio.to_thread(is_lost, wire)
        again = await asyncio.to_thread(site.wire, "h1", "another password")
        for it in (wire, again):
            await asyncio.to_thread(it.close)

    assert (lost, again.refused) == (True, False)


async def test_a_device_that_nothing_happened_to_stays_through_all_that_others_do(world):
    async with embedded_site(world) as site:
        wire = await asyncio.to_thread(site.wire, "h1")
        revoked = await asyncio.to_thread(site.wire, "h2")
        world.ledger.add_device("s1", "h3", "k1", SECRET, "pw")
        world.ledger.revoke_device("h2", 1)
        await asyncio.to_thread(is_lost, revoked)

        stays = wire.client.is_connected()
        for it in (wire, revoked):
            await asyncio.to_thread(it.close)

    assert stays


class Keeper:
    """Keeps what it is told; fails as often as it is wanted to."""

    def __init__(self, failures: int = 0) -> None:
        self.told: asyncio.Queue[set[str]] = asyncio.Queue()
        self._failures = failures

    async def keep(self, logins: dict[str, DeviceLogin]) -> None:
        if self._failures:
            self._failures -= 1
            raise LoginsNotKept("no room")
        self.told.put_nowait(set(logins))


@asynccontextmanager
async def watching(world: World, keeper: Keeper) -> AsyncIterator[None]:
    ledger = open_ledger(world.path)
    watch = LoginWatch(ledger, keeper)
    watch.start()
    try:
        yield
    finally:
        await watch.stop()
        ledger.close()


async def told_until(keeper: Keeper, wanted: set[str]) -> None:
    async with asyncio.timeout(WAIT_S):
        while await keeper.told.get() != wanted:
            pass


async def test_the_watch_tells_what_another_process_changed(ledger_url):
    world, keeper = World(ledger_url), Keeper()
    world.till("h1")
    try:
        async with watching(world, keeper):
            await told_until(keeper, {"h1"})
            world.till("h2")
            await told_until(keeper, {"h1", "h2"})
            world.ledger.revoke_device("h1", 1)
            await told_until(keeper, {"h2"})
    finally:
        world.ledger.close()


async def test_a_broker_that_could_not_be_told_is_told_again_and_it_is_said_once(world):
    keeper = Keeper(failures=3)

    with capture_logs() as logs:
        async with watching(world, keeper):
            await told_until(keeper, {"h1", "h2"})

    said = [it["event"] for it in logs]
    assert said == ["logins_not_kept", "logins_kept_again"]


def mosquitto_logins(folder: Path, *reload: str) -> MosquittoLogins:
    return MosquittoLogins(LoginFiles(folder, reload), BRIDGE)


def told_times(folder: Path) -> int:
    heard = folder / "heard"
    return len(heard.read_text()) if heard.exists() else 0


async def test_files_are_written_and_the_command_run_only_when_something_changed(world, tmp_path):
    logins = device_logins(world.ledger)
    keeper = mosquitto_logins(tmp_path, "sh", "-c", f"printf x >> {tmp_path}/heard")

    await keeper.keep(logins)
    await keeper.keep(dict(logins))
    once = told_times(tmp_path)
    await keeper.keep({"h1": logins["h1"]})

    assert (once, told_times(tmp_path)) == (1, 2)
    assert "user h2" not in (tmp_path / "acl").read_text()
    assert "h2:" not in (tmp_path / "passwords").read_text()
    assert {(tmp_path / it).stat().st_mode & 0o777 for it in ("acl", "passwords")} == {0o640}


async def test_a_command_that_fails_is_run_again_after_a_while(world, tmp_path):
    logins = device_logins(world.ledger)
    keeper = mosquitto_logins(tmp_path, "sh", "-c", f"printf x >> {tmp_path}/heard; exit 3")

    heard = []
    for _ in range(1 + RETRY_AFTER_TURNS + 1):
        with pytest.raises(LoginsNotKept, match="sh ended with 3"):
            await keeper.keep(logins)
        heard.append(told_times(tmp_path))

    assert heard == [1] * (1 + RETRY_AFTER_TURNS) + [2]


async def test_what_was_written_and_not_told_is_taken_back(world, tmp_path):
    logins = device_logins(world.ledger)
    before = {"h1": logins["h1"]}
    keeper = mosquitto_logins(tmp_path, "sh", "-c", f"test ! -e {tmp_path}/broken")
    await keeper.keep(before)
    (tmp_path / "broken").touch()
    with pytest.raises(LoginsNotKept):
        await keeper.keep(logins)
    (tmp_path / "broken").unlink()

    await keeper.keep(before)

    assert "h2:" not in (tmp_path / "passwords").read_text()


@pytest.mark.parametrize(
    ("folder", "command", "said"),
    [("nowhere", "true", "No such file"), (".", "no-such-command", "No such file")],
)
async def test_what_is_missing_is_named(world, tmp_path, folder, command, said):
    keeper = mosquitto_logins(tmp_path / folder, command)

    with pytest.raises(LoginsNotKept, match=said):
        await keeper.keep(device_logins(world.ledger))


async def test_who_cannot_log_in_there_keeps_nobody_else_out_or_in(world, tmp_path):
    logins = device_logins(world.ledger)
    logins["old"] = replace_digest(logins["h1"])
    logins[BRIDGE.user] = logins["revisit-hub-bridge-3"] = logins["h1"]
    (tmp_path / "passwords").write_text("h9:$7$\nrevisit-hub-bridge-2:$7$101$x$y\n")

    await mosquitto_logins(tmp_path, "true").keep(logins)

    names = [it.split(":")[0] for it in (tmp_path / "passwords").read_text().splitlines()]
    assert names == ["revisit-hub-bridge-2", BRIDGE.user, "h1", "h2"]


def replace_digest(login: DeviceLogin) -> DeviceLogin:
    return login._replace(password_digest=bytes(32))


async def test_a_terminal_that_is_paired_comes_in_with_the_certificate_it_got(world, tmp_path):
    root, key = new_root(SystemClock().now_ms()), ec.generate_private_key(ec.SECP256R1())
    clients, hubs, hubs_key = (tmp_path / it for it in ("clients.crt", "hub.crt", "hub.key"))
    clients.write_bytes(root.certificate)
    hubs.write_bytes(new_client(root, request_with(key), "hub", SystemClock().now_ms()))
    hubs_key.write_bytes(pem(key))
    broker = Mosquitto(tmp_path / "mq", world.path, free_port(), clients)
    await broker.start()
    try:
        tls = client_context(broker.ca_file, hubs, hubs_key)
        files = LoginFiles(broker.logins_folder, broker.reload_command)
        async with hub_of(world, broker.address._replace(tls=tls, logins=files)):
            await broker.has_reloaded(1)
            office = PairingHub(world, clients=root, broker_ca=broker.ca_file.read_text())
            found = pair(
                *(office.code(), "kiosk", tmp_path / "k"),
                send=office.send,
                random_bytes=secrets.token_bytes,
                now_ms=START_MS,
            ).credentials
            await broker.has_reloaded(2)
            shown = [tmp_path / "k" / it for it in (found.ca_file, found.certificate_file)]
            tls = client_context(*shown, tmp_path / "k" / found.key_file)
            place = (broker.address.port, found.device, found.keys.password)
            wire = await asyncio.to_thread(Wire, *place, tls=tls)
            await asyncio.to_thread(wire.close)
    finally:
        await broker.stop()

    assert not wire.refused


def request_with(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a request for a certificate with `key`."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
