"""The files of layouts: those that come with the program, and a designer's own."""

from pathlib import Path

from device.display.cards.layout import Layout
from device.display.cards.layout_toml import LayoutErrors, parse_layout

ORDINARY = "classic"  # what a kiosk prints that was told nothing else
SHIPPED = Path(__file__).parent.parent / "layouts"


class LayoutUnread(Exception):
    """No layout could be read; the message says why, every mistake on its own line."""


def shipped_names() -> tuple[str, ...]:
    """Return the names of the layouts that come with the program."""
    return tuple(sorted(it.stem for it in SHIPPED.glob("*.toml")))


def read_layout(name: str) -> Layout:
    """Return the shipped layout called `name`, or else the one in the file `name`.

    Raises:
        LayoutUnread: there is none, or it has mistakes.
    """
    shipped = name in shipped_names()
    path = SHIPPED / f"{name}.toml" if shipped else Path(name)
    try:
        return parse_layout(path.read_text(encoding="utf-8"), source=path.name)
    except LayoutErrors as error:
        raise LayoutUnread(str(error)) from error
    except FileNotFoundError as error:
        known = ", ".join(shipped_names())
        raise LayoutUnread(f"{name}: found no such layout, wanted a file or {known}") from error
    except (OSError, ValueError) as error:
        raise LayoutUnread(f"{name}: {error}") from error
