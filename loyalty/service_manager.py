"""What systemd wants to hear of a program: that it is ready, that it is alive, that it stops.

Source: sd_notify(3) and sd_watchdog_enabled(3) of systemd 252. A program that was started by
somebody else tells nobody, and nothing changes for it.
"""

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress

from loyalty.clock import Clock

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"


class ServiceManager:
    """Who started this program. `watchdog_s` is how long it may be silent, 0 for ever."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self.watchdog_s = _watchdog_s(environment)

    def tell(self, *words: str) -> None:
        """Send `words` at once; whether anybody hears them is not for us to mend."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.connect(self._address)
            link.sendall("\n".join(words).encode())

    async def feed_watchdog(self, clock: Clock, is_alive: Callable[[], bool]) -> None:
        """Say twice in each `watchdog_s` that we live, as long as `is_alive`; until cancelled."""
        if not self.watchdog_s:
            return
        while True:
            if is_alive():
                self.tell(ALIVE)
            await clock.sleep_ms(int(self.watchdog_s * 1000 / 2))


def _address(named: str) -> str:
    if named.startswith("@"):
        return "\0" + named[1:]  # in Linux's abstract namespace
    return named if named.startswith("/") else ""


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """Return what is set for this very process: its children inherit the environment."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    named = environment.get("WATCHDOG_USEC", "")
    return int(named) / 1_000_000 if named.isdecimal() else 0.0
