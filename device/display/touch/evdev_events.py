"""A Linux touch panel's events as taps: one finger, down and up, nothing else.

Source: Linux kernel documentation, input/event-codes and input/multi-touch-protocol (protocol B).
"""

from device.display.touch.contact import Calibration, Contact
from device.links.evdev import EV_ABS, EV_KEY, EV_SYN, EVENT, SYN_DROPPED

BTN_TOUCH = 0x14A
ABS_X, ABS_Y = 0x00, 0x01
ABS_MT_SLOT, ABS_MT_POSITION_X, ABS_MT_POSITION_Y, ABS_MT_TRACKING_ID = 0x2F, 0x35, 0x36, 0x39


class TouchReader:
    """Collects a panel's events until a finger came down or left.

    `x_range` and `y_range` are the least and greatest values of the axes. The finger in slot 0 is
    looked at; others are not.
    """

    def __init__(
        self,
        *,
        width_px: int,
        height_px: int,
        x_range: tuple[int, int],
        y_range: tuple[int, int],
        calibration: Calibration,
    ) -> None:
        self._size = width_px, height_px
        self._x_range, self._y_range = x_range, y_range
        self._calibration = calibration
        self._pending = b""
        self._x, self._y = x_range[0], y_range[0]
        self._slot = 0
        self._is_down = False
        self._was_down = False
        self._is_lost = False

    def feed(self, data: bytes) -> list[Contact]:
        """Return what `data` completed, oldest first."""
        self._pending += data
        whole = len(self._pending) // EVENT.size * EVENT.size
        events, self._pending = self._pending[:whole], self._pending[whole:]
        found: list[Contact] = []
        for _, _, kind, code, value in EVENT.iter_unpack(events):
            if kind == EV_SYN:
                found += self._report(code)
            elif not self._is_lost:
                self._note(kind, code, value)
        return found

    def _note(self, kind: int, code: int, value: int) -> None:
        if kind == EV_KEY and code == BTN_TOUCH:
            self._is_down = value != 0
        elif kind == EV_ABS and code == ABS_MT_SLOT:
            self._slot = value
        elif kind == EV_ABS and self._slot == 0:
            if code in (ABS_X, ABS_MT_POSITION_X):
                self._x = value
            elif code in (ABS_Y, ABS_MT_POSITION_Y):
                self._y = value
            elif code == ABS_MT_TRACKING_ID:
                self._is_down = value >= 0

    def _report(self, code: int) -> list[Contact]:
        if code == SYN_DROPPED:
            # The kernel lost events: what comes until the next report is half a story. Whose the
            # next is may be lost as well; nearly always it is the first finger's.
            self._is_lost, self._is_down, self._slot = True, False, 0
            return []
        if self._is_lost:
            self._is_lost = False
            self._is_down = False
        if self._is_down == self._was_down:
            return []
        self._was_down = self._is_down
        width_px, height_px = self._size
        x_px, y_px = self._calibration.place(
            _share(self._x, self._x_range),
            _share(self._y, self._y_range),
            width_px=width_px,
            height_px=height_px,
        )
        return [Contact(x_px, y_px, self._is_down)]


def _share(value: int, ends: tuple[int, int]) -> float:
    return (value - ends[0]) / max(1, ends[1] - ends[0])
