"""The EasyPrinter S3 on a link: joins its language, a stream of bytes and a clock."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from device.display.cards.profile import EPS3
from device.display.cards.raster import Raster
from device.display.printers.eps3 import (
    ABORT_FEED,
    ASK_STATE,
    ASK_UID,
    EJECT,
    FEED_FROM_FRONT,
    REBOOT,
    START,
    PrintWatch,
    Reply,
    ReplyError,
    ReplyKind,
    State,
    parse_state,
    parse_uid,
)
from device.display.printers.eps3_image import LINE_BYTES_MAX, picture
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
from device.errors import LinkLost

POLL_S = 0.1  # as often as the open client asks


@dataclass(frozen=True, slots=True, kw_only=True)
class Eps3Timings:
    """How long things may take."""

    reply_s: float = 2.0  # as the open client has it
    quiet_s: float = 0.5  # nothing is on its way any more
    settle_s: float = 8.0  # after that it is not quiet because something else speaks
    move_s: float = 8.0
    load_s: float = 120.0  # 82 kB at 9600 baud are 86 s
    rewrite_s: float = 20.0
    reboot_s: float = 15.0  # "at least 15 s" until it can be spoken to again


class Eps3Printer:
    """A `CardPrinter`; one task at a time, except that `cancel` may come from another."""

    traits = Traits(profile=EPS3, reads_uids=True)

    def __init__(self, link: Link, *, timings: Eps3Timings | None = None) -> None:
        self._link = link
        self._timings = timings or Eps3Timings()
        self._fault: Fault | None = None
        self._loaded: Raster | None = None
        # What may be in memory besides: of a picture we know, or of one that nobody knows.
        self._leavings: Raster | None = None
        self._has_leavings = True
        self._is_out_of_step = True
        self._is_taking = False
        self._is_cancelled = False

    async def status(self) -> Status:
        """Return what the sensors say, with the last fault until something goes well again."""
        try:
            state = await self._state()
        except PrinterTrouble as error:
            return Status(card_held=False, card_at_gate=False, cover_open=False, fault=error.fault)
        if self._fault is not None and self._fault.code is FaultCode.COMMS:
            self._fault = None  # It answers: that has gone well.
        return state.status(self._fault)

    async def take_card(self, timeout_s: float) -> bool:
        """Open the front slot until a card is held; False after `timeout_s` or `cancel`."""
        self._is_taking, self._is_cancelled = True, False
        try:
            await self._clear_memory()
            await self._tell(FEED_FROM_FRONT)
            if await self._see(lambda state: state.in_print_position, timeout_s):
                self._fault = None
                return True
            await self._tell(ABORT_FEED)
            state = await self._state()
            if state.error:
                raise self._trouble(FaultCode.PRINTER, "it reports an error and takes no card")
            # A card may have come at the very moment; then it is ours to deal with.
            return state.in_print_position
        except asyncio.CancelledError:
            with suppress(LinkLost):
                await self._link.write(ABORT_FEED)
            raise
        finally:
            self._is_taking = False

    async def cancel(self) -> None:
        """Close the slot again; without a `take_card` under way it does nothing."""
        self._is_cancelled = self._is_taking

    async def read_uid(self) -> bytes:
        """Return the UID of the held card."""
        line = await self._ask(ASK_UID, ReplyKind.LINE, self._timings.reply_s)
        try:
            return parse_uid(line)
        except ReplyError as error:
            raise self._trouble(FaultCode.READ, str(error)) from error

    async def load(self, raster: Raster) -> None:
        """Send the whole picture; `rewrite` starts the print.

        Sending it a second time puts the same dots in the same places. Over another picture nobody
        can say what would be printed, so that one has to be forgotten first: it is, once the card
        is out.
        """
        if self._loaded == raster:
            return
        state = await self._state()
        if self._has_leavings and self._leavings != raster and not state.is_empty:
            raise self._trouble(FaultCode.BAD_DATA, "another picture is still in memory")
        await self._clear_memory()
        marks = picture(raster)
        self._has_leavings, self._leavings = True, raster
        self._is_out_of_step = True  # until we know that the last line was taken whole
        await self._link.write(marks)
        await self._ask(ASK_STATE, ReplyKind.STATE, self._timings.load_s, after_picture=True)
        self._loaded, self._fault = raster, None

    async def rewrite(self) -> Outcome:
        """Erase, print and hold; UNKNOWN unless each state on the way was as it should be."""
        if self._loaded is None:
            self._fault = Fault(FaultCode.BAD_DATA, Rank.MINOR, "no picture was loaded")
            return Outcome.FAILED
        self._loaded = None
        watch = PrintWatch()
        try:
            await self._tell(START)
            async with asyncio.timeout(self._timings.rewrite_s):
                while (outcome := watch.see(await self._state())) is None:  # noqa: ASYNC110 - it is asked
                    await asyncio.sleep(POLL_S)
        except (LinkLost, PrinterTrouble, TimeoutError):
            return Outcome.UNKNOWN
        return outcome

    async def eject(self) -> None:
        """Push the card out to the front slot."""
        await self._tell(EJECT)
        if not await self._see(lambda state: state.is_empty, self._timings.move_s):
            raise self._trouble(FaultCode.JAM, f"still inside after {self._timings.move_s:g} s")
        await self._clear_memory()

    async def retract(self) -> None:
        """Take the card in the front slot in again."""
        await self._tell(FEED_FROM_FRONT)
        if not await self._see(lambda state: state.in_print_position, self._timings.move_s):
            await self._tell(ABORT_FEED)
            raise self._trouble(FaultCode.NO_CARD, "no card came in from the front slot")

    async def wants_cleaning(self) -> bool:
        """Return False: it does not count."""
        return False

    async def reset(self) -> None:
        """Boot it anew, some 15 s; over TCP it hangs up on the way."""
        self._loaded = None
        await self._tell(REBOOT)
        await asyncio.sleep(self._timings.reboot_s)
        with suppress(LinkLost):
            await self._state()
        await self._state()
        self._has_leavings, self._fault = False, None

    async def _clear_memory(self) -> None:
        if self._has_leavings and (await self._state()).is_empty:
            await self._tell(START)  # with no card inside this only forgets
            self._has_leavings, self._leavings, self._loaded = False, None, None

    async def _see(self, is_wanted: Callable[[State], bool], timeout_s: float) -> bool:
        """Look until it is as wanted; False after `timeout_s`, an error or a `cancel`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while True:
                    state = await self._state()
                    if is_wanted(state):
                        return True
                    if state.error or self._is_cancelled:
                        return False
                    await asyncio.sleep(POLL_S)
        return False

    async def _tell(self, command: bytes) -> None:
        """Send what is not answered."""
        if self._is_out_of_step:
            await self._fall_into_step()
        await self._link.write(command)

    async def _state(self) -> State:
        reply = await self._ask(ASK_STATE, ReplyKind.STATE, self._timings.reply_s)
        return parse_state(reply[0])

    async def _ask(
        self, request: bytes, kind: ReplyKind, timeout_s: float, *, after_picture: bool = False
    ) -> bytes:
        """Return the reply to `request`, which is the only one under way."""
        if self._is_out_of_step and not after_picture:
            await self._fall_into_step()
        self._is_out_of_step = True
        await self._link.write(request)
        reply = Reply(kind)
        try:
            async with asyncio.timeout(timeout_s):
                while (found := reply.feed(await self._link.read())) is None:
                    pass
        except (TimeoutError, ReplyError) as error:
            why = str(error) or f"no reply within {timeout_s:g} s"
            raise self._trouble(FaultCode.COMMS, why) from error
        self._is_out_of_step = False
        return found

    async def _fall_into_step(self) -> None:
        """Bring an interrupted line of a picture to its end and drop replies that came late.

        A state may be asked for anywhere; in the middle of a line it counts as dots.
        """
        await self._link.write(ASK_STATE * LINE_BYTES_MAX)
        try:
            async with asyncio.timeout(self._timings.settle_s):
                while await self._is_heard():
                    pass
        except TimeoutError as error:
            raise self._trouble(FaultCode.COMMS, "the line does not fall quiet") from error
        self._is_out_of_step = False

    async def _is_heard(self) -> bool:
        """Return whether anything came that was on its way, and drop it."""
        try:
            async with asyncio.timeout(self._timings.quiet_s):
                await self._link.read()
        except TimeoutError:
            return False
        return True

    def _trouble(self, code: FaultCode, detail: str) -> PrinterTrouble:
        self._fault = Fault(code, Rank.OPERATOR, detail)
        return PrinterTrouble(self._fault)
