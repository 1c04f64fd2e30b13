"""The status file: how the terminal is, for scripts and agents on the same machine.

It is replaced as a whole every few seconds, so that a reader never finds half of one, and a file
that grows old tells that the terminal is gone.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import structlog

from device.status import Status
from loyalty.clock import Clock

EVERY_MS = 10_000
FOR_EVERYBODY = 0o644  # it names nobody

log = structlog.get_logger()


class StatusFile:
    """Writes what `look` sees to the file at `path`, again and again."""

    def __init__(self, path: Path, look: Callable[[], Status], clock: Clock) -> None:
        self._path = path
        self._look = look
        self._clock = clock
        self._is_failing = False

    async def run(self) -> None:
        """Keep the file new until cancelled; a file that cannot be written stops nothing."""
        while True:
            try:
                self._write(self._look())
                self._is_failing = False
            except OSError as error:
                if not self._is_failing:
                    log.warning("status_not_written", error=str(error))
                self._is_failing = True
            await self._clock.sleep_ms(EVERY_MS)

    def _write(self, status: Status) -> None:
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_text(json.dumps(status.facts(), indent=2) + "\n", encoding="utf-8")
        beside.chmod(FOR_EVERYBODY)
        os.replace(beside, self._path)
