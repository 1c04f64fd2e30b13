"""A one-way counter of 24 bits with its tearing flag, as Ultralight EV1 and NTAG 21x have it.

Source: NXP MF0ULX1 rev. 3 §8.7 (counter functionality, tearing), §10.6 to §10.8.
"""

from simulators.chips.chip import Nvm

COUNTER_BYTES = 4  # Flag and value.
COUNTER_MAX = 0xFFFFFF
WHOLE = 0xBD  # What CHECK_TEARING_EVENT answers where nothing was torn.

_BEGUN = 0x00


class Counter:
    """A counter in the memory `nvm` from `at` on; power lost in a step leaves it old or new."""

    def __init__(self, nvm: Nvm, at: int) -> None:
        """Find what is there; a new chip has been given zero and no tear by `delivered_counter`."""
        self._nvm = nvm
        self._at = at

    @property
    def value(self) -> int:
        """How far it has counted."""
        return int.from_bytes(self._nvm.cells[self._at + 1 : self._at + COUNTER_BYTES], "little")

    @property
    def flag(self) -> int:
        """WHOLE, or another value after a step that lost power."""
        return self._nvm.cells[self._at]

    def set(self, value: int) -> None:
        """Stand at `value` as if it had been counted there; for tests and card files."""
        if not 0 <= value <= COUNTER_MAX:
            raise ValueError(f"counter at {value}, wanted 0 to {COUNTER_MAX}")
        self._nvm.cells[self._at + 1 : self._at + COUNTER_BYTES] = value.to_bytes(3, "little")

    def count(self, steps: int) -> bool:
        """Add `steps`, which must fit; False if power failed meanwhile."""
        value = (self.value + steps).to_bytes(3, "little")
        return (
            self._nvm.program(self._at, bytes([_BEGUN]))
            and self._nvm.program(self._at + 1, value, shadowed=True)
            and self._nvm.program(self._at, bytes([WHOLE]))
        )


def delivered_counter() -> bytes:
    """Return the memory of a counter that never counted."""
    return bytes([WHOLE, 0, 0, 0])
