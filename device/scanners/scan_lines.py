"""What a serial scanner sends, cut into codes: each ends with a carriage return or a line feed."""

from device.scanners.codes import CODE_MAX_CHARS, CODE_MIN_CHARS

BROKEN_OFF = ""  # stands for a code of which only the beginning came; no card's number is it
_ENDS = b"\r\n"
_FRAMING = "\x02\x03\t "  # STX, ETX and what scanners put around a code when they are set to


class ScanLines:
    """Collect bytes until whole codes appear."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[str]:
        """Return the codes that `data` completed, oldest first; empty ones are left out.

        One that is too long comes cut to one character more than a code may have.
        """
        found = []
        for byte in data:
            if byte not in _ENDS:
                if len(self._pending) <= CODE_MAX_CHARS:
                    self._pending.append(byte)
                continue
            if code := self._pending.decode("latin-1").strip(_FRAMING):
                found.append(code)
            self._pending.clear()
        return found

    @property
    def is_amid_a_code(self) -> bool:
        """Whether a code has begun and not ended."""
        return bool(self._pending)

    def pause(self) -> list[str]:
        """Forget what was not ended before a pause; return BROKEN_OFF if it was more than noise.

        The beginning of a number might be another card's, and with the next code it might be too.
        """
        is_code = len(self._pending) >= CODE_MIN_CHARS
        self._pending.clear()
        return [BROKEN_OFF] if is_code else []
