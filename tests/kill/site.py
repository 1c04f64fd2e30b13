"""Hubs and devices in processes of their own, under load, to be killed at any moment."""

import queue
import random
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

from device.records.journal import Journal
from hub.broker.folder import bridge_password_file
from hub.ledger.ledger import Ledger, Place, open_ledger
from hub.ledger.verify import broken, verify
from loyalty.clock import SystemClock
from loyalty.programme import parse
from simulators.mosquitto import Mosquitto
from tests.hub.hub_world import FACE_KEY, PROGRAMME
from tests.kill.device_process import SECRET

ROOT = Path(__file__).parents[2]
DEVICES = ("h1", "h2")
WAIT_S = 600.0

EMBEDDED = '[broker]\nhost = "127.0.0.1"\nport = {port}\nembedded = true\n'
EXTERNAL = """
[broker]
host = "{host}"
port = {port}
embedded = false
shared = {shared}
user = "{user}"
password_file = "{password_file}"
ca_file = "{ca_file}"
"""


class Site:
    """Hubs and devices in processes of their own, and what the devices said they were told.

    `brokers` is the table `[broker]` of each hub, by the hub's name; devices connect to `port`.
    """

    def __init__(
        self,
        folder: Path,
        seed: int,
        *,
        ledger_place: Place,
        port: int,
        brokers: dict[str, str],
        ca_file: Path | None = None,
    ) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self.news: queue.Queue[tuple[str, str, int]] = queue.Queue()
        self.told_seq = dict.fromkeys(DEVICES, 0)
        self.settled_seq = dict.fromkeys(DEVICES, 0)
        self.hubs = tuple(brokers)
        self._ledger_place = ledger_place
        self._road = [str(port), *([str(ca_file)] if ca_file else [])]
        self._running: dict[str, subprocess.Popen] = {}
        self._readers: list[threading.Thread] = []
        self._log_begins: dict[str, int] = {}
        (folder / "programme.toml").write_text(PROGRAMME)
        (folder / "face.key").write_text(FACE_KEY.hex())
        for name, broker in brokers.items():
            (folder / f"{name}.toml").write_text(
                f'ledger = "{ledger_place}"\nprogrammes = ["programme.toml"]\n'
                f'face_key_file = "face.key"\n{broker}'
            )

    def ledger(self) -> Ledger:
        return open_ledger(self._ledger_place)

    def start(self, name: str, what: str = "load") -> None:
        """Start a hub, or a device that does `what`."""
        if name in self.hubs:
            program = ["hub", str(self.folder / f"{name}.toml")]
            self._running[name] = self._spawn(name, program, subprocess.DEVNULL)
            return
        journal, seed = str(self.folder / f"{name}.db"), str(self.chance.randrange(2**32))
        program = ["tests.kill.device_process", journal, name, seed, what, *self._road]
        device = self._running[name] = self._spawn(name, program, subprocess.PIPE)
        reader = threading.Thread(target=self._read, args=(name, device))
        reader.start()
        self._readers.append(reader)

    def start_hubs_that_gave_up(self) -> None:
        """Do what systemd does: a hub that finds no broker or no ledger at its start ends."""
        for name in self.hubs:
            if self._running[name].poll() is not None:
                self.start(name)

    def hear(self, count: int, what: str) -> None:
        """Wait for `count` pieces of news of a kind, and keep all."""
        while count > 0:
            name, kind, number = self.news.get(timeout=WAIT_S)
            self._keep(name, kind, number)
            count -= kind == what

    def hear_of_settled(self, seqs: dict[str, int]) -> None:
        """Wait until each device has said that so many lines are settled."""
        while any(self.settled_seq[name] < seq for name, seq in seqs.items()):
            self._keep(*self.news.get(timeout=WAIT_S))

    def stop(self, name: str) -> None:
        """Have a hub end as systemd does, in its own time and without complaint."""
        hub = self._running.pop(name)
        hub.terminate()
        status = hub.wait(WAIT_S)
        # One that still starts, where another hub did all the work, just ends by the signal.
        assert status == 0 or (status == -signal.SIGTERM and not self._has_started(name))

    def kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.kill()
        process.wait(WAIT_S)

    def finish(self) -> None:
        """Have the devices send everything, and stop all."""
        for name in DEVICES:
            self.kill(name)
            self.start(name, "drain")
        for name in DEVICES:
            assert self._running.pop(name).wait(WAIT_S) == 0
        for name in self.hubs:
            self.stop(name)
        self._hear_the_rest()

    def close(self) -> None:
        for name in [*self._running]:
            self.kill(name)
        for reader in self._readers:
            reader.join(WAIT_S)

    def missing_at_hub(self) -> list[str]:
        """Return the devices that hold a receipt for a line that the ledger lacks."""
        kept = self.kept_seqs()
        return [name for name, seq in self.settled_seq.items() if kept.get(name, 0) < seq]

    def kept_seqs(self) -> dict[str, int]:
        """Return up to which line the ledger has each device's, without a gap."""
        with closing(self.ledger()) as ledger:
            return dict(ledger.connection.execute(KEPT).fetchall())

    def audit(self) -> dict[str, int]:
        """Check that the ledger holds what the journals do; return how many lines by status."""
        programmes = [parse(PROGRAMME, source="tests")]
        with closing(self.ledger()) as ledger:
            assert broken(verify(ledger, programmes, SystemClock().now_ms())) == []
            for name in DEVICES:
                kept = self._lines_of_journal(name)
                assert _lines_of_ledger(ledger, name) == kept
                assert len(kept) >= self.told_seq[name]
            return dict(ledger.connection.execute(STATUSES).fetchall())

    def _has_started(self, name: str) -> bool:
        """Return whether a hub has said so since it was last started."""
        with (self.folder / f"{name}.log").open("rb") as log:
            log.seek(self._log_begins[name])
            return b"bridge_ready" in log.read()

    def _spawn(self, name: str, program: list[str], stdout: int) -> subprocess.Popen:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._log_begins[name] = log.tell()
            command = [sys.executable, "-m", *program]
            return subprocess.Popen(command, cwd=ROOT, stdout=stdout, stderr=log, text=True)

    def _read(self, name: str, device: subprocess.Popen) -> None:
        with device.stdout as lines:
            for line in lines:
                if line.endswith("\n"):  # the last one may be torn
                    what, number = line.split()
                    self.news.put((name, what, int(number)))

    def _keep(self, name: str, kind: str, number: int) -> None:
        if kind == "told":
            self.told_seq[name] = max(self.told_seq[name], number)
        elif kind == "settled":
            self.settled_seq[name] = number

    def _hear_the_rest(self) -> None:
        for reader in self._readers:
            reader.join(WAIT_S)
        while not self.news.empty():
            self._keep(*self.news.get())

    def _lines_of_journal(self, name: str) -> list[bytes]:
        journal = Journal.open(self.folder / f"{name}.db", epoch_of_new="another")
        try:
            assert journal.pending_lines == 0
            assert journal.open_intents() == []
            return [line for _, line in journal.pending(0, 1_000_000)]
        finally:
            journal.close()


def ledger_of_devices(place: Place) -> None:
    """Make the ledger at `place`, which knows the devices."""
    with closing(open_ledger(place, create=True)) as ledger:
        for name in DEVICES:
            ledger.add_device("s1", name, "k1", SECRET, f"password-of-{name}")


def broker_table(broker: Mosquitto, number: int = 1) -> str:
    """Return what hub `number` is told about its broker."""
    address = broker.address_of(number)
    assert address.login is not None
    return EXTERNAL.format(
        host=address.host,
        port=address.port,
        shared=str(address.is_shared).lower(),
        user=address.login.user,
        password_file=(broker.folder / bridge_password_file(number)).absolute(),
        ca_file=broker.ca_file.absolute(),
    )


def _lines_of_ledger(ledger: Ledger, name: str) -> list[bytes]:
    return [bytes(line) for (line,) in ledger.connection.execute(LINES, (name,))]


KEPT = "SELECT name, chain.seq FROM chain JOIN device ON device.id = chain.device"
STATUSES = "SELECT status, count(*) FROM inbox GROUP BY status"
LINES = """
SELECT line FROM inbox JOIN chain ON chain.id = inbox.chain
JOIN device ON device.id = chain.device WHERE name = ? ORDER BY inbox.seq
"""
