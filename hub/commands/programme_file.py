"""A programme from the file that a command names."""

from pathlib import Path

from hub.errors import HubError
from loyalty.programme import Programme, parse
from loyalty.text_files import NoText, text_of


def read_programme(path: Path) -> Programme:
    """Return the programme in the file at `path`.

    Raises:
        HubError: the file cannot be read.
        ProgrammeErrors: it has mistakes; all of them are named.
    """
    try:
        text = text_of(path)
    except NoText as error:
        raise HubError(f"{path}: {error}, a programme wanted") from error
    return parse(text, source=str(path))
