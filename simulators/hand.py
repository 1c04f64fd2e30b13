"""A hand at a simulated kiosk: what is typed is done to its printer, its cards and its reader."""

from collections.abc import Callable
from typing import Protocol

from simulators.mechanism import Faults, Mechanism
from simulators.plastic import PlasticCard

JAM_AT_PERCENT = 50
LINE_MAX_CHARACTERS = 80


class Slot(Protocol):
    """A simulated printer where a cable ends."""

    @property
    def printer(self) -> Mechanism:
        """What hangs on that cable."""
        ...

    def insert(self, card: PlasticCard) -> None:
        """Put a card into the slot."""
        ...


class Hand:
    """One person's hand, with at most one card in it.

    `new_card` has another card each time, `hold` shows a card to a reader beside the printer, or
    takes it away from there.
    """

    def __init__(
        self,
        slot: Slot,
        *,
        new_card: Callable[[], PlasticCard],
        hold: Callable[[PlasticCard | None], None] | None = None,
    ) -> None:
        self.card: PlasticCard | None = None
        self._slot = slot
        self._new_card = new_card
        self._hold = hold
        self._deeds: dict[str, Callable[[], str]] = {
            "insert": self._insert,
            "take": self._take,
            "new": self._take_new,
            "swap": self._swap,
            "jam": self._jam,
            "free": self._free,
            "open": self._open,
            "close": self._close,
            "hot": self._make_hot,
            "cut": self._cut,
            "power": self._power,
            "mute": self._mute,
            "well": self._make_well,
        }
        if hold is not None:
            self._deeds |= {"hold": self._hold_card, "away": self._take_away}

    @property
    def words(self) -> tuple[str, ...]:
        """What it understands."""
        return tuple(self._deeds)

    @property
    def nearest(self) -> PlasticCard | None:
        """The card that a person here would look at: in the hand, at the gate, or inside."""
        return self.card or self._printer.at_gate or self._printer.held

    def do(self, line: str) -> str:
        """Do what `line` says; return what came of it, or which words there are."""
        deed = self._deeds.get(line.strip()[:LINE_MAX_CHARACTERS])
        return deed() if deed is not None else f"one of: {', '.join(self._deeds)}"

    @property
    def _printer(self) -> Mechanism:
        return self._slot.printer

    def _insert(self) -> str:
        if self._printer.at_gate is not None:
            return "a card lies at the gate; take it first"
        if self._printer.held is not None:
            return f"the printer holds {_name(self._printer.held)}"
        if not self._printer.is_open:
            return "the slot is closed; try again"
        card, self.card = self.card or self._new_card(), None
        self._slot.insert(card)
        return f"drawn in: {_name(card)}"

    def _take(self) -> str:
        if self._printer.at_gate is None:
            return "there is no card at the gate"
        self.card = self._printer.pull()
        return f"in your hand: {_name(self.card)}"

    def _take_new(self) -> str:
        self.card = self._new_card()
        return f"in your hand: {_name(self.card)}"

    def _swap(self) -> str:
        if self._printer.held is None:
            return "the printer holds no card"
        self.card = self._printer.swap(self.card or self._new_card())
        return f"in the printer: {_name(self._printer.held)}; in your hand: {_name(self.card)}"

    def _jam(self) -> str:
        self._printer.faults.jam_at_percent = JAM_AT_PERCENT
        return f"the next card gets stuck when {JAM_AT_PERCENT} % is printed"

    def _free(self) -> str:
        self.card = self._printer.clear_jam() or self.card
        return f"the path is free; in your hand: {_name(self.card)}"

    def _open(self) -> str:
        self._printer.open_path()
        return "the path is open, the printer does nothing"

    def _close(self) -> str:
        self._printer.close_path()
        return "the path is closed, the printer starts afresh"

    def _make_hot(self) -> str:
        self._printer.faults.head_hot = True
        return "the erase head is too hot"

    def _cut(self) -> str:
        self._printer.faults.power_cut_at_percent = 0
        return "power fails just after the next erase"

    def _power(self) -> str:
        if self._printer.powered:
            self._printer.cut_power()
            return "the power is off"
        self._printer.restore_power()
        return "the power is on"

    def _mute(self) -> str:
        self._printer.faults.mute = True
        return "the printer neither hears nor speaks"

    def _make_well(self) -> str:
        self._printer.faults = Faults()
        return "nothing is wrong any more, but what is stuck or off"

    def _hold_card(self) -> str:
        assert self._hold is not None
        if self.card is None:
            return "there is no card in your hand; take one, or say new"
        self._hold(self.card)
        return f"at the handheld's reader: {_name(self.card)}"

    def _take_away(self) -> str:
        assert self._hold is not None
        self._hold(None)
        return f"in your hand: {_name(self.card)}"


def _name(card: PlasticCard | None) -> str:
    if card is None:
        return "no card"
    uid = "without a chip" if card.chip is None else card.chip.uid.hex()
    return f"card {uid}, rewritten {card.rewrite_count} times"
