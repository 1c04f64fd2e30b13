"""Hub and devices under load, killed with SIGKILL: what anybody was told is there in the end."""

import queue
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from device.journal import Journal
from hub.ledger.ledger import Ledger, open_ledger
from hub.ledger.verify import broken, verify
from loyalty.clock import SystemClock
from loyalty.programme import parse
from tests.campaign import size
from tests.hub.hub_world import FACE_KEY, PROGRAMME, free_port
from tests.kill.device_process import SECRET

ROOT = Path(__file__).parents[2]
DEVICES = ("h1", "h2")
KILLS = size(4, 50)
NEWS_BETWEEN_KILLS = 300  # at most; lines told and settled, so that each kill meets work
WAIT_S = 60.0


class Site:
    """A hub and devices in processes of their own, and what the devices said they were told."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self.port = free_port()
        self.news: queue.Queue[tuple[str, str, int]] = queue.Queue()
        self.told_seq = dict.fromkeys(DEVICES, 0)
        self.settled_seq = dict.fromkeys(DEVICES, 0)
        self.running: dict[str, subprocess.Popen] = {}
        self.readers: list[threading.Thread] = []
        (folder / "programme.toml").write_text(PROGRAMME)
        (folder / "face.key").write_text(FACE_KEY.hex())
        (folder / "hub.toml").write_text(
            'ledger = "ledger.db"\nprogrammes = ["programme.toml"]\nface_key_file = "face.key"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {self.port}\nembedded = true\n'
        )
        with closing(self.ledger()) as ledger:
            for name in DEVICES:
                ledger.add_device("s1", name, "k1", SECRET, f"password-of-{name}")

    def ledger(self) -> Ledger:
        return open_ledger(self.folder / "ledger.db", create=True)

    def start_hub(self) -> None:
        log = (self.folder / "hub.log").open("ab")
        command = [sys.executable, "-m", "hub", str(self.folder / "hub.toml")]
        self.running["hub"] = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        log.close()

    def start_device(self, name: str, what: str) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        journal, seed = self.folder / f"{name}.db", self.chance.randrange(2**32)
        program = [sys.executable, "-m", "tests.kill.device_process"]
        device = subprocess.Popen(
            [*program, str(journal), str(self.port), name, str(seed), what],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        self.running[name] = device
        reader = threading.Thread(target=self.read, args=(name, device))
        reader.start()
        self.readers.append(reader)

    def read(self, name: str, device: subprocess.Popen) -> None:
        with device.stdout as lines:
            for line in lines:
                if line.endswith("\n"):  # the last one may be torn
                    what, number = line.split()
                    self.news.put((name, what, int(number)))

    def hear(self, count: int, what: str) -> None:
        """Wait for `count` pieces of news of a kind, and keep all."""
        while count > 0:
            name, kind, number = self.news.get(timeout=WAIT_S)
            self.keep(name, kind, number)
            count -= kind == what

    def keep(self, name: str, kind: str, number: int) -> None:
        if kind == "told":
            self.told_seq[name] = max(self.told_seq[name], number)
        elif kind == "settled":
            self.settled_seq[name] = number

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.kill()
        process.wait(WAIT_S)

    def finish(self) -> None:
        """Have the devices send everything, and stop all."""
        for name in DEVICES:
            self.kill(name)
            self.start_device(name, "drain")
        for name in DEVICES:
            assert self.running.pop(name).wait(WAIT_S) == 0
        hub = self.running.pop("hub")
        hub.terminate()
        assert hub.wait(WAIT_S) == 0
        self.hear_the_rest()

    def hear_the_rest(self) -> None:
        for reader in self.readers:
            reader.join(WAIT_S)
        while not self.news.empty():
            self.keep(*self.news.get())

    def close(self) -> None:
        for name in [*self.running]:
            self.kill(name)
        for reader in self.readers:
            reader.join(WAIT_S)


@pytest.fixture
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    found = Site(tmp_path, request.param)
    yield found
    found.close()


@pytest.mark.campaign
@pytest.mark.parametrize("site", [7], indirect=True, ids=["seed 7"])
def test_whoever_is_killed_every_receipt_is_accounted_for(site: Site) -> None:
    site.start_hub()
    for name in DEVICES:
        site.start_device(name, "load")
    site.hear(2, "settled")

    for _ in range(KILLS):
        site.hear(site.chance.randrange(NEWS_BETWEEN_KILLS), "told")
        site.hear(site.chance.randrange(4), "settled")
        victim = site.chance.choice(["hub", *DEVICES])
        site.kill(victim)
        assert missing_at_hub(site) == []
        site.start_hub() if victim == "hub" else site.start_device(victim, "load")
    site.finish()

    programmes = [parse(PROGRAMME, source="tests")]
    with closing(site.ledger()) as ledger:
        assert broken(verify(ledger, programmes, SystemClock().now_ms())) == []
        for name in DEVICES:
            kept = lines_of_journal(site, name)
            assert lines_of_ledger(ledger, name) == kept
            assert len(kept) >= site.told_seq[name]
        statuses = dict(ledger.connection.execute(STATUSES).fetchall())
        assert statuses["posted"] > statuses["duplicate"] > 0  # some keyed a sale again
        assert statuses.keys() == {"posted", "duplicate"}


def missing_at_hub(site: Site) -> list[str]:
    """Return the devices that hold a receipt for a line that the ledger lacks."""
    with closing(site.ledger()) as ledger:
        kept = dict(ledger.connection.execute(KEPT).fetchall())
    return [name for name, seq in site.settled_seq.items() if kept.get(name, 0) < seq]


def lines_of_journal(site: Site, name: str) -> list[bytes]:
    journal = Journal.open(site.folder / f"{name}.db", epoch_of_new="another")
    try:
        assert journal.pending_lines == 0
        assert journal.open_intents() == []
        return [line for _, line in journal.pending(0, 1_000_000)]
    finally:
        journal.close()


def lines_of_ledger(ledger: Ledger, name: str) -> list[bytes]:
    return [line for (line,) in ledger.connection.execute(LINES, (name,))]


KEPT = "SELECT name, chain.seq FROM chain JOIN device ON device.id = chain.device"
STATUSES = "SELECT status, count(*) FROM inbox GROUP BY status"
LINES = """
SELECT line FROM inbox JOIN chain ON chain.id = inbox.chain
JOIN device ON device.id = chain.device WHERE name = ? ORDER BY inbox.seq
"""
