"""A card printer that may jam, fall silent or be unplugged: what is asked of it never raises."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from device.display.printers.printer import (
    CardPrinter,
    Fault,
    FaultCode,
    PrinterTrouble,
    Rank,
    Status,
)
from device.errors import DeviceError, LinkLost
from loyalty.clock import Clock

GATE_POLL_MS = 50

log = structlog.get_logger()


class PrinterMinder:
    """Looks at `printer`, moves its card and mends what can be mended without staff."""

    def __init__(self, printer: CardPrinter, patience: Clock) -> None:
        self._printer = printer
        self._patience = patience

    async def status(self) -> Status:
        """Return what the sensors say; a printer that is not there has a COMMS fault."""
        try:
            return await self._printer.status()
        except LinkLost as error:
            fault = Fault(FaultCode.COMMS, Rank.OPERATOR, str(error))
            return Status(card_held=False, card_at_gate=False, cover_open=False, fault=fault)

    async def eject(self) -> bool:
        """Push the card out; return whether it moved."""
        return await _moves(self._printer.eject)

    async def retract(self) -> bool:
        """Take the forgotten card back in; return whether it moved."""
        return await _moves(self._printer.retract)

    async def is_taken(self, timeout_s: float) -> bool:
        """Return whether the card at the gate is taken within `timeout_s`."""
        left_ms = int(timeout_s * 1000)
        while left_ms > 0:
            status = await self.status()
            if not (status.card_at_gate or _is_silent(status)):
                return True
            await self._patience.sleep_ms(GATE_POLL_MS)
            left_ms -= GATE_POLL_MS
        return False

    async def remind_of_cleaning(self) -> None:
        """Say in the log when the printer is due for a cleaning card."""
        with suppress(DeviceError):
            if await self._printer.wants_cleaning():
                log.warning("printer_wants_cleaning")

    async def is_well_again(self, *, keeps_card: bool = False) -> bool:
        """Return whether it is empty and nothing is wrong with it, however that came about.

        A card that it holds without any fault comes out, unless `keeps_card`: then it was only
        the line, or the power, that had failed.
        """
        status = await self.status()
        if status.card_held and not status.fault and not keeps_card:
            await self.eject()
            return False
        if status.card_held or status.card_at_gate or status.cover_open or _is_silent(status):
            return False
        try:
            await self._printer.reset()
        except DeviceError:
            return False
        return (await self.status()).fault is None


async def _moves(movement: Callable[[], Awaitable[None]]) -> bool:
    try:
        await movement()
    except (PrinterTrouble, LinkLost) as error:
        log.error("card_stuck", error=str(error))
        return False
    return True


def _is_silent(status: Status) -> bool:
    return status.fault is not None and status.fault.code is FaultCode.COMMS
