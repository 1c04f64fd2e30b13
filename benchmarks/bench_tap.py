"""A tap, from selecting the card to its verified record, and on to the end of an earning.

Our driver and libnfc do the same through the same `MemberCards`, each on a simulated PN532 in a
process of its own with the times of a UART at 115200 baud and of the air, in turns. That wall time
holds what two processes cost the machine, and the millisecond to which a simulator's timers are
true. So the protocol is measured apart, in simulated time: the floor is what its bytes and its air
take by themselves; ours is what the steps took there, and our processor's time of the real run.

    python benchmarks/bench_tap.py [--rounds N] [--cards KIND ...] [--json]
"""

import argparse
import asyncio
import contextlib
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table
from timed_wire import BITS_PER_BYTE, JumpingLoop, TimedWire

from device.links.serial_link import SerialLink
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.member_card import MemberCard, Outcome, Written
from device.nfc.cards.member_cards import MemberCards
from device.nfc.reader import Reader
from device.nfc.readers.libnfc import LibnfcReader
from device.nfc.readers.pn532 import Pn532
from loyalty.card import next_counter
from simulators.pn532 import BAUD
from simulators.pn532_command import CARDS

GOAL_RATIO = 1.15
GOAL_P95_MS = 150.0
WARM_UP_ROUNDS = 2

# Our kind of card -> the simulator's name for a new one.
KINDS = {
    "classic1k": "blank",
    "ultralight_ev1": "ultralight_ev1_128",
    "ntag213": "ntag213",
    "ntag216": "ntag216",
    "desfire_ev2": "desfire_ev2",
    "ntag424": "ntag424",
}
KEYS = CardKeys(
    master=bytes(range(16)),
    seal_key=b"the seal key of this benchmark",
    random_bytes=random.Random(5).randbytes,
    credit_master=bytes(range(16, 32)),
)
OP = b"op-of-issue."

SIMULATOR = "import sys; from simulators.sim_command import main; sys.exit(main(sys.argv[1:]))"


STEPS = ("decided", "earned")


@dataclass
class Times:
    """Milliseconds from the start of each round to the end of a step: on the wall, of our CPU."""

    wall_ms: dict[str, list[float]] = field(default_factory=lambda: {it: [] for it in STEPS})
    cpu_ms: dict[str, list[float]] = field(default_factory=lambda: {it: [] for it in STEPS})

    @contextlib.contextmanager
    def until(self, step: str, wall_s: float, cpu_s: float) -> Iterator[None]:
        yield
        self.wall_ms[step].append((time.perf_counter() - wall_s) * 1e3)
        self.cpu_ms[step].append((time.process_time() - cpu_s) * 1e3)


