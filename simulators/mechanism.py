"""What all simulated card printers have: a slot, a gate, heads, and people and luck around them.

Each printer's own file adds what it says about it. Things happen at once; ports add time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from PIL import Image

from simulators.plastic import PlasticCard


@dataclass(slots=True)
class Faults:
    """What goes wrong next; numbers count down as they are used up."""

    mute: bool = False  # nothing is heard and nothing said
    head_hot: bool = False
    jam_at_percent: int | None = None  # of the next print
    power_cut_at_percent: int | None = None  # of the next print; 0 is just after the erase
    lose_answers: int = 0
    late_answers: int = 0  # they come before the next one; a printer whose replies have no name
    garble_answers: int = 0
    nak_frames: int = 0  # a printer that checks what it gets
    lose_acks: int = 0


class Printed(Enum):
    """How far a print got."""

    WHOLE = "whole"
    JAMMED = "jammed"
    CUT = "cut off"


class Mechanism:
    """One printer's metal and plastic.

    `on_held` hears which card the reader's antenna has in front of it, `on_slot_open` that a
    command waits for a card (the slot's light goes on), `on_printed` that a face is whole.
    """

    def __init__(
        self,
        on_held: Callable[[PlasticCard | None], None] | None = None,
        *,
        on_slot_open: Callable[[], None] | None = None,
        on_printed: Callable[[PlasticCard], None] | None = None,
    ) -> None:
        self.faults = Faults()
        self.held: PlasticCard | None = None
        self.at_gate: PlasticCard | None = None
        self.cover_open = False
        self.jammed = False
        self.powered = True
        self.print_count = 0
        self.transport_count = 0
        self._on_held = on_held
        self._on_slot_open = on_slot_open
        self._on_printed = on_printed

    @property
    def is_open(self) -> bool:
        """Whether the slot's light is on: a card would be drawn in."""
        return self.powered and self._is_waiting() and not (self.held or self.at_gate)

    # What people do.

    def insert(self, card: PlasticCard) -> bytes:
        """Put a card into the slot, and return what the printer sends on that.

        It is drawn in only if a command waits for one.
        """
        if not self.is_open:
            self.at_gate = self.at_gate or card
            return b""
        self._hold(card)
        return self._card_came()

    def pull(self) -> PlasticCard | None:
        """Take away the card at the gate; a held card cannot be pulled out."""
        card, self.at_gate = self.at_gate, None
        return card

    def force_out(self) -> PlasticCard | None:
        """Tear the held card out of the mechanism."""
        card = self.held
        self._hold(None)
        return card

    def swap(self, card: PlasticCard) -> PlasticCard | None:
        """Tear the held card out and put another in its place; return the one that was in."""
        before = self.force_out()
        self._hold(card)
        return before

    def open_path(self) -> None:
        """Open the transport path: commands stop."""
        self.powered = False

    def close_path(self) -> None:
        """Close the transport path: the printer resets itself."""
        self.restore_power()

    def clear_jam(self) -> PlasticCard | None:
        """Free a stuck card by hand and give it out."""
        self.jammed = False
        return self.force_out()

    def cut_power(self) -> None:
        """Everything stops; memory is lost."""
        self.powered = False
        self._forget()
        if self._on_held is not None:
            self._on_held(None)

    def restore_power(self) -> None:
        """Start up: a card inside is discharged."""
        self.powered = True
        self._start_afresh()

    # What its commands move and heat.

    def _take_card_in(self) -> None:
        """Draw in the card at the gate."""
        card, self.at_gate = self.at_gate, None
        self._hold(card)

    def _discharge(self) -> None:
        self.at_gate = self.held
        self._hold(None)

    def _hold(self, card: PlasticCard | None) -> None:
        self.transport_count += 1
        self.held = card
        if self._on_held is not None:
            self._on_held(card)

    def _announce_open_slot(self) -> None:
        if self._on_slot_open is not None:
            self._on_slot_open()

    def _draw(
        self, card: PlasticCard, picture: Image.Image, *, from_right: bool = False
    ) -> Printed:
        """Print, as far as luck allows."""
        cut, jam = self.faults.power_cut_at_percent, self.faults.jam_at_percent
        self.faults.power_cut_at_percent = self.faults.jam_at_percent = None
        if cut is not None:
            card.print(picture, percent=cut, from_right=from_right)
            self.cut_power()
            return Printed.CUT
        if jam is not None:
            card.print(picture, percent=jam, from_right=from_right)
            self.jammed = True
            return Printed.JAMMED
        card.print(picture)
        self.print_count += 1
        if self._on_printed is not None:
            self._on_printed(card)
        return Printed.WHOLE

    def _start_afresh(self) -> None:
        self._forget()
        if self.held is not None and not self.jammed:
            self._discharge()

    def _used_up(self, fault: str) -> bool:
        left: int = getattr(self.faults, fault)
        if left > 0:
            setattr(self.faults, fault, left - 1)
        return left > 0

    # What each printer has of its own.

    def feed(self, data: bytes) -> bytes:
        """Return what the printer sends for `data`."""
        raise NotImplementedError

    def _is_waiting(self) -> bool:
        """Return whether a command waits for a card."""
        raise NotImplementedError

    def _card_came(self) -> bytes:
        """Return what is said now that the card is held that a command waited for."""
        raise NotImplementedError

    def _forget(self) -> None:
        """Lose the memory and whatever was under way."""
        raise NotImplementedError
