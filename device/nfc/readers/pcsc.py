"""A USB reader of any maker, through PC/SC, as a `Reader`.

What the interface cannot do stays undone: only one card is seen at a time, and raw frames go to
readers with a PN532 inside (ACR122U), so others tell an NTAG from an Ultralight no more.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from device.nfc.reader import CardGone, CardRefused, CardSeen, LinkLost, ReaderSilent
from device.nfc.readers import pcsc_commands
from device.nfc.readers.own_thread import CallAborted, OwnThread

CALL_TIMEOUT_S = 2.0
_HAS_A_PN532 = "ACR122"

T = TypeVar("T")


class PcscPort(Protocol):
    """The PC/SC service of this machine; every method but `cancel` blocks."""

    def open(self, name_prefix: str) -> str:
        """Return the whole name of the first such reader. Raises LinkLost."""
        ...

    def close(self) -> None:
        """Let go of card and service; closing twice does nothing."""
        ...

    def wait(self, timeout_s: float) -> bool:
        """Return whether a card is there within `timeout_s`."""
        ...

    def connect(self) -> bytes:
        """Power the card up, afresh if it is connected, for us alone; return its ATR.

        Raises CardGone or LinkBusy.
        """
        ...

    def disconnect(self) -> None:
        """Power the card down, if it is connected."""
        ...

    def transmit(self, apdu: bytes) -> bytes:
        """Return what card or reader answers, with its status. Raises CardGone or LinkLost."""
        ...

    def cancel(self) -> None:
        """End `wait`, from another thread."""
        ...


class PcscReader:
    """The first PC/SC reader whose name begins with a prefix, for one task at a time.

    `device.nfc.reader.Reader` says what the methods promise.
    """

    def __init__(self, name_prefix: str, port: PcscPort) -> None:
        """Speak over `port`; nothing happens before `open`."""
        self._name_prefix = name_prefix
        self._port = port
        self._name = ""
        self._thread: OwnThread | None = None
        self._card: CardSeen | None = None
        self._mifare = pcsc_commands.MifareCommands()

    async def open(self) -> None:
        """Find the reader, whatever state it was left in.

        Raises:
            LinkLost: there is no such reader, or no PC/SC service.
        """
        await self.close()
        self._thread = OwnThread("pcsc")
        try:
            self._name = await self._call(lambda: self._port.open(self._name_prefix))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of the reader; closing twice does nothing."""
        self._card = None
        thread = self._thread
        try:
            if thread is not None:
                await self._call(self._port.close)
        except ReaderSilent:
            pass  # Its thread hangs in the library; what it holds ends with this program.
        finally:
            self._thread = None
            if thread is not None:
                thread.end()

    async def wait_for_card(self, timeout_s: float) -> CardSeen | None:
        """Return the card that is in the field within `timeout_s`, selected, or None."""
        self._card = None
        if not await self._call(lambda: self._port.wait(timeout_s), timeout_s):
            return None
        try:
            self._card = await self._call(self._connect)
        except CardGone:
            return None
        return self._card

    async def reselect(self) -> None:
        """Select the same card anew, without authentication, or raise CardGone."""
        card = self._selected()
        if (await self._call(self._connect)).uid != card.uid:
            raise CardGone(f"card …{card.uid.hex()[-4:]} has gone, another one is there")

    async def exchange(self, data: bytes) -> bytes:
        """Return the card's answer to a MIFARE command or an APDU."""
        if self._selected().ats:
            return await self._call(lambda: self._port.transmit(data))
        answer = b""
        for apdu in self._mifare.translate(data):
            answer = await self._ask(apdu, pcsc_commands.answer_of)
        return answer

    async def exchange_raw(self, frame: bytes, *, once: bool = False) -> bytes:
        """Return the card's answer to a frame as it is; everything is sent only `once`."""
        self._selected()
        if _HAS_A_PN532 not in self._name:
            raise CardRefused(f"{self._name} carries no raw frames, wanted an {_HAS_A_PN532}U")
        return await self._ask(pcsc_commands.direct(frame), pcsc_commands.direct_answer_of)

    async def release(self) -> None:
        """Power the card down and forget it."""
        self._card = None
        await self._call(self._port.disconnect)

    def _connect(self) -> CardSeen:
        self._mifare = pcsc_commands.MifareCommands()
        atr = self._port.connect()
        uid = pcsc_commands.answer_of(self._port.transmit(pcsc_commands.GET_UID))
        ats = b""
        if not pcsc_commands.is_storage_card(atr):
            with suppress(CardRefused):  # A reader need not know the command.
                ats = pcsc_commands.answer_of(self._port.transmit(pcsc_commands.GET_ATS))
        return pcsc_commands.card_of(atr, uid, ats)

    async def _ask(self, apdu: bytes, answer_of: Callable[[bytes], bytes]) -> bytes:
        try:
            return answer_of(await self._call(lambda: self._port.transmit(apdu)))
        except CardRefused as error:
            # Readers say the same of a card that refuses and of one that has just been lifted.
            if not await self._call(lambda: self._port.wait(0)):
                raise CardGone(str(error)) from error
            raise

    async def _call(self, work: Callable[[], T], more_s: float = 0.0) -> T:
        if self._thread is None:
            raise LinkLost(f"{self._name_prefix} is not open")
        try:
            return await self._thread.call(
                work, timeout_s=CALL_TIMEOUT_S + more_s, abort=self._port.cancel
            )
        except CallAborted as error:
            raise ReaderSilent(f"{self._name}: {error}") from error

    def _selected(self) -> CardSeen:
        if self._card is None:
            raise CardGone("no card is selected")
        return self._card
