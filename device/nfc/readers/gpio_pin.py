"""One line of a GPIO chip, through the kernel's character device."""

import errno

import gpiod
from gpiod.line import Direction, Value

from device.errors import LinkBusy, LinkLost


class GpioPin:
    """`ResetPin` on the line `line` of the GPIO chip at `chip`."""

    def __init__(self, chip: str, line: int) -> None:
        self._chip = chip
        self._line = line
        self._request: gpiod.LineRequest | None = None

    def drive(self, *, high: bool) -> None:
        """Set the pin; the first call takes it.

        Raises:
            LinkBusy: another program drives it.
            LinkLost: there is no such line.
        """
        value = Value.ACTIVE if high else Value.INACTIVE
        try:
            if self._request is not None:
                self._request.set_value(self._line, value)
                return
            settings = gpiod.LineSettings(direction=Direction.OUTPUT, output_value=value)
            self._request = gpiod.request_lines(
                self._chip, consumer="revisit", config={self._line: settings}
            )
        except (OSError, ValueError) as error:
            text = f"cannot drive line {self._line} of {self._chip}: {error}"
            if isinstance(error, OSError) and error.errno == errno.EBUSY:
                raise LinkBusy(text) from error
            raise LinkLost(text) from error

    def release(self) -> None:
        """Leave the pin to its pull-up; releasing twice does nothing."""
        if self._request is not None:
            self._request.release()
            self._request = None
