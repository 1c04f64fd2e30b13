"""Files of text that people write and name, and in words why one cannot be read."""

from pathlib import Path


class NoText(ValueError):
    """There is no text to read; the message says why, without the file's name."""


def text_of(path: Path, *, most_characters: int | None = None) -> str:
    """Return the text of the file at `path`, no more than its first `most_characters`.

    Raises:
        NoText: the file cannot be read, or is not in UTF-8.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(most_characters)
    except OSError as error:
        raise NoText(error.strerror) from error
    except UnicodeDecodeError as error:
        raise NoText("no UTF-8 text") from error
    except ValueError as error:  # a NUL in the name
        raise NoText(str(error)) from error
