"""Messages that wait for the ledger: each sender's in order, the senders in turns.

Devices that come back with full journals then move on side by side. Taken as they arrive, the
batches of one would overtake those of the others by hours, and facts that come after later ones
of their member cost more to post (docs/adr/0022).
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

SENDERS_MIN = 10  # that have room at the same time; an honest device has a few messages under way

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Turn(Generic[T]):
    """One message, its size, and whether it and all before it are `done`."""

    message: T
    size_bytes: int
    is_done: bool = field(default=False)


class FairQueue(Generic[T]):
    """A bounded queue between threads, from which whole groups are taken.

    One sender has a part of the room at most, so that who floods it does not keep others out.
    """

    def __init__(self, messages_max: int) -> None:
        self._messages_max = messages_max
        self._of_one_max = max(1, messages_max // SENDERS_MIN)
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, deque[Turn[T]]] = OrderedDict()
        self._count = 0
        self._bytes = 0
        self._unfinished: deque[Turn[T]] = deque()  # in the order of arrival

    def __len__(self) -> int:
        return self._count

    def put(self, sender: str, message: T, size_bytes: int) -> bool:
        """Let a message wait behind those of its sender; return False if there is no room."""
        with self._changed:
            waiting = self._waiting.get(sender, ())
            if self._count >= self._messages_max or len(waiting) >= self._of_one_max:
                return False
            turn = Turn(message, size_bytes)
            self._waiting.setdefault(sender, deque()).append(turn)
            self._unfinished.append(turn)
            self._count += 1
            self._bytes += size_bytes
            self._changed.notify()
            return True

    def holds(self, messages_max: int, bytes_max: int) -> bool:
        """Return whether so many messages wait, or so much: enough for a whole group."""
        return self._count >= messages_max or self._bytes >= bytes_max

    def take(
        self, messages_max: int, bytes_max: int, *, patience_s: float, gather_s: float
    ) -> list[Turn[T]]:
        """Return one message of each sender, then one more of each, until either maximum is met.

        After the first, more may come for `gather_s`. Nothing is returned if none comes within
        `patience_s`.
        """

        with self._changed:
            if not self._changed.wait_for(lambda: self._count, patience_s):
                return []
            self._changed.wait_for(lambda: self.holds(messages_max, bytes_max), gather_s)
            taken: list[Turn[T]] = []
            room_bytes = bytes_max
            while self._waiting and len(taken) < messages_max and room_bytes > 0:
                taken.append(self._next())
                room_bytes -= taken[-1].size_bytes
            return taken

    def finish(self, turns: Iterable[Turn[T]]) -> list[T]:
        """Note that `turns` are done; return the messages that are, as are all before them."""
        with self._changed:
            for turn in turns:
                turn.is_done = True
            finished = []
            while self._unfinished and self._unfinished[0].is_done:
                finished.append(self._unfinished.popleft().message)
            return finished

    def _next(self) -> Turn[T]:
        sender, turns = self._waiting.popitem(last=False)
        turn = turns.popleft()
        if turns:
            self._waiting[sender] = turns  # behind all others
        self._count -= 1
        self._bytes -= turn.size_bytes
        return turn
