"""A disk without room: the kernel refuses to let files grow (RLIMIT_FSIZE, prlimit(2))."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

OURSELVES = 0


@contextmanager
def files_of_at_most(size_bytes: int, pid: int = OURSELVES) -> Iterator[None]:
    """Let no file that process `pid` writes grow beyond `size_bytes`."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
