"""A terminal becomes a device of the hub with a code: once, whole, and by nobody else's word."""

import asyncio
import json
import secrets
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509

from device.mqtt.credentials import CredentialsError, read_credentials
from device.mqtt.letter_exchange import NotProvisioned, Send
from device.mqtt.pinned_post import Answer, HubUnreached, WebPlace, post
from device.mqtt.provisioning import CREDENTIALS, DRAFT, Paired, pair
from hub.broker.passwords import is_password
from hub.ledger.queries import device_login
from hub.pairing.private_ca import new_root
from loyalty.clock import SystemClock
from loyalty.letters import LETTER_MAX_BYTES
from loyalty.pairing import FINGERPRINT_BYTES, VALID_MS, PairingCode
from tests.hub.hub_that_pairs import HUB_KEY, PairingHub, write_certificate
from tests.hub.hub_world import PROGRAMME, START_MS, World, sale

CA = new_root(START_MS)


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path)
    yield found
    found.ledger.close()


@pytest.fixture
def hub(world):
    return PairingHub(world)


def pair_in(folder: Path, code: PairingCode, send: Send, kind: str = "kiosk") -> Paired:
    return pair(
        code, kind, folder, send=send, random_bytes=secrets.token_bytes, now_ms=START_MS + 5
    )


class PowerCut(Exception):
    """The terminal is gone at this moment."""


def test_a_terminal_gets_all_that_it_needs(world, hub, tmp_path):
    paired = pair_in(tmp_path / "k", hub.code(), hub.send)

    found = read_credentials(tmp_path / "k" / CREDENTIALS)
    assert paired == (found, PROGRAMME)
    assert (found.store, found.device, found.host, found.port) == (
        *("s1", "s1-kiosk-1"),
        *("hub.local", 8883),
    )
    assert (found.hub_key, found.hub, found.ca_file) == (HUB_KEY, hub.place, "")


def test_the_hub_takes_its_password_and_its_seal(world, hub, tmp_path):
    found = pair_in(tmp_path / "k", hub.code(), hub.send).credentials
    login = device_login(world.ledger, found.device)
    till = world.till("other")
    till.name, till.kid, till.secret = found.device, found.keys.kid, found.keys.secret
    till.add(sale("r1"))

    world.intake.take([till.batch()])

    assert is_password(found.keys.password, login.password_salt, login.password_digest)
    assert world.status(1) == ("posted", "")


def test_its_files_are_for_its_user_alone_and_no_draft_stays(world, tmp_path):
    hub = PairingHub(world, clients=CA, broker_ca=CA.certificate.decode())

    pair_in(tmp_path / "k", hub.code(), hub.send)

    files = {it.name: stat.S_IMODE(it.stat().st_mode) for it in (tmp_path / "k").iterdir()}
    assert files == {CREDENTIALS: 0o600, "ca.crt": 0o600, "device.crt": 0o600, "device.key": 0o600}
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o700


def test_where_the_broker_wants_certificates_it_gets_one_of_its_own_name(world, tmp_path):
    hub = PairingHub(world, clients=CA)

    found = pair_in(tmp_path / "k", hub.code(), hub.send).credentials

    certificate = x509.load_pem_x509_certificate(
        (tmp_path / "k" / found.certificate_file).read_bytes()
    )
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(CA.certificate))
    assert certificate.subject.rfc4514_string() == "CN=s1-kiosk-1"


def test_done_again_it_is_done_and_the_hub_is_not_asked(hub, tmp_path):
    code = hub.code()
    first = pair_in(tmp_path / "k", code, hub.send)

    again = pair_in(tmp_path / "k", code, lambda *_: pytest.fail("asked"))

    assert again == (first.credentials, "")


def test_a_folder_belongs_to_one_device(hub, tmp_path):
    pair_in(tmp_path / "k", hub.code(), hub.send)

    with pytest.raises(CredentialsError, match="this is s1-kiosk-1 of s1 already"):
        pair_in(tmp_path / "k", hub.code(), hub.send)


def lost_before(send: Send) -> Send:
    def deed(*_: object) -> Answer:
        raise PowerCut

    return deed


def lost_after(send: Send) -> Send:
    def deed(place: WebPlace, path: str, letter: bytes) -> Answer:
        send(place, path, letter)
        raise PowerCut

    return deed


@pytest.mark.parametrize("lost", [lost_before, lost_after])
def test_an_answer_that_was_lost_is_given_again(world, hub, tmp_path, lost):
    code = hub.code()
    with pytest.raises(PowerCut):
        pair_in(tmp_path / "k", code, lost(hub.send))

    found = pair_in(tmp_path / "k", code, hub.send).credentials

    assert world.value("SELECT secret FROM device_secret") == found.keys.secret
    assert world.cases() == []


