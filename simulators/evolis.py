"""An Evolis printer as its SDK shows it: the same names and answers, with a card inside.

A stand-in for the module `evolis` (evolis-sdk 9.4.1), as far as our driver uses it. What the real
library sends to a printer is not known, so this says nothing about bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from typing import Any

from PIL import Image

from simulators.mechanism import Mechanism, Printed
from simulators.plastic import PlasticCard

WIDTH_PX, HEIGHT_PX = 1011, 637


class Minor(Enum):
    """The states that it can be in."""

    PRINTER_OFFLINE = 1
    PRINTER_READY = 6
    DEF_CARD_ON_EJECT = 54
    DEF_WAIT_CARD = 71
    ERR_HEAD_TEMP = 82
    ERR_MECHANICAL = 85


class ReturnCode(Enum):
    """What calls return."""

    OK = 0
    PRINT_EDATA = -20
    PRINT_EMECHANICAL = -22
    PRINT_WAITCARDINSERT = -23
    PRINTER_ENOCOM = -60


class RwCardType(Enum):
    """The films of cards."""

    MBLACK = 0
    MBLUE = 1


class CardPos(Enum):
    """Where a card is taken."""

    CONTACTLESS = 6


class CardFace(Enum):
    """The sides of a card."""

    FRONT = 1


@dataclass(frozen=True, slots=True)
class State:
    """The state of a printer."""

    minor: Minor


@dataclass(frozen=True, slots=True)
class CleaningInfo:
    """As much of the count as we look at."""

    cardCountBeforeWarning: int


class EvolisSimulator(Mechanism):
    """One printer."""

    def __init__(
        self,
        on_held: Callable[[PlasticCard | None], None] | None = None,
        *,
        on_printed: Callable[[PlasticCard], None] | None = None,
    ) -> None:
        self.cards_before_cleaning = 1000
        self.power_cuts = 0
        super().__init__(on_held, on_printed=on_printed)

    @property
    def answers(self) -> bool:
        """Whether calls reach it."""
        return self.powered and not self.faults.mute

    def state(self) -> State:
        """Return its state."""
        if not self.answers:
            return State(Minor.PRINTER_OFFLINE)
        if self.jammed:
            return State(Minor.ERR_MECHANICAL)
        if self.faults.head_hot:
            return State(Minor.ERR_HEAD_TEMP)
        return State(Minor.DEF_CARD_ON_EJECT if self.at_gate else Minor.PRINTER_READY)

    def take_in(self) -> bool:
        """Take the card before the slot in; a real one would wait for it."""
        if self.answers and not self.jammed and self.held is None and self.at_gate is not None:
            self._take_card_in()
        return self.answers and self.held is not None

    def give_out(self) -> bool:
        """Push the card out."""
        if not self.answers or self.jammed:
            return False
        if self.held is not None:
            self._discharge()
        return self.at_gate is not None

    def rewrite(self, picture: bytes) -> ReturnCode:
        """Erase and print."""
        if not self.answers:
            return ReturnCode.PRINTER_ENOCOM
        if self.jammed or self.faults.head_hot:
            return ReturnCode.PRINT_EMECHANICAL
        if self.held is None:
            return ReturnCode.PRINT_WAITCARDINSERT
        self.held.erase()
        printed = self._draw(self.held, Image.open(BytesIO(picture)).convert("1"))
        if printed is Printed.JAMMED:
            return ReturnCode.PRINT_EMECHANICAL
        return ReturnCode.OK if self.answers else ReturnCode.PRINTER_ENOCOM

    def _is_waiting(self) -> bool:
        return False

    def cut_power(self) -> None:
        """Everything stops; who was connected has to call again."""
        self.power_cuts += 1
        super().cut_power()

    def _forget(self) -> None:
        """It keeps nothing between jobs."""


class Connection:
    """A connection to one printer, which does not outlive the printer's power."""

    def __init__(self, printer: EvolisSimulator | None) -> None:
        self._called = printer
        self._power_cuts = 0 if printer is None else printer.power_cuts

    def get_context(self) -> Any:
        """Return None where there is no such printer."""
        return self._called

    def close(self) -> None:
        """Hang up."""
        self._called = None

    def get_state(self) -> State:
        """Return how the printer is."""
        return State(Minor.PRINTER_OFFLINE) if self._printer is None else self._printer.state()

    def set_card_pos(self, position: CardPos) -> bool:
        """Take the card there, and in before that."""
        return self._printer is not None and self._printer.take_in()

    def eject_card(self) -> bool:
        """Push the card out."""
        return self._printer is not None and self._printer.give_out()

    def clear_mechanical_errors(self) -> bool:
        """Go on after a jam that somebody has cleared."""
        return self._printer is not None and self._printer.answers and not self._printer.jammed

    def get_cleaning_info(self) -> CleaningInfo | None:
        """Return the count of cards."""
        if self._printer is None or not self._printer.answers:
            return None
        return CleaningInfo(self._printer.cards_before_cleaning)

    @property
    def _printer(self) -> EvolisSimulator | None:
        printer = self._called
        return printer if printer is not None and printer.power_cuts == self._power_cuts else None


class PrintSession:
    """One print."""

    def __init__(self, printer: EvolisSimulator) -> None:
        self._printer = printer
        self._picture = b""
        self._error = ReturnCode.OK

    def set_auto_eject(self, value: bool) -> bool:
        """Keep the card after the print, which is all we ask for."""
        return not value

    def set_black_buffer(self, face: CardFace, picture: bytes) -> bool:
        """Take the picture."""
        self._picture = picture
        self._error = ReturnCode.OK if picture[:2] == b"BM" else ReturnCode.PRINT_EDATA
        return self._error is ReturnCode.OK

    def get_last_error(self) -> ReturnCode:
        """Return what the last call ended with."""
        return self._error

    def print(self, timeout_ms: int) -> ReturnCode:
        """Print it."""
        return self._printer.rewrite(self._picture)


class EvolisSdk:
    """The module, on a machine that has one printer."""

    RwCardType, CardPos, CardFace = RwCardType, CardPos, CardFace

    def __init__(self, printer: EvolisSimulator, name: str) -> None:
        self._printer = printer
        self._name = name

    def Connection(self, name: str) -> Connection:
        """Return a connection, which is none for another name."""
        return Connection(self._printer if name == self._name else None)

    def PrintSession(self, connection: object, **card: object) -> PrintSession:
        """Return a session for one print on a kind of card."""
        return PrintSession(self._printer)
