"""A card printer behind IPP: a print queue of CUPS, or the printer itself.

Such a printer has no slot that we can open and no word for where its card is. The reader's antenna
tells where a card is, the print queue's own driver erases before it prints, and whether a card
shows its face is for somebody to look at.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from device.display.cards.profile import CR80
from device.display.cards.raster import Raster
from device.display.printers.antenna import Antenna
from device.display.printers.http_messages import Answer, HttpError, post
from device.display.printers.ipp import (
    JOB_ENDS,
    JobState,
    Target,
    as_png,
    job_id,
    job_state,
    printer_fault,
    refusal,
)
from device.display.printers.ipp_messages import IppError, Response, decode
from device.display.printers.link import OpenableLink
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

POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class IppTimings:
    """How long things may take."""

    answer_s: float = 10.0
    job_s: float = 90.0


class IppPrinter:
    """A `CardPrinter`; one task at a time, except that `cancel` may come from another."""

    traits = Traits(profile=CR80, tells_outcome=False)

    def __init__(
        self,
        link: OpenableLink,
        antenna: Antenna,
        *,
        host: str,
        port: int,
        path: str,
        timings: IppTimings | None = None,
    ) -> None:
        self._link = link
        self._antenna = antenna
        self._place = (host, port, path)
        self._target = Target(f"ipp://{host}:{port}{path}")
        self._timings = timings or IppTimings()
        self._requests = 0
        self._png: bytes | None = None
        self._is_given_back = False
        self._is_taking = False
        self._is_cancelled = False

    async def status(self) -> Status:
        """Return what the printer and the antenna say."""
        fault: Fault | None
        try:
            fault = printer_fault((await self._ask_state()).attributes)
        except (PrinterTrouble, LinkLost) as error:
            fault = _fault_of(error)
        there = await self._antenna.sees_card()
        self._is_given_back = self._is_given_back and there
        return Status(
            card_held=there and not self._is_given_back,
            card_at_gate=self._is_given_back,
            cover_open=fault is not None and fault.code is FaultCode.COVER,
            fault=fault,
        )

    async def take_card(self, timeout_s: float) -> bool:
        """Wait for a card before the antenna; False after `timeout_s` or `cancel`."""
        self._is_taking, self._is_cancelled, self._is_given_back = True, False, False
        try:
            async with asyncio.timeout(timeout_s):
                while not self._is_cancelled:
                    if await self._antenna.sees_card():
                        return True
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            pass
        finally:
            self._is_taking = False
        return False

    async def cancel(self) -> None:
        """End a `take_card`; without one under way it does nothing."""
        self._is_cancelled = self._is_taking

    async def read_uid(self) -> bytes:
        """Raise: a print queue reads no chips."""
        raise PrinterTrouble(Fault(FaultCode.READ, Rank.MINOR, "a print queue reads no UIDs"))

    async def load(self, raster: Raster) -> None:
        """Make the document ready, and make sure that the printer would take it."""
        self._png = None
        fault = printer_fault((await self._ask_state()).attributes)
        if fault is not None:
            raise PrinterTrouble(fault)
        self._png = as_png(raster, dots_per_inch=self.traits.profile.dots_per_inch)

    async def rewrite(self) -> Outcome:
        """Have it printed; UNKNOWN at best, FAILED where the job was refused or given up."""
        png, self._png = self._png, None
        if png is None:
            return Outcome.FAILED
        try:
            taken = await self._ask(self._target.print_card(self._next(), png))
        except PrinterTrouble as error:
            refused = error.fault.code is FaultCode.BAD_DATA
            return Outcome.FAILED if refused else Outcome.UNKNOWN
        except LinkLost:
            return Outcome.UNKNOWN
        number = job_id(taken.attributes)
        ended = None if number is None else await self._until_ended(number)
        return Outcome.FAILED if ended in (JobState.ABORTED, JobState.CANCELED) else Outcome.UNKNOWN

    async def eject(self) -> None:
        """Take note that the card is to be taken; such a printer puts it out by itself."""
        self._is_given_back = True

    async def retract(self) -> None:
        """Raise: it cannot take a card back in."""
        raise PrinterTrouble(
            Fault(FaultCode.RELEASE, Rank.OPERATOR, "a print queue cannot take it in")
        )

    async def wants_cleaning(self) -> bool:
        """Return False: it does not count."""
        return False

    async def reset(self) -> None:
        """Make sure that it answers; there is nothing else to reset."""
        self._png = None
        await self._ask_state()

    async def _until_ended(self, number: int) -> JobState | None:
        """Return how the job ended; one that does not end is cancelled."""
        state: JobState | None = None
        with suppress(TimeoutError, PrinterTrouble, LinkLost):
            async with asyncio.timeout(self._timings.job_s):
                while state not in JOB_ENDS:
                    await asyncio.sleep(POLL_S)
                    asked = self._target.ask_job(self._next(), number)
                    state = job_state((await self._ask(asked)).attributes)
                return state
        with suppress(PrinterTrouble, LinkLost):
            await self._ask(self._target.cancel(self._next(), number))
        return None

    async def _ask_state(self) -> Response:
        return await self._ask(self._target.ask_state(self._next()))

    def _next(self) -> int:
        self._requests = self._requests % 0x7FFF_FFFF + 1
        return self._requests

    async def _ask(self, request: bytes) -> Response:
        """Return the answer to `request`.

        Raises:
            LinkLost: nobody answers there.
            PrinterTrouble: the request was refused, or the answer is none.
        """
        try:
            async with asyncio.timeout(self._timings.answer_s):
                response = decode(await self._exchange(post(*self._place, request)))
        except TimeoutError as error:
            raise LinkLost(f"no answer within {self._timings.answer_s:g} s") from error
        except (HttpError, IppError) as error:
            raise PrinterTrouble(Fault(FaultCode.COMMS, Rank.OPERATOR, str(error))) from error
        if response.request_id != self._requests:
            detail = f"answer to request {response.request_id}, wanted {self._requests}"
            raise PrinterTrouble(Fault(FaultCode.COMMS, Rank.OPERATOR, detail))
        if (fault := refusal(response)) is not None:
            raise PrinterTrouble(fault)
        return response

    async def _exchange(self, request: bytes) -> bytes:
        answer = Answer()
        try:
            await self._link.open()
            await self._link.write(request)
            while (body := answer.feed(await self._link.read())) is None:
                pass
            return body
        finally:
            await self._link.close()


def _fault_of(error: PrinterTrouble | LinkLost) -> Fault:
    if isinstance(error, PrinterTrouble):
        return error.fault
    return Fault(FaultCode.COMMS, Rank.OPERATOR, str(error))
