"""A scanner that types: keys in a quick burst that ends with Enter, told from a person's typing.

Keys are those of a US keyboard, which is what scanners and swipe readers send by default.
Source of key codes: Linux uapi/linux/input-event-codes.h.
"""

from device.links.evdev import EV_KEY, EV_SYN, SYN_DROPPED, InputEvent
from device.scanners.codes import CODE_MAX_CHARS, CODE_MIN_CHARS

# Scanners type a key every 1 to 20 ms; the quickest typists need 60, and hold no such pace.
BURST_GAP_MS = 50

_UP, _DOWN = 0, 1
_ENTERS = (28, 96)  # KEY_ENTER, KEY_KPENTER
_SHIFTS = (42, 54)
_ROWS = {
    2: ("1234567890-=", "!@#$%^&*()_+"),
    16: ("qwertyuiop[]", "QWERTYUIOP{}"),
    30: ("asdfghjkl;'`", 'ASDFGHJKL:"~'),
    43: ("\\zxcvbnm,./", "|ZXCVBNM<>?"),
    55: ("*", "*"),
    57: (" ", " "),
    71: ("789-456+1230.", "789-456+1230."),
}
_KEYS = {
    first + place: pair
    for first, (plain, shifted) in _ROWS.items()
    for place, pair in enumerate(zip(plain, shifted, strict=True))
}


class Wedge:
    """Collect key events until a whole code was typed."""

    def __init__(self) -> None:
        self._typed: list[str] = []
        self._last_ms = -BURST_GAP_MS
        self._shifts: set[int] = set()
        self._is_torn = False  # Keys of this burst were lost.

    def feed(self, event: InputEvent) -> str | None:
        """Return the code that `event` ends, if it ends one; what a person typed is forgotten.

        One that is too long comes cut to one character more than a code may have. One of which
        keys were lost is forgotten too: what is left of it might be another card's number.
        """
        if event.type == EV_SYN and event.code == SYN_DROPPED:
            self._tear(event)
        elif event.type == EV_KEY and event.code in _SHIFTS:
            self._hold_shift(event)
        elif event.type == EV_KEY and event.value == _DOWN:
            return self._press(event)
        return None

    def _tear(self, event: InputEvent) -> None:
        self._is_torn, self._last_ms = True, event.at_ms
        self._shifts.clear()

    def _hold_shift(self, event: InputEvent) -> None:
        if event.value == _UP:
            self._shifts.discard(event.code)
        else:
            self._shifts.add(event.code)

    def _press(self, event: InputEvent) -> str | None:
        gap_ms, self._last_ms = event.at_ms - self._last_ms, event.at_ms
        if not 0 <= gap_ms <= BURST_GAP_MS:
            self._begin()
        if event.code in _ENTERS:
            code = "" if self._is_torn else "".join(self._typed)
            self._begin()
            return code if len(code) >= CODE_MIN_CHARS else None
        pair = _KEYS.get(event.code)
        if pair is not None and len(self._typed) <= CODE_MAX_CHARS:
            self._typed.append(pair[bool(self._shifts)])
        return None

    def _begin(self) -> None:
        self._typed.clear()
        self._is_torn = False
