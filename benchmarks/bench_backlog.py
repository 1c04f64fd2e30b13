"""A long outage: the records of many devices drain into a hub that knows few or many cards.

The journals are full before the hub starts; devices and hub are processes of their own, and the
memory of both is theirs alone. Then the ledger alone takes records of as many cards as a small
chain has, and of ten times as many, in turns.

`python benchmarks/bench_backlog.py [--json] [--engine E] [--records N] [--devices N] [--cards N]`;
the full size is `--records 1000000 --cards 1000000`.
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from time import perf_counter

import structlog
from bench_bridge import check
from hub_load import (
    Load,
    arrivals,
    devices_on_their_own,
    fill,
    intake_on,
    new_ledger,
    postgres,
    programme,
)
from hub_process import hub_process

from hub.ledger.ledger import Place, open_ledger
from hub.ledger.schema import MEMBER_POINTS, POINT
from hub.posting.envelopes import Arrival
from hub.posting.intake import Intake
from loyalty.chain import LINES_MAX

GROWTH = 10
TURNS = 3
GROUPS_A_TURN, LINES_A_GROUP = 10, 1_500
KIB_A_MIB = 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="one object as the last line")
    options.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--records", type=int, default=20_000, help="in all journals")
    options.add_argument("--devices", type=int, default=50)
    options.add_argument("--cards", type=int, default=20_000, help="the larger number of them")
    chosen = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    load = Load(chosen.devices, chosen.records // chosen.devices, chosen.cards)
    with tempfile.TemporaryDirectory(dir=".") as folder, ExitStack() as opened:
        directory = Path(folder)
        places: Iterator[Place] = (directory / f"{number}.db" for number in range(3))
        if chosen.engine == "postgres":
            places = opened.enter_context(postgres())
        found = {**backlog(directory, next(places), load), **growth(directory, places, load)}
    if chosen.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:32} {value}")


def backlog(directory: Path, place: Place, load: Load) -> dict[str, float]:
    """Return how long the backlog takes, and the memory of the hub and of all devices together."""
    full = directory / "backlog"
    fill(full, load)
    new_ledger(place, load.devices)
    with hub_process(place) as hub:
        drained = devices_on_their_own(full, hub.port, load.devices)
        peak_kib = hub.peak_kib()
    check(place, load)
    return {
        "backlog_records": load.records,
        "backlog_s": round(drained.took_s, 1),
        "backlog_per_s": round(load.records / drained.took_s),
        "hub_peak_mib": round(peak_kib / KIB_A_MIB),
        "devices_peak_mib": round(drained.peak_kib / KIB_A_MIB),
        "devices": load.devices,
    }


def growth(directory: Path, places: Iterator[Place], load: Load) -> dict[str, float]:
    """Return the ledger's rates for few and for many cards, and how they compare turn by turn."""
    few, many = load.members // GROWTH, load.members
    works = {
        cards: work_with(directory, next(places), load._replace(members=cards))
        for cards in (few, many)
    }
    rates: dict[int, list[float]] = {few: [], many: []}
    for _ in range(TURNS):
        for cards, (intake, work) in works.items():
            begun_s = perf_counter()
            for group in islice(work, GROUPS_A_TURN):
                intake.take(group)
            took_s = perf_counter() - begun_s
            rates[cards].append(GROUPS_A_TURN * LINES_A_GROUP / took_s)
    ratios = [b / a for a, b in zip(rates[few], rates[many], strict=True)]
    return {
        "few_cards": few,
        "many_cards": many,
        "ledger_with_few_per_s": round(statistics.median(rates[few])),
        "ledger_with_many_per_s": round(statistics.median(rates[many])),
        "ledger_with_many_to_few": round(statistics.median(ratios), 3),
    }


def work_with(directory: Path, place: Place, load: Load) -> tuple[Intake, Iterator[list[Arrival]]]:
    """Return an intake whose ledger knows all cards, and groups of envelopes for all turns."""
    lines = TURNS * GROUPS_A_TURN * LINES_A_GROUP // load.devices
    load = load._replace(lines=lines)
    full = directory / f"cards-{load.members}"
    new_ledger(place, load.devices)
    add_cards(place, load.members)
    fill(full, load)
    batches = iter([*arrivals(full, load)])
    work = iter(lambda: [*islice(batches, LINES_A_GROUP // LINES_MAX)], [])
    return intake_on(place), work


def add_cards(place: Place, cards: int) -> None:
    """Make the ledger know so many cards, each of a member without points."""
    ledger = open_ledger(place)
    with ledger.transaction() as database:
        tier = programme().tiers[0].id
        accounts = [ledger.engine.next_number("account") for _ in range(cards)]
        members = [ledger.engine.next_number("member") for _ in range(cards)]
        whose = list(enumerate(zip(members, accounts, strict=True)))
        database.executemany(
            _ACCOUNT, [(b, f"m{it}", MEMBER_POINTS, POINT) for it, (_, b) in whose]
        )
        database.executemany(_MEMBER, [(a, f"m{it}", b, tier) for it, (a, b) in whose])
        database.executemany(_CARD, [(f"04{it:012X}", a) for it, (a, _) in whose])
    ledger.close()


_ACCOUNT = "INSERT INTO account VALUES (?, ?, ?, ?, 0)"
_MEMBER = (
    "INSERT INTO member (id, token, account, tier, qualifying, debt, version)"
    " VALUES (?, ?, ?, ?, 0, 0, 0)"
)
_CARD = "INSERT INTO card VALUES (?, ?, -1, 0, 'seen', '')"


if __name__ == "__main__":
    main()
