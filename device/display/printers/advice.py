"""What staff should do about a printer, in words: one table for every printer and fault.

The sentences are marked for gettext; their translations stand in `device/locale`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from device.display.printers.printer import FaultCode


def _(message: str) -> str:
    """Mark `message` for translation; it is looked up when it is shown."""
    return message


@dataclass(frozen=True, slots=True)
class Advice:
    """What is wrong, and what to do."""

    happened: str
    do_now: str


_OFF_AND_ON = _("Switch it off and on. If that does not help, call a technician.")
_LOOK_INSIDE = _(
    "Look for a stuck card, then switch it off and on. If that fails, call a technician."
)
_TAKE_OUT = _("Open the printer, take the card out by hand and close it.")

ADVICE: Mapping[FaultCode, Advice] = {
    FaultCode.NO_CARD: Advice(
        _("The printer has lost the card."), _("Look for it in the slot and give it back.")
    ),
    FaultCode.JAM: Advice(_("A card is stuck in the printer."), _TAKE_OUT),
    FaultCode.COVER: Advice(_("The printer is open."), _("Close its cover firmly.")),
    FaultCode.MOTOR: Advice(_("The printer's motor does not move."), _OFF_AND_ON),
    FaultCode.HEAD_TEMP: Advice(
        _("The printer's head has the wrong temperature."),
        _("Wait ten minutes. If it goes on, call a technician."),
    ),
    FaultCode.PRINTER: Advice(_("The printer reports an error."), _LOOK_INSIDE),
    FaultCode.READ: Advice(
        _("The printer cannot read the card."),
        _("Wipe the card and try again. If other cards fail too, call a technician."),
    ),
    FaultCode.WRITE: Advice(
        _("The printer cannot write to the card."),
        _("Wipe the card and try again. If other cards fail too, call a technician."),
    ),
    FaultCode.RELEASE: Advice(_("The card does not come out of the printer."), _TAKE_OUT),
    FaultCode.LEFT_BEHIND: Advice(
        _("Somebody left a card behind; it is inside the printer."),
        _("Take it out and keep it for its owner."),
    ),
    FaultCode.BAD_DATA: Advice(
        _("The printer does not take what it is sent."), _("Call a technician.")
    ),
    FaultCode.COMMS: Advice(
        _("The printer does not answer."), _("Look at its power and its cable.")
    ),
}
