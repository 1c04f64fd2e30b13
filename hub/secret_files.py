"""Files of the hub that hold one secret each, and are their owner's alone."""

from pathlib import Path

from loyalty.private_files import check_private
from loyalty.text_files import NoText, text_of


def secret_text(path: Path) -> str:
    """Return what stands in the file at `path`, without what is around it.

    Raises:
        ValueError: it cannot be read, or others can; the message names it and repeats nothing.
    """
    try:
        text = text_of(path)
        check_private(path)
    except NoText as error:
        raise ValueError(f"{path}: {error}, a readable file wanted") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
    return text.strip()
