"""A chip of somebody else's: a bank or transit card."""

from simulators.chips.chip import Nvm
from simulators.chips.iso_dep import IsoDepChip

_ATS = bytes.fromhex("0578807002")
_FILE_NOT_FOUND = b"\x6a\x82"  # ISO/IEC 7816-4 §5.6, table 6.


class OtherChip(IsoDepChip):
    """A chip that speaks ISO/IEC 14443-4 and has nothing that is asked for."""

    def __init__(self, uid: bytes) -> None:
        """Answer a search with `uid`."""
        super().__init__(uid, ats=_ATS, applet=_Stranger())


class _Stranger:
    """What says no to every APDU."""

    took_s = 0.0

    def __init__(self) -> None:
        self.nvm = Nvm(b"")

    def answer(self, apdu: bytes) -> bytes | None:
        return _FILE_NOT_FOUND

    def forget(self) -> None:
        pass
