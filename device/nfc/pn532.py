"""A PN532 on a serial link: finds cards and exchanges blocks with them.

Source: NXP UM0701-02 rev. 02 (PN532 User Manual), §7.
"""

from collections.abc import Callable
from typing import TypeVar

from device.nfc import classic, commands
from device.nfc.dialogue import Dialogue, Link, NoAnswer
from device.nfc.reader import (
    AuthenticationFailed,
    CardGone,
    CardRefused,
    CardSeen,
    ReaderSilent,
)

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
        self._open_block: int | None = None

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
        return CardSeen(uid=target.uid, atqa=target.atqa, sak=target.sak)

    async def reselect(self) -> None:
        """Select the same card anew, without authentication, or raise CardGone."""
        card = self._selected()
        if await self._select(card.uid, RESELECT_TIMEOUT_S) is None:
            self._card = card  # So that the caller may try once more.
            raise CardGone(f"card …{card.uid.hex()[-4:]} does not answer any more")

    async def authenticate(self, block: int, key: bytes, *, key_b: bool = False) -> None:
        """Open the sector of `block` with a 6-byte key."""
        self._open_block = None
        command = classic.authenticate(block, key, self._selected().uid, key_b)
        status, _ = await self._ask_card(command)
        if status == commands.CARD_AUTHENTICATION:
            sector, name = classic.sector_of(block), "B" if key_b else "A"
            raise AuthenticationFailed(f"key {name} does not open sector {sector}")
        self._expect_ok(status, block)
        self._open_block = block

    async def read_block(self, block: int) -> bytes:
        """Return the 16 bytes of a block in the open sector."""
        status, data = await self._ask_card(classic.read(block))
        self._expect_ok(status, block)
        if len(data) != classic.BLOCK_BYTES:
            raise CardGone(f"block {block}: {len(data)} bytes, wanted {classic.BLOCK_BYTES}")
        return data

    async def write_block(self, block: int, data: bytes) -> None:
        """Replace the 16 bytes of a block in the open sector."""
        status, _ = await self._ask_card(classic.write(block, data))
        self._expect_ok(status, block)

    async def is_present(self) -> bool:
        """Return whether the selected card has stayed in the field; keeps an open sector open.

        A card that left and came back has not stayed: what was read of it may be old.
        """
        if self._card is None:
            return False
        if self._open_block is None:
            return await self._select(self._card.uid, RESELECT_TIMEOUT_S) is not None
        # A Classic has no other sign of life than a read in its open sector or a new selection.
        status, _ = await self._ask_card(classic.read(self._open_block))
        if status != commands.OK:
            self._forget_card()
        return status == commands.OK

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
        self._open_block = None

    async def _ask_card(self, data: bytes) -> tuple[int, bytes]:
        command = commands.data_exchange(self._selected().number, data)
        answer = await self._dialogue.exchange(command, ANSWER_TIMEOUT_S)
        return _checked(commands.parse_exchange, answer)

    def _expect_ok(self, status: int, block: int) -> None:
        if status == commands.OK:
            return
        self._open_block = None
        text = f"block {block}: {commands.status_text(status)}"
        # Noise on the air ends a session just as a card that leaves does.
        raise CardRefused(text) if status in _REFUSALS else CardGone(text)


def _checked(parse: Callable[[bytes], T], answer: bytes) -> T:
    try:
        return parse(answer)
    except commands.AnswerError as error:
        raise ReaderSilent(f"the reader answers nonsense: {error}") from error
