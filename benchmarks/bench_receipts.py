"""How long after a sale its receipt is there, and how many single sales a hub can take.

Devices append a record to their journals, in this process, when its time has come: evenly, so many
a second in all, however long receipts take. The time runs from the call that appends the record to
the hub's receipt for it. Then every device appends its next record as soon as the last one has its
receipt: the rate of single records. The hub runs in a process of its own, as in a shop, with its
own broker, or with mosquitto and TLS as in a chain.

`python benchmarks/bench_receipts.py [--json] [--per-s N] [--seconds S] [--engine E] [--broker B]`
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import structlog
from hub_load import a_sale, client_of, name_of, new_ledger, postgres
from hub_process import BROKERS, HubProcess, hub_process

from device.mqtt.client import HubClient
from device.records.journal import Journal
from hub.ledger.ledger import Place
from loyalty.long_lived import keeping_what_is_there

DEVICES = 20
MEMBERS = 10_000
SINGLES_EACH = 50
WITHIN_S = 600.0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="one object as the last line")
    options.add_argument("--per-s", type=int, default=500, help="records offered a second")
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--engine", choices=("sqlite", "postgres", "both"), default="both")
    options.add_argument("--broker", choices=BROKERS, default=BROKERS[0])
    chosen = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=".") as directory, ExitStack() as opened:
        places: dict[str, Place] = {}
        if chosen.engine != "postgres":
            places["sqlite"] = Path(directory) / "ledger.db"
        if chosen.engine != "sqlite":
            places["postgres"] = next(opened.enter_context(postgres()))
        for engine, place in places.items():
            for name, value in measure(place, Path(directory), chosen).items():
                found[f"{engine}_{name}"] = value
    if chosen.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:32} {value}")


def measure(place: Place, directory: Path, chosen: argparse.Namespace) -> dict[str, float]:
    """Return latencies in milliseconds, and the rate of single records."""
    new_ledger(place, DEVICES)
    with (
        tempfile.TemporaryDirectory(dir=directory) as journals,
        hub_process(place, chosen.broker) as hub,
        keeping_what_is_there(),  # as terminals do
    ):
        times_ms, rate = asyncio.run(offer(Path(journals), hub, chosen.per_s, chosen.seconds))
    cuts = statistics.quantiles(times_ms, n=100)
    return {
        "offered_per_s": chosen.per_s,
        "receipt_p50_ms": round(cuts[49], 1),
        "receipt_p99_ms": round(cuts[98], 1),
        "singles_per_s": round(rate),
    }


async def offer(
    journals: Path, hub: HubProcess, per_s: int, seconds: int
) -> tuple[list[float], float]:
    """Return the latency of every record offered, and the rate of records that wait in turn."""
    async with asyncio.timeout(WITHIN_S), asyncio.TaskGroup() as group:
        with ExitStack() as opened:
            devices = []
            for number in range(DEVICES):
                journal = Journal.open(journals / f"{name_of(number)}.db", epoch_of_new="e1")
                opened.callback(journal.close)
                devices.append((journal, client_of(number, hub.port, journal, hub.tls)))
            running = [group.create_task(client.run()) for _, client in devices]
            for _, client in devices:
                await client.until(lambda it: it.online)
            begun_s = perf_counter()
            offering = [
                group.create_task(offer_from(number, *it, begun_s, per_s, seconds))
                for number, it in enumerate(devices)
            ]
            times_ms = [it for task in offering for it in await task]
            begun_s = perf_counter()
            waiting = [
                group.create_task(wait_in_turn(number, *it)) for number, it in enumerate(devices)
            ]
            await asyncio.gather(*waiting)
            rate = DEVICES * SINGLES_EACH / (perf_counter() - begun_s)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
    return times_ms, rate


async def offer_from(
    number: int, journal: Journal, client: HubClient, begun_s: float, per_s: int, seconds: int
) -> list[float]:
    """Append this device's part of the records on time; return how long each receipt took."""
    rng = random.Random(number)
    every_s = DEVICES / per_s
    receipts = []
    for at in range(per_s * seconds // DEVICES):
        record = a_sale(number, at, rng.randrange(MEMBERS), rng)
        due_s = begun_s + (at + number / DEVICES) * every_s
        await asyncio.sleep(max(0.0, due_s - perf_counter()))
        receipts.append(asyncio.create_task(until_settled(client, journal.append(record), due_s)))
        client.notify_appended()
    return [await it for it in receipts]


async def until_settled(client: HubClient, seq: int, since_s: float) -> float:
    await client.settled(seq)
    return 1000 * (perf_counter() - since_s)


async def wait_in_turn(number: int, journal: Journal, client: HubClient) -> None:
    """Append records, each once the one before has its receipt."""
    rng = random.Random(-number)
    for at in range(SINGLES_EACH):
        seq = journal.append(a_sale(number, journal.last_seq + at, rng.randrange(MEMBERS), rng))
        client.notify_appended()
        await client.settled(seq)


if __name__ == "__main__":
    main()
