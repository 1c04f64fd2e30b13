"""Records from full journals to receipts, on SQLite and on PostgreSQL, beside what they lean on.

In each turn devices in a process of their own drain their journals through a hub with its embedded
broker; the ledger alone takes the same envelopes, and then single lines; bare SQL writes the same
rows; two ledgers share the envelopes, which only PostgreSQL can; and mosquitto with its own C
client carries messages of the same size. With `--two-hubs` two hubs share the devices at one
mosquitto too, which takes minutes.

`python benchmarks/bench_bridge.py [--json] [--devices N] [--lines N] [--members N] [--turns T]`
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import structlog
from bare_sql import postgres_rate, sqlite_rate
from c_client import messages_per_s
from hub_load import (
    Load,
    arrivals,
    copied,
    drain_through_hub,
    fill,
    intake_on,
    new_ledger,
    postgres,
    programme,
)
from two_hubs import drain_through_two_hubs

from hub.broker_bridge import GROUP_MAX_BYTES, GROUP_MAX_MESSAGES
from hub.ledger.ledger import Place, open_ledger
from hub.ledger.queries import line_counts
from hub.ledger.verify import broken, verify
from hub.posting.envelopes import Arrival

SINGLES_MAX = 2_000
C_CLIENT_MESSAGES = 5_000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="one object as the last line")
    options.add_argument("--devices", type=int, default=20)
    options.add_argument("--lines", type=int, default=500, help="in each journal")
    options.add_argument("--members", type=int, default=10_000)
    options.add_argument("--turns", type=int, default=2, help="turns of each")
    options.add_argument("--two-hubs", action="store_true", help="two hubs at one mosquitto too")
    options.add_argument("--half", nargs=3, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    load = Load(chosen.devices, chosen.lines, chosen.members)
    if chosen.half is not None:
        place, journals, half = chosen.half
        take_half(place, Path(journals), int(half), load)
        return
    with tempfile.TemporaryDirectory(dir=".") as directory:
        found = measure(Path(directory), load, chosen.turns, with_two_hubs=chosen.two_hubs)
    if chosen.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:36} {value}")


def measure(directory: Path, load: Load, turns: int, *, with_two_hubs: bool) -> dict[str, float]:
    """Return median rates, records a second, and how they compare, turn by turn."""
    full = directory / "journals"
    fill(full, load)
    batches = list(arrivals(full, load))
    rates: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(turns):
        with ExitStack() as opened:
            here = Path(opened.enter_context(tempfile.TemporaryDirectory(dir=directory)))
            urls = opened.enter_context(postgres())
            files = (here / f"{number}.db" for number in range(10))
            for engine, places in (("sqlite", files), ("postgres", urls)):
                for name, rate in turn_on(places, batches, full, load):
                    rates[f"{engine}_{name}"].append(rate)
            two = next(urls)
            rates["postgres_two_ledgers"].append(two_ledgers(two, full, load))
            if with_two_hubs:
                rates["postgres_two_hubs"].append(two_hubs(next(urls), full, load))
    found = {f"{name}_per_s": round(statistics.median(it)) for name, it in rates.items()}
    for engine in ("sqlite", "postgres"):
        whole = rates[f"{engine}_end_to_end"]
        for other in ("ledger", "bare_sql"):
            pairs = zip(whole, rates[f"{engine}_{other}"], strict=True)
            ratio = statistics.median(a / b for a, b in pairs)
            found[f"{engine}_end_to_end_to_{other}"] = round(ratio, 3)
    size_bytes = sum(len(it.payload) for it in batches) // len(batches)
    per_batch = load.records / len(batches)
    carried = messages_per_s(size_bytes, min(C_CLIENT_MESSAGES, 10 * len(batches)))
    found["c_client_in_batches_per_s"] = round(carried * per_batch)
    found["c_client_singles_per_s"] = round(messages_per_s(size_bytes // 100, C_CLIENT_MESSAGES))
    return {**found, **load._asdict(), "record_bytes": round(size_bytes / per_batch)}


def turn_on(
    places: Iterator[Place], batches: list[Arrival], full: Path, load: Load
) -> Iterator[tuple[str, float]]:
    """Measure one engine once, on empty ledgers at `places`."""
    alone = next(places)
    yield "ledger", ledger_alone(alone, batches, load)
    bare = next(places)
    new_ledger(bare, 0)
    write = sqlite_rate if isinstance(alone, Path) else postgres_rate
    yield "bare_sql", write(alone, bare)
    yield "ledger_singles", singles(next(places), full, load)
    hub = next(places)
    new_ledger(hub, load.devices)
    with copied(full) as journals:
        yield "end_to_end", load.records / drain_through_hub(hub, journals, load).took_s
    check(hub, load)


def ledger_alone(place: Place, batches: Iterable[Arrival], load: Load) -> float:
    """Return how many records a second the intake posts, fed from memory in groups."""
    new_ledger(place, load.devices)
    intake = intake_on(place)
    begun_s = perf_counter()
    for group in groups(batches):
        intake.take(group)
    rate = load.records / (perf_counter() - begun_s)
    check(place, load)
    return rate


def singles(place: Place, full: Path, load: Load) -> float:
    """Return how many records a second the intake posts, each in a transaction of its own."""
    new_ledger(place, load.devices)
    intake = intake_on(place)
    few = load._replace(lines=min(load.lines, SINGLES_MAX // load.devices))
    lines = list(arrivals(full, few, lines_max=1))
    begun_s = perf_counter()
    for arrival in lines:
        intake.take([arrival])
    return few.records / (perf_counter() - begun_s)


def two_ledgers(place: Place, full: Path, load: Load) -> float:
    """Return how many records a second two processes post to one ledger, half of it each."""
    new_ledger(place, load.devices)
    command = [sys.executable, __file__, "--devices", str(load.devices)]
    command += ["--lines", str(load.lines), "--members", str(load.members), "--half", str(place)]
    begun = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with copied(full) as one, copied(full) as other, ExitStack() as running:
        halves = [
            running.enter_context(subprocess.Popen([*command, str(journals), str(half)], **begun))
            for half, journals in enumerate((one, other))
        ]
        for it in halves:
            it.stdout.readline()  # it is ready
        begun_s = perf_counter()
        for it in halves:
            it.stdin.close()
        for it in halves:
            assert it.wait() == 0
        took_s = perf_counter() - begun_s
    check(place, load)
    return load.records / took_s


def two_hubs(place: str, full: Path, load: Load) -> float:
    """Return how many records a second two hubs take, who share the devices at one mosquitto."""
    new_ledger(place, load.devices)
    with copied(full) as journals:
        rate = load.records / drain_through_two_hubs(place, journals, load).took_s
    check(place, load)
    return rate


def take_half(place: Place, journals: Path, half: int, load: Load) -> None:
    """Be one of two: say when everything is read, and begin once nothing more is said to us."""
    mine = [it for at, it in enumerate(arrivals(journals, load)) if at % load.devices % 2 == half]
    intake = intake_on(place)
    print("ready", flush=True)
    sys.stdin.read()
    for group in groups(mine):
        intake.take(group)


def groups(batches: Iterable[Arrival]) -> Iterator[list[Arrival]]:
    """Yield envelopes in groups as large as the bridge's."""
    group: list[Arrival] = []
    for arrival in batches:
        group.append(arrival)
        size_bytes = sum(len(it.payload) for it in group)
        if size_bytes >= GROUP_MAX_BYTES or len(group) >= GROUP_MAX_MESSAGES:
            yield group
            group = []
    if group:
        yield group


def check(place: Place, load: Load) -> None:
    """See that every record posted, and that the ledger is sound."""
    ledger = open_ledger(place)
    assert line_counts(ledger) == {"posted": load.records}
    assert broken(verify(ledger, [programme()], 0)) == []
    ledger.close()


if __name__ == "__main__":
    main()
