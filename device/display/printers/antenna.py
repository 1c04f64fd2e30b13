"""What a driver needs from the reader where the printer cannot tell where its card is."""

from typing import Protocol


class Antenna(Protocol):
    """A reader's antenna in the printer."""

    async def sees_card(self) -> bool:
        """Return whether a card is before it; raises `LinkLost`."""
        ...
