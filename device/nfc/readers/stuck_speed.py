"""A PN532 that a killed program has left at another speed: found, and set back.

A chip keeps the speed it was given until it loses power or is reset; nfcpy, for one, uses 921600
baud. Source: NXP UM0701-02 rev. 02 (PN532 User Manual) §7.2.8.
"""

from device.links.serial_link import SerialLink
from device.nfc import commands, frames
from device.nfc.reader import ReaderSilent
from device.nfc.readers.dialogue import ECHO_TIMEOUT_S, Dialogue
from device.nfc.readers.reader_url import SPEEDS_BAUD


class StuckSpeed:
    """`Rescue` of a PN532 on the serial port `path` that should speak at `baud`."""

    name = "every other speed"

    def __init__(self, path: str, baud: int) -> None:
        self._path = path
        self._baud = baud

    async def apply(self) -> bool:
        """Look for the chip at each other speed, the fastest first, and bring it to ours.

        Raises:
            LinkLost, LinkBusy: as for opening the port.
        """
        for speed in sorted(SPEEDS_BAUD, reverse=True):
            if speed != self._baud and await self._is_heard_at(speed):
                return True
        return False

    async def _is_heard_at(self, speed: int) -> bool:
        link = SerialLink(self._path, speed)
        await link.open()
        try:
            command = commands.set_serial_baud_rate(self._baud)
            await Dialogue(link).exchange(command, ECHO_TIMEOUT_S)
            # The chip changes its speed when it has our acknowledgement of its answer.
            await link.write(frames.ACK)
        except ReaderSilent:
            return False
        finally:
            await link.close()
        return True
