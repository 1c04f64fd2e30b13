"""A reader reset by its own pin.

Source: NXP PN532/C1 rev. 3.6 §8.1.2 for the pin (RSTPDN, low resets); the times are far above what
chip and breakout boards need.
"""

from typing import Protocol

from loyalty.clock import Clock

LOW_MS = 20
START_MS = 100


class ResetPin(Protocol):
    """The pin as a program drives it."""

    def drive(self, *, high: bool) -> None:
        """Set the pin; the first call takes it. Raises LinkLost or LinkBusy."""
        ...

    def release(self) -> None:
        """Leave the pin to its pull-up; releasing twice does nothing."""
        ...


class ResetPulse:
    """`Rescue` of a reader whose reset pin is wired."""

    name = "the reset line"

    def __init__(self, pin: ResetPin, clock: Clock) -> None:
        self._pin = pin
        self._clock = clock

    async def apply(self) -> bool:
        """Hold the reader in reset for a moment and let it start."""
        try:
            self._pin.drive(high=False)
            await self._clock.sleep_ms(LOW_MS)
            self._pin.drive(high=True)
            await self._clock.sleep_ms(START_MS)
        finally:
            self._pin.release()
        return True
