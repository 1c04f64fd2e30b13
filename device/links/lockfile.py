"""One owner for a file: a lock that the kernel drops when its holder dies, however it dies."""

import fcntl
import os
from pathlib import Path

from device.errors import DeviceError

_NAME_MAX_BYTES = 200


class FileHeld(DeviceError):
    """Another process owns this file; stop it, or leave the file to it."""


class FileLock:
    """The right to use the file at `path`, held from `take` until `release`.

    The lock is on a file of its own beside it (`path` and ``.lock``): SQLite drops its own locks
    on a file whenever anyone in the process closes a descriptor of it (sqlite.org, "How To Corrupt
    An SQLite Database File", section 2.2).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """Take the lock at once.

        Raises:
            FileHeld: somebody has it; the message says who.
            OSError: the lock file cannot be made.
        """
        beside = self._path.with_name(self._path.name + ".lock")
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, _NAME_MAX_BYTES).decode(errors="replace")
            os.close(descriptor)
            raise FileHeld(f"{self._path} is in use by {holder or 'a process'}") from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, _this_process())
        self._descriptor = descriptor

    def release(self) -> None:
        """Let the next one have it; the lock file stays, since removing it would be a race."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _this_process() -> bytes:
    command = Path("/proc/self/cmdline").read_bytes().replace(b"\x00", b" ").strip()
    return (b"process %d: %s" % (os.getpid(), command))[:_NAME_MAX_BYTES]
