"""A card reader without a reader: what is sent goes straight to the chip on it.

For trying what is said to cards thousands of times; what a PN532 adds is tried with the PN532.
"""

from enum import Enum

from device.nfc import commands
from device.nfc.reader import CardGone, CardRefused, CardSeen, ReaderSilent
from simulators.chips.chip import FOUR_BITS, Chip
from simulators.chips.iso_dep import IsoDepReader

_REFUSED = (0x10, 0x13, commands.CARD_AUTHENTICATION)


class Cut(Enum):
    """How one command ends early."""

    SILENCE = "silence"  # It is not done and nothing answers.
    LOST_ANSWER = "lost answer"  # It is done, but nothing answers.
    DAMAGED_ANSWER = "damaged answer"  # It is done; short of 14443-4 that looks like a refusal.
    CARD_LEAVES = "card leaves"  # The card leaves the field before it.


class ChipReader:
    """A `device.nfc.reader.Reader` with the chips of `field` on it, the first of them selected."""

    def __init__(self, *chips: Chip) -> None:
        """Begin with `chips` in the field."""
        self.field = list(chips)
        self.commands = 0  # That were sent to a card, searches not counted.
        self._selected: Chip | None = None
        self._iso_dep: IsoDepReader | None = None
        self._cuts: dict[int, Cut] = {}

    def cut(self, how: Cut, *, after: int) -> None:
        """Let the command end early that follows `after` others from now on."""
        self._cuts[self.commands + after] = how

    def lift(self) -> None:
        """Take every card off the reader."""
        for chip in self.field:
            chip.leave_field()
        self.field.clear()
        self._selected = None

    def tap_again(self, chip: Chip) -> None:
        """Take every card off the reader and put `chip` on it, with nothing to be cut."""
        self._cuts.clear()
        self.lift()
        chip.leave_field()
        self.field.append(chip)

    async def open(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""

    async def wait_for_card(self, timeout_s: float) -> CardSeen | None:
        """Return the first chip that answers; nobody comes while we wait."""
        self._selected = next((chip for chip in self.field if chip.select()), None)
        if self._selected is None:
            return None
        chip = self._selected
        self._activate(chip)
        return CardSeen(uid=chip.uid, atqa=chip.atqa, sak=chip.sak, ats=chip.ats)

    async def reselect(self) -> None:
        """Select the same chip anew."""
        if self._selected is None or not self._selected.select():
            raise CardGone("the card does not answer any more")
        self._activate(self._selected)

    async def exchange(self, data: bytes) -> bytes:
        """Return the chip's answer to a MIFARE command or an APDU."""
        return self._send(data, raw=False)

    async def exchange_raw(self, frame: bytes, *, once: bool = False) -> bytes:
        """Return the chip's answer to a frame; every frame goes out once."""
        return self._send(frame, raw=True)

    async def release(self) -> None:
        """Halt the chip and forget it."""
        if self._selected is not None:
            self._selected.halt()
        self._selected = None

    def _activate(self, chip: Chip) -> None:
        """Begin the block protocol of ISO/IEC 14443-4 with a chip that speaks it."""
        self._iso_dep = IsoDepReader(chip) if chip.ats else None
        if self._iso_dep is not None:
            self._iso_dep.activate()

    def _send(self, data: bytes, *, raw: bool) -> bytes:
        cut = self._cuts.pop(self.commands, None)
        self.commands += 1
        if cut is Cut.CARD_LEAVES:
            self.lift()
        if self._selected is None:
            raise CardGone("no card is selected")
        if cut is Cut.SILENCE:
            raise ReaderSilent("no answer")
        chip = self._selected
        if raw:
            status, answer = chip.exchange_raw(data)
        else:
            status, answer = (self._iso_dep or chip).exchange(data)
        if cut is Cut.LOST_ANSWER:
            raise ReaderSilent("no answer")
        if cut is Cut.DAMAGED_ANSWER:
            failure = CardRefused if self._iso_dep is None else CardGone
            raise failure(commands.status_text(commands.CRC_ERROR))
        if status == FOUR_BITS or status in _REFUSED:
            raise CardRefused(f"status 0x{status:02x}")
        if status != commands.OK:
            raise CardGone(commands.status_text(status))
        return answer
