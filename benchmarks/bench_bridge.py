"""Batches to receipts: 20 devices with full journals against one hub, beside its ledger alone.

The devices (journals, sessions, MQTT clients) run in a process of their own; the hub with its
embedded broker in this one. In the same turn the ledger alone takes the same envelopes in groups
as large as the bridge's. `python benchmarks/bench_bridge.py [--json] [--lines N] [--turns T]`.
"""

import argparse
import asyncio
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import structlog

from device.journal import Journal
from device.mqtt.client import HubClient
from device.mqtt.identity import Broker, Identity
from hub.broker_bridge import GROUP_MAX_BYTES
from hub.config import BrokerAddress, HubConfig
from hub.hub import Hub
from hub.intake import Arrival, Intake
from hub.ledger.ledger import open_ledger
from hub.ledger.queries import line_counts
from hub.ledger.verify import broken, verify
from loyalty import topics
from loyalty.chain import LINES_MAX
from loyalty.clock import SystemClock
from loyalty.programme import Programme, parse
from loyalty.record import Record
from loyalty.records import Sale, SaleItem
from simulators.calm_site import free_port

DEVICES = 20
MEMBERS = 10_000
SALE_ITEMS = 10
START_MS = 1_488_326_400_000
SECRET = bytes(range(32))
FACE_KEY = bytes(32)
PROGRAMME = (Path(__file__).parent / "plain.toml").read_text()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="one object as the last line")
    options.add_argument("--lines", type=int, default=1000, help="lines in each journal")
    options.add_argument("--turns", type=int, default=3, help="turns of each")
    options.add_argument("--devices-in", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--port", type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    if chosen.devices_in is not None:
        print(asyncio.run(drain(chosen.devices_in, chosen.port)))
        return
    with tempfile.TemporaryDirectory(dir=".") as directory:
        found = measure(Path(directory), lines=chosen.lines, turns=chosen.turns)
    if chosen.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:32} {value}")


def measure(directory: Path, *, lines: int, turns: int) -> dict[str, float]:
    """Return the median rates, records per second, and how end to end compares, turn by turn."""
    full = directory / "journals"
    full.mkdir()
    rng = random.Random(7)
    envelopes = [fill(full, number, lines, rng) for number in range(DEVICES)]
    # The devices take turns, as they do on the wire.
    arrivals = [it for together in zip(*envelopes, strict=True) for it in together]
    rates: dict[str, list[float]] = {"ledger": [], "end_to_end": []}
    for turn in range(turns):
        place = directory / f"turn{turn}"
        shutil.copytree(full, place)
        rates["ledger"].append(ledger_alone(place, arrivals, DEVICES * lines))
        rates["end_to_end"].append(asyncio.run(end_to_end(place, DEVICES * lines)))
    pairs = zip(rates["end_to_end"], rates["ledger"], strict=True)
    return {
        "end_to_end_per_s": round(statistics.median(rates["end_to_end"])),
        "ledger_per_s": round(statistics.median(rates["ledger"])),
        "end_to_end_to_ledger": round(statistics.median(a / b for a, b in pairs), 3),
        "devices": DEVICES,
        "records": DEVICES * lines,
        "record_bytes": round(sum(len(it.payload) for it in arrivals) / DEVICES / lines),
    }


def fill(directory: Path, number: int, lines: int, rng: random.Random) -> list[Arrival]:
    """Fill the journal of a device and return the envelopes that it would send."""
    journal = Journal.open(directory / f"{name_of(number)}.db", epoch_of_new=f"e{number}")
    for count in range(lines):
        journal.append(a_sale(number, count, rng))
    identity = identity_of(number)
    envelopes = []
    for after in range(0, lines, LINES_MAX):
        kept = [line for _, line in journal.pending(after, LINES_MAX)]
        prev = journal.head_at(after)
        payload = identity.seal(
            "batch", epoch=journal.epoch, first_seq=after + 1, prev=prev, lines=kept
        )
        envelopes.append(Arrival(topics.up("s1", name_of(number), "batch"), payload))
    journal.close()
    return envelopes


