"""Who may log in at the broker, looked after: whatever process added a device or shut one out.

The ledger is what all of them share, so it is looked at several times a second, and the broker is
told what it says now. While the ledger is away nothing changes.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

import structlog

from hub.errors import HubError, LedgerUnavailable
from hub.ledger.ledger import Ledger
from hub.ledger.queries import DeviceLogin, device_logins

LOOK_EVERY_S = 0.25


class LoginsNotKept(HubError):
    """The broker could not be told; it is told again with the next look."""


class LoginKeeper(Protocol):
    """A broker that lets devices in."""

    async def keep(self, logins: Mapping[str, DeviceLogin]) -> None:
        """Let in who stands in `logins`, and put out who does not any more.

        Raises:
            LoginsNotKept: that did not work.
        """
        ...


class LoginWatch:
    """Looks into `ledger`, which is its own, and tells `keeper`; `start` and `stop` it."""

    def __init__(self, ledger: Ledger, keeper: LoginKeeper) -> None:
        self._ledger = ledger
        self._keeper = keeper
        self._seen = -1
        self._logins: dict[str, DeviceLogin] = {}
        self._stopping = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._trouble = ""

    def start(self) -> None:
        """Have the logins follow the ledger from now on, in a task of its own."""
        self._running = asyncio.create_task(self._run(), name="logins")

    async def stop(self) -> None:
        """End the look that is under way, and make no other."""
        self._stopping.set()
        if self._running is not None:
            await self._running

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await asyncio.to_thread(self._look)
                await self._keeper.keep(self._logins)
                self._note("")
            except (LedgerUnavailable, LoginsNotKept) as error:
                self._note(str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._stopping.wait()

    def _look(self) -> None:
        with self._ledger.engine.asking():
            seen = self._ledger.changed_elsewhere()
        if seen != self._seen:
            self._logins = device_logins(self._ledger)
            self._seen = seen

    def _note(self, trouble: str) -> None:
        """Say once what is wrong, and that it is over."""
        if trouble and trouble != self._trouble:
            structlog.get_logger().error("logins_not_kept", error=trouble)
        elif self._trouble and not trouble:
            structlog.get_logger().info("logins_kept_again")
        self._trouble = trouble
