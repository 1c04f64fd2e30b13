"""A touch panel through every unplugging: one that was lost is opened again."""

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import structlog

from device.display.touch.contact import Contact
from device.display.touch.evdev import TouchMissing
from loyalty.clock import Clock

RETRY_MS = 2_000

log = structlog.get_logger()


class Panel(Protocol):
    """A touch panel that is there for as long as nobody unplugs it."""

    async def next_contact(self) -> Contact:
        """Return the next time a finger came down or left; raises EOFError once it is gone."""
        ...

    def close(self) -> None:
        """Let the panel go."""
        ...


class LastingTouch:
    """The touch panel that `open_panel` opens, now and whenever it was lost."""

    def __init__(self, open_panel: Callable[[], Panel], clock: Clock) -> None:
        """Open the panel.

        Raises:
            TouchMissing: it is not there.
        """
        self._open_panel = open_panel
        self._clock = clock
        self._panel: Panel | None = open_panel()

    async def next_contact(self) -> Contact:
        """Return the next time a finger came down or left, if need be once the panel is back."""
        while True:
            if self._panel is None:
                await self._clock.sleep_ms(RETRY_MS)
                with suppress(TouchMissing):
                    self._panel = self._open_panel()
                continue
            try:
                return await self._panel.next_contact()
            except EOFError as error:
                log.error("touch_lost", error=str(error), retry_in_ms=RETRY_MS)
                self.close()

    def close(self) -> None:
        """Let the panel go; closing twice does nothing."""
        panel, self._panel = self._panel, None
        if panel is not None:
            panel.close()
