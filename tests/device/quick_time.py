"""An event loop in which nobody waits: when nothing happens, its clock jumps to the next timer.

Real ptys are under way for a moment in the kernel, so nothing has happened only after a grace; on
a machine with much else to do that moment is longer.
"""

import asyncio
import functools
import os
import selectors
from collections.abc import Callable

GRACE_S = 0.03  # where no task waits for a processor; else longer in proportion
TEST_MAX_S = 100.0  # of the loop's time; a test that hangs jumps there quickly


class JumpingSelector(selectors.DefaultSelector):
    """Looks whether files are ready; time that is only waited through is skipped."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped_s = 0.0
        self._grace_s = GRACE_S * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))

    def select(self, timeout=None):
        ready = super().select(0)
        if ready or timeout is None or timeout <= 0:
            return ready or (super().select(timeout) if timeout is None else [])
        ready = super().select(min(self._grace_s, timeout))
        if not ready:
            self.skipped_s += max(0.0, timeout - self._grace_s)
        return ready


class QuickLoop(asyncio.SelectorEventLoop):
    """A loop on a selector that jumps."""

    def __init__(self) -> None:
        self._jumps = JumpingSelector()
        super().__init__(self._jumps)

    def time(self) -> float:
        return super().time() + self._jumps.skipped_s


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
