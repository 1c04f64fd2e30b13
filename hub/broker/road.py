"""How a bridge reaches its broker: over MQTT, or within the hub's own process."""

from collections.abc import Callable, Sequence
from typing import Protocol

from hub.errors import HubError
from hub.posting.envelopes import Reply


class BridgeFailed(HubError):
    """The broker does not answer, or does not let the bridge in; a person should look."""


class RoadEnd(Protocol):
    """Where a road ends at the bridge; a road calls these in a thread of its own, one at a time.

    None of them fails or takes long.
    """

    def connected(self) -> None:
        """From now on messages come."""
        ...

    def lost(self) -> None:
        """From now on none do, until the road is connected again."""
        ...

    def received(self, topic: str, payload: bytes, acknowledge: Callable[[], None]) -> None:
        """Here is a message; an empty `topic` stands for one that cannot be read.

        What is never acknowledged may come again. `acknowledge` may be called in any thread.
        """
        ...


class Road(Protocol):
    """A way to one broker. `place` is what people call it."""

    @property
    def place(self) -> str: ...

    def open(self, end: RoadEnd) -> None:
        """Bring `end` what devices send, from now until `close`.

        Raises:
            BridgeFailed: the broker does not answer in time, or refuses; the road is closed again.
        """
        ...

    def send(self, replies: Sequence[Reply]) -> None:
        """Have the broker pass `replies` on, in this order; what it cannot pass on is dropped."""
        ...

    def close(self) -> None:
        """Bring nothing more; what was sent has left, if the broker is there."""
        ...
