"""The batches that were sent and have no receipt yet: a few, and when each is to be sent again.

Times are monotonic milliseconds.
"""

from typing import NamedTuple

WINDOW_BATCHES = 4
ALONE_MS = 1_000


class Flight(NamedTuple):
    """A batch that was published; it is sent again at `due_ms`.

    One that took all lines there were has the road for itself until `alone_until_ms`: what is
    appended meanwhile travels together, once its receipt is here.
    """

    first_seq: int
    last_seq: int
    due_ms: int
    alone_until_ms: int = 0


class Flights:
    """At most `WINDOW_BATCHES`, oldest first, one beginning where the other ends."""

    def __init__(self) -> None:
        self._flights: list[Flight] = []
        self._batches_max = WINDOW_BATCHES

    @property
    def has_room(self) -> bool:
        """Whether one more batch may be sent."""
        return len(self._flights) < self._batches_max

    def go_singly(self) -> None:
        """Let one batch go at a time from now on, as they overtake each other on their way.

        Hubs that share a broker take turns, and what comes to one of them too early is dear.
        """
        self._batches_max = 1

    def is_taken(self, now_ms: int) -> bool:
        """Whether a batch has the road for itself, so that only a full one may follow."""
        return any(it.alone_until_ms > now_ms for it in self._flights)

    def last_seq(self, settled_seq: int) -> int:
        """Return the last line that was sent or, where nothing is in flight, that is settled."""
        return self._flights[-1].last_seq if self._flights else settled_seq

    def add(self, flight: Flight) -> None:
        """Keep a batch that was sent."""
        self._flights.append(flight)

    def settle(self, upto_seq: int) -> None:
        """Forget the batches that the hub has."""
        self._flights = [it for it in self._flights if it.last_seq > upto_seq]

    def due(self, now_ms: int) -> list[Flight]:
        """Return those whose receipt was waited for long enough."""
        return [it for it in self._flights if it.due_ms <= now_ms]

    def postpone(self, first_seq: int, last_seq: int, due_ms: int) -> None:
        """Wait until `due_ms` for those that end within these lines: they are sent again now."""
        self._flights = [
            it._replace(due_ms=due_ms) if first_seq <= it.last_seq <= last_seq else it
            for it in self._flights
        ]

    def clear(self) -> None:
        """Forget all: what is not settled is sent anew."""
        self._flights.clear()
