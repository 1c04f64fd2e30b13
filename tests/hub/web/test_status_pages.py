"""`/healthz` and `/metrics` of whole hubs, and of hubs that lost a part."""

import asyncio
import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hub.broker.config import BrokerAddress
from hub.config import HubConfig
from hub.hub import Hub
from hub.web.config import WebAddress
from loyalty import topics
from loyalty.programme import parse
from simulators.free_port import free_port
from simulators.mosquitto import Mosquitto
from tests.hub.hub_world import FACE_KEY, PROGRAMME, START_MS, MovedClock, Till, World, sale
from tests.hub.mqtt_wire import Wire
from tests.postgres_server import new_database

GUIDE = Path(__file__).parents[3] / "docs" / "operating.md"
WITHIN_S = 60.0
EMBEDDED = BrokerAddress("127.0.0.1", 0, None)


class Page(NamedTuple):
    """What the hub answered."""

    status: int
    media_type: str
    text: str

    @property
    def words(self) -> dict[str, object]:
        return dict(json.loads(self.text))

    @property
    def values(self) -> dict[str, float]:
        """Every sample by its name and its labels' values."""
        return {
            " ".join([sample.name, *sample.labels.values()]): sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        }


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A ledger that knows h1."""
    found = World(tmp_path)
    found.till("h1")
    yield found
    found.ledger.close()


def hub_of(world: World, broker: BrokerAddress = EMBEDDED) -> tuple[Hub, int]:
    """Return a hub with a web server, and its broker's port."""
    address = broker if broker.port else broker._replace(port=free_port())
    config = HubConfig(
        ledger_place=world.path,
        programmes=(parse(PROGRAMME, source="tests"),),
        face_key=FACE_KEY,
        broker=address,
        web=WebAddress("127.0.0.1", 0),
    )
    return Hub(config, MovedClock()), address.port


def page(port: int, path: str) -> Page:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        text = answer.read().decode()
        return Page(answer.status, answer.getheader("content-type", ""), text)
    finally:
        link.close()


async def page_of(hub: Hub, path: str) -> Page:
    return await asyncio.to_thread(page, hub.web_port, path)


async def failing_page(hub: Hub) -> Page:
    """Return the first page that says that something fails."""
    async with asyncio.timeout(WITHIN_S):
        # The hub tells nobody when it falls ill; who wants to know asks, like a monitor.
        while (found := await page_of(hub, "/healthz")).status == 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


def send_a_sale(port: int) -> None:
    """Send a sale of h1, and a message that nobody can have sealed, and wait for the receipt."""
    till = Till("h1")
    till.add(sale("r1"))
    wire = Wire(port, "h1", "password-of-h1")
    wire.subscribe(topics.rx_filter("s1", "h1"))
    wire.publish(topics.up("s1", "h1", "batch"), b"noise")
    wire.publish(*till.batch())
    wire.answer()
    wire.close()


def test_a_hub_with_all_its_parts_is_well(world: World) -> None:
    async def run() -> Page:
        hub, _port = hub_of(world)
        async with hub:
            return await page_of(hub, "/healthz")

    found = asyncio.run(run())

    assert (found.status, found.media_type) == (200, "application/json")
    assert found.words["status"] == "ok"
    assert found.words["posted_ago_s"] is None


def test_what_a_device_sends_is_counted(world: World) -> None:
    async def run() -> tuple[Page, Page]:
        hub, port = hub_of(world)
        async with hub:
            await asyncio.to_thread(send_a_sale, port)
            return await page_of(hub, "/metrics"), await page_of(hub, "/healthz")

    metrics, health = asyncio.run(run())

    told = metrics.values
    assert metrics.media_type == "text/plain; version=0.0.4; charset=utf-8"
    assert told["revisit_messages_received_total"] == 2
    assert told["revisit_messages_dropped_total bad_envelope"] == 1
    assert told["revisit_messages_taken_total batch"] == 1
    assert told["revisit_lines_total"] == 1
    assert told["revisit_replies_total"] == 1
    assert told["revisit_group_messages_sum"] == 2
    assert told["revisit_device_seen_timestamp_seconds h1 s1"] == START_MS / 1000
    assert told["process_open_fds"] > 0
    assert health.words["posted_ago_s"] is not None


def test_a_hub_whose_broker_went_away_fails_until_it_is_back(world: World) -> None:
    async def run() -> tuple[Page, Page, Page]:
        broker = Mosquitto(world.path.parent / "mq", world.path, free_port())
        await broker.start()
        hub, _port = hub_of(world, broker.address)
        async with hub:
            before = await page_of(hub, "/healthz")
            await broker.stop()
            during = await failing_page(hub)
            metrics = await page_of(hub, "/metrics")
        return before, during, metrics

    before, during, metrics = asyncio.run(run())

    assert before.status == 200
    assert during.status == 503
    assert during.words["broker"] == "not connected"
    assert during.words["ledger"] == "ok"
    assert metrics.values["revisit_broker_up"] == 0


def test_a_hub_whose_ledger_does_not_answer_fails_and_still_counts(postgres_url: str) -> None:
    name = ""

    def shut_out() -> None:
        with psycopg.connect(f"{postgres_url}/postgres", autocommit=True) as server:
            server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )

    async def run(world: World) -> tuple[Page, Page, Page]:
        hub, _port = hub_of(world)
        async with hub:
            before = await page_of(hub, "/healthz")
            await asyncio.to_thread(shut_out)
            return before, await failing_page(hub), await page_of(hub, "/metrics")

    with new_database(postgres_url) as url:
        name = url.rpartition("/")[2]
        world = World(url)
        world.till("h1")
        before, during, metrics = asyncio.run(run(world))
        world.ledger.close()

    assert before.status == 200
    assert during.status == 503
    assert during.words["ledger"] == "no answer"
    assert during.words["disk_free_bytes"] is None
    assert metrics.values["revisit_ledger_up"] == 0
    assert metrics.values["revisit_broker_up"] == 1
    assert [it for it in metrics.values if it.startswith("revisit_device_")] == []


def test_pages_name_no_place_and_nobody(world: World) -> None:
    async def run() -> list[Page]:
        hub, port = hub_of(world)
        async with hub:
            await asyncio.to_thread(send_a_sale, port)
            return [await page_of(hub, path) for path in ("/healthz", "/metrics")]

    pages = asyncio.run(run())

    for found in pages:
        assert "anna" not in found.text
        assert str(world.path.parent) not in found.text


def test_the_guide_for_operators_lists_every_metric_and_no_other(world: World) -> None:
    async def run() -> Page:
        hub, _port = hub_of(world)
        async with hub:
            return await page_of(hub, "/metrics")

    found = asyncio.run(run())

    typed = set(re.findall(r"^# TYPE (revisit_\w+) ", found.text, re.MULTILINE))
    shown = {name for name in typed if not name.endswith("_created")}
    listed = set(re.findall(r"`(revisit_\w+)", GUIDE.read_text()))
    assert shown == listed


def test_a_reader_of_the_newer_format_gets_it(world: World) -> None:
    async def run() -> str:
        hub, _port = hub_of(world)
        async with hub:
            return await asyncio.to_thread(ask_for_open_metrics, hub.web_port)

    assert asyncio.run(run()).startswith("application/openmetrics-text; version=1.0.0")


def ask_for_open_metrics(port: int) -> str:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    try:
        link.request("GET", "/metrics", headers=accept)
        answer = link.getresponse()
        assert answer.read().endswith(b"# EOF\n")
        return answer.getheader("content-type", "")
    finally:
        link.close()