def test_with_another_code_it_has_other_secrets(world, hub, tmp_path):
    with pytest.raises(PowerCut):
        pair_in(tmp_path / "k", hub.code(), lost_after(hub.send))

    found = pair_in(tmp_path / "k", hub.code(), hub.send).credentials

    secrets_of = "SELECT secret FROM device_secret JOIN device ON device.id = device WHERE name = ?"
    assert found.device == "s1-kiosk-2"
    assert world.value(secrets_of, "s1-kiosk-1") != found.keys.secret
    assert world.value(secrets_of, "s1-kiosk-2") == found.keys.secret


def test_a_draft_that_is_damaged_is_begun_anew(hub, tmp_path):
    code = hub.code()
    with pytest.raises(PowerCut):
        pair_in(tmp_path / "k", code, lost_before(hub.send))
    (tmp_path / "k" / DRAFT).write_bytes(b'{"code": "')

    assert pair_in(tmp_path / "k", code, hub.send).credentials.device == "s1-kiosk-1"


def test_another_terminal_with_the_same_code_is_refused(world, hub, tmp_path):
    code = hub.code()
    pair_in(tmp_path / "k", code, hub.send)

    with pytest.raises(NotProvisioned, match="another device has used this code"):
        pair_in(tmp_path / "thief", code, hub.send)

    assert list((tmp_path / "thief").iterdir()) == []
    assert world.cases() == ["pairing_reused"]


def test_a_code_that_has_ended_says_so(world, hub, tmp_path):
    code = hub.code()
    world.clock.at_ms += VALID_MS

    with pytest.raises(NotProvisioned, match="this code has ended"):
        pair_in(tmp_path / "k", code, hub.send)


def test_a_code_for_another_kind_says_so(hub, tmp_path):
    with pytest.raises(NotProvisioned, match="for a kiosk, not for a handheld"):
        pair_in(tmp_path / "k", hub.code(), hub.send, kind="handheld")


def test_a_code_that_nobody_made_is_not_known(hub, tmp_path):
    code = hub.code()._replace(secret=bytes(10))

    with pytest.raises(NotProvisioned, match="does not know this code"):
        pair_in(tmp_path / "k", code, hub.send)


@pytest.mark.parametrize(
    "bend",
    [
        lambda body: b"",
        lambda body: body[:-1],
        lambda body: body + b"x",
        lambda body: bytes([body[0] ^ 1]) + body[1:],
        lambda body: body[:40] + bytes([body[40] ^ 1]) + body[41:],
        lambda body: bytes(LETTER_MAX_BYTES),
    ],
)
def test_an_answer_that_is_not_whole_and_the_hubs_is_not_taken(
    hub, tmp_path, bend: Callable[[bytes], bytes]
):
    code = hub.code()

    def bent(place: WebPlace, path: str, letter: bytes) -> Answer:
        return Answer(200, bend(hub.send(place, path, letter).body))

    with pytest.raises(NotProvisioned, match="the answer is not the hub's"):
        pair_in(tmp_path / "k", code, bent)

    assert not (tmp_path / "k" / CREDENTIALS).exists()
    assert pair_in(tmp_path / "k", code, hub.send).credentials.device == "s1-kiosk-1"


def test_an_answer_to_another_letter_is_not_taken(hub, tmp_path):
    code, kept = hub.code(), []

    def replayed(place: WebPlace, path: str, letter: bytes) -> Answer:
        kept.append(hub.send(place, path, letter))
        return kept[0]

    with pytest.raises(PowerCut):
        pair_in(tmp_path / "k", code, lost_after(replayed))

    with pytest.raises(NotProvisioned, match="the answer is not the hub's"):
        pair_in(tmp_path / "k", code, replayed)


def test_the_answer_under_another_stores_code_is_not_taken(world, hub, tmp_path):
    mine, other = hub.code(), hub.code(store="s2", name="x")

    def redirected(place: WebPlace, path: str, letter: bytes) -> Answer:
        return hub.send(place, path.replace(mine.id, other.id), letter)

    with pytest.raises(NotProvisioned):
        pair_in(tmp_path / "k", mine, redirected)

    assert device_login(world.ledger, "x") is None


