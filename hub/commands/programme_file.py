"""A programme from the file that a command names."""

from pathlib import Path

from hub.errors import HubError
from loyalty.programme import Programme, parse


def read_programme(path: Path) -> Programme:
    """Return the programme in the file at `path`.

    Raises:
        HubError: the file cannot be read.
        ProgrammeErrors: it has mistakes; all of them are named.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise HubError(f"{path}: {error.strerror}, a programme wanted") from error
    except UnicodeDecodeError as error:
        raise HubError(f"{path}: no UTF-8 text, a programme wanted") from error
    return parse(text, source=str(path))
