"""The client over a real mosquitto: lines up, receipts and answers down, and what goes wrong."""

import asyncio
import queue
import random
import subprocess
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from scripted_hub import NOON_MS, ScriptedHub

from device.mqtt.client import HubClient, HubSilent
from device.mqtt.identity import Broker, Identity
from device.records.journal import Journal
from loyalty import topics
from loyalty.asks import AskAccount
from loyalty.chain import ENVELOPE_MAX_BYTES
from loyalty.clock import SystemClock
from loyalty.receipts import AccountView, LineStatus
from simulators.free_port import free_port
from tests.device.records.check_ins import write

SECRET = b"s" * 32
MOSQUITTO = "/usr/sbin/mosquitto"
LIMIT_S = 60.0


class Mosquitto:
    """Debian's broker on a loopback port of its own."""

    def __init__(self, directory: Path, *, password: str = "") -> None:
        self.port = free_port()
        self._directory = directory
        access = "allow_anonymous true"
        if password:
            passwords = directory / "passwords"
            passwords.write_text(f"h1:{password}\nhub:{password}\n")
            subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
            access = f"allow_anonymous false\npassword_file {passwords}"
        self._config = directory / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nuser root\nset_tcp_nodelay true\n{access}\n"
        )
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [MOSQUITTO, "-c", str(self._config)]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        for said in self._process.stderr:
            if "running" in said:
                break
        else:
            raise AssertionError(f"mosquitto did not start: {said}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


class HubOnBroker:
    """The scripted hub behind a paho client of its own; it notes the presence it sees."""

    def __init__(self, script: ScriptedHub, port: int, password: str = "") -> None:
        self.script = script
        self.presence: queue.Queue[bytes] = queue.Queue()
        self.loses_batches = False
        self.lost: queue.Queue[bytes] = queue.Queue()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="hub")
        self._client.username_pw_set("hub", password)
        self._client.on_connect = lambda client, *_: client.subscribe("loy/v1/#", 1)
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(0.05, 0.1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_message(self, client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        if message.topic == topics.state("s1", "h1"):
            self.presence.put(message.payload)
        named = topics.parse_up(message.topic)
        if named is None:
            return
        if self.loses_batches and named[2] == "batch":
            self.lost.put(message.payload)
            return
        for purpose, envelope in self.script.take(message.payload):
            client.publish(topics.rx("s1", "h1", purpose), envelope, 1)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.db", epoch_of_new="e1")
    yield opened
    opened.close()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def hub(mosquitto: Mosquitto) -> Iterator[HubOnBroker]:
    on_broker = HubOnBroker(ScriptedHub(kid="k1", secret=SECRET), mosquitto.port)
    yield on_broker
    on_broker.stop()


def client_of(journal: Journal, port: int, password: str = "", **options: object) -> HubClient:
    options.setdefault("clock", SystemClock())
    return HubClient(
        identity=Identity(store="s1", device="h1", secrets={"k1": SECRET}),
        broker=Broker(host="127.0.0.1", port=port, password=password),
        journal=journal,
        rng=random.Random(1),
        **options,
    )


@asynccontextmanager
async def running(client: HubClient) -> AsyncIterator[HubClient]:
    task = asyncio.create_task(client.run())
    try:
        async with asyncio.timeout(LIMIT_S):
            yield client
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class HurriedClock(SystemClock):
    """A clock on which every wait is over twenty times sooner."""

    def monotonic_ms(self) -> int:
        return 20 * super().monotonic_ms()

    async def sleep_ms(self, duration_ms: int) -> None:
        await super().sleep_ms(duration_ms // 20)


def run(scenario: Coroutine[None, None, None]) -> None:
    asyncio.run(scenario)


def question(ref: str) -> AskAccount:
    return AskAccount(ref=ref, card="c1", member="", ctr_seen=0)


def test_lines_written_before_and_while_online_settle(
    journal: Journal, mosquitto: Mosquitto, hub: HubOnBroker
) -> None:
    async def scenario() -> None:
        write(journal, 350)
        async with running(client_of(journal, mosquitto.port)) as client:
            await client.settled(350)
            write(journal, 1)
            client.notify_appended()
            await client.settled(351)

            assert client.online
            assert client.pending_lines == 0
            assert client.hub_ms == NOON_MS
            assert client.bytes_sent > client.bytes_received > 0

    run(scenario())

    assert hub.script.upto_seq == 351


def test_an_ask_is_answered(journal: Journal, mosquitto: Mosquitto, hub: HubOnBroker) -> None:
    async def scenario() -> None:
        async with running(client_of(journal, mosquitto.port)) as client:
            await client.until(lambda it: it.online)

            answer = await client.ask(question("r1"), 60_000)

            assert isinstance(answer, AccountView)
            assert answer.ref == "r1"

    run(scenario())


def test_a_silent_hub_is_said_to_be_silent(
    journal: Journal, mosquitto: Mosquitto, hub: HubOnBroker
) -> None:
    async def scenario() -> None:
        hub.script.answers_asks = False
        async with running(client_of(journal, mosquitto.port, clock=HurriedClock())) as client:
            await client.until(lambda it: it.online)

            with pytest.raises(HubSilent, match="r1"):
                await client.ask(question("r1"), 3_000)

    run(scenario())


def test_without_a_broker_asks_fail_at_once_and_the_client_goes_on(journal: Journal) -> None:
    async def scenario() -> None:
        async with running(client_of(journal, free_port())) as client:
            with pytest.raises(HubSilent):
                await client.ask(question("r1"), 60_000)

            assert not client.online

    run(scenario())


def test_a_broker_that_restarts_and_forgets_loses_nothing(
    journal: Journal, mosquitto: Mosquitto, hub: HubOnBroker
) -> None:
    async def scenario() -> None:
        client = client_of(journal, mosquitto.port, clock=HurriedClock())
        async with running(client):
            await client.until(lambda it: it.online)
            mosquitto.stop()
            await client.until(lambda it: not it.online)
            write(journal, 120)
            client.notify_appended()
            mosquitto.start()

            await client.settled(120)

    run(scenario())

    assert hub.script.upto_seq == 120


def test_what_only_the_broker_acknowledged_is_not_settled_and_goes_again(
    journal: Journal, mosquitto: Mosquitto, hub: HubOnBroker
) -> None:
    async def scenario() -> None:
        client = client_of(journal, mosquitto.port, clock=HurriedClock())
        async with running(client):
            await client.until(lambda it: it.online)
            hub.loses_batches = True
            write(journal, 5)
            client.notify_appended()
            for _ in range(2):  # by the second time the first one's PUBACK is long here
                await asyncio.to_thread(hub.lost.get, timeout=LIMIT_S)
            settled_seq = journal.settled_seq
            hub.loses_batches = False

            await client.settled(5)

        assert settled_seq == 0

    run(scenario())

    assert hub.script.upto_seq == 5


def test_presence_is_kept_at_the_broker_and_ends_with_the_client(
    journal: Journal, mosquitto: Mosquitto, hub: HubOnBroker
) -> None:
    async def scenario() -> None:
        async with running(client_of(journal, mosquitto.port)) as client:
            await client.until(lambda it: it.online)

    run(scenario())

    seen = [hub.presence.get(timeout=LIMIT_S) for _ in range(2)]
    assert seen == [b"online", b"offline"]


def test_refused_credentials_are_reported_and_not_hammered(
    journal: Journal, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broker = Mosquitto(tmp_path, password="right")
    broker.start()

    async def scenario() -> None:
        client = client_of(journal, broker.port, "wrong")
        async with running(client):
            await client.until(lambda it: it.is_refused)

            assert not client.online

    run(scenario())
    broker.stop()

    said = capfd.readouterr().out
    assert said.count("broker_refused_credentials") == 1
    assert "wrong" not in said


def test_the_right_password_is_let_in(journal: Journal, tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path, password="right")
    broker.start()
    hub = HubOnBroker(ScriptedHub(kid="k1", secret=SECRET), broker.port, "right")

    async def scenario() -> None:
        write(journal, 1)
        async with running(client_of(journal, broker.port, "right")) as client:
            await client.settled(1)

            assert not client.is_refused

    run(scenario())
    hub.stop()
    broker.stop()


def test_the_terminal_is_told_what_did_not_simply_post(
    journal: Journal, mosquitto: Mosquitto, hub: HubOnBroker
) -> None:
    told: list[tuple[LineStatus, ...]] = []
    hub.script.exceptions = (LineStatus(1, "rejected", "unknown_card"),)

    async def scenario() -> None:
        write(journal, 1)
        client = client_of(journal, mosquitto.port, on_statuses=told.append)
        async with running(client):
            await client.settled(1)

    run(scenario())

    assert told[-1] == hub.script.exceptions


def test_garbage_from_the_broker_changes_nothing(
    journal: Journal, mosquitto: Mosquitto, hub: HubOnBroker
) -> None:
    async def scenario() -> None:
        async with running(client_of(journal, mosquitto.port)) as client:
            await client.until(lambda it: it.online)
            for garbage in (b"", b"\xff" * (ENVELOPE_MAX_BYTES + 1), b"[" * 5_000, b"rv1\n\n"):
                hub._client.publish(topics.rx("s1", "h1", "receipt"), garbage, 1)
            await client.until(lambda it: it.tallies.get("envelope_strange") == 4)
            write(journal, 1)
            client.notify_appended()

            await client.settled(1)

    run(scenario())


def test_stopping_ends_open_asks(journal: Journal, mosquitto: Mosquitto, hub: HubOnBroker) -> None:
    hub.script.answers_asks = False

    async def scenario() -> None:
        async with running(client_of(journal, mosquitto.port)) as client:
            await client.until(lambda it: it.online)
            asked = asyncio.create_task(client.ask(question("r1"), 60_000))
            await asyncio.sleep(0)

        with pytest.raises(HubSilent, match="stopping"):
            await asked

    run(scenario())
