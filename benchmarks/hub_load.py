"""What benchmarks of the hub share: full journals, the devices that send them, and ledgers.

Devices run in a process of their own, which is this file: as on two machines, they take nothing
of the hub's interpreter.
"""

import argparse
import asyncio
import itertools
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import structlog

from device.mqtt.client import HubClient
from device.mqtt.identity import Broker, Identity
from device.records.journal import Journal
from hub.broker.config import BrokerAddress
from hub.config import HubConfig
from hub.hub import Hub
from hub.ledger.ledger import Place, open_ledger
from hub.posting.envelopes import Arrival
from hub.posting.intake import Intake
from loyalty import topics
from loyalty.chain import LINES_MAX
from loyalty.clock import SystemClock
from loyalty.programme import Programme, parse
from loyalty.records import Sale, SaleItem
from loyalty.tls import TlsContext, client_context
from simulators.free_port import free_port

ROOT = Path(__file__).parents[1]
SALE_ITEMS = 10
START_MS = 1_488_326_400_000
EVERY_MS = 60_000  # between two sales of one device
SECRET = bytes(range(32))
FACE_KEY = bytes(32)
DRAIN_WITHIN_S = 3_600.0


class Load(NamedTuple):
    """So many devices with so many lines each, about so many members."""

    devices: int
    lines: int
    members: int

    @property
    def records(self) -> int:
        """How many lines there are in all."""
        return self.devices * self.lines


class Drained(NamedTuple):
    """How long devices took until their journals were settled, and the memory they used for it."""

    took_s: float
    peak_kib: int


def fill(place: Path, load: Load) -> None:
    """Write the journals of all devices into `place`.

    They are written in memory first, where a durable insert costs nothing.
    """
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as directory:
        for number in range(load.devices):
            rng = random.Random(number)
            path = Path(directory) / f"{name_of(number)}.db"
            journal = Journal.open(path, epoch_of_new=f"e{number}", lines_max=load.lines + 100)
            for count in range(load.lines):
                journal.append(a_sale(number, count, rng.randrange(load.members), rng))
            journal.close()
        shutil.copytree(directory, place)


def arrivals(place: Path, load: Load, lines_max: int = LINES_MAX) -> Iterator[Arrival]:
    """Yield the envelopes that the devices would send, in turns, as they come over the wire."""
    with ExitStack() as opened:
        journals = []
        for number in range(load.devices):
            journal = Journal.open(place / f"{name_of(number)}.db", epoch_of_new="none")
            opened.callback(journal.close)
            journals.append((identity_of(number), journal))
        for after in range(0, load.lines, lines_max):
            for identity, journal in journals:
                lines = [line for _, line in journal.pending(after, lines_max)]
                head = journal.head_at(after)
                payload = identity.seal(
                    "batch", epoch=journal.epoch, first_seq=after + 1, prev=head, lines=lines
                )
                yield Arrival(topics.up("s1", identity.device, "batch"), payload)


def new_ledger(place: Place, devices: int) -> None:
    """Make a ledger at `place` that knows the devices."""
    ledger = open_ledger(place, create=True)
    for number in range(devices):
        ledger.add_device("s1", name_of(number), "k1", SECRET, name_of(number))
    ledger.close()


def intake_on(place: Place) -> Intake:
    """Return an intake for the ledger at `place`, without a broker."""
    now_ms = SystemClock().now_ms
    ledger = open_ledger(place)
    return Intake(ledger, [programme()], now_ms=now_ms, face_key=FACE_KEY, new_id=lambda: "x")


@contextmanager
def postgres() -> Iterator[Iterator[str]]:
    """Run Debian's server, which waits for the disk as a chain's does; yield URLs of databases."""
    sys.path.append(str(ROOT))  # the tests know how to start one
    from tests.postgres_server import PostgresServer, new_database

    with PostgresServer("shared_buffers=256MB") as server, ExitStack() as opened:
        yield (opened.enter_context(new_database(server.url)) for _ in itertools.count())


