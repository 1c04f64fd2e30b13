"""Noise on a serial line: bits that flip and bytes that are lost."""

import random


class LineNoise:
    """A line that spoils a share of the bytes on it; the same `rng` spoils the same ones."""

    def __init__(self, rng: random.Random, *, flipped: float = 0.0, lost: float = 0.0) -> None:
        """Flip a bit in a share `flipped` of all bytes and lose a share `lost` (each 0 to 1).

        Raises:
            ValueError: a share is not one.
        """
        if not (0 <= flipped <= 1 and 0 <= lost <= 1):
            raise ValueError(f"shares of {flipped} and {lost}, wanted 0 to 1")
        self.spoiled_bytes = 0
        self._rng = rng
        self._flipped = flipped
        self._lost = lost

    def spoil(self, data: bytes) -> bytes:
        """Return what arrives of `data`."""
        arrived = bytearray()
        for byte in data:
            if self._rng.random() < self._lost:
                self.spoiled_bytes += 1
                continue
            if self._rng.random() < self._flipped:
                self.spoiled_bytes += 1
                byte ^= 1 << self._rng.randrange(8)
            arrived.append(byte)
        return bytes(arrived)
