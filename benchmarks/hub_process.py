"""A hub in a process of its own, which is this file: with its own broker, or with Debian's."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

import structlog
from hub_load import FACE_KEY, programme

from hub.broker.config import BrokerAddress
from hub.config import HubConfig
from hub.hub import Hub
from hub.ledger.ledger import Place
from loyalty.clock import SystemClock
from loyalty.long_lived import keeping_what_is_there
from loyalty.tls import TlsContext, client_context
from simulators.free_port import free_port
from simulators.mosquitto import Mosquitto

BROKERS = ("embedded", "mosquitto")


class HubProcess(NamedTuple):
    """A hub that runs; devices reach its broker at `port`, by `tls` if any."""

    port: int
    pid: int
    tls: TlsContext | None

    def peak_kib(self) -> int:
        """Return the most memory that it had so far; source: proc(5), VmHWM."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(it.split()[1]) for it in lines if it.startswith("VmHWM:"))


@contextmanager
def hub_process(place: Place, broker: str = BROKERS[0]) -> Iterator[HubProcess]:
    """Run a hub on the ledger at `place`, with one of `BROKERS`."""
    port = free_port()
    command = [sys.executable, __file__, str(place), str(port), broker]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdout is not None
        assert hub.stdin is not None
        ca_file = hub.stdout.readline().strip()  # it is ready
        yield HubProcess(port, hub.pid, client_context(Path(ca_file)) if ca_file else None)
        hub.stdin.close()
        assert hub.wait() == 0


async def run(url_or_file: str, port: int, broker: str) -> None:
    """Run a hub until nothing more is said to us; say where its broker's CA is, if it has one."""
    place = url_or_file if url_or_file.startswith("postgresql:") else Path(url_or_file)
    async with broker_of(place, port, broker) as (address, ca_file):
        config = HubConfig(
            ledger_place=place, programmes=(programme(),), face_key=FACE_KEY, broker=address
        )
        async with Hub(config, SystemClock()):
            print(ca_file, flush=True)
            await asyncio.to_thread(sys.stdin.read)


@asynccontextmanager
async def broker_of(
    place: Place, port: int, broker: str
) -> AsyncIterator[tuple[BrokerAddress, str]]:
    """Yield where the hub finds its broker, and the file with its CA."""
    if broker == "embedded":
        yield BrokerAddress("127.0.0.1", port, None), ""
        return
    with tempfile.TemporaryDirectory() as folder:
        mosquitto = Mosquitto(Path(folder), place, port)
        await mosquitto.start()
        try:
            yield mosquitto.address, str(mosquitto.ca_file)
        finally:
            await mosquitto.stop()


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with keeping_what_is_there():  # as `revisit hub` does
        asyncio.run(run(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
