"""What folding facts in the order of their positions costs, in order, late and from zero.

In order: sales as they happened, each member always at one device. With `--plain COMMIT` the code
of that commit takes turns (`--plain cf91416`: before late facts were folded again). Anywhere:
members go to any device, so that batches overlap and some facts are late within them. Late: one
fact before so many others of a member who has 1,000. Rescore: every fact folded from zero.
`python benchmarks/bench_fold.py [--json] [--lines N] [--turns T] [--plain COMMIT]`.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hub.ledger.ledger import open_ledger
from hub.posting.intake import Arrival, Intake
from loyalty import topics
from loyalty.chain import LINES_MAX, ZERO_HEAD, head_after, pack
from loyalty.lines import to_line
from loyalty.programme import parse
from loyalty.record import Record
from loyalty.records import Redemption, Sale, SaleItem

DEVICES = 20
MEMBERS = 10_000
FACTS_OF_ONE = 1_000
LATE_BY = (1, 100, 999)
SALE_ITEMS = 10
GROUP_ENVELOPES = 10
START_MS = 1_488_326_400_000
MINUTE_MS = 60_000
SECRET = bytes(range(32))
ROOT = Path(__file__).parent.parent
PROGRAMME = (Path(__file__).parent / "plain.toml").read_text()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="one object as the last line")
    options.add_argument("--lines", type=int, default=40_000, help="lines posted in order")
    options.add_argument("--turns", type=int, default=3, help="turns of each")
    options.add_argument("--plain", default="", help="a commit to compare with")
    options.add_argument("--in-order-only", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as directory:
        place = Path(directory)
        if chosen.in_order_only:
            print(in_order(place / "ledger.db", chosen.lines))
            return
        found = measure(place, lines=chosen.lines, turns=chosen.turns, plain=chosen.plain)
    if chosen.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:32} {value}")


def measure(place: Path, *, lines: int, turns: int, plain: str) -> dict[str, float]:
    """Return the medians over `turns`."""
    found: dict[str, float] = {}
    here: list[float] = []
    there: list[float] = []
    if plain:
        unpack_commit(plain, place / "plain")
    for _ in range(turns):
        here.append(in_a_process(ROOT, lines))
        if plain:
            there.append(in_a_process(place / "plain", lines))
    found["in_order_per_s"] = round(statistics.median(here))
    if plain:
        found["plain_per_s"] = round(statistics.median(there))
        pairs = zip(here, there, strict=True)
        found["in_order_to_plain"] = round(statistics.median(a / b for a, b in pairs), 3)
    rates = [in_order(place / f"any{it}.db", lines, anywhere=True) for it in range(turns)]
    found["anywhere_per_s"] = round(statistics.median(rates))
    for late_by in LATE_BY:
        took_ms = [late(place / f"late{late_by}-{it}.db", late_by) for it in range(turns)]
        found[f"late_by_{late_by}_of_{FACTS_OF_ONE}_ms"] = round(statistics.median(took_ms), 2)
    path = place / "rescore.db"
    in_order(path, lines)
    found["rescore_per_s"] = round(statistics.median(from_zero(path) for _ in range(turns)))
    return found


def in_order(path: Path, lines: int, *, anywhere: bool = False) -> float:
    """Return how many lines per second are posted in the order in which they happened.

    With `anywhere` that order is kept by each device alone.
    """
    intake = an_intake(path)
    rng = random.Random(7)
    each = lines // DEVICES
    sent = [Sender(number) for number in range(DEVICES)]
    envelopes = []
    for first in range(0, each, LINES_MAX):
        for sender in sent:
            numbers = range(first, min(first + LINES_MAX, each))
            sales = [
                a_sale(sender.number, it, a_member(rng, sender.number, anywhere), rng)
                for it in numbers
            ]
            envelopes.append(sender.envelope(sales))
    begun_s = time.perf_counter()
    for at in range(0, len(envelopes), GROUP_ENVELOPES):
        intake.take(envelopes[at : at + GROUP_ENVELOPES])
    return each * DEVICES / (time.perf_counter() - begun_s)


def late(path: Path, late_by: int) -> float:
    """Return the milliseconds of one fact that belongs before `late_by` facts of its member."""
    intake = an_intake(path)
    rng = random.Random(7)
    sender, other = Sender(0), Sender(1)
    facts: list[Record] = [
        a_sale(0, it, 0, rng) if it % 4 else a_redemption(0, it) for it in range(FACTS_OF_ONE)
    ]
    for first in range(0, FACTS_OF_ONE, LINES_MAX):
        intake.take([sender.envelope(facts[first : first + LINES_MAX])])
    before_ms = (FACTS_OF_ONE - late_by) * MINUTE_MS - MINUTE_MS // 2
    fact = a_sale(1, 0, 0, rng, at_ms=START_MS + before_ms)
    envelope = other.envelope([fact])
    begun_s = time.perf_counter()
    intake.take([envelope])
    return (time.perf_counter() - begun_s) * 1000


def a_member(rng: random.Random, device: int, anywhere: bool) -> int:
    member = rng.randrange(MEMBERS)
    return member if anywhere else member // DEVICES * DEVICES + device


def from_zero(path: Path) -> float:
    """Return how many facts per second are folded from zero."""
    from hub.ledger.rescore import count_facts, rescore  # a plain commit has no such thing

    ledger = open_ledger(path)
    begun_s = time.perf_counter()
    assert list(rescore(ledger, [parse(PROGRAMME, source="bench")])) == []
    rate = count_facts(ledger) / (time.perf_counter() - begun_s)
    ledger.close()
    return rate


class Sender:
    """A device's chain."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._seq = 1
        self._head = ZERO_HEAD

    def envelope(self, stated: list[Record]) -> Arrival:
        name, lines = name_of(self.number), [to_line(it) for it in stated]
        payload = pack(SECRET, "batch", name, "e1", "k1", self._seq, self._head, lines)
        self._seq += len(lines)
        for line in lines:
            self._head = head_after(self._head, line)
        return Arrival(topics.up("s1", name, "batch"), payload)


