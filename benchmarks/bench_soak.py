"""A reader through months of taps with faults: what is seen, lost and doubled, and what it costs.

Members hold their cards for 0.3 to 1.5 s against a supervised PN532, in simulated time. In every
seventh tap something goes wrong: a command or an answer is lost or damaged, the chip falls silent,
or the card flickers at the edge of the field; now and then the reader is unplugged between taps.

    python benchmarks/bench_soak.py [--taps N] [--seed N] [--json]
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import random
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table
from timed_wire import JumpingLoop, TimedWire

from device.behaviour.events import CardRead
from device.nfc.cards.keys import CardKeys
from device.nfc.cards.member_card import Written
from device.nfc.cards.member_cards import MemberCards
from device.nfc.readers.pn532 import Pn532
from device.nfc.readers.supervisor import Supervisor
from device.tap import Tap
from simulators.chips.chip import Chip
from simulators.chips.classic import ClassicChip
from simulators.chips.ultralight import UltralightChip
from simulators.pn532 import Fault

FAULTY_TAPS = 0.15
UNPLUGGED_GAPS = 0.005
DWELL_S = (0.3, 1.5)
GAP_S = (0.6, 3.0)
FLICKER_S = 0.06
CARDS = 40
TAP_COMMANDS = 14  # Up to where in a tap a fault may come.

FAULTS = (Fault.NO_ACK, Fault.NACK, Fault.SILENCE, Fault.LOST_ANSWER, Fault.BAD_CHECKSUM, None)


class LoopClock:
    """The time of the event loop."""

    def now_ms(self) -> int:
        return self.monotonic_ms()

    def monotonic_ms(self) -> int:
        return round(asyncio.get_running_loop().time() * 1000)

    async def sleep_ms(self, duration_ms: int) -> None:
        await asyncio.sleep(duration_ms / 1000)


@dataclass
class Soak:
    """What happened."""

    taps: int = 0
    lost: int = 0
    lost_without_fault: int = 0
    doubled: int = 0
    latency_ms: list[float] = field(default_factory=list)
    hours: float = 0.0
    recoveries: int = 0
    failures: int = 0
    flickers: int = 0
    growth_kib: int = 0


class Shop:
    """A counter with a reader, and the members who come."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.wire = TimedWire()
        self.clock = LoopClock()
        self.reader = Supervisor(Pn532(self.wire), clock=self.clock, rng=self.rng)
        keys = CardKeys(
            master=bytes(range(16)),
            seal_key=b"the seal key of this benchmark",
            random_bytes=self.rng.randbytes,
        )
        self.tap = Tap(self.reader, keys, self.clock)
        self.cards = MemberCards(self.reader, keys)
        self.members: list[Chip] = []
        self.seen: list[tuple[str, float]] = []

    async def issue_cards(self) -> None:
        for number in range(CARDS):
            uid = bytes([4]) + number.to_bytes(6, "big")
            chip = UltralightChip("ntag213", uid) if number % 2 else ClassicChip(uid)
            self.wire.place(chip)
            seen = await self.reader.wait_for_card(1.0)
            assert seen is not None
            written = await self.cards.personalise(
                seen, member=f"m-{number}", op_digest=b"op-of-issue."
            )
            assert isinstance(written, Written)
            self.wire.remove()
            self.members.append(chip)

    async def watch(self) -> None:
        """Be the terminal: note every card that is read, and wait until it has left."""
        uid = ""
        while True:
            event = await self.tap.next_card(but_not=uid)
            uid = event.card.uid if isinstance(event, CardRead) else event.uid
            self.seen.append((uid, asyncio.get_running_loop().time()))

    async def serve(self, soak: Soak) -> None:
        """Let one member come."""
        rng, loop = self.rng, asyncio.get_running_loop()
        await asyncio.sleep(rng.uniform(*GAP_S))
        if rng.random() < UNPLUGGED_GAPS:
            await self._unplug()
        chip = rng.choice(self.members)
        is_faulty = rng.random() < FAULTY_TAPS
        fault = rng.choice(FAULTS) if is_faulty else None
        dwell_s = rng.uniform(*DWELL_S)
        self.seen.clear()
        began_s = loop.time()
        if fault is not None:
            self.wire.chip.fail(fault, after=rng.randrange(TAP_COMMANDS))
        self.wire.place(chip)
        if is_faulty and fault is None:
            await self._flicker(chip, dwell_s)
        await asyncio.sleep(began_s + dwell_s - loop.time())
        self.wire.remove()
        await asyncio.sleep(0.1)  # What was read in time may be told a moment later.
        soak.taps += 1
        soak.doubled += max(0, len(self.seen) - 1)
        if not self.seen:
            soak.lost += 1
            soak.lost_without_fault += not is_faulty
        else:
            soak.latency_ms.append((self.seen[0][1] - began_s) * 1e3)

    async def _flicker(self, chip: Chip, dwell_s: float) -> None:
        await asyncio.sleep(self.rng.uniform(0.0, dwell_s - FLICKER_S))
        self.wire.remove()
        await asyncio.sleep(self.rng.uniform(0.0, FLICKER_S))
        self.wire.place(chip)

    async def _unplug(self) -> None:
        self.wire.unplug()
        await asyncio.sleep(self.rng.uniform(0.0, 0.5))
        self.wire.plug_in()
        await asyncio.sleep(1.0)


async def soak(taps: int, seed: int) -> Soak:
    """Return what `taps` taps were like."""
    shop, found = Shop(seed), Soak()
    await shop.reader.open()
    await shop.issue_cards()
    watching = asyncio.create_task(shop.watch())
    warm_up = taps // 10
    for number in range(taps):
        if number == warm_up:
            settled_kib = resident_kib()
        await shop.serve(found)
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    health = shop.reader.health
    found.hours = asyncio.get_running_loop().time() / 3600
    found.recoveries, found.failures = health.recoveries, health.failures
    found.flickers = health.flickers
    found.growth_kib = resident_kib() - settled_kib
    return found


def resident_kib() -> int:
    """Return how much memory this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def figures(found: Soak, took_s: float) -> dict[str, float | int | bool]:
    """Return what there is to tell."""
    return {
        "taps": found.taps,
        "lost": found.lost,
        "lost_without_fault": found.lost_without_fault,
        "doubled": found.doubled,
        "median_ms": round(statistics.median(found.latency_ms), 1),
        "p95_ms": round(statistics.quantiles(found.latency_ms, n=20)[-1], 1),
        "failures": found.failures,
        "recoveries": found.recoveries,
        "flickers": found.flickers,
        "growth_kib": found.growth_kib,
        "simulated_hours": round(found.hours, 1),
        "took_s": round(took_s, 1),
        "goal_met": found.lost == found.doubled == 0,
    }


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--taps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began_s = time.perf_counter()
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        found = runner.run(soak(options.taps, options.seed))
    told = figures(found, time.perf_counter() - began_s)
    table = Table(title="a reader through taps with faults")
    for name, value in told.items():
        table.add_row(name, str(value))
    Console().print(table)
    if options.json:
        print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
