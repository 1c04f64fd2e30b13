"""`revisit hub` as systemd starts it: what it says on the notification socket, and how it ends."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.device.sample_site import SampleSite
from tests.loyalty.notify_socket import NotifySocket

ROOT = Path(__file__).parents[2]
WITHIN_S = 300.0


@asynccontextmanager
async def hub_in(folder: Path, systemd: NotifySocket) -> AsyncIterator[asyncio.subprocess.Process]:
    SampleSite(folder)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "revisit", "hub", "hub.toml"),
        cwd=folder,
        env={**os.environ, **systemd.environment, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_hub_is_ready_once_it_serves_and_lives_until_it_is_told_to_stop(
    tmp_path: Path,
) -> None:
    with NotifySocket(tmp_path / "notify", watchdog_s=0.2) as systemd:
        async with hub_in(tmp_path, systemd) as hub:
            first = await systemd.hear()
            alive = [await systemd.hear() for _ in range(3)]

            hub.send_signal(signal.SIGTERM)
            *still_alive, last = await systemd.hear_until("STOPPING=1")
            async with asyncio.timeout(WITHIN_S):
                status = await hub.wait()

    assert first == "READY=1"
    assert alive == ["WATCHDOG=1"] * 3
    assert set(still_alive) <= {"WATCHDOG=1"}
    assert last == "STOPPING=1"
    assert status == 0


async def test_a_hub_that_cannot_start_is_never_ready(tmp_path: Path) -> None:
    with NotifySocket(tmp_path / "notify") as systemd:
        SampleSite(tmp_path)
        (tmp_path / "face.key").write_text("too short")
        hub = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "revisit", "hub", "hub.toml"),
            cwd=tmp_path,
            env={**os.environ, **systemd.environment, "PYTHONPATH": str(ROOT)},
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(WITHIN_S):
            status = await hub.wait()

        assert status == 1
        assert systemd.heard_nothing()
