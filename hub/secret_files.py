"""Files of the hub that hold one secret each, and are their owner's alone."""

from pathlib import Path

from loyalty.private_files import check_private


def secret_text(path: Path) -> str:
    """Return what stands in the file at `path`, without what is around it.

    Raises:
        ValueError: it cannot be read, or others can; the message names it and repeats nothing.
    """
    try:
        text = path.read_text(encoding="utf-8")
        check_private(path)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}, a readable file wanted") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: no UTF-8 text, a readable file wanted") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return text.strip()
