"""Files of the hub that hold one secret each, and are their owner's alone."""

from pathlib import Path

from loyalty.private_files import check_private
from loyalty.text_files import NoText, text_of


def secret_text(path: Path) -> str:
    """Return what stands in the file at `path`, without what is around it.

    Raises:
        ValueError: it cannot be read, or others can; the message names it and repeats nothing.
    """
    return _text(path, "a readable file wanted")


def secret_key(path: Path, *, size_bytes: int, made_by: str) -> bytes:
    """Return the key whose hexadecimal digits stand in the file at `path`, as `made_by` makes them.

    Raises:
        ValueError: as with `secret_text`, or it holds no key of that size.
    """
    wanted = f"wanted {2 * size_bytes} hexadecimal digits ({made_by})"
    digits = _text(path, wanted)
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""  # What is there may be half a key, so it is not repeated.
    if len(key) != size_bytes:
        raise ValueError(f"{path}: found {len(digits)} characters, {wanted}")
    return key


def _text(path: Path, wanted: str) -> str:
    try:
        text = text_of(path)
        check_private(path)
    except NoText as error:
        raise ValueError(f"{path}: {error}, {wanted}") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error
    return text.strip()
