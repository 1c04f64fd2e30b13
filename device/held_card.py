"""The card that a printer holds before the reader's antenna."""

from contextlib import suppress

import structlog

from device.display.printers.printer import CardPrinter
from device.errors import DeviceError
from device.nfc.reader import CardGone, CardSeen
from device.nfc.readers.supervisor import Supervisor

READ_UID_S = 1.0

log = structlog.get_logger()


class HeldCard:
    """Looks which card `printer` holds: with `reader`, and with the printer's own if it has one."""

    def __init__(self, printer: CardPrinter, reader: Supervisor) -> None:
        self._printer = printer
        self._reader = reader

    @property
    def is_reader_lost(self) -> bool:
        """Whether the reader did not answer when it was last asked."""
        return self._reader.is_lost

    async def has_reader(self) -> bool:
        """Return whether the reader answers; one that was lost is opened again, if it can be.

        Whatever is before the antenna then, or says no there, is not what is asked.
        """
        with suppress(DeviceError):
            await self._reader.wait_for_card(0)
        return not self._reader.is_lost

    async def see(self) -> CardSeen | None:
        """Return the card at the antenna, selected, if it is the one that the printer holds."""
        try:
            seen = await self._reader.wait_for_card(READ_UID_S)
            return seen if seen is not None and await self._holds(seen.uid) else None
        except CardGone:
            return None
        except DeviceError as error:
            log.error("card_not_seen", error=str(error))
            return None

    async def _holds(self, uid: bytes) -> bool:
        if not self._printer.traits.reads_uids:
            return True
        own = await self._printer.read_uid()
        # In which order a printer's reader has the bytes is not written anywhere.
        return uid in (own, own[::-1])
