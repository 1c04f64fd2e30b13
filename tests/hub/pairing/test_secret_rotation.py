"""A terminal replaces its secret: whatever is lost on the way, it is never nobody."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from device.mqtt.credentials import Credentials, Keys, read_credentials, write_credentials
from device.mqtt.letter_exchange import NotProvisioned, Send
from device.mqtt.pinned_post import Answer, WebPlace, post
from device.mqtt.secret_change import DAY_MS, Store, change_secret, is_due, store_at
from hub.broker.passwords import is_password
from hub.ledger.queries import device_login
from loyalty.clock import SystemClock
from tests.hub.hub_that_pairs import PairingHub
from tests.hub.hub_world import START_MS, Till, World, sale

OLD = Keys(kid="k1", secret=bytes(range(32)), password="password-of-h1")
LATER_MS = START_MS + 100


class PowerCut(Exception):
    """The terminal is gone at this moment."""


@pytest.fixture
def world(ledger_url):
    found = World(ledger_url)
    found.till("h1")
    yield found
    found.ledger.close()


@pytest.fixture
def hub(world):
    return PairingHub(world)


@pytest.fixture
def path(hub, tmp_path):
    return credentials_at(tmp_path / "credentials.json", hub.place)


def credentials_at(path: Path, place: WebPlace) -> Path:
    credentials = Credentials(
        code="0" * 8,
        store="s1",
        device="h1",
        host="hub.local",
        port=8883,
        ca_file="",
        certificate_file="",
        key_file="",
        hub_key=b"",
        hub=place,
        keys=OLD,
        following=None,
        since_ms=START_MS,
    )
    write_credentials(path, credentials)
    return path


def change(store: Store, send: Send) -> Credentials:
    return change_secret(store, send=send, random_bytes=secrets.token_bytes, now_ms=LATER_MS)


def may_log_in(world: World, keys: Keys) -> bool:
    login = device_login(world.ledger, "h1")
    return is_password(keys.password, login.password_salt, login.password_digest)


def kids(world: World) -> list[str]:
    rows = world.ledger.connection.execute("SELECT kid FROM device_secret ORDER BY added")
    return [kid for (kid,) in rows]


def test_it_has_new_keys_and_the_hub_has_them_too(world, hub, path):
    changed = change(store_at(path), hub.send)

    assert read_credentials(path) == changed
    assert (changed.keys.kid, changed.following, changed.since_ms) == ("k2", None, LATER_MS)
    assert changed.keys.secret != OLD.secret
    assert may_log_in(world, changed.keys)
    assert kids(world) == ["k1", "k2"]


def test_the_old_secret_ends_when_the_hub_hears_the_new_one(world, hub, path):
    keys = change(store_at(path), hub.send).keys
    till = Till("h1")
    till.kid, till.secret = keys.kid, keys.secret
    till.add(sale("r1"))

    world.intake.take([till.batch()])

    assert kids(world) == ["k2"]


class Life:
    """A terminal's life that a power cut ends at its moment `last`, of all that it does outside."""

    def __init__(self, path: Path, hub: PairingHub, last: int) -> None:
        self._moments = count()
        self._last = last
        self._store, self._hub = store_at(path), hub

    def store(self) -> Store:
        return Store(self._store.read, self._write)

    def send(self, place: WebPlace, path: str, letter: bytes) -> Answer:
        self._pass()
        answer = self._hub.send(place, path, letter)
        self._pass()
        return answer

    def _write(self, credentials: Credentials) -> None:
        self._pass()
        self._store.write(credentials)
        self._pass()

    def _pass(self) -> None:
        if next(self._moments) == self._last:
            raise PowerCut


MOMENTS = 6  # before and after: the next keys are written, the hub is told, they are the present


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_after_a_power_cut_at_any_moment_it_is_somebody_and_ends_what_it_began(
    world, hub, path, moment
):
    life = Life(path, hub, moment)
    with pytest.raises(PowerCut):
        change(life.store(), life.send)
    left = read_credentials(path)

    known = {bytes(it) for (it,) in world.ledger.connection.execute(SECRETS)}
    assert left.keys.secret in known
    changed = change(store_at(path), hub.send)
    assert left.following in (None, changed.keys)
    assert may_log_in(world, changed.keys)
    assert changed.keys.secret in {bytes(it) for (it,) in world.ledger.connection.execute(SECRETS)}


SECRETS = "SELECT secret FROM device_secret"


def test_those_are_all_the_moments(hub, path):
    life = Life(path, hub, MOMENTS)

    change(life.store(), life.send)


def test_it_may_be_cut_again_and_again(world, hub, path):
    for moment in (3, 1, 3, 2, 3):
        life = Life(path, hub, moment)
        with pytest.raises(PowerCut):
            change(life.store(), life.send)

    changed = change(store_at(path), hub.send)

    assert may_log_in(world, changed.keys)
    assert len(kids(world)) == 2


@pytest.mark.parametrize(
    "bend",
    [
        lambda body: b"",
        lambda body: body[:-1],
        lambda body: body[:20] + bytes([body[20] ^ 1]) + body[21:],
    ],
)
def test_without_the_hubs_own_answer_the_present_keys_stay(
    hub, path, bend: Callable[[bytes], bytes]
):
    def bent(place: WebPlace, path: str, letter: bytes) -> Answer:
        return Answer(200, bend(hub.send(place, path, letter).body))

    with pytest.raises(NotProvisioned, match="the answer is not the hub's"):
        change(store_at(path), bent)

    found = read_credentials(path)
    assert found.keys == OLD
    assert found.following is not None


def test_an_older_answer_does_not_stand_for_a_new_one(hub, path):
    kept: list[Answer] = []

    def kept_back(place: WebPlace, path: str, letter: bytes) -> Answer:
        kept.append(hub.send(place, path, letter))
        raise PowerCut

    with pytest.raises(PowerCut):
        change(store_at(path), kept_back)

    with pytest.raises(NotProvisioned):
        change(store_at(path), lambda *_: kept[0])


def test_who_was_shut_out_is_told_to_pair_anew(world, hub, path):
    world.ledger.revoke_device("h1", START_MS)

    with pytest.raises(NotProvisioned, match="pair it anew"):
        change(store_at(path), hub.send)

    assert read_credentials(path).keys == OLD


def test_a_listener_learns_neither_the_old_secret_nor_the_new(hub, path):
    heard: list[bytes] = []

    def overheard(place: WebPlace, path: str, letter: bytes) -> Answer:
        answer = hub.send(place, path, letter)
        heard.extend([path.encode(), letter, answer.body])
        return answer

    keys = change(store_at(path), overheard).keys

    for secret in (OLD.secret, keys.secret, keys.password.encode()):
        assert not any(secret in it for it in heard)


async def test_over_the_hubs_own_web_server(world, tmp_path):
    hub = PairingHub(world)
    async with hub.listening(tmp_path):
        path = credentials_at(tmp_path / "credentials.json", hub.place)
        send = partial(post, clock=SystemClock())
        changed = await asyncio.to_thread(change, store_at(path), send)

    assert may_log_in(world, changed.keys)


def test_keys_are_due_after_so_many_days_or_where_the_end_is_not_known(path):
    found = read_credentials(path)
    days = 90 * DAY_MS

    assert not is_due(found, now_ms=START_MS + days - 1, after_days=90)
    assert is_due(found, now_ms=START_MS + days, after_days=90)
    assert is_due(replace(found, following=OLD), now_ms=START_MS, after_days=90)