def ledger_alone(place: Path, arrivals: list[Arrival], records: int) -> float:
    """Return how many records per second the intake posts, fed from memory."""
    ledger = open_ledger(place / "alone.db", create=True)
    add_devices(place / "alone.db")
    clock = SystemClock()
    intake = Intake(
        ledger, [programme()], now_ms=clock.now_ms, face_key=FACE_KEY, new_id=lambda: "x"
    )
    begun_s = time.perf_counter()
    group: list[Arrival] = []
    for arrival in arrivals:
        group.append(arrival)
        if sum(len(it.payload) for it in group) >= GROUP_MAX_BYTES:
            intake.take(group)
            group = []
    intake.take(group)
    took_s = time.perf_counter() - begun_s
    assert line_counts(ledger) == {"posted": records}
    ledger.close()
    return records / took_s


async def end_to_end(place: Path, records: int) -> float:
    """Return how many records per second go from journals to settled receipts."""
    path = place / "ledger.db"
    open_ledger(path, create=True).close()
    add_devices(path)
    port = free_port()
    config = HubConfig(
        ledger_place=path,
        programmes=(programme(),),
        face_key=FACE_KEY,
        broker=BrokerAddress("127.0.0.1", port, None),
    )
    async with Hub(config, SystemClock()):
        took_s = await asyncio.to_thread(devices_in_their_own_process, place, port)
    ledger = open_ledger(path)
    assert line_counts(ledger) == {"posted": records}
    assert broken(verify(ledger, config.programmes, 0)) == []
    ledger.close()
    return records / took_s


def devices_in_their_own_process(place: Path, port: int) -> float:
    """Return how many seconds the devices needed, from the first connection to the last receipt."""
    command = [sys.executable, __file__, "--devices-in", str(place)]
    command += ["--port", str(port)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    return float(done.stdout)


async def drain(place: Path, port: int) -> float:
    """Connect every device, wait until each journal is settled, and return the seconds taken."""
    clock = SystemClock()
    journals = [
        Journal.open(place / f"{name_of(it)}.db", epoch_of_new="none") for it in range(DEVICES)
    ]
    clients = [
        HubClient(
            identity=identity_of(number),
            broker=Broker(host="127.0.0.1", port=port, password=name_of(number)),
            journal=journal,
            clock=clock,
            rng=random.Random(number),
        )
        for number, journal in enumerate(journals)
    ]
    begun_s = time.perf_counter()
    running = [asyncio.create_task(it.run()) for it in clients]
    waits = [it.settled(journal.last_seq) for it, journal in zip(clients, journals, strict=True)]
    await asyncio.gather(*waits)
    took_s = time.perf_counter() - begun_s
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    for journal in journals:
        journal.close()
    return took_s


def add_devices(path: Path) -> None:
    ledger = open_ledger(path)
    for number in range(DEVICES):
        ledger.add_device("s1", name_of(number), "k1", SECRET, name_of(number))
    ledger.close()


def identity_of(number: int) -> Identity:
    return Identity(store="s1", device=name_of(number), secrets={"k1": SECRET})


def name_of(number: int) -> str:
    return f"h{number:02}"


def programme() -> Programme:
    return parse(PROGRAMME, source="bench")


def a_sale(device: int, number: int, rng: random.Random) -> Record:
    """Return a sale of ten items by one of ten thousand members."""
    member = rng.randrange(MEMBERS)
    op = f"s1:{device}:{number}:sale"
    items = [
        SaleItem(f"category{rng.randrange(40)}", rng.randrange(50, 2000), 0)
        for _ in range(SALE_ITEMS)
    ]
    at_ms = START_MS + number * 60_000
    return Sale(
        at_ms=at_ms,
        mono_ms=number * 60_000,
        boot=1,
        hub_ms=0,
        staff="staff1",
        store="s1",
        rules=1,
        card=f"04{member:012X}",
        member=f"m{member}",
        ctr_seen=-1,
        ctr_used=-1,
        touch="none",
        op=op,
        till_ms=at_ms,
        receipt=str(number),
        currency="USD",
        items=tuple(items),
    )


if __name__ == "__main__":
    main()
