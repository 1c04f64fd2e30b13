"""The Star TCP300II on a link: joins the protocol core, a port and a clock."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from device.display.cards.profile import STAR_TCP
from device.display.cards.raster import Raster
from device.display.printers.cleaning import is_cleaning_due
from device.display.printers.link import Link
from device.display.printers.printer import (
    Fault,
    FaultCode,
    Outcome,
    PrinterTrouble,
    Rank,
    Status,
    Traits,
)
from device.display.printers.star import (
    DISCHARGE_FULLY,
    ERASE_HOLD,
    ERASE_PRINT_HOLD,
    Command,
    Exchange,
    Failed,
    fault_of,
    parse_status,
)
from device.display.printers.star_frames import Response, encode
from device.display.printers.star_image import upload
from device.errors import LinkLost

# A reset (power, transport path opened) destroys the image memory and takes about 3 s, in which
# the printer is silent. Had one happened, two of its answers would be further apart than this.
MEMORY_TRUST_S = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class StarTimings:
    """How long commands may take; they change with the room and the card (manual p. 1)."""

    short_s: float = 8.0
    rewrite_s: float = 20.0
    armed_s: float = 30.0  # so long at most an open slot may be one no more without our knowing


class StarPrinter:
    """A `CardPrinter`; one task at a time, except that `cancel` may come from another."""

    def __init__(
        self,
        link: Link,
        *,
        monotonic_s: Callable[[], float],
        timings: StarTimings | None = None,
        erases: int = 1,
    ) -> None:
        """`erases` is how often the erase head passes over the film before it is printed."""
        self._link = link
        self._monotonic_s = monotonic_s
        self._timings = timings or StarTimings()
        self.traits = Traits(profile=STAR_TCP, erases=erases)
        self._wanted: Raster | None = None
        self._in_memory: Raster | None = None
        self._answered_s = float("-inf")
        self._fault: Fault | None = None
        self._is_taking = False
        self._is_cancelled = False

    async def status(self) -> Status:
        """Return what the sensors say, with the last fault until something goes well again."""
        answer = await self._exchange(Command.STATUS)
        fault = fault_of(answer)
        if isinstance(answer, Response):
            if self._fault is not None and self._fault.code is FaultCode.COMMS:
                self._fault = None  # It answers: that has gone well.
            status = parse_status(answer.data, fault or self._fault)
            if status is not None:
                if status.cover_open:
                    self._in_memory = None
                return status
            fault = Fault(FaultCode.COMMS, Rank.OPERATOR, f"status of {answer.data[:16]!r}")
        return Status(card_held=False, card_at_gate=False, cover_open=False, fault=fault)

    async def take_card(self, timeout_s: float) -> bool:
        """Open the slot until a card is held; False after `timeout_s` or `cancel`.

        A printer that was switched off and on, or whose transport path was opened, has forgotten
        that it waits for a card and does not say so. So the slot is opened again and again.
        """
        ends_s = self._monotonic_s() + timeout_s
        self._is_taking, self._is_cancelled = True, False
        try:
            while (left_s := ends_s - self._monotonic_s()) > 0 and not self._is_cancelled:
                if await self._take_within(min(left_s, self._timings.armed_s)):
                    return True
        finally:
            self._is_taking = False
        return False

    async def cancel(self) -> None:
        """Close the slot again; without a `take_card` under way it does nothing."""
        self._is_cancelled = self._is_taking
        if self._is_taking:
            await self._link.write(encode(Command.CANCEL_INSERTION))

    async def read_uid(self) -> bytes:
        """Raise: it has no reader for chips."""
        raise PrinterTrouble(Fault(FaultCode.READ, Rank.MINOR, "this printer reads no UIDs"))

    async def load(self, raster: Raster) -> None:
        """Bring the printer's image memory to `raster`, sending only what it lacks."""
        present, self._in_memory = self._trusted_memory(), None
        self._wanted = raster
        for command, data in upload(raster, present):
            await self._do(command, data)
        self._in_memory = raster

    async def rewrite(self) -> Outcome:
        """Erase, print and hold; UNKNOWN if it may have begun and did not say how it ended."""
        if self._wanted is None:
            self._fault = Fault(FaultCode.BAD_DATA, Rank.MINOR, "no picture was loaded")
            return Outcome.FAILED
        if self._trusted_memory() is None:
            try:
                await self.load(self._wanted)
            except (PrinterTrouble, LinkLost):
                return Outcome.FAILED
        outcome = Outcome.OK
        for passes_left in reversed(range(self.traits.erases)):
            if outcome is Outcome.OK:
                outcome = await self._heat(ERASE_HOLD if passes_left else ERASE_PRINT_HOLD)
        return outcome

    async def eject(self) -> None:
        """Push the card out; it then waits at the gate."""
        await self._do(Command.DISCHARGE, DISCHARGE_FULLY)

    async def retract(self) -> None:
        """Make the card at the gate ours again and pull it to the rear."""
        await self._do(Command.CANCEL_REMOVAL)
        await self._do(Command.TAKE_TO_REAR)

    async def reset(self) -> None:
        """Reset; about 3 s. A card inside is discharged."""
        self._in_memory = None
        await self._do(Command.RESET)

    async def wants_cleaning(self) -> bool:
        """Look at the count of passes; where it is due, staff may press the cleaning button."""
        answer = await self._exchange(Command.TRANSPORT_COUNT)
        digits = answer.data[:10] if isinstance(answer, Response) else b""
        if not digits.isdigit() or not is_cleaning_due(int(digits)):
            return False
        await self._exchange(Command.ALLOW_CLEANING)
        return True

    async def _take_within(self, timeout_s: float) -> bool:
        try:
            answer = await self._exchange(
                Command.TAKE_IN, timeout_s=timeout_s, ended_by=Command.CANCEL_INSERTION
            )
        except asyncio.CancelledError:
            with suppress(LinkLost):
                await self._link.write(encode(Command.CANCEL_INSERTION))
            raise
        if isinstance(answer, Response) and answer.command == Command.TAKE_IN:
            self._check(answer)
            return True
        if isinstance(answer, Failed) and not answer.accepted:
            self._check(answer)
        if isinstance(answer, Failed):
            await self._do(Command.CANCEL_INSERTION)
        # A card may have come at the very moment; then it is ours to deal with.
        return (await self.status()).card_held

    async def _heat(self, what: bytes) -> Outcome:
        try:
            answer = await self._exchange(Command.REWRITE, what, timeout_s=self._timings.rewrite_s)
        except LinkLost:
            return Outcome.UNKNOWN
        self._fault = fault_of(answer)
        if isinstance(answer, Failed):
            return Outcome.FAILED if answer.refused else Outcome.UNKNOWN
        return Outcome.OK if self._fault is None else Outcome.FAILED

    async def _do(self, command: Command, data: bytes = b"") -> None:
        self._check(await self._exchange(command, data))

    def _check(self, answer: Response | Failed) -> None:
        self._fault = fault_of(answer)
        if self._fault is not None:
            raise PrinterTrouble(self._fault)

    def _trusted_memory(self) -> Raster | None:
        silent_s = self._monotonic_s() - self._answered_s
        return self._in_memory if silent_s <= MEMORY_TRUST_S else None

    async def _exchange(
        self,
        command: Command,
        data: bytes = b"",
        *,
        timeout_s: float | None = None,
        ended_by: int = 0,
    ) -> Response | Failed:
        if self._trusted_memory() is None:
            self._in_memory = None
        wait_s = self._timings.short_s if timeout_s is None else timeout_s
        exchange = Exchange(command, data, answer_timeout_s=wait_s, ended_by=ended_by)
        await self._link.write(exchange.start(self._monotonic_s()))
        while exchange.answer is None:
            if reply := await self._hear(exchange):
                await self._link.write(reply)
        if isinstance(exchange.answer, Failed) and not exchange.answer.refused:
            self._in_memory = None
        else:
            self._answered_s = self._monotonic_s()
        return exchange.answer

    async def _hear(self, exchange: Exchange) -> bytes:
        try:
            async with asyncio.timeout(max(0.0, exchange.deadline_s - self._monotonic_s())):
                received = await self._link.read()
        except TimeoutError:
            return exchange.wake(self._monotonic_s())
        return exchange.feed(received, self._monotonic_s())
