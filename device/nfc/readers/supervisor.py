"""One who looks after a reader: brings it back when it is lost, and knows when a card has left."""

import random
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

import structlog

from device.errors import DeviceError
from device.nfc.reader import CardSeen, LinkBusy, LinkLost, Reader, ReaderSilent
from device.nfc.readers.supervision import LOOK_EVERY_MS, Departure, Health, retry_delay_ms
from loyalty.clock import Clock

# A search whose command the reader has lost is found out only by ending it: no card that is held
# for twice as long must miss its tap.
SEARCH_S = 0.15
MISSING_TRIES = 2  # A reader that one of so many tries brings back was hardly gone.

T = TypeVar("T")

log = structlog.get_logger()


class Rescue(Protocol):
    """Something to do about a reader that does not answer although its port is there."""

    @property
    def name(self) -> str:
        """What is tried, for people."""
        ...

    async def apply(self) -> bool:
        """Try it; return whether the reader may answer now."""
        ...


class Supervisor:
    """A `Reader` that outlives its cable; `health` says what it went through.

    `exchange` and the like fail as those of the reader do: a card's session cannot be brought back.
    The next `wait_for_card` brings the reader back.
    """

    def __init__(
        self, reader: Reader, *, clock: Clock, rng: random.Random, rescues: Sequence[Rescue] = ()
    ) -> None:
        """Look after `reader`; `rescues` are tried in turn, the gentlest first."""
        self.health = Health()
        self._reader = reader
        self._clock = clock
        self._rng = rng
        self._rescues = rescues
        self._is_lost = self._is_busy = False
        self._tries = 0

    @property
    def is_lost(self) -> bool:
        """Whether the reader did not answer when it was last asked."""
        return self._is_lost

    @property
    def is_missing(self) -> bool:
        """Whether the reader is lost, and more than a moment was not enough to bring it back."""
        return self._is_lost and self._tries >= MISSING_TRIES

    async def open(self) -> None:
        """Prepare the reader, whatever state it was left in.

        Raises:
            LinkBusy: another program has it.
            LinkLost: there is no such port.
            ReaderSilent: nothing answers; the message says what was tried.
        """
        await self._open()
        self._is_lost = False

    async def close(self) -> None:
        """Let go of the reader; closing twice does nothing."""
        await self._reader.close()

    async def wait_for_card(self, timeout_s: float) -> CardSeen | None:
        """Return the card that is in the field within `timeout_s`, selected, or None.

        A reader that is lost is brought back first, and None is returned if that fails; it takes
        as long as the wait of `retry_delay_ms` and one opening.

        Raises:
            LinkBusy: another program has the card, as PC/SC lets it.
        """
        if self._is_lost and not await self._bring_back():
            return None
        left_s = timeout_s
        while True:
            slice_s = min(left_s, SEARCH_S)
            try:
                seen = await self._look(slice_s)
            except (LinkLost, ReaderSilent) as error:
                self._lose(error)
                return None
            left_s -= slice_s
            if seen is not None:
                self.health = replace(self.health, cards=self.health.cards + 1)
            if seen is not None or left_s <= 0:
                return seen

    async def wait_until_gone(self, uid: bytes) -> None:
        """Return once the card `uid` has left, or another one has taken its place.

        A card that is missed for a moment or that cannot be looked at, and a reader that is lost,
        count as a card still there; with a reader that `is_missing` nobody can tell any more.
        """
        departure = Departure()
        while True:
            if not self._is_lost or await self._bring_back():
                try:
                    seen = await self._look(0)
                except (LinkLost, ReaderSilent) as error:
                    self._lose(error)
                except DeviceError:
                    departure.there()
                else:
                    if seen is not None and seen.uid != uid:
                        break
                    if seen is None and departure.missed():
                        break
                    if seen is not None:
                        departure.there()
            elif self.is_missing:
                break
            await self._clock.sleep_ms(LOOK_EVERY_MS)
        self.health = replace(self.health, flickers=self.health.flickers + departure.flickers)

    async def reselect(self) -> None:
        """Select the same card anew, without authentication, or raise CardGone."""
        await self._watched(self._reader.reselect())

    async def exchange(self, data: bytes) -> bytes:
        """Return the card's answer to a MIFARE command or an APDU."""
        return await self._watched(self._reader.exchange(data))

    async def exchange_raw(self, frame: bytes, *, once: bool = False) -> bytes:
        """Return the card's answer to a frame as it is."""
        return await self._watched(self._reader.exchange_raw(frame, once=once))

    async def release(self) -> None:
        """Halt the card and forget it."""
        await self._watched(self._reader.release())

    async def _look(self, timeout_s: float) -> CardSeen | None:
        """Return what the reader sees; tell when another program has the card, and when no more."""
        try:
            seen = await self._reader.wait_for_card(timeout_s)
        except LinkBusy as error:
            if not self._is_busy:
                self._is_busy = True
                log.warning("reader_busy", error=str(error))
            raise
        if self._is_busy:
            self._is_busy = False
            log.info("reader_free")
        return seen

    async def _watched(self, doing: Awaitable[T]) -> T:
        try:
            done = await doing
        except (LinkLost, ReaderSilent) as error:
            self._lose(error)
            raise
        self._is_lost = False
        return done

    def _lose(self, error: DeviceError) -> None:
        known = self.health
        self.health = replace(known, failures=known.failures + 1, last_error=str(error))
        if not self._is_lost:
            self._is_lost, self._tries = True, 0
            log.warning("reader_lost", error=str(error), failures=self.health.failures)

    async def _bring_back(self) -> bool:
        """Try once; return whether the reader is back."""
        await self._clock.sleep_ms(retry_delay_ms(self._tries, self._rng))
        self._tries += 1
        try:
            await self._reader.close()
            await self._open()
        except DeviceError as error:
            self._lose(error)
            return False
        self._is_lost = False
        known = self.health
        self.health = replace(known, recoveries=known.recoveries + 1)
        log.info("reader_back", tries=self._tries, recoveries=self.health.recoveries)
        return True

    async def _open(self) -> None:
        try:
            return await self._reader.open()
        except ReaderSilent as error:
            silence = error
        tried: list[str] = []
        for rescue in self._rescues:
            tried.append(rescue.name)
            if not await rescue.apply():
                continue
            try:
                await self._reader.open()
            except ReaderSilent:
                continue
            self.health = replace(self.health, rescues=self.health.rescues + 1)
            log.warning("reader_rescued", by=rescue.name, error=str(silence))
            return None
        told = f"; tried in vain: {', '.join(tried)}" if tried else ""
        raise ReaderSilent(f"{silence}{told}") from silence
