"""`revisit handheld` as systemd starts it: what it says on the notification socket, how it ends."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from device.records.journal import Journal
from hub.config import load_config
from hub.hub import Hub
from hub.ledger.ledger import open_ledger
from loyalty.clock import SystemClock
from simulators.pn532_port import Pn532Port
from tests.device.sample_site import SampleSite
from tests.hub.hub_world import receipted_lines
from tests.loyalty.notify_socket import NotifySocket

ROOT = Path(__file__).parents[2]
WITHIN_S = 300.0
SECRET, PASSWORD = bytes(range(32)), "password-of-h1"


@asynccontextmanager
async def handheld_in(
    folder: Path, systemd: NotifySocket
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a handheld that the ledger in `folder` knows."""
    site = SampleSite(folder)
    with closing(open_ledger(folder / "ledger.db", create=True)) as ledger:
        ledger.add_device("s1", "h1", "k1", SECRET, PASSWORD)
    site.configure("h1", secret=f'"{SECRET.hex()}"', password=f'"{PASSWORD}"')
    reader = Pn532Port(link=folder / "reader")
    reader.start()
    handheld = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "revisit", "handheld", "handheld.toml"),
        *("--programme", "programme.toml"),
        cwd=folder,
        env={**os.environ, **systemd.environment, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield handheld
    finally:
        if handheld.returncode is None:
            handheld.kill()
        await handheld.communicate()
        reader.stop()


async def sign_on(handheld: asyncio.subprocess.Process) -> None:
    """Have staff sign on, which is a record, and wait until it is saved."""
    assert handheld.stdin is not None
    assert handheld.stdout is not None
    handheld.stdin.write(b"staff anna\n")
    while b"You are signed on." not in await handheld.stdout.readline():
        pass


async def test_a_handheld_is_ready_lives_and_ends_when_told(tmp_path: Path) -> None:
    with NotifySocket(tmp_path / "notify", watchdog_s=0.2) as systemd:
        async with asyncio.timeout(WITHIN_S), handheld_in(tmp_path, systemd) as handheld:
            first = await systemd.hear()
            alive = [await systemd.hear() for _ in range(3)]

            handheld.send_signal(signal.SIGTERM)
            *_, last = await systemd.hear_until("STOPPING=1")
            status = await handheld.wait()

    assert first == "READY=1"
    assert alive == ["WATCHDOG=1"] * 3
    assert last == "STOPPING=1"
    assert status == 0


async def test_a_handheld_waits_for_the_receipt_of_what_it_did_last(tmp_path: Path) -> None:
    with NotifySocket(tmp_path / "notify") as systemd:
        async with asyncio.timeout(WITHIN_S), handheld_in(tmp_path, systemd) as handheld:
            await systemd.hear_until("READY=1")
            async with Hub(load_config(tmp_path / "hub.toml"), SystemClock()):
                await sign_on(handheld)
                await receipted(tmp_path / "ledger.db", lines=1)

                await sign_on(handheld)
                handheld.send_signal(signal.SIGTERM)
                await handheld.wait()

    with closing(Journal.open(tmp_path / "h1.db", epoch_of_new="unused")) as journal:
        assert journal.last_seq >= 2
        assert journal.pending_lines == 0


async def receipted(place: Path, lines: int) -> None:
    """Wait until the hub has given its receipt for so many lines."""
    with closing(open_ledger(place)) as ledger:
        while receipted_lines(ledger) < lines:  # noqa: ASYNC110 - the hub tells devices alone
            await asyncio.sleep(0.05)
