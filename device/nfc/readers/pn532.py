"""A PN532 on a serial link: finds cards and exchanges blocks with them.

Source: NXP UM0701-02 rev. 02 (PN532 User Manual), §7.
"""

from collections.abc import Callable
from typing import TypeVar

from device.nfc import commands
from device.nfc.reader import (
    CardGone,
    CardRefused,
    CardSeen,
    ReaderSilent,
)
from device.nfc.readers.dialogue import Dialogue, Link, NoAnswer

ANSWER_TIMEOUT_S = 0.5
RESELECT_TIMEOUT_S = 0.1

_CHIP = 0x32

# Statuses after which the card is there but did not do it. Which of them a chip uses for a NAK is
# not in the manual, so all that can mean one count alike.
_REFUSALS = (0x10, 0x13, commands.CARD_AUTHENTICATION)

T = TypeVar("T")


class Pn532:
    """A card reader with a PN532, for one task at a time.

    `device.nfc.reader.Reader` says what the methods promise.
    """

    def __init__(self, link: Link) -> None:
        """Speak over `link`; nothing happens before `open`."""
        self._link = link
        self._dialogue = Dialogue(link)
        self._card: commands.Target | None = None

    async def open(self) -> None:
        """Open the link, wake the chip and prepare it; on failure the link is closed again.

        Also the way back after LinkLost or ReaderSilent.

        Raises:
            LinkLost: there is no such port.
            LinkBusy: another program has it.
            ReaderSilent: nothing answers like a PN532.
        """
        await self._link.close()
        await self._link.open()
        try:
            await self._prepare()
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        """Stop what the chip is doing and give the link back; closing twice does nothing."""
        self._forget_card()
        await self._dialogue.abort()
        await self._link.close()

    async def wait_for_card(self, timeout_s: float) -> CardSeen | None:
        """Return the card that is in the field within `timeout_s`, selected, or None.

        The chip itself looks for a card again and again, so a tap is seen within milliseconds.
        """
        target = await self._select(b"", timeout_s)
        if target is None:
            return None
        return CardSeen(uid=target.uid, atqa=target.atqa, sak=target.sak, ats=target.ats)

    async def reselect(self) -> None:
        """Select the same card anew, without authentication, or raise CardGone."""
        card = self._selected()
        if await self._select(card.uid, RESELECT_TIMEOUT_S) is None:
            self._card = card  # So that the caller may try once more.
            raise CardGone(f"card …{card.uid.hex()[-4:]} does not answer any more")

    async def exchange(self, data: bytes) -> bytes:
        """Return the card's answer to a MIFARE command or an APDU (InDataExchange, §7.3.8)."""
        command = commands.data_exchange(self._selected().number, data)
        return await self._ask_card(command)

    async def exchange_raw(self, frame: bytes) -> bytes:
        """Return the card's answer to a frame as it is (InCommunicateThru, §7.3.9)."""
        self._selected()
        return await self._ask_card(commands.communicate_thru(frame))

    async def release(self) -> None:
        """Halt the card and forget it."""
        self._forget_card()
        await self._dialogue.exchange(commands.release(), ANSWER_TIMEOUT_S)

    async def _prepare(self) -> None:
        self._forget_card()
        await self._dialogue.wake()
        version = await self._dialogue.exchange(commands.get_firmware_version(), ANSWER_TIMEOUT_S)
        chip, _, _ = _checked(commands.parse_firmware_version, version)
        if chip != _CHIP:
            raise ReaderSilent(f"chip 0x{chip:02x} answers, wanted a PN532 (0x{_CHIP:02x})")
        forever = commands.passive_activation_retries(commands.RETRY_FOR_EVER)
        await self._dialogue.exchange(forever, ANSWER_TIMEOUT_S)

    async def _select(self, uid: bytes, timeout_s: float) -> commands.Target | None:
        self._forget_card()
        try:
            answer = await self._dialogue.exchange(commands.list_passive_target(uid), timeout_s)
        except NoAnswer:
            return None  # The next exchange aborts the search.
        target = _checked(commands.parse_target, answer)
        if target is not None and uid and target.uid != uid:
            return None
        self._card = target
        return target

    def _selected(self) -> commands.Target:
        if self._card is None:
            raise CardGone("no card is selected")
        return self._card

    def _forget_card(self) -> None:
        self._card = None

    async def _ask_card(self, command: bytes) -> bytes:
        answer = await self._dialogue.exchange(command, ANSWER_TIMEOUT_S)
        status, data = _checked(commands.parse_exchange, answer)
        if status == commands.OK:
            return data
        text = f"command 0x{command[1]:02x}: {commands.status_text(status)}"
        # Noise on the air ends a session just as a card that leaves does.
        raise CardRefused(text) if status in _REFUSALS else CardGone(text)


def _checked(parse: Callable[[bytes], T], answer: bytes) -> T:
    try:
        return parse(answer)
    except commands.AnswerError as error:
        raise ReaderSilent(f"the reader answers nonsense: {error}") from error
