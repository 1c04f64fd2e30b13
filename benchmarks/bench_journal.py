"""Journal append (encode, chain, durable insert) beside a bare insert and persist-queue.

All three store the same bytes, one durable insert each, in turns of one run: the disk's mood is
the same for all. `python benchmarks/bench_journal.py [--json] [--lines N] [--turns T]`.
"""

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from persistqueue import SQLiteQueue

from device.records.journal import Journal
from loyalty.lines import to_line
from loyalty.record import Record
from loyalty.records import Sale, SaleItem

SALE_ITEMS = 10


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="one object as the last line")
    options.add_argument("--lines", type=int, default=200, help="inserts in a turn")
    options.add_argument("--turns", type=int, default=25, help="turns of each")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as directory:
        found = measure(Path(directory), lines=chosen.lines, turns=chosen.turns)
    if chosen.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:32} {value}")


def measure(directory: Path, *, lines: int, turns: int) -> dict[str, float]:
    """Return the median rates, inserts per second, and how the journal compares, turn by turn."""
    records = [a_sale(number) for number in range(lines * turns)]
    appenders = {
        "journal": journal_appender(directory),
        "bare_insert": bare_appender(directory),
        "persist_queue": queue_appender(directory),
    }
    rates: dict[str, list[float]] = {name: [] for name in appenders}
    for turn in range(turns):
        batch = records[turn * lines : (turn + 1) * lines]
        # Another one goes first in each turn, so that none always follows the same.
        order = [*appenders][turn % 3 :] + [*appenders][: turn % 3]
        for name in order:
            rates[name].append(rate_of(appenders[name], batch, is_bytes=name != "journal"))
    found = {f"{name}_per_s": round(statistics.median(of)) for name, of in rates.items()}
    for other in ("bare_insert", "persist_queue"):
        pairs = zip(rates["journal"], rates[other], strict=True)
        found[f"journal_to_{other}"] = round(statistics.median(a / b for a, b in pairs), 3)
    found["line_bytes"] = len(to_line(records[0]))
    return found


def rate_of(append: Callable[..., object], records: list[Record], *, is_bytes: bool) -> float:
    items = [to_line(it) for it in records] if is_bytes else records
    began_s = time.perf_counter()
    for item in items:
        append(item)
    return len(items) / (time.perf_counter() - began_s)


def journal_appender(directory: Path) -> Callable[[Record], int]:
    opened = Journal.open(directory / "journal.db", epoch_of_new="e1", lines_max=1_000_000)
    return opened.append


def bare_appender(directory: Path) -> Callable[[bytes], object]:
    database = sqlite3.connect(directory / "bare.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE line (seq INTEGER PRIMARY KEY, line BLOB NOT NULL) STRICT")
    return lambda line: database.execute("INSERT INTO line (line) VALUES (?)", (line,))


def queue_appender(directory: Path) -> Callable[[bytes], object]:
    queue = SQLiteQueue(str(directory / "queue"), auto_commit=True)
    return lambda line: queue.put(line)


def a_sale(number: int) -> Sale:
    return Sale(
        at_ms=1_790_000_000_000 + number,
        mono_ms=number,
        boot=1,
        hub_ms=1_790_000_000_000,
        staff="staff-7",
        store="s1",
        rules=12,
        card="04a1b2c3d4e5f6",
        member="m-0123456789",
        ctr_seen=41,
        ctr_used=42,
        touch="done",
        op=f"shop/till-3/{number}/1",
        till_ms=1_790_000_000_000,
        receipt=f"{number}",
        currency="HKD",
        items=(SaleItem("beverages", 1250, 0),) * SALE_ITEMS,
    )


if __name__ == "__main__":
    main()
