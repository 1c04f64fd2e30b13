"""Files with secrets in them, which nobody but the user who runs the program may read or change."""

import os
from pathlib import Path

_OTHERS = 0o077


def check_private(path: Path) -> None:
    """Do nothing if the file at `path` is its owner's alone.

    Raises:
        ValueError: group or others may read or change it; the message says what to do.
        OSError: it is not there.
    """
    mode = os.stat(path).st_mode & 0o777
    if mode & _OTHERS:
        raise ValueError(
            f"found mode {mode:o}, so that others have what is in it, wanted 600 (chmod 600)"
        )
