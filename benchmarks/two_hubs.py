"""Two hubs in processes of their own, which are this file, that take turns at one mosquitto."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import structlog
from hub_load import FACE_KEY, Drained, Load, devices_on_their_own, programme

from hub.broker.bridge_users import bridge_user
from hub.broker.config import BridgeLogin, BrokerAddress
from hub.broker.folder import bridge_password_file
from hub.config import HubConfig
from hub.hub import Hub
from loyalty.clock import SystemClock
from loyalty.tls import client_context
from simulators.free_port import free_port
from simulators.mosquitto import HOST, Mosquitto

HUBS = (1, 2)


def drain_through_two_hubs(place: str, journals: Path, load: Load) -> Drained:
    """Have devices send their journals to two hubs on one server, until all is settled."""

    async def whole() -> Drained:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as hubs:
            port = free_port()
            broker = Mosquitto(Path(folder), place, port, bridges=len(HUBS))
            await broker.start()
            try:
                for number in HUBS:
                    hubs.enter_context(_hub_of(place, broker, port, number))
                drain = (journals, port, load.devices, broker.ca_file)
                return await asyncio.to_thread(devices_on_their_own, *drain)
            finally:
                hubs.close()
                await broker.stop()

    return asyncio.run(whole())


@contextmanager
def _hub_of(place: str, broker: Mosquitto, port: int, number: int) -> Iterator[None]:
    password_file = broker.folder / bridge_password_file(number)
    password = password_file.read_text().strip()
    told = (place, str(port), str(number), password, str(broker.ca_file))
    command = [sys.executable, __file__, *told]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as hub:
        assert hub.stdout is not None
        assert hub.stdin is not None
        hub.stdout.readline()  # it is ready
        yield
        hub.stdin.close()
        assert hub.wait() == 0


async def run(place: str, port: int, number: int, password: str, ca_file: Path) -> None:
    """Run one of the hubs until nothing more is said to us."""
    login = BridgeLogin(bridge_user(number), password)
    broker = BrokerAddress(HOST, port, login, client_context(ca_file), is_shared=True)
    config = HubConfig(
        ledger_place=place, programmes=(programme(),), face_key=FACE_KEY, broker=broker
    )
    async with Hub(config, SystemClock()):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    where, at, which, secret, ca = sys.argv[1:]
    asyncio.run(run(where, int(at), int(which), secret, Path(ca)))
