"""Our PN532 driver against libnfc: select, authenticate, read 3 blocks, write 2.

Each has a simulated reader in a process of its own, with the times of a UART at 115200 baud and of
the air. The two take turns in one run, so that whatever else the machine does meets both.

    python benchmarks/bench_reader.py [--rounds N] [--json]
"""

import argparse
import asyncio
import contextlib
import ctypes
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from device.nfc import classic
from device.nfc.cards.classic_card import ClassicCard
from device.nfc.readers.pn532 import Pn532
from device.serial_link import SerialLink

GOAL_RATIO = 1.05
WARM_UP_ROUNDS = 3
READS = (4, 5, 6)
WRITES = (4, 5)
DATA = bytes(range(16))
UID = bytes.fromhex("deadbeef")
ISO14443A_106 = (1, 1)  # nmt_iso14443a, nbr_106 of nfc-types.h.

SIMULATOR = "import sys; from simulators.sim_command import main; sys.exit(main(sys.argv[1:]))"


@dataclass
class Times:
    """Milliseconds of each round: on the wall and of this process's CPU."""

    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    @contextlib.contextmanager
    def round(self) -> Iterator[None]:
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        yield
        self.wall_ms.append((time.perf_counter() - wall_s) * 1e3)
        self.cpu_ms.append((time.process_time() - cpu_s) * 1e3)


class Modulation(ctypes.Structure):
    """nfc_modulation."""

    _fields_ = (("type", ctypes.c_int), ("baud_rate", ctypes.c_int))


class Libnfc:
    """As much of libnfc.so.6 as one card needs."""

    def __init__(self, path: str) -> None:
        self._lib = ctypes.CDLL("libnfc.so.6")
        self._lib.nfc_open.restype = ctypes.c_void_p
        self._lib.nfc_open.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        self._context = ctypes.c_void_p()
        self._lib.nfc_init(ctypes.byref(self._context))
        found = self._lib.nfc_open(self._context, f"pn532_uart:{path}".encode())
        if not found:
            raise OSError(f"libnfc cannot open {path}")
        self._device = ctypes.c_void_p(found)
        self._target = ctypes.create_string_buffer(512)
        self._answer = ctypes.create_string_buffer(264)
        if self._lib.nfc_initiator_init(self._device) < 0:
            raise OSError("libnfc cannot make the reader an initiator")

    def tap(self) -> None:
        modulation = Modulation(*ISO14443A_106)
        select = self._lib.nfc_initiator_select_passive_target
        if select(self._device, modulation, None, ctypes.c_size_t(0), self._target) != 1:
            raise OSError("libnfc selects no card")
        self._exchange(classic.authenticate(READS[0], classic.TRANSPORT_KEY, UID))
        for block in READS:
            self._exchange(classic.read(block))
        for block in WRITES:
            self._exchange(classic.write(block, DATA))

    def close(self) -> None:
        self._lib.nfc_close(self._device)
        self._lib.nfc_exit(self._context)

    def _exchange(self, data: bytes) -> None:
        sizes = ctypes.c_size_t(len(data)), ctypes.c_size_t(len(self._answer))
        exchange = self._lib.nfc_initiator_transceive_bytes
        status = exchange(self._device, data, sizes[0], self._answer, sizes[1], 500)
        if status < 0:
            raise OSError(f"libnfc: status {status} for {data[:2].hex()}")


async def our_tap(reader: Pn532) -> None:
    if await reader.wait_for_card(1.0) is None:
        raise OSError("we see no card")
    card = ClassicCard(reader, UID)
    await card.authenticate(READS[0], classic.TRANSPORT_KEY)
    for block in READS:
        await card.read_block(block)
    for block in WRITES:
        await card.write_block(block, DATA)


@contextlib.contextmanager
def simulator() -> Iterator[str]:
    """Run a simulated reader with a blank card and yield the path of its port."""
    words = [sys.executable, "-c", SIMULATOR, "pn532", "--card", "blank", "--timing"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            yield program.stdout.readline().strip()
        finally:
            program.terminate()


async def measure(rounds: int) -> tuple[Times, Times]:
    """Return the times of our driver and of libnfc, taking turns at going first."""
    ours, libnfcs = Times(), Times()
    with simulator() as our_path, simulator() as libnfcs_path:
        reader = Pn532(SerialLink(our_path))
        await reader.open()
        libnfc = Libnfc(libnfcs_path)

        async def tap_libnfc() -> None:
            libnfc.tap()

        sides: list[tuple[Times, Callable[[], Awaitable[None]]]] = [
            (ours, lambda: our_tap(reader)),
            (libnfcs, tap_libnfc),
        ]
        for number in range(WARM_UP_ROUNDS + rounds):
            for times, tap in sides if number % 2 else reversed(sides):
                with times.round():
                    await tap()
        libnfc.close()
        await reader.close()
    for times in (ours, libnfcs):
        del times.wall_ms[:WARM_UP_ROUNDS], times.cpu_ms[:WARM_UP_ROUNDS]
    return ours, libnfcs


def figures(ours: Times, libnfcs: Times) -> dict[str, float | int | bool]:
    """Return medians, the median of the paired ratios, and whether the goal is met."""
    pairs = zip(ours.wall_ms, libnfcs.wall_ms, strict=True)
    ratio = statistics.median(our / its for our, its in pairs)
    return {
        "rounds": len(ours.wall_ms),
        "ours_ms": round(statistics.median(ours.wall_ms), 2),
        "libnfc_ms": round(statistics.median(libnfcs.wall_ms), 2),
        "ours_p95_ms": round(statistics.quantiles(ours.wall_ms, n=20)[-1], 2),
        "libnfc_p95_ms": round(statistics.quantiles(libnfcs.wall_ms, n=20)[-1], 2),
        "ours_cpu_ms": round(statistics.median(ours.cpu_ms), 3),
        "libnfc_cpu_ms": round(statistics.median(libnfcs.cpu_ms), 3),
        "ratio": round(ratio, 3),
        "goal_ratio": GOAL_RATIO,
        "goal_met": ratio <= GOAL_RATIO,
    }


def show(found: dict[str, float | int | bool]) -> None:
    """Print the figures as a small table."""
    table = Table(title="select, authenticate, read 3, write 2 (115200 baud, simulated)")
    for heading in ("", "median ms", "p95 ms", "CPU ms"):
        table.add_column(heading, justify="right")
    for name in ("ours", "libnfc"):
        cells = (found[f"{name}_{what}"] for what in ("ms", "p95_ms", "cpu_ms"))
        table.add_row(name, *map(str, cells))
    table.caption = f"ratio {found['ratio']}, goal at most {GOAL_RATIO}"
    Console().print(table)


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    options = parser.parse_args()
    found = figures(*asyncio.run(measure(options.rounds)))
    show(found)
    if options.json:
        print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
