"""Debian's mosquitto as a chain runs it: with TLS and the configuration that the hub writes.

It listens on loopback, and is stopped as a power cut would stop it: what it had not saved is gone.
"""

import asyncio
import os
import pwd
import signal
import ssl
from pathlib import Path

from hub.broker.bridge_users import bridge_user
from hub.broker.config import BridgeLogin, BrokerAddress
from hub.broker.folder import (
    CA_CERTIFICATE,
    LOGINS,
    SERVER_CERTIFICATE,
    SERVER_KEY,
    Wanted,
    bridge_password_file,
    write_mosquitto,
)
from hub.ledger.ledger import Place, open_ledger
from loyalty.clock import SystemClock
from loyalty.tls import client_context

HOST = "127.0.0.1"
PROGRAM = "/usr/sbin/mosquitto"
LOG = "mosquitto.log"
RUNNING, RELOADED = b"running\n", b"Reloading config.\n"
ANSWERS_WITHIN_S = 60.0
LOOK_EVERY_S = 0.005


class Mosquitto:
    """The broker for the devices of a ledger; `start` and `stop` it as often as wanted."""

    def __init__(
        self,
        folder: Path,
        ledger_place: Place,
        port: int,
        clients_ca_file: Path | None = None,
        bridges: int = 1,
    ) -> None:
        """`folder` is for its own files; the ledger must be there. So many hubs take turns."""
        self.folder = folder
        self._ledger_place = ledger_place
        self._wanted = Wanted(
            hosts=(HOST,),
            port=port,
            address=HOST,
            data=folder,
            service_user=pwd.getpwuid(os.geteuid()).pw_name,
            hub_user="",
            certificates=None,
            clients_ca_file=clients_ca_file,
            bridges=bridges,
        )
        self._process: asyncio.subprocess.Process | None = None
        self._configure()

    @property
    def address(self) -> BrokerAddress:
        """Where a hub finds it, and how it logs in; of several, the first."""
        return self.address_of(1)

    def address_of(self, number: int) -> BrokerAddress:
        """Return where hub `number`, counted from 1, finds it, and how that one logs in."""
        password = (self.folder / bridge_password_file(number)).read_text().strip()
        return BrokerAddress(
            HOST,
            self._wanted.port,
            BridgeLogin(bridge_user(number), password),
            client_context(self.ca_file),
            is_shared=self._wanted.bridges > 1,
        )

    @property
    def server_context(self) -> ssl.SSLContext:
        """What shows the broker's certificate to clients, for who stands before it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / SERVER_CERTIFICATE, self.folder / SERVER_KEY)
        return context

    @property
    def logins_folder(self) -> Path:
        """Where it reads who may come in."""
        return self.folder / LOGINS

    @property
    def ca_file(self) -> Path:
        """What clients are to trust."""
        return self.folder / CA_CERTIFICATE

    async def start(self) -> None:
        """Run it; it listens when this returns."""
        said = self._said(RUNNING)
        with (self.folder / LOG).open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(PROGRAM, "-c", str(self.folder / "mosquitto.conf")),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await self._hear(RUNNING, said + 1)

    async def stop(self) -> None:
        """Kill it; does nothing if it does not run."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await process.wait()

    async def reload(self) -> None:
        """Have it hear of devices that were added or revoked since."""
        assert self._process is not None
        self._configure()
        said = self._said(RELOADED)
        self._process.send_signal(signal.SIGHUP)
        await self._hear(RELOADED, said + 1)

    @property
    def reload_command(self) -> tuple[str, ...]:
        """What tells it, while it runs, to read again who may come in."""
        assert self._process is not None
        return ("kill", "-HUP", str(self._process.pid))

    async def has_reloaded(self, times: int) -> None:
        """Wait until it has been told so many times since its first start."""
        await self._hear(RELOADED, times)

    def _configure(self) -> None:
        ledger = open_ledger(self._ledger_place)
        try:
            write_mosquitto(self.folder, ledger, self._wanted, SystemClock().now_ms())
        finally:
            ledger.close()

    def _said(self, words: bytes) -> int:
        log = self.folder / LOG
        return log.read_bytes().count(words) if log.exists() else 0

    async def _hear(self, words: bytes, times: int) -> None:
        assert self._process is not None
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            while self._said(words) < times:
                if self._process.returncode is not None:
                    raise RuntimeError((self.folder / LOG).read_text()[-2000:])
                await asyncio.sleep(LOOK_EVERY_S)