def an_intake(path: Path) -> Intake:
    ledger = open_ledger(path, create=True)
    for number in range(DEVICES):
        ledger.add_device("s1", name_of(number), "k1", SECRET, name_of(number))
    programmes = [parse(PROGRAMME, source="bench")]
    now_ms = START_MS + 10**9 * 10
    return Intake(ledger, programmes, now_ms=lambda: now_ms, face_key=bytes(32), new_id=lambda: "x")


def in_a_process(code: Path, lines: int) -> float:
    command = [sys.executable, __file__, "--in-order-only", "--lines", str(lines)]
    environment = {**os.environ, "PYTHONPATH": str(code.resolve())}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, timeout=600, env=environment
    )
    return float(done.stdout)


def unpack_commit(commit: str, into: Path) -> None:
    into.mkdir()
    archive = subprocess.run(
        ["git", "archive", commit], stdout=subprocess.PIPE, check=True, timeout=60, cwd=ROOT
    )
    subprocess.run(["tar", "-x", "-C", str(into)], input=archive.stdout, check=True, timeout=60)


def name_of(number: int) -> str:
    return f"h{number:02}"


def a_sale(
    device: int, number: int, member: int, rng: random.Random, at_ms: int | None = None
) -> Record:
    """Return a sale of ten items."""
    when_ms = START_MS + number * MINUTE_MS if at_ms is None else at_ms
    items = [
        SaleItem(f"category{rng.randrange(40)}", rng.randrange(50, 2000), 0)
        for _ in range(SALE_ITEMS)
    ]
    return Sale(
        **stamp(member, when_ms),
        op=f"s1:{device}:{number}:sale",
        till_ms=when_ms,
        receipt=str(number),
        currency="USD",
        items=tuple(items),
    )


def a_redemption(device: int, number: int) -> Record:
    """Return a redemption of what a sale or two give."""
    return Redemption(
        **stamp(0, START_MS + number * MINUTE_MS),
        op=f"s1:{device}:{number}:spend",
        offer="mug",
        points=150,
        value_minor=500,
        currency="USD",
        auth="",
        granted_ms=0,
    )


def stamp(member: int, at_ms: int) -> dict[str, object]:
    return {
        "at_ms": at_ms,
        "mono_ms": 0,
        "boot": 1,
        "hub_ms": 0,
        "staff": "staff1",
        "store": "s1",
        "rules": 1,
        "card": f"04{member:012X}",
        "member": f"m{member}",
        "ctr_seen": -1,
        "ctr_used": -1,
        "touch": "none",
    }


if __name__ == "__main__":
    main()
