"""A file that is replaced whole: whoever reads it, and whenever power fails, it is old or new."""

import os
import tempfile
from pathlib import Path

PRIVATE, SHARED, PUBLIC = 0o600, 0o640, 0o644


def write_whole(
    path: Path, content: bytes, *, mode: int = PRIVATE, owner: tuple[int, int] | None = None
) -> None:
    """Put `content` into the file at `path`, on disk when this returns.

    It belongs to user and group `owner`; without one, to whoever runs this. Others may write it at
    the same time: what the last of them wrote is there, whole.

    Raises:
        OSError: the disk does not take it, or it cannot be given away; the file is as it was.
    """
    opened, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            os.fchmod(opened, mode)
            if owner is not None:
                os.fchown(opened, *owner)
            file.flush()
            os.fsync(opened)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    flush(path.parent)  # or a power cut could take the name away again


def flush(path: Path) -> None:
    """Have what is in the file or folder at `path` on disk.

    Raises:
        OSError: the disk does not take it.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
