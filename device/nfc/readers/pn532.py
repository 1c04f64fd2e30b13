"""A PN532 on any of its links: finds cards and exchanges blocks with them.

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

# The chip gives a card without 14443-4 51 ms (§7.3.1, item 2); the rest is for line and adapter.
MIFARE_TIMEOUT_S = 0.12

# How often a look that must end tries again; each try is a few milliseconds on the air.
LOOK_RETRIES = 2
LOOK_TIMEOUT_S = 0.3

_CHIP = 0x32

# Statuses after which the card is there but did not do it. Which of them a chip uses for a NAK is
# not in the manual, so all that can mean one count alike.
_REFUSALS = (0x10, 0x13, commands.CARD_AUTHENTICATION)
# An answer of four bits, as NTAGs refuse with, has no CRC.
_RAW_REFUSALS = (*_REFUSALS, commands.CRC_ERROR)

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
        self._retries: int | None = None  # As the chip was told; None if nobody knows.

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
        if timeout_s > 0:
            target = await self._search(timeout_s)
        else:
            target = await self._look(b"")
        if target is None:
            return None
        return CardSeen(uid=target.uid, atqa=target.atqa, sak=target.sak, ats=target.ats)

    async def reselect(self) -> None:
        """Select the same card anew, without authentication, or raise CardGone."""
        card = self._selected()
        try:
            found = await self._look(card.uid)
        finally:
            self._card = card  # So that the caller may try once more.
        if found is None:
            raise CardGone(f"card …{card.uid.hex()[-4:]} does not answer any more")

    async def exchange(self, data: bytes) -> bytes:
        """Return the card's answer to a MIFARE command or an APDU (InDataExchange, §7.3.8)."""
        card = self._selected()
        command = commands.data_exchange(card.number, data)
        timeout_s = ANSWER_TIMEOUT_S if card.ats else MIFARE_TIMEOUT_S
        return await self._ask_card(command, timeout_s, _REFUSALS)

    async def exchange_raw(self, frame: bytes, *, once: bool = False) -> bytes:
        """Return the card's answer to a frame as it is (InCommunicateThru, §7.3.9)."""
        self._selected()
        command = commands.communicate_thru(frame)
        return await self._ask_card(command, MIFARE_TIMEOUT_S, _RAW_REFUSALS, once=once)

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
        self._retries = None
        await self._set_retries(commands.RETRY_FOR_EVER)

    async def _search(self, timeout_s: float) -> commands.Target | None:
        await self._set_retries(commands.RETRY_FOR_EVER)
        try:
            return await self._select(b"", timeout_s)
        except NoAnswer:
            return None  # The next exchange aborts the search.

    async def _look(self, uid: bytes) -> commands.Target | None:
        await self._set_retries(LOOK_RETRIES)
        target = await self._select(uid, LOOK_TIMEOUT_S)
        return None if target is not None and uid and target.uid != uid else target

    async def _set_retries(self, retries: int) -> None:
        if self._retries == retries:
            return
        self._retries = None
        configure = commands.passive_activation_retries(retries)
        await self._dialogue.exchange(configure, ANSWER_TIMEOUT_S)
        self._retries = retries

    async def _select(self, uid: bytes, timeout_s: float) -> commands.Target | None:
        self._forget_card()
        answer = await self._dialogue.exchange(commands.list_passive_target(uid), timeout_s)
        self._card = _checked(commands.parse_target, answer)
        return self._card

    def _selected(self) -> commands.Target:
        if self._card is None:
            raise CardGone("no card is selected")
        return self._card

    def _forget_card(self) -> None:
        self._card = None

    async def _ask_card(
        self, command: bytes, timeout_s: float, refusals: tuple[int, ...], *, once: bool = False
    ) -> bytes:
        answer = await self._dialogue.exchange(command, timeout_s, once=once)
        status, data = _checked(commands.parse_exchange, answer)
        if status == commands.OK:
            return data
        text = f"command 0x{command[1]:02x}: {commands.status_text(status)}"
        # Noise on the air ends a session just as a card that leaves does.
        raise CardRefused(text) if status in refusals else CardGone(text)


def _checked(parse: Callable[[bytes], T], answer: bytes) -> T:
    try:
        return parse(answer)
    except commands.AnswerError as error:
        raise ReaderSilent(f"the reader answers nonsense: {error}") from error
