"""systemd's end of the notification socket."""

import asyncio
import socket
from pathlib import Path

WITHIN_S = 60.0


class NotifySocket:
    """Hears what a service says; `environment` is what the service is started with."""

    def __init__(self, path: Path, *, watchdog_s: float = 0.0) -> None:
        self._link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._link.bind(str(path))
        self._link.setblocking(False)
        self.environment = {"NOTIFY_SOCKET": str(path)}
        if watchdog_s:
            self.environment["WATCHDOG_USEC"] = str(int(watchdog_s * 1_000_000))

    async def hear(self) -> str:
        """Return the next message."""
        async with asyncio.timeout(WITHIN_S):
            return (await asyncio.get_running_loop().sock_recv(self._link, 4096)).decode()

    async def hear_until(self, word: str) -> list[str]:
        """Return every message up to the one that is `word`."""
        heard = [await self.hear()]
        while heard[-1] != word:
            heard.append(await self.hear())
        return heard

    def heard_nothing(self) -> bool:
        """Return whether no message waits."""
        try:
            self._link.recv(4096, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        return False

    def __enter__(self) -> "NotifySocket":
        return self

    def __exit__(self, *_error: object) -> None:
        self._link.close()
