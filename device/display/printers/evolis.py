"""What an Evolis printer's state means for us, by the names that its SDK gives it.

Source: evolis-sdk 9.4.1, `State.Minor` and `ReturnCode`. The names are compared as text, so that
the table can be read, and tested, where the SDK is not installed.
"""

from device.display.printers.printer import Fault, FaultCode, Outcome, Rank

OK = "OK"  # the return code

# The first of these that a state's name begins with; states that only inform are not here.
STATES = (
    ("PRINTER_OFFLINE", FaultCode.COMMS, Rank.OPERATOR),
    ("PRINTER_UNKNOWN", FaultCode.COMMS, Rank.OPERATOR),
    ("ERR_MECHANICAL", FaultCode.JAM, Rank.OPERATOR),
    ("ERR_FEEDER_ERROR", FaultCode.JAM, Rank.OPERATOR),
    ("DEF_COVER_OPEN", FaultCode.COVER, Rank.OPERATOR),
    ("ERR_COVER_OPEN", FaultCode.COVER, Rank.OPERATOR),
    ("DEF_COOLING", FaultCode.HEAD_TEMP, Rank.MINOR),
    ("ERR_HEAD_TEMP", FaultCode.HEAD_TEMP, Rank.SERVICE),
    ("ERR_NO_CARD_INSERTED", FaultCode.NO_CARD, Rank.MINOR),
    ("ERR_READ_MAGNETIC", FaultCode.READ, Rank.OPERATOR),
    ("ERR_WRITE_MAGNETIC", FaultCode.WRITE, Rank.OPERATOR),
    ("ERR_CARD_ON_EJECT", FaultCode.RELEASE, Rank.OPERATOR),
    ("DEF_", FaultCode.PRINTER, Rank.OPERATOR),
    ("ERR_", FaultCode.PRINTER, Rank.OPERATOR),
)
AT_GATE = "DEF_CARD_ON_EJECT"
WAITS_FOR_CARD = "DEF_WAIT_CARD"
GONE = ("PRINTER_OFFLINE", "PRINTER_UNKNOWN")  # with these a connection is of no use


def state_fault(name: str) -> Fault | None:
    """Return what is wrong in the state called `name`, if anything is."""
    if name in (AT_GATE, WAITS_FOR_CARD):
        return None
    for beginning, code, rank in STATES:
        if name.startswith(beginning):
            return Fault(code, rank, name)
    return None


def print_outcome(code: str, state: str) -> Outcome:
    """Return how a print ended whose return code and state afterwards are called so."""
    if code != OK:
        return Outcome.UNKNOWN
    return Outcome.OK if state_fault(state) is None else Outcome.UNKNOWN
