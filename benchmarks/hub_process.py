"""A hub with its embedded broker in a process of its own, which is this file."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import structlog
from hub_load import FACE_KEY, programme

from hub.config import BrokerAddress, HubConfig
from hub.hub import Hub
from hub.ledger.ledger import Place
from loyalty.clock import SystemClock
from simulators.calm_site import free_port


class HubProcess(NamedTuple):
    """A hub that runs; `port` is its broker's."""

    port: int
    pid: int

    def peak_kib(self) -> int:
        """Return the most memory that it had so far; source: proc(5), VmHWM."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(it.split()[1]) for it in lines if it.startswith("VmHWM:"))


@contextmanager
def hub_process(place: Place) -> Iterator[HubProcess]:
    """Run a hub on the ledger at `place`."""
    port = free_port()
    command = [sys.executable, __file__, str(place), str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as hub:
        assert hub.stdout is not None
        assert hub.stdin is not None
        hub.stdout.readline()  # it is ready
        yield HubProcess(port, hub.pid)
        hub.stdin.close()
        assert hub.wait() == 0


async def run(place: str, port: int) -> None:
    """Run a hub until nothing more is said to us."""
    config = HubConfig(
        ledger_place=place if place.startswith("postgresql:") else Path(place),
        programmes=(programme(),),
        face_key=FACE_KEY,
        broker=BrokerAddress("127.0.0.1", port, None),
    )
    async with Hub(config, SystemClock()):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    asyncio.run(run(sys.argv[1], int(sys.argv[2])))
