"""A site where things go wrong: a hub that is killed, a broker that restarts, a bad network.

The hub is a process of its own and comes back whenever it was killed. The broker is the one in that
process, which then goes down with it, or mosquitto, so that each can go down alone. All clients of
the broker, a hub's bridge too, reach it through the network.
"""

import asyncio
import random
import signal
import sys
from collections import Counter
from collections.abc import Collection
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hub.broker.config import BrokerAddress
from hub.ledger.ledger import Place
from hub.whole_file import write_whole
from simulators.faults import fates
from simulators.free_port import free_port
from simulators.hub_process import READY
from simulators.mosquitto import Mosquitto
from simulators.network import Network
from simulators.script_clock import ScriptClock
from simulators.shared_clock import ClockFile

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 60.0
STARTS_MAX = 3  # in a row; the broker may be down just when the hub comes up
BROKER_DOWN_MAX_S = 0.3

_HUB_TOML = """
ledger = "{ledger}"
programmes = ["programme.toml"]
face_key_file = "face.key"
caretaker = false    # or days would close when this machine gets to it

[broker]
host = "127.0.0.1"
port = {port}
embedded = {embedded}
"""
_MOSQUITTO_TOML = """
user = "{user}"
password_file = "bridge.password"
ca_file = "{ca_file}"
"""


class HubGone(Exception):
    """The hub's process does not come up; its last words are in `hub.log`."""


class RoughSite:
    """Hub, broker and network; use it as a context manager. Devices connect to `port`."""

    def __init__(
        self,
        seed: int,
        faults: Collection[str],
        *,
        folder: Path,
        ledger_place: Place,
        programme: str,
        clock: ScriptClock,
        mosquitto: Mosquitto | None = None,
    ) -> None:
        """`programme` is the text of its document; `folder` is for the hub's own files."""
        self.happened: Counter[str] = Counter()
        self._rng = random.Random(f"site of {seed}")
        self._folder = folder
        self._ledger_place = ledger_place
        self._programme = programme
        self._mosquitto = mosquitto
        if mosquitto is None:
            self._address = BrokerAddress("127.0.0.1", free_port(), None)
        else:
            self._address = mosquitto.address
        self.tls = self._address.tls
        self._network = Network(
            lambda line: fates(seed, line, faults),
            self._address.port,
            self.happened,
            self._on_arrival,
            to_clients=None if mosquitto is None else mosquitto.server_context,
            to_broker=self.tls,
        )
        self._clock = clock
        self._kill_after_ms: list[int] = []
        self._working = asyncio.Lock()
        self._deeds: asyncio.TaskGroup
        self._process: asyncio.subprocess.Process
        self._open = AsyncExitStack()

    @property
    def port(self) -> int:
        """Where devices connect."""
        return self._network.port

    async def __aenter__(self) -> "RoughSite":
        async with AsyncExitStack() as parts:
            self._folder.mkdir(parents=True, exist_ok=True)
            face = ClockFile(self._folder / "clock", create=True)
            parts.callback(face.close)
            face.write(self._clock.now_ms())
            self._clock.on_moved = face.write
            if self._mosquitto is not None:
                await self._mosquitto.start()
                parts.push_async_callback(self._mosquitto.stop)
            await parts.enter_async_context(self._network)
            self._write_config()
            await self._start_hub()
            parts.push_async_callback(self._stop_hub)
            # If one of them fails, nobody is served any more: the whole replay ends.
            self._deeds = await parts.enter_async_context(asyncio.TaskGroup())
            self._open = parts.pop_all()
        return self

    async def __aexit__(self, *error: Any) -> bool | None:
        return await self._open.__aexit__(*error)

    async def devices_changed(self) -> None:
        """Have the broker look again who may come in."""
        if self._mosquitto is not None:
            await self._mosquitto.reload()

    def cut(self, device: str) -> bool:
        """Reset the connection of `device`; return whether it had one."""
        return self._network.cut(device)

    def leave_half_open(self, device: str) -> bool:
        """Let nothing pass on the connection of `device` any more; return whether it has one."""
        return self._network.leave_half_open(device)

    def restart_broker(self) -> None:
        """Have the broker go down, forget everything and come back; the hub's own, with the hub."""
        self._deeds.create_task(self._restart_broker())

    def kill_hub(self, after_ms: int) -> None:
        """Kill the hub `after_ms` after the next batch has reached its broker; start another."""
        self._kill_after_ms.append(after_ms)

    def _on_arrival(self, _client: str, topic: str) -> None:
        if topic.endswith("/batch") and self._kill_after_ms:
            self._deeds.create_task(self._kill_hub(self._kill_after_ms.pop()))

    async def _restart_broker(self) -> None:
        async with self._working:
            if self._mosquitto is None:
                await self._end_hub()
            else:
                await self._mosquitto.stop()
            await asyncio.sleep(self._rng.uniform(0, BROKER_DOWN_MAX_S))
            if self._mosquitto is None:
                await self._start_hub()
            else:
                await self._mosquitto.start()
            self.happened["brokers_restarted"] += 1

    async def _kill_hub(self, after_ms: int) -> None:
        await asyncio.sleep(after_ms / 1000)
        async with self._working:
            self._process.kill()
            await self._process.wait()
            self.happened["hubs_killed"] += 1
            await self._start_hub()

    def _write_config(self) -> None:
        place, login = self._ledger_place, self._address.login
        ledger = place if isinstance(place, str) else place.resolve()
        if self._mosquitto is None or login is None:
            text = _HUB_TOML.format(ledger=ledger, port=self._address.port, embedded="true")
        else:
            text = _HUB_TOML.format(ledger=ledger, port=self._network.port, embedded="false")
            ca_file = self._mosquitto.ca_file.resolve()
            text += _MOSQUITTO_TOML.format(user=login.user, ca_file=ca_file)
            write_whole(self._folder / "bridge.password", login.password.encode())
        (self._folder / "hub.toml").write_text(text)
        (self._folder / "programme.toml").write_text(self._programme)
        write_whole(self._folder / "face.key", self._rng.randbytes(32).hex().encode())

    async def _start_hub(self) -> None:
        for _ in range(STARTS_MAX):
            with (self._folder / "hub.log").open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    *("-m", "simulators.hub_process"),
                    str(self._folder / "hub.toml"),
                    str(self._folder / "clock"),
                    f"{self._rng.random()}",
                    stdout=asyncio.subprocess.PIPE,
                    stderr=log,
                )
            assert self._process.stdout is not None
            async with asyncio.timeout(READY_WITHIN_S):
                said = await self._process.stdout.readline()
            if said == READY:
                return
            await self._process.wait()
        raise HubGone((self._folder / "hub.log").read_text()[-2000:])

    async def _stop_hub(self) -> None:
        async with self._working:
            await self._end_hub()

    async def _end_hub(self) -> None:
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(STOP_WITHIN_S):
                await self._process.wait()
