"""A chip of somebody else's: a bank or transit card."""

from simulators.chips.chip import SILENT


class OtherChip:
    """A chip that can be selected and then understands nothing."""

    ats = b""
    took_s = 0.0

    def __init__(self, uid: bytes, *, atqa: bytes = b"\x03\x44", sak: int = 0x20) -> None:
        """Answer a search with `uid`, `atqa` and `sak`; the SAK promises what never comes."""
        self.uid, self.atqa, self.sak = uid, atqa, sak

    def select(self, *, wake: bool = True) -> bool:
        """Answer any search."""
        return True

    def exchange(self, data: bytes) -> tuple[int, bytes]:
        """Say nothing."""
        return SILENT

    def exchange_raw(self, frame: bytes) -> tuple[int, bytes]:
        """Say nothing."""
        return SILENT

    def halt(self) -> None:
        """Do nothing: it never says anything."""

    def leave_field(self) -> None:
        """Forget nothing: it knows nothing."""
