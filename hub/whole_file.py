"""A file that is replaced whole: whoever reads it, and whenever power fails, it is old or new."""

import os
from pathlib import Path

PRIVATE, SHARED, PUBLIC = 0o600, 0o640, 0o644


def write_whole(
    path: Path, content: bytes, *, mode: int = PRIVATE, owner: tuple[int, int] | None = None
) -> None:
    """Put `content` into the file at `path`, on disk when this returns.

    It belongs to user and group `owner`; without one, to whoever runs this.

    Raises:
        OSError: the disk does not take it, or it cannot be given away; the file is as it was.
    """
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(opened, "wb") as file:
        file.write(content)
        os.fchmod(opened, mode)
        if owner is not None:
            os.fchown(opened, *owner)
        file.flush()
        os.fsync(opened)
    draft.replace(path)
