"""A PN532 on a bus as a `Link`: it speaks only when asked, so it is asked until it is ready.

What is read too short is lost, and reading too much takes time: so we read what most answers have
and, if the frame turns out longer, have the chip send it again (NACK) and read all of it.

Source: NXP UM0701-02 rev. 02 (PN532 User Manual) §6.2.4 (I2C) and §6.2.5 (SPI).
"""

import asyncio
import functools
from collections.abc import Callable
from typing import Protocol, TypeVar

from device.errors import LinkLost
from device.nfc import frames

ACK_BYTES = len(frames.ACK)
MOST_ANSWERS_BYTES = 32  # A block of MIFARE in its frame takes 26.

# A chip that sleeps may not acknowledge its address; being asked has woken it.
TRIES_MAX = 3
WAKE_S = 0.002

# Soon after a command its answer is near; while a card is waited for, asking often costs too much.
POLL_S, POLL_LATER_S = 0.001, 0.005
POLLS_BEFORE_LATER = 50

T = TypeVar("T")


class Bus(Protocol):
    """The chip as its bus shows it; every method blocks for as long as its bytes take."""

    def open(self) -> None:
        """Take the bus; raises LinkLost or LinkBusy."""
        ...

    def close(self) -> None:
        """Give the bus back; closing twice does nothing."""
        ...

    def is_ready(self) -> bool:
        """Return whether the chip has something to say."""
        ...

    def read(self, most_bytes: int) -> bytes:
        """Return the first bytes of what it says; the rest of it is lost."""
        ...

    def write(self, frame: bytes) -> None:
        """Send one frame."""
        ...


class BusLink:
    """`Link` over `bus`."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._next_bytes = MOST_ANSWERS_BYTES

    async def open(self) -> None:
        """Take the bus for this program alone and wake the chip.

        Raises:
            LinkLost: there is no such bus.
            LinkBusy: another program has it.
        """
        self._bus.open()
        try:
            await self._tried(self._bus.is_ready)
        except LinkLost:
            self._bus.close()
            raise
        await asyncio.sleep(WAKE_S)

    async def read(self) -> bytes:
        """Return the next frame, waiting until the chip is ready."""
        await asyncio.sleep(0)  # A bus that talks nonsense without end must not stop the program.
        await self._until_ready()
        size, self._next_bytes = self._next_bytes, MOST_ANSWERS_BYTES
        data = await self._tried(lambda: self._bus.read(size))
        whole = frame_bytes(data)
        if whole > size:
            await self._tried(lambda: self._bus.write(frames.NACK))
            await self._until_ready()
            data = await self._tried(lambda: self._bus.read(whole))
        return data

    async def write(self, data: bytes) -> None:
        """Send each frame in `data` in a transfer of its own; a bus needs no wake-up bytes."""
        for kind, body in frames.FrameReader().feed(data):
            frame = _CONTROL[kind] if kind in _CONTROL else frames.encode(body)
            await self._tried(functools.partial(self._bus.write, frame))
            if kind == frames.INFORMATION:
                self._next_bytes = ACK_BYTES

    async def close(self) -> None:
        """Give the bus back; closing twice does nothing."""
        self._bus.close()

    async def _until_ready(self) -> None:
        polls = 0
        while not await self._tried(self._bus.is_ready):
            await asyncio.sleep(POLL_S if polls < POLLS_BEFORE_LATER else POLL_LATER_S)
            polls += 1

    async def _tried(self, transfer: Callable[[], T]) -> T:
        for _ in range(TRIES_MAX - 1):
            try:
                return transfer()
            except LinkLost:
                await asyncio.sleep(WAKE_S)
        return transfer()


_CONTROL = {frames.ACKNOWLEDGED: frames.ACK, frames.NOT_ACKNOWLEDGED: frames.NACK}


def frame_bytes(data: bytes) -> int:
    """Return how long the frame that begins in `data` is, or 0 if its head is missing or wrong."""
    start = data.find(b"\x00\xff")
    head = data[start + 2 : start + 7]
    if start < 0 or len(head) < 2:
        return 0
    length, check = head[0], head[1]
    if (length, check) in ((0x00, 0xFF), (0xFF, 0x00)):
        return start + 4
    body_at = start + 4
    if length == 0xFF and check == 0xFF:
        if len(head) < 5:
            return start + 7  # Too short to tell; at least this much.
        length, check = head[2] << 8 | head[3], head[2] + head[3] + head[4]
        body_at = start + 7
    else:
        check += length
    if check & 0xFF or length > frames.BODY_MAX_BYTES:
        return 0
    return body_at + length + 1
