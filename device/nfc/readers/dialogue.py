"""Commands and answers with a PN532 over a link, one at a time and in step.

A command that was cut short (time-out, cancellation, damage) may still be answered later. So the
next one first *settles* the reader: it aborts whatever runs and asks for the echo of a new number;
all that comes before that echo is old.

Source: NXP UM0701-02 rev. 02 (PN532 User Manual), §6.2.
"""

import asyncio
import contextlib
from typing import Protocol

from device.nfc import commands, frames
from device.nfc.reader import LinkLost, ReaderSilent

SENDS_MAX = 3
RESENDS_MAX = 2  # How often we ask the reader to repeat a damaged answer.

# The manual has us resend after 15 ms; an FTDI adapter alone may hold bytes back for 16.
ACK_TIMEOUT_S = 0.032
ECHO_TIMEOUT_S = 0.1

# A program that wakes so long after its time was held up itself, and has not listened all along: it
# listens a moment longer before it blames the reader.
HELD_UP_S = 0.003
MOMENT_S = 0.05

_WAKE_UP = b"\x55\x55" + bytes(14)  # §7.2.11: any rising edges; the zeros give it 1.2 ms to wake.


class Link(Protocol):
    """A stream of bytes to the reader and back."""

    async def open(self) -> None: ...
    async def read(self) -> bytes: ...
    async def write(self, data: bytes) -> None: ...
    async def close(self) -> None: ...


class NoAnswer(ReaderSilent):
    """The command was taken but not answered in time: to be expected when waiting for a card."""


class Dialogue:
    """What is said to one PN532 and what it answers."""

    def __init__(self, link: Link) -> None:
        """Speak over `link`, which must be open."""
        self._link = link
        self._frames = frames.FrameReader()
        self._found: list[tuple[int, bytes]] = []
        self._settled = False
        self._echo = 0
        self._put_off_s = 0.0  # The end of waiting that was put off already.

    async def wake(self) -> None:
        """Bring the chip out of its low-power state; it need not have been there."""
        self._settled = False
        # A chip in its low-power state hears nothing else before this command (§7.2.10).
        configure = commands.sam_configuration()
        await self._link.write(_WAKE_UP + frames.encode(configure))
        ends_s = _in(ECHO_TIMEOUT_S)
        with contextlib.suppress(TimeoutError):
            while not commands.answers((await self._next_frame(ends_s))[1], configure):
                pass

    async def abort(self) -> None:
        """Stop what the chip is doing, if the link is still there."""
        self._settled = False
        with contextlib.suppress(LinkLost):
            await self._link.write(frames.ACK)

    async def exchange(
        self, command: bytes, answer_timeout_s: float, *, once: bool = False
    ) -> bytes:
        """Send one command and return the body of its answer.

        A command may be performed twice if the line is bad, but not one that is sent `once`.

        Raises:
            NoAnswer: the reader took the command and did not answer within `answer_timeout_s`.
            ReaderSilent: it did not even take it, or does not know it.
            LinkLost: the port went away.
        """
        if not self._settled:
            await self._settle()
        self._settled = False
        answer = await self._send(command, 1 if once else SENDS_MAX)
        if answer is None:
            answer = await self._answer_to(command, answer_timeout_s)
        self._settled = not self._found
        return answer

    async def _send(self, command: bytes, sends_max: int) -> bytes | None:
        """Return None once the reader has taken `command`, or its answer if that came instead."""
        frame = frames.encode(command)
        for attempt in range(sends_max):
            if attempt:
                await self._settle()
            await self._link.write(frame)
            ends_s = _in(ACK_TIMEOUT_S)
            try:
                while True:
                    kind, body = await self._next_frame(ends_s)
                    if kind == frames.ACKNOWLEDGED:
                        return None
                    if kind == frames.INFORMATION and commands.answers(body, command):
                        return body
                    if kind == frames.NOT_ACKNOWLEDGED:
                        break
            except TimeoutError:
                continue
        raise ReaderSilent(f"command 0x{command[1]:02x} sent {sends_max} times, never acknowledged")

    async def _answer_to(self, command: bytes, timeout_s: float) -> bytes:
        resends = 0
        ends_s = _in(timeout_s)
        try:
            while True:
                kind, body = await self._next_frame(ends_s)
                if kind == frames.INFORMATION and commands.answers(body, command):
                    return body
                if kind == frames.REFUSED:
                    raise ReaderSilent(f"the reader does not know command 0x{command[1]:02x}")
                if kind == frames.DAMAGED and resends < RESENDS_MAX:
                    resends += 1
                    await self._link.write(frames.NACK)
        except TimeoutError as error:
            text = f"no answer to command 0x{command[1]:02x} within {timeout_s} s"
            raise NoAnswer(text) from error

    async def _settle(self) -> None:
        """Abort what runs and pass over every old answer; afterwards the line is in step."""
        for _ in range(SENDS_MAX):
            self._echo = (self._echo + 1) & 0xFF
            command = commands.diagnose_line(bytes([self._echo]))
            wanted = bytes([commands.FROM_READER, commands.DIAGNOSE + 1]) + command[2:]
            self._found.clear()
            self._frames.clear()
            await self._link.write(frames.ACK + frames.encode(command))
            ends_s = _in(ECHO_TIMEOUT_S)
            try:
                while (await self._next_frame(ends_s))[1] != wanted:
                    pass
            except TimeoutError:
                continue
            self._settled = True
            return
        raise ReaderSilent(f"no echo from the reader after {SENDS_MAX} tries")

    async def _next_frame(self, ends_s: float) -> tuple[int, bytes]:
        """Return the next frame, or raise TimeoutError once the loop's time is `ends_s`."""
        while not self._found:
            try:
                async with asyncio.timeout_at(ends_s):
                    data = await self._link.read()
            except TimeoutError:
                if _in(-HELD_UP_S) < ends_s or self._put_off_s == ends_s:
                    raise
                self._put_off_s = ends_s
                async with asyncio.timeout(MOMENT_S):
                    data = await self._link.read()
            self._found = self._frames.feed(data)
        return self._found.pop(0)


def _in(duration_s: float) -> float:
    """Return the loop's time when `duration_s` will have passed."""
    return asyncio.get_running_loop().time() + duration_s
