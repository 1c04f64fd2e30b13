"""How long hub and device need after SIGKILL until they work again, with a long past behind them.

The hub is killed while it takes batches, the device while it appends. Then each is opened again and
timed until the hub has answered a hello and the device has stored a line. Killing leaves the
machine's file cache as it was, so the figures are those of a restart, not of a cold machine.

`python benchmarks/bench_recovery.py [--json] [--lines N]`; the past is built in memory first,
which takes some 5 minutes for a million lines.
"""

import argparse
import json
import multiprocessing
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

from device.records.journal import LINES_MAX, Journal
from device.records.kept_lines import RETAINED_MAX
from hub.ledger.ledger import Ledger, open_ledger
from hub.posting.intake import Arrival, Intake
from loyalty import topics
from loyalty.asks import Hello
from loyalty.chain import LINES_MAX as BATCH_LINES
from loyalty.chain import ZERO_HEAD, heads_after, pack
from loyalty.clock import DAY_MS
from loyalty.lines import to_line
from loyalty.programme import parse
from loyalty.receipts import Receipt
from loyalty.records import Sale, SaleItem

SECRET = bytes(range(32))
PROGRAMME = Path(__file__).parents[1] / "programmes" / "supermarket.toml"
START_MS = 1_488_360_000_000
MEMBERS = 50_000
GROUP = 10  # batches in one transaction
NEWS_BEFORE_KILL = 20
_POSTED = "SELECT count(*) FROM inbox WHERE status = 'posted'"
PROCESSES = multiprocessing.get_context("spawn")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="one object as the last line")
    options.add_argument("--lines", type=int, default=100_000, help="in the hub's inbox")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as directory:
        folder = Path(directory)
        found = {
            "lines": chosen.lines,
            **measure_hub(folder, chosen.lines),
            **measure_device(folder, chosen.lines),
        }
    for name, value in found.items():
        print(f"{name:28} {value}")
    if chosen.json:
        print(json.dumps(found))


def measure_hub(folder: Path, lines: int) -> dict[str, float]:
    """Return how long a killed hub's ledger, and a whole hub, take until they answer again."""
    path = folder / "ledger.db"
    built_s = build_in_memory(path, lambda scratch: fill_ledger(scratch, lines))
    kill_while(take_for_ever, path)
    log_bytes = path.with_name("ledger.db-wal").stat().st_size

    began_s = time.perf_counter()
    with closing(open_ledger(path)) as ledger:
        (answer,) = intake_of(ledger).take([hello()])
        answered_s = time.perf_counter() - began_s
    assert answer.payload

    return {
        "hub_lines_per_s_unflushed": round(lines / built_s),
        "hub_ledger_bytes": path.stat().st_size,
        "hub_log_left_bytes": log_bytes,
        "hub_recovery_s": round(answered_s, 4),
        "hub_process_start_s": round(time_hub_process(folder), 3),
    }


