"""Script time for another process: one side writes it into a file's memory, the other reads it."""

import asyncio
import mmap
from pathlib import Path

_LOOK_S = 0.005


class ClockFile:
    """Eight bytes in a file, in the memory of every process that opens it."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        if create:
            path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 8)
        # A cast view is read and written in one instruction, so nobody sees half a time.
        self._cell = memoryview(self._memory).cast("q")

    def write(self, now_ms: int) -> None:
        """Let it be `now_ms` for whoever reads."""
        self._cell[0] = now_ms

    def read(self) -> int:
        """Return what was written last."""
        return self._cell[0]

    def close(self) -> None:
        """Let go of the memory."""
        self._cell.release()
        self._memory.close()


class SharedClock:
    """The clock of a process whose time another process tells."""

    def __init__(self, file: ClockFile) -> None:
        self._file = file
        self._start_ms = file.read()

    def now_ms(self) -> int:
        return self._file.read()

    def monotonic_ms(self) -> int:
        return self._file.read() - self._start_ms

    async def sleep_ms(self, duration_ms: int) -> None:
        until_ms = self._file.read() + duration_ms
        while self._file.read() < until_ms:  # noqa: ASYNC110 - another process moves it
            await asyncio.sleep(_LOOK_S)
