"""The card that a printer holds before the reader's antenna."""

import structlog

from device.display.printers.printer import CardPrinter
from device.errors import DeviceError
from device.nfc.reader import CardGone, CardSeen, Reader

READ_UID_S = 1.0

log = structlog.get_logger()


class HeldCard:
    """Looks which card `printer` holds: with `reader`, and with the printer's own if it has one."""

    def __init__(self, printer: CardPrinter, reader: Reader) -> None:
        self._printer = printer
        self._reader = reader

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