def measure_device(folder: Path, lines: int) -> dict[str, float]:
    """Return how long a killed device's journal takes until it stores a line again."""
    path = folder / "journal.db"
    settled, pending = min(lines, RETAINED_MAX), min(lines, LINES_MAX // 2)
    build_in_memory(path, lambda scratch: fill_journal(scratch, settled, pending))
    kill_while(append_for_ever, path)

    began_s = time.perf_counter()
    with closing(open_journal(path)) as journal:
        opened_s = time.perf_counter() - began_s
        journal.append(sale(0))
        appended_s = time.perf_counter() - began_s
        waiting = journal.pending_lines

    return {
        "device_settled_lines": settled,
        "device_pending_lines": waiting,
        "device_open_s": round(opened_s, 4),
        "device_recovery_s": round(appended_s, 4),
    }


def build_in_memory(path: Path, build: Callable[[Path], None]) -> float:
    """Have `build` make the database in memory, put it at `path`, and return the seconds."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else ".") as directory:
        began_s = time.perf_counter()
        build(Path(directory) / path.name)
        took_s = time.perf_counter() - began_s
        shutil.copy(Path(directory) / path.name, path)
    return took_s


def kill_while(work: Callable[[Path, Connection], None], path: Path) -> None:
    """Have `work` go on in a process of its own, and kill it in the middle."""
    ours, theirs = PROCESSES.Pipe()
    worker = PROCESSES.Process(target=work, args=(path, theirs))
    worker.start()
    theirs.close()
    for _ in range(NEWS_BEFORE_KILL):
        ours.recv()
    worker.kill()
    worker.join()
    ours.close()


# The hub


def fill_ledger(path: Path, lines: int) -> None:
    with closing(open_ledger(path, create=True)) as ledger:
        ledger.add_device("s1", "h1", "k1", SECRET, "password")
        intake = intake_of(ledger)
        groups = batches(lines)
        while group := list(islice(groups, GROUP)):
            intake.take(group)
        posted = ledger.connection.execute(_POSTED).fetchone()
    assert posted == (lines,), f"{posted} lines posted, {lines} wanted"


def take_for_ever(path: Path, news: Connection) -> None:
    with closing(open_ledger(path)) as ledger:
        intake = intake_of(ledger)
        for arrival in batches(10_000_000, "another"):
            intake.take([arrival])
            news.send(None)


def intake_of(ledger: Ledger) -> Intake:
    programme = parse(PROGRAMME.read_text(), source=PROGRAMME.name)
    return Intake(
        ledger,
        [programme],
        now_ms=lambda: START_MS + DAY_MS,
        face_key=bytes(32),
        new_id=lambda: "grant",
    )


def batches(lines: int, epoch: str = "e1") -> Iterator[Arrival]:
    prev = ZERO_HEAD
    for first in range(1, lines + 1, BATCH_LINES):
        last = min(first + BATCH_LINES - 1, lines)
        batch = [to_line(sale(number, epoch)) for number in range(first, last + 1)]
        envelope = pack(SECRET, "batch", "h1", epoch, "k1", first, prev, batch)
        yield Arrival(topics.up("s1", "h1", "batch"), envelope)
        prev = heads_after(prev, batch)[-1]


def hello() -> Arrival:
    line = to_line(Hello(ref="q", last_seq=1, settled_seq=1, incarnation="", rules=1))
    envelope = pack(SECRET, "hello", "h1", "e1", "k1", 0, ZERO_HEAD, [line])
    return Arrival(topics.up("s1", "h1", "hello"), envelope)


def time_hub_process(folder: Path) -> float:
    """Return the seconds from the start of `python -m hub` until it says that it has started."""
    key_file = folder / "face.key"
    key_file.touch(mode=0o600)
    key_file.write_text("00" * 32)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "hub.toml").write_text(
        f'ledger = "ledger.db"\nprogrammes = ["{PROGRAMME.resolve()}"]\n'
        'face_key_file = "face.key"\n'
        f'[broker]\nhost = "127.0.0.1"\nport = {port}\nembedded = true\n'
    )
    began_s = time.perf_counter()
    command = [sys.executable, "-m", "hub", str(folder / "hub.toml")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as hub:
        has_started = any("hub_started" in line for line in hub.stderr or ())
        took_s = time.perf_counter() - began_s
        hub.terminate()
    assert has_started
    return took_s


# The device


def fill_journal(path: Path, settled: int, pending: int) -> None:
    with closing(open_journal(path, lines_max=settled + pending + 100)) as journal:
        for number in range(settled):
            journal.append(sale(number))
        head = journal.head_at(settled).hex()
        places = {"upto_seq": settled, "head": head, "want_first": 0, "want_last": 0}
        receipt = Receipt(incarnation="hub", hub_ms=START_MS, exceptions=(), **places)
        journal.settle(receipt, epoch="e1")
        for number in range(pending):
            journal.append(sale(settled + number))


def append_for_ever(path: Path, news: Connection) -> None:
    with closing(open_journal(path)) as journal:
        for number in range(10_000):
            journal.append(sale(number))
            news.send(None)


def open_journal(path: Path, lines_max: int = LINES_MAX) -> Journal:
    return Journal.open(path, epoch_of_new="e1", lines_max=lines_max)


def sale(number: int, epoch: str = "e1") -> Sale:
    at_ms = START_MS + number * 10
    member = f"m-{number * 7919 % MEMBERS:010}"
    return Sale(
        at_ms=at_ms,
        mono_ms=number,
        boot=1,
        hub_ms=0,
        staff="staff-7",
        store="s1",
        rules=1,
        card=f"04{member[2:]}",
        member=member,
        ctr_seen=-1,
        ctr_used=-1,
        touch="none",
        op=f"shop/{epoch}/{number}/1",
        till_ms=at_ms,
        receipt=f"{number}",
        currency="USD",
        items=(SaleItem("beverages", 1250, 0), SaleItem("bread", 300, 0)),
    )


if __name__ == "__main__":
    main()