class Counter:
    """A reader with one of our cards on it, tapped again and again."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.cards = MemberCards(reader, KEYS)

    async def issue(self) -> None:
        seen = await self.reader.wait_for_card(1.0)
        if seen is None:
            raise OSError("no card is seen")
        written = await self.cards.personalise(seen, member="m-1001", op_digest=OP)
        if not isinstance(written, Written) or written.outcome is not Outcome.DONE:
            raise OSError(f"the card is not issued: {written}")

    async def decide(self) -> MemberCard:
        card = await self.cards.wait(1.0)
        if not isinstance(card, MemberCard):
            raise OSError(f"the card is not ours: {card}")
        return card

    async def earn(self, card: MemberCard) -> None:
        counter = next_counter(card.counter, card.torn)
        written = await self.cards.write(card, counter=counter, op_digest=OP, rewrites=0)
        if written.outcome is not Outcome.DONE:
            raise OSError(f"the write ended {written.outcome}")

    async def tap(self, times: Times) -> None:
        began = time.perf_counter(), time.process_time()
        with times.until("decided", *began):
            card = await self.decide()
        with times.until("earned", *began):
            await self.earn(card)


@contextlib.contextmanager
def simulator(card: str) -> Iterator[str]:
    """Run a simulated reader with a new card and yield the path of its port."""
    words = [sys.executable, "-c", SIMULATOR, "pn532", "--card", card, "--timing"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            yield program.stdout.readline().strip()
        finally:
            program.terminate()


async def measure(card: str, rounds: int) -> tuple[Times, Times]:
    """Return the times of our driver and of libnfc, taking turns at going first."""
    ours, libnfcs = Times(), Times()
    with simulator(card) as our_path, simulator(card) as libnfcs_path:
        sides = [
            (ours, Counter(Pn532(SerialLink(our_path)))),
            (libnfcs, Counter(LibnfcReader(f"pn532_uart:{libnfcs_path}"))),
        ]
        for _, counter in sides:
            await counter.reader.open()
            await counter.issue()
        for _, counter in sides:
            for _ in range(WARM_UP_ROUNDS):
                await counter.tap(Times())
        for number in range(rounds):
            for times, counter in sides if number % 2 else reversed(sides):
                await counter.tap(times)
        for _, counter in sides:
            await counter.reader.close()
    return ours, libnfcs


async def protocol_ms(card: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return what bytes and air take up to each step, and what the step took in simulated time."""
    wire, loop = TimedWire(), asyncio.get_running_loop()
    counter = Counter(Pn532(wire))
    make = CARDS[card]
    assert make is not None
    await counter.reader.open()
    wire.place(make())
    await counter.issue()
    for _ in range(WARM_UP_ROUNDS):
        await counter.earn(await counter.decide())
    floor_ms, took_ms = {}, {}
    wire.uart_bytes, wire.air_s, began_s = 0, 0.0, loop.time()
    for step in STEPS:
        if step == "decided":
            found = await counter.decide()
        else:
            await counter.earn(found)
        floor_ms[step] = (wire.uart_bytes * BITS_PER_BYTE / BAUD + wire.air_s) * 1e3
        took_ms[step] = (loop.time() - began_s) * 1e3
    return floor_ms, took_ms


def figures(card: str, rounds: int) -> dict[str, dict[str, float | bool]]:
    """Return for each step its floor, our time and ratio, and the wall's medians and 95 of 100."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        floor_ms, took_ms = runner.run(protocol_ms(card))
    ours, libnfcs = asyncio.run(measure(card, rounds))
    found: dict[str, dict[str, float | bool]] = {}
    for step in STEPS:
        cpu_ms = statistics.median(ours.cpu_ms[step])
        ours_ms = took_ms[step] + cpu_ms
        p95_ms = statistics.quantiles(ours.wall_ms[step], n=20)[-1]
        ratio = ours_ms / floor_ms[step]
        found[step] = {
            "floor_ms": round(floor_ms[step], 1),
            "ours_ms": round(ours_ms, 1),
            "ratio": round(ratio, 3),
            "cpu_ms": round(cpu_ms, 1),
            "wall_ms": round(statistics.median(ours.wall_ms[step]), 1),
            "wall_p95_ms": round(p95_ms, 1),
            "libnfc_wall_ms": round(statistics.median(libnfcs.wall_ms[step]), 1),
            "goal_ratio": GOAL_RATIO,
            "goal_wall_p95_ms": GOAL_P95_MS,
            "goal_met": ratio <= GOAL_RATIO and p95_ms <= GOAL_P95_MS,
        }
    return found


def show(found: dict[str, dict[str, dict[str, float | bool]]]) -> None:
    """Print the figures as a table."""
    table = Table(title="milliseconds of a tap (PN532 at 115200 baud, simulated)")
    columns = ("floor", "ours", "ratio", "CPU", "wall", "wall p95", "libnfc wall", "goals")
    for heading in ("card", "until", *columns):
        table.add_column(heading, justify="right", no_wrap=True)
    names = ("floor_ms", "ours_ms", "ratio", "cpu_ms", "wall_ms", "wall_p95_ms", "libnfc_wall_ms")
    for kind, steps in found.items():
        for step, its in steps.items():
            goals = "met" if its["goal_met"] else "not met"
            table.add_row(kind, step, *(str(its[name]) for name in names), goals)
    Console(width=120).print(table)


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--cards", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    options = parser.parse_args()
    found = {kind: figures(KINDS[kind], options.rounds) for kind in options.cards}
    show(found)
    if options.json:
        print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
