"""Whatever libnfc drives, as a `Reader`: USB readers above all.

libnfc waits without end where it is let, so every call has its time and is aborted after it. Its
own lock on a serial port does not work (two programs may open one), so the port is locked here.
"""

import asyncio
import fcntl
import os
import select
from collections.abc import Callable
from typing import TypeVar

from device.nfc.reader import CardGone, CardRefused, CardSeen, LinkBusy, LinkLost, ReaderSilent
from device.nfc.readers.libnfc_library import LibnfcDevice, load_library
from device.nfc.readers.own_thread import CallAborted, OwnThread

OPEN_TIMEOUT_S = 5.0
SELECT_TIMEOUT_S = 0.5
LOOK_EVERY_S = 0.02

# For the card, and what libnfc itself may take on top.
CARD_TIMEOUT_S = 0.5
LIBRARY_S = 0.3

T = TypeVar("T")


class LibnfcReader:
    """A card reader that libnfc opens by a connection string, for one task at a time.

    `device.nfc.reader.Reader` says what the methods promise.
    """

    def __init__(self, connection: str) -> None:
        """Load libnfc; nothing is opened before `open`.

        Raises:
            DriverMissing: libnfc, libfreefare or pynfc is not installed.
        """
        self._library = load_library()
        self._connection = connection
        self._port = next((it for it in connection.split(":") if it.startswith("/")), "")
        self._port_fd = -1
        self._thread: OwnThread | None = None
        self._device: LibnfcDevice | None = None
        self._card: CardSeen | None = None

    async def open(self) -> None:
        """Open the reader, whatever state it was left in; on failure nothing stays open.

        Raises:
            LinkLost: there is no such port.
            LinkBusy: another program has it.
            ReaderSilent: libnfc finds no reader there.
        """
        await self.close()
        self._lock_port()
        self._thread = OwnThread("libnfc")
        try:
            self._device = await self._call(
                lambda: LibnfcDevice(self._library, self._connection), OPEN_TIMEOUT_S
            )
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of the reader; closing twice does nothing."""
        self._card = None
        device, self._device = self._device, None
        try:
            if device is not None:
                await self._call(device.close, OPEN_TIMEOUT_S)
        except ReaderSilent:
            pass  # Its thread hangs in the library; what it holds ends with this program.
        finally:
            if self._thread is not None:
                self._thread.end()
            self._thread = None
            if self._port_fd >= 0:
                os.close(self._port_fd)
            self._port_fd = -1

    async def wait_for_card(self, timeout_s: float) -> CardSeen | None:
        """Return the card that is in the field within `timeout_s`, selected, or None."""
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + timeout_s
        while True:
            self._card = await self._select(b"")
            if self._card is not None or loop.time() + LOOK_EVERY_S > ends_s:
                return self._card
            await asyncio.sleep(LOOK_EVERY_S)

    async def reselect(self) -> None:
        """Select the same card anew, without authentication, or raise CardGone."""
        card = self._selected()
        if await self._select(card.uid) is None:
            raise CardGone(f"card …{card.uid.hex()[-4:]} does not answer any more")

    async def exchange(self, data: bytes) -> bytes:
        """Return the card's answer to a MIFARE command or an APDU."""
        return await self._exchange(data, is_raw=False)

    async def exchange_raw(self, frame: bytes, *, once: bool = False) -> bytes:
        """Return the card's answer to a frame as it is; libnfc sends everything only `once`.

        It has one code for silence and for an answer of four bits: a card that can be selected
        again afterwards was there, and refused.
        """
        try:
            return await self._exchange(frame, is_raw=True)
        except CardGone as error:
            await self.reselect()
            raise CardRefused(str(error)) from error

    async def release(self) -> None:
        """Halt the card and forget it."""
        self._card = None
        device = self._opened()
        try:
            await self._call(device.deselect, SELECT_TIMEOUT_S)
        except (CardGone, CardRefused):
            return  # It has gone without.

    async def _select(self, uid: bytes) -> CardSeen | None:
        device = self._opened()
        return await self._call(lambda: device.select(uid), SELECT_TIMEOUT_S)

    async def _exchange(self, data: bytes, *, is_raw: bool) -> bytes:
        device = self._opened()
        self._selected()
        timeout_ms = round(CARD_TIMEOUT_S * 1000)
        return await self._call(
            lambda: device.exchange(data, is_raw=is_raw, timeout_ms=timeout_ms),
            CARD_TIMEOUT_S + LIBRARY_S,
        )

    async def _call(self, work: Callable[[], T], timeout_s: float) -> T:
        if self._thread is None:
            raise LinkLost(f"{self._connection} is not open")
        try:
            return await self._thread.call(work, timeout_s=timeout_s, abort=self._abort)
        except CallAborted as error:
            raise ReaderSilent(f"{self._connection}: {error}") from error
        except ReaderSilent as error:
            if self._is_unplugged():
                raise LinkLost(f"{self._port} hung up") from error
            raise

    def _abort(self) -> None:
        if self._device is not None:
            self._device.abort()

    def _opened(self) -> LibnfcDevice:
        if self._device is None:
            raise LinkLost(f"{self._connection} is not open")
        return self._device

    def _selected(self) -> CardSeen:
        if self._card is None:
            raise CardGone("no card is selected")
        return self._card

    def _lock_port(self) -> None:
        if not self._port:
            return  # The kernel gives a USB interface to one program only.
        try:
            self._port_fd = os.open(self._port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            fcntl.flock(self._port_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if self._port_fd >= 0:
                os.close(self._port_fd)
            self._port_fd = -1
            if isinstance(error, BlockingIOError):
                raise LinkBusy(f"{self._port} is used by another program") from error
            raise LinkLost(f"cannot open {self._port}: {error.strerror}") from error

    def _is_unplugged(self) -> bool:
        if self._port_fd < 0:
            return False
        poll = select.poll()
        poll.register(self._port_fd, 0)  # Only what cannot be asked for: hang-ups.
        return bool(poll.poll(0))
