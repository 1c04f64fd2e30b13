"""An event loop in which nobody waits: when nothing happens, its clock jumps to the next timer.

Work takes no time, however slow the machine is, and what is on its way through a pseudo terminal or
over loopback is waited for. Where a test has threads, waiting takes the time that it takes.
"""

import asyncio
import functools
import os
import pty
import selectors
import socket
import threading
import time
import tty
from collections.abc import Callable

TURN_S = 0.000_01  # of the loop, so that who never waits does not work for ever either
TEST_MAX_S = 100.0  # of the loop's time; a test that hangs jumps there quickly


class Messenger:
    """Goes through the kernel on the ways that bytes take, and so comes back behind them.

    What was written to a pseudo terminal is handed over by a thread of the kernel's, which waits
    for a processor as others do (`tty_flip_buffer_push` in its drivers/tty/tty_buffer.c); what was
    sent over loopback may have to wait for one too. Either takes what it is given in turn.
    """

    def __init__(self) -> None:
        self._outer, self._inner = pty.openpty()
        tty.setraw(self._inner)
        self._loopback = socket.socket(type=socket.SOCK_DGRAM)
        self._loopback.bind(("127.0.0.1", 0))

    def run(self) -> None:
        """Go and come back."""
        os.write(self._inner, b"?")
        os.read(self._outer, 1)
        self._loopback.sendto(b"?", self._loopback.getsockname())
        self._loopback.recv(1)

    def close(self) -> None:
        os.close(self._inner)
        os.close(self._outer)
        self._loopback.close()


class JumpingSelector(selectors.DefaultSelector):
    """Looks whether files are ready; time that would only be waited through is skipped."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self._messenger = Messenger()
        self._strangers = set(threading.enumerate())  # of us and of tests before

    def select(self, timeout=None):
        self.now_s += TURN_S
        if timeout is None:
            return super().select()
        if set(threading.enumerate()) - self._strangers:
            began_s = time.monotonic()
            ready = super().select(timeout)
            self.now_s += time.monotonic() - began_s
            return ready
        if timeout > 0:
            self._messenger.run()
        ready = super().select(0)
        if not ready:
            self.now_s += max(0.0, timeout)
        return ready

    def close(self) -> None:
        super().close()
        self._messenger.close()


class QuickLoop(asyncio.SelectorEventLoop):
    """A loop on a selector that jumps."""

    def __init__(self) -> None:
        self._jumps = JumpingSelector()
        super().__init__(self._jumps)

    def time(self) -> float:
        return self._jumps.now_s


def in_quick_time(test: Callable) -> Callable:
    """Run an `async def` test in a quick loop."""

    @functools.wraps(test)
    def run(**fixtures: object) -> None:
        async def limited() -> None:
            async with asyncio.timeout(TEST_MAX_S):
                await test(**fixtures)

        with asyncio.Runner(loop_factory=QuickLoop) as runner:
            runner.run(limited())

    return run