@pytest.mark.parametrize("status", [200, 204, 301, 404, 500, 503])
def test_any_other_word_of_a_server_is_no_answer(hub, tmp_path, status):
    with pytest.raises(NotProvisioned):
        pair_in(tmp_path / "k", hub.code(), lambda *_: Answer(status, b"<html>"))


def test_a_listener_learns_nothing_that_is_of_use(world, hub, tmp_path):
    heard: list[bytes] = []

    def overheard(place: WebPlace, path: str, letter: bytes) -> Answer:
        answer = hub.send(place, path, letter)
        heard.extend([path.encode(), letter, answer.body])
        return answer

    found = pair_in(tmp_path / "k", hub.code(), overheard).credentials

    for secret in (found.keys.secret, found.keys.secret.hex().encode()):
        assert not any(secret in it for it in heard)
    assert not any(found.keys.password.encode() in it for it in heard)
    assert hub.provisioning.welcome(found.code, heard[1]) is not None  # for whoever has the code
    assert world.value("SELECT count(*) FROM device") == 1


@pytest.mark.parametrize("has_tls", [False, True])
async def test_over_the_hubs_own_web_server(hub, tmp_path, has_tls):
    async with hub.listening(tmp_path if has_tls else None):
        send = partial(post, clock=SystemClock())
        paired = await asyncio.to_thread(pair_in, tmp_path / "k", hub.code(), send)

    assert paired.credentials.hub == hub.place
    assert len(hub.place.fingerprint) == (FINGERPRINT_BYTES if has_tls else 0)


async def test_another_server_in_the_hubs_place_hears_nothing(hub, tmp_path):
    async with hub.listening(tmp_path):
        other = write_certificate(tmp_path / "other.crt", tmp_path / "other.key")
        code = hub.code()._replace(fingerprint=other)
        send = partial(post, clock=SystemClock())

        with pytest.raises(HubUnreached, match="shows another certificate than the hub's"):
            await asyncio.to_thread(pair_in, tmp_path / "k", code, send)

    assert hub.world.value("SELECT tries FROM pairing") == 0


async def test_where_no_hub_is_nothing_is_promised(hub, tmp_path):
    async with hub.listening():
        pass
    send = partial(post, clock=SystemClock())

    with pytest.raises(HubUnreached, match=r"no hub at 127\.0\.0\.1"):
        await asyncio.to_thread(pair_in, tmp_path / "k", hub.code(), send)


async def test_an_endless_answer_is_cut_off(hub, tmp_path):
    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        try:
            while True:
                writer.write(bytes(65_536))
                await writer.drain()
        except OSError:
            writer.close()

    async with await asyncio.start_server(pour, "127.0.0.1", 0) as server:
        code = hub.code()._replace(port=server.sockets[0].getsockname()[1])
        send = partial(post, clock=SystemClock())

        with pytest.raises(HubUnreached, match=f"more than {LETTER_MAX_BYTES} bytes"):
            await asyncio.to_thread(pair_in, tmp_path / "k", code, send)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"3", b"null", b"\xff", b"[" * 60_000, b'{"keys": null}', None]
)
def test_credentials_that_are_none_are_told(hub, tmp_path, content):
    pair_in(tmp_path / "k", hub.code(), hub.send)
    path = tmp_path / "k" / CREDENTIALS
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"port": 8883', b'"port": 0') if content is None else content)

    with pytest.raises(CredentialsError, match="pair this terminal anew"):
        read_credentials(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("host", 5),
        ("port", 8883.5),
        ("ca_file", None),
        ("since_ms", "0"),
        ("hub", ["hub.local", float("inf"), ""]),
        ("hub", [None, 8443, ""]),
        ("keys", {"kid": "k1", "secret": "00" * 32, "password": ["p"]}),
        ("colour", "red"),
    ],
)
def test_credentials_of_another_shape_are_told(hub, tmp_path, name, value):
    pair_in(tmp_path / "k", hub.code(), hub.send)
    path = tmp_path / "k" / CREDENTIALS
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {name: value}))

    with pytest.raises(CredentialsError, match="pair this terminal anew"):
        read_credentials(path)


def test_credentials_that_others_may_read_are_told(hub, tmp_path):
    pair_in(tmp_path / "k", hub.code(), hub.send)
    path = tmp_path / "k" / CREDENTIALS
    path.chmod(0o640)

    with pytest.raises(CredentialsError, match="found mode 640, so that others"):
        read_credentials(path)


def test_secrets_are_not_shown_by_accident(hub, tmp_path):
    found = pair_in(tmp_path / "k", hub.code(), hub.send).credentials

    assert found.keys.password not in repr(found)
    assert repr(found.keys.secret) not in repr(found)
