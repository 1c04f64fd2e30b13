"""A PN532 on a serial link: wakes it, finds cards, and exchanges blocks with them.

Source: NXP UM0701-02 rev. 02 (PN532 User Manual), §6.2 for the link and §7 for the commands.

A command that was cut short (time-out, cancellation, damage) may still be answered later. So the
next one first *settles* the reader: it aborts whatever runs and asks for an echo of a new number;
all that comes before that echo is old.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol, TypeVar

from device.nfc import classic, commands, frames
from device.nfc.reader import (
    AuthenticationFailed,
    CardGone,
    CardRefused,
    CardSeen,
    LinkLost,
    ReaderSilent,
)

SENDS_MAX = 3
RESENDS_MAX = 2  # How often we ask the reader to repeat a damaged answer.

# The manual has us resend after 15 ms; an FTDI adapter alone may hold bytes back for 16.
ACK_TIMEOUT_S = 0.032
ANSWER_TIMEOUT_S = 0.5
RESELECT_TIMEOUT_S = 0.1
ECHO_TIMEOUT_S = 0.1

_WAKE_UP = b"\x55\x55" + bytes(14)  # §7.2.11: any rising edges; the zeros give it 1.2 ms to wake.
_CHIP = 0x32

# Statuses after which the card is there but did not do it. A chip's choice between them for a NAK
# is not in the manual, so all that can mean one count alike.
_REFUSALS = (0x10, 0x13, commands.CARD_AUTHENTICATION)


T = TypeVar("T")


class Link(Protocol):
    """A stream of bytes to the reader and back."""

    async def open(self) -> None: ...
    async def read(self) -> bytes: ...
    def write(self, data: bytes) -> None: ...
    async def close(self) -> None: ...


class Pn532:
    """A card reader with a PN532; see `device.nfc.reader.Reader` for what the methods promise."""

    def __init__(self, link: Link) -> None:
        """Speak over `link`; nothing happens before `open`."""
        self._link = link
        self._frames = frames.FrameReader()
        self._found: list[tuple[int, bytes]] = []
        self._settled = False
        self._echo = 0
        self._card: commands.Target | None = None
        self._open_block: int | None = None

    async def open(self) -> None:
        """Open the link, wake the chip and prepare it; on failure the link is closed again.

        Raises:
            LinkLost: there is no such port.
            LinkBusy: another program has it.
            ReaderSilent: nothing answers like a PN532.
        """
        await self._link.open()
        try:
            await self._prepare()
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        """Stop what the chip is doing and give the link back; closing twice does nothing."""
        self._forget_card()
        self._settled = False
        with contextlib.suppress(LinkLost):
            self._link.write(frames.ACK)
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
        uid = self._selected().uid
        if await self._select(uid, RESELECT_TIMEOUT_S) is None:
            raise CardGone(f"card {uid.hex()[-4:]} does not answer any more")

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
        """Return whether the selected card is still in the field; keeps an open sector open."""
        if self._card is None:
            return False
        # A Classic has no other sign of life than a read in its open sector or a new selection.
        if self._open_block is not None:
            status, _ = await self._ask_card(classic.read(self._open_block))
            if status == commands.OK:
                return True
        return await self._select(self._selected().uid, RESELECT_TIMEOUT_S) is not None

    async def release(self) -> None:
        """Halt the card and forget it."""
        self._forget_card()
        await self._exchange(commands.release(), ANSWER_TIMEOUT_S)

    async def _prepare(self) -> None:
        self._settled = False
        self._forget_card()
        await self._wake()
        version = await self._exchange(commands.get_firmware_version(), ANSWER_TIMEOUT_S)
        chip = commands.parse_firmware_version(version)[0]
        if chip != _CHIP:
            raise ReaderSilent(f"chip 0x{chip:02x} answers, wanted a PN532 (0x{_CHIP:02x})")
        forever = commands.passive_activation_retries(commands.RETRY_FOR_EVER)
        await self._exchange(forever, ANSWER_TIMEOUT_S)

    async def _wake(self) -> None:
        # A chip in its low-power state hears nothing else before this command (§7.2.10).
        configure = commands.sam_configuration()
        self._link.write(_WAKE_UP + frames.encode(configure))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ECHO_TIMEOUT_S):
                while not commands.answers((await self._next_frame())[1], configure):
                    pass

    async def _select(self, uid: bytes, timeout_s: float) -> commands.Target | None:
        self._forget_card()
        try:
            answer = await self._exchange(commands.list_passive_target(uid), timeout_s)
        except _NoAnswer:
            await self._settle()
            return None
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
        return _checked(commands.parse_exchange, await self._exchange(command, ANSWER_TIMEOUT_S))

    def _expect_ok(self, status: int, block: int) -> None:
        if status == commands.OK:
            return
        self._open_block = None
        text = f"block {block}: {commands.status_text(status)}"
        # Noise on the air ends a session just as a card that leaves does.
        raise CardRefused(text) if status in _REFUSALS else CardGone(text)

    async def _exchange(self, command: bytes, answer_timeout_s: float) -> bytes:
        """Send one command and return the body of its answer."""
        if not self._settled:
            await self._settle()
        self._settled = False
        answer = await self._send_until_acknowledged(command)
        if answer is None:
            answer = await self._answer_to(command, answer_timeout_s)
        self._settled = not self._found
        return answer

    async def _send_until_acknowledged(self, command: bytes) -> bytes | None:
        """Return None once the reader has taken `command`, or its answer if that came instead."""
        frame = frames.encode(command)
        for attempt in range(SENDS_MAX):
            if attempt:
                await self._settle()
            self._link.write(frame)
            try:
                async with asyncio.timeout(ACK_TIMEOUT_S):
                    while True:
                        kind, body = await self._next_frame()
                        if kind == frames.ACKNOWLEDGED:
                            return None
                        if kind == frames.INFORMATION and commands.answers(body, command):
                            return body
                        if kind == frames.NOT_ACKNOWLEDGED:
                            break
            except TimeoutError:
                continue
        raise ReaderSilent(f"command 0x{command[1]:02x} sent {SENDS_MAX} times, never acknowledged")

    async def _answer_to(self, command: bytes, timeout_s: float) -> bytes:
        resends = 0
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    kind, body = await self._next_frame()
                    if kind == frames.INFORMATION and commands.answers(body, command):
                        return body
                    if kind == frames.REFUSED:
                        raise ReaderSilent(f"the reader does not know command 0x{command[1]:02x}")
                    if kind == frames.DAMAGED and resends < RESENDS_MAX:
                        resends += 1
                        self._link.write(frames.NACK)
        except TimeoutError:
            raise _NoAnswer(
                f"no answer to command 0x{command[1]:02x} within {timeout_s} s"
            ) from None

    async def _settle(self) -> None:
        """Abort what runs and pass over every old answer; afterwards the line is in step."""
        for _ in range(SENDS_MAX):
            self._echo = (self._echo + 1) & 0xFF
            command = commands.diagnose_line(bytes([self._echo]))
            wanted = bytes([commands.FROM_READER, commands.DIAGNOSE + 1]) + command[2:]
            self._found.clear()
            self._frames.clear()
            self._link.write(frames.ACK + frames.encode(command))
            try:
                async with asyncio.timeout(ECHO_TIMEOUT_S):
                    while (await self._next_frame())[1] != wanted:
                        pass
            except TimeoutError:
                continue
            self._settled = True
            return
        raise ReaderSilent(f"no echo from the reader after {SENDS_MAX} tries")

    async def _next_frame(self) -> tuple[int, bytes]:
        while not self._found:
            self._found = self._frames.feed(await self._link.read())
        return self._found.pop(0)


def _checked(parse: Callable[[bytes], T], answer: bytes) -> T:
    try:
        return parse(answer)
    except commands.AnswerError as error:
        raise ReaderSilent(f"the reader answers nonsense: {error}") from error


class _NoAnswer(ReaderSilent):
    """The command was taken but not answered in time: to be expected when waiting for a card."""
