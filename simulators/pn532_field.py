"""The field of a simulated reader: what lies in it, how well it carries, and when a card leaves it.

Assumed, because no manual says it: a frame that the chip did not hear and an answer that the reader
did not hear whole both look like time-outs, or like a checksum error.
"""

import random
from collections.abc import Callable

from device.nfc import commands
from simulators.chips.chip import SILENT, Chip

CHIPS_MAX = 2

_SILENCE_S = 0.005  # How long a reader waits for an answer that does not come.
_CHECKSUM_ERROR = (0x02, b"")

Answer = tuple[int, bytes]


class Field:
    """Up to two chips, powered or not."""

    def __init__(self) -> None:
        """Start empty and without power."""
        self.chips: list[Chip] = []
        self.powered = False
        # How often an exchange fails for a weak field, of those that `_rng` throws for.
        self._weakness = 0.0
        self._rng = random.Random(0)
        self._exchanges_until_gone: int | None = None
        self._last_is_heard = False

    @property
    def is_weak(self) -> bool:
        """Whether trying again may help."""
        return self._weakness > 0

    def place(self, chip: Chip) -> None:
        """Put `chip` into the field.

        Raises:
            ValueError: there is no room.
        """
        if len(self.chips) >= CHIPS_MAX:
            raise ValueError(f"{len(self.chips)} chips in the field, at most {CHIPS_MAX}")
        self.chips.append(chip)

    def remove(self, chip: Chip | None = None) -> None:
        """Take `chip` out of the field, or everything."""
        for it in [*self.chips] if chip is None else [chip]:
            self.chips.remove(it)
            it.leave_field()

    def switch(self, *, on: bool) -> None:
        """Give power to what lies here, or take it."""
        if self.powered and not on:
            for chip in self.chips:
                chip.leave_field()
        self.powered = on

    def weaken(self, share: float, rng: random.Random) -> None:
        """Let a `share` (0 to 1) of exchanges fail from now on, half of them after being heard."""
        if not 0 <= share < 1:
            raise ValueError(f"share of {share} fails, wanted 0 up to but not 1")
        self._weakness, self._rng = share, rng

    def lose_after(self, exchanges: int, *, heard: bool = False) -> None:
        """Take everything out with the frame that follows `exchanges` others; it may be heard."""
        self._exchanges_until_gone, self._last_is_heard = exchanges, heard

    def carry(self, chip: Chip, say: Callable[[], Answer]) -> Answer:
        """Return what `chip` answers when we `say` something to it, if both ways carry."""
        if not self.powered or chip not in self.chips:
            return SILENT
        if self._exchanges_until_gone == 0:
            if self._last_is_heard:
                say()
            self._exchanges_until_gone = None
            self.remove()
            return SILENT
        if self._exchanges_until_gone is not None:
            self._exchanges_until_gone -= 1
        if self._rng.random() >= self._weakness:
            return say()
        if self._rng.random() < 0.5:
            return SILENT
        say()
        return self._rng.choice([SILENT, _CHECKSUM_ERROR])


class InField:
    """A chip as the reader meets it: through the field."""

    def __init__(self, chip: Chip, field: Field) -> None:
        """Meet `chip` through `field`."""
        self.uid, self.atqa, self.sak, self.ats = chip.uid, chip.atqa, chip.sak, chip.ats
        self.took_s = 0.0
        self._chip = chip
        self._field = field

    def select(self, *, wake: bool = True) -> bool:
        """Return whether the chip answers a search."""

        def answer() -> Answer:
            return (commands.OK, b"") if self._chip.select(wake=wake) else SILENT

        return self._field.carry(self._chip, answer)[0] == commands.OK

    def exchange(self, data: bytes) -> Answer:
        """Return status and data for a MIFARE command."""
        return self._timed(self._chip.exchange, data)

    def exchange_raw(self, frame: bytes) -> Answer:
        """Return the chip's answer to a frame."""
        return self._timed(self._chip.exchange_raw, frame)

    def halt(self) -> None:
        """Have the chip fall silent until woken; nobody knows whether it heard."""

        def silently() -> Answer:
            self._chip.halt()
            return SILENT

        self._field.carry(self._chip, silently)

    def leave_field(self) -> None:
        """Take the chip out of the field."""
        self._field.remove(self._chip)

    def _timed(self, say: Callable[[bytes], Answer], what: bytes) -> Answer:
        answer = self._field.carry(self._chip, lambda: say(what))
        self.took_s = _SILENCE_S if answer == SILENT else self._chip.took_s
        return answer
