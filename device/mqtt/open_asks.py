"""The questions that the hub has not answered: asked again for as long as somebody waits.

Times are monotonic milliseconds.
"""

from typing import NamedTuple

from loyalty.asks import Ask
from loyalty.lines import to_line

ASKS_MAX = 16
ASK_PATIENCE_MS = 2_000  # a person waits; a grant whose answer was lost would keep points reserved


class _OpenAsk(NamedTuple):
    """A question without an answer; it is asked again at `due_ms`, with the same `ref`."""

    line: bytes
    until_ms: int
    due_ms: int


class OpenAsks:
    """At most `ASKS_MAX` questions, each known by its `ref`."""

    def __init__(self) -> None:
        self._asks: dict[str, _OpenAsk] = {}

    def add(self, ask: Ask, timeout_ms: int, now_ms: int) -> bytes | None:
        """Keep a question until it is answered or given up; return its line, None for no room."""
        if len(self._asks) >= ASKS_MAX:
            return None
        line = to_line(ask)
        self._asks[ask.ref] = _OpenAsk(line, now_ms + timeout_ms, now_ms + ASK_PATIENCE_MS)
        return line

    def take(self, ref: str) -> bool:
        """Forget the question `ref`, which is answered; return whether anybody still waited."""
        return self._asks.pop(ref, None) is not None

    def give_up(self, now_ms: int) -> list[str]:
        """Forget those whose time is up, and return them."""
        given_up = [ref for ref, it in self._asks.items() if it.until_ms <= now_ms]
        for ref in given_up:
            del self._asks[ref]
        return given_up

    def ask_again(self, now_ms: int) -> list[bytes]:
        """Return the lines of those that have waited long enough to be asked again."""
        due = [(ref, it) for ref, it in self._asks.items() if it.due_ms <= now_ms]
        for ref, it in due:
            self._asks[ref] = it._replace(due_ms=now_ms + ASK_PATIENCE_MS)
        return [it.line for _, it in due]

    def lines(self) -> list[bytes]:
        """Return the lines of all, oldest first."""
        return [it.line for it in self._asks.values()]
