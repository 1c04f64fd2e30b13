"""The hub's list of stopped cards, as a terminal has it."""

from dataclasses import dataclass

HOTLIST = "hotlist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotlist:
    """`cards` are the UIDs, in hexadecimal, that were stopped at `as_of_ms`; 0 for never heard."""

    as_of_ms: int
    cards: frozenset[str]


NO_HOTLIST = Hotlist(as_of_ms=0, cards=frozenset())


def cards_in(text: str) -> frozenset[str]:
    """Return the cards of the document `text`: a line for each, its UID and then why."""
    return frozenset(line.split()[0] for line in text.splitlines() if line.strip())