@contextmanager
def copied(journals: Path) -> Iterator[Path]:
    """Yield a copy of full journals, to be drained once."""
    with tempfile.TemporaryDirectory(dir=".") as directory:
        yield Path(shutil.copytree(journals, Path(directory) / "journals"))


def drain_through_hub(ledger_place: Place, journals: Path, load: Load) -> Drained:
    """Have devices send their journals to a hub with its embedded broker, until all is settled."""

    async def whole() -> Drained:
        port = free_port()
        address = BrokerAddress("127.0.0.1", port, None)
        config = HubConfig(
            ledger_place=ledger_place,
            programmes=(programme(),),
            face_key=FACE_KEY,
            broker=address,
        )
        async with Hub(config, SystemClock()):
            return await asyncio.to_thread(devices_on_their_own, journals, port, load.devices)

    return asyncio.run(whole())


def devices_on_their_own(
    journals: Path, port: int, devices: int, ca_file: Path | None = None
) -> Drained:
    """Run this file as the process of the devices, and return what it says."""
    command = [sys.executable, __file__, str(journals), str(port), str(devices)]
    command += [] if ca_file is None else ["--ca-file", str(ca_file)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Drained(*json.loads(done.stdout))


async def drain(journals: Path, port: int, devices: int, tls: TlsContext | None = None) -> Drained:
    """Connect every device and wait until each journal is settled."""
    with ExitStack() as opened:
        clients = []
        for number in range(devices):
            path = journals / f"{name_of(number)}.db"
            journal = Journal.open(path, epoch_of_new="none", lines_max=10_000_000)
            opened.callback(journal.close)
            clients.append((client_of(number, port, journal, tls), journal.last_seq))
        begun_s = perf_counter()
        async with asyncio.timeout(DRAIN_WITHIN_S):
            running = [asyncio.create_task(it.run()) for it, _ in clients]
            await asyncio.gather(*[it.settled(last_seq) for it, last_seq in clients])
        took_s = perf_counter() - begun_s
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Drained(took_s, used.ru_maxrss)


def client_of(number: int, port: int, journal: Journal, tls: TlsContext | None = None) -> HubClient:
    """Return a device's line to the hub whose broker is at `port`."""
    return HubClient(
        identity=identity_of(number),
        broker=Broker(host="127.0.0.1", port=port, password=name_of(number), tls=tls),
        journal=journal,
        clock=SystemClock(),
        rng=random.Random(number),
    )


def identity_of(number: int) -> Identity:
    """Return who device `number` is."""
    return Identity(store="s1", device=name_of(number), secrets={"k1": SECRET})


def name_of(number: int) -> str:
    """Return what device `number` is called."""
    return f"h{number:02}"


def programme() -> Programme:
    """Return the programme of all benchmarks of the hub."""
    return parse((ROOT / "benchmarks" / "plain.toml").read_text(), source="bench")


def a_sale(device: int, number: int, member: int, rng: random.Random) -> Sale:
    """Return a sale of ten items, about 350 bytes."""
    at_ms = START_MS + number * EVERY_MS
    items = [
        SaleItem(f"category{rng.randrange(40)}", rng.randrange(50, 2000), 0)
        for _ in range(SALE_ITEMS)
    ]
    return Sale(
        at_ms=at_ms,
        mono_ms=number * EVERY_MS,
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
        op=f"s1:{device}:{number}:sale",
        till_ms=at_ms,
        receipt=str(number),
        currency="USD",
        items=tuple(items),
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("journals", type=Path)
    options.add_argument("port", type=int)
    options.add_argument("devices", type=int)
    options.add_argument("--ca-file", type=Path, help="of a broker with TLS")
    chosen = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    tls = None if chosen.ca_file is None else client_context(chosen.ca_file)
    print(json.dumps(asyncio.run(drain(chosen.journals, chosen.port, chosen.devices, tls))))


if __name__ == "__main__":
    main()
