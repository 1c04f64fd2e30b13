"""A hub whose disk is full takes nothing, says so, loses nothing, and goes on when there is room.

The kernel refuses to let files grow (RLIMIT_FSIZE, prlimit(2)), for the process that writes the
ledger: the hub's, or PostgreSQL's. It needs no small file system, nor the rights to mount one.
"""

import asyncio
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

from device.records.journal import Journal
from hub.ledger.ledger import Place, open_ledger
from hub.ledger.verify import broken, verify
from loyalty.clock import SystemClock
from loyalty.programme import parse
from loyalty.records import SaleItem
from simulators.free_port import free_port
from tests.full_disk import files_of_at_most
from tests.hub.hub_world import FACE_KEY, PROGRAMME, SECRET, sale
from tests.hub.hurried_device import hurried_device
from tests.postgres_server import PostgresServer, new_database

ROOT = Path(__file__).parents[2]
WITHIN_S = 120.0
LOOK_S = 0.05
HURRY = 10

LINES_BEFORE, LINES_WHILE_FULL = 20, 1_200
ITEMS = tuple(SaleItem(f"class-{number}", 1, 0) for number in range(60))  # a page holds few such

# PostgreSQL's own log segments must not meet the limit, or it stops altogether.
SEGMENT_BYTES = 1024 * 1024

CONFIG = """
ledger = "{ledger}"
programmes = ["programme.toml"]
face_key_file = "face.key"

[broker]
host = "127.0.0.1"
port = {port}
embedded = true

[web]
port = {web_port}
"""


class RunningHub:
    """`revisit hub` in a process of its own."""

    def __init__(self, folder: Path, ledger_place: Place) -> None:
        self.port, self._web_port = free_port(), free_port()
        self.log = folder / "hub.log"
        (folder / "programme.toml").write_text(PROGRAMME)
        (folder / "face.key").write_text(FACE_KEY.hex())
        config = CONFIG.format(ledger=ledger_place, port=self.port, web_port=self._web_port)
        (folder / "hub.toml").write_text(config)
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "hub", str(folder / "hub.toml")]
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    async def says(self, wanted: Callable[[str], bool]) -> str:
        """Return what it says of its posting as soon as that is `wanted`."""
        async with asyncio.timeout(WITHIN_S):
            # The hub tells nobody; who wants to know asks, like a monitor.
            while not wanted(posting := await asyncio.to_thread(self._posting)):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_S)
        return posting

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(WITHIN_S)

    def _posting(self) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._web_port}/healthz") as page:
                text = page.read()
        except urllib.error.HTTPError as error:
            text = error.read()
        except OSError:
            return ""  # it does not listen yet
        return str(json.loads(text)["posting"])


def sell(journal: Journal, lines: int) -> None:
    for _ in range(lines):
        journal.append(sale(f"r{journal.last_seq + 1}", items=ITEMS))


async def fill_and_make_room(
    folder: Path, place: Place, full: Callable[[RunningHub], AbstractContextManager[None]]
) -> tuple[str, str]:
    """Play a day on which the disk is `full` for a while; return what the hub said meanwhile."""
    with closing(open_ledger(place, create=True)) as ledger:
        ledger.add_device("s1", "h1", "k1", SECRET, "password-of-h1")
    journal = Journal.open(folder / "journal.db", epoch_of_new="e1")
    hub = RunningHub(folder, place)
    try:
        await hub.says(lambda it: it == "ok")
        async with hurried_device(journal, hub.port, speed=HURRY, within_s=WITHIN_S) as client:
            sell(journal, LINES_BEFORE)
            client.notify_appended()
            await client.settled(LINES_BEFORE)

            with full(hub):
                sell(journal, LINES_WHILE_FULL)
                client.notify_appended()
                said = await hub.says(lambda it: it != "ok")
                assert hub.process.poll() is None
                assert_settled_is_held(place, journal.settled_seq)
                assert client.pending_lines > 0

            await client.settled(journal.last_seq)
            await hub.says(lambda it: it == "ok")
        assert await asyncio.to_thread(hub.stop) == 0
        return said, hub.log.read_text()
    finally:
        hub.process.kill()
        hub.process.wait(WITHIN_S)
        journal.close()


def assert_settled_is_held(place: Place, settled_seq: int) -> None:
    with closing(open_ledger(place)) as ledger:
        (held,) = ledger.connection.execute("SELECT count(*) FROM inbox").fetchone()
    assert held >= settled_seq


def assert_everything_once(place: Place) -> None:
    programmes = [parse(PROGRAMME, source="tests")]
    with closing(open_ledger(place)) as ledger:
        assert broken(verify(ledger, programmes, SystemClock().now_ms())) == []
        found = ledger.connection.execute("SELECT status, count(*) FROM inbox GROUP BY status")
        assert dict(found.fetchall()) == {"posted": LINES_BEFORE + LINES_WHILE_FULL}


async def test_a_ledger_in_a_file(tmp_path: Path) -> None:
    place = tmp_path / "ledger.db"

    def full(hub: RunningHub) -> AbstractContextManager[None]:
        written = [it.stat().st_size for it in tmp_path.glob("ledger.db*")]
        return files_of_at_most(max(written), hub.process.pid)

    said, log = await fill_and_make_room(tmp_path, place, full)

    assert said == "the ledger takes nothing"
    assert "ledger_unavailable" in log
    assert "Traceback" not in log
    assert_everything_once(place)


async def test_a_ledger_on_a_server(tmp_path: Path) -> None:
    settings = ("fsync=off", "autovacuum=off")
    with (
        PostgresServer(*settings, segment_bytes=SEGMENT_BYTES) as server,
        new_database(server.url) as place,
    ):

        def full(_hub: RunningHub) -> AbstractContextManager[None]:
            # A page that fits in part only is what a disk looks like that has no more room.
            return server.files_of_at_most(SEGMENT_BYTES + 100)

        said, log = await fill_and_make_room(tmp_path, place, full)

        assert said == "the ledger takes nothing"
        assert "could not extend file" in log
        assert "Traceback" not in log
        assert_everything_once(place)
