"""An Evolis printer with rewritable cards, through the maker's own SDK.

The bytes of its rewrite mode are not published, so none of them are here. The SDK is a closed
library that blocks, so every call runs in one thread and has its time; one that hangs is a printer
that does not answer. Nothing of this was tried on a printer; what is tested is our use of the
interface that evolis-sdk 9.4.1 has.
"""

import asyncio
import importlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

from device.display.cards.profile import CR80
from device.display.cards.raster import Raster, unpack
from device.display.printers.antenna import Antenna
from device.display.printers.evolis import AT_GATE, GONE, print_outcome, state_fault
from device.display.printers.printer import (
    Fault,
    FaultCode,
    Outcome,
    PrinterTrouble,
    Rank,
    Status,
    Traits,
)
from device.display.printers.sdk_thread import SdkThread
from device.errors import LinkLost

PRINT_TIMEOUT_MS = 90_000  # as the SDK is told
POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class EvolisTimings:
    """How long calls of the SDK may take before the printer is one that does not answer."""

    answer_s: float = 15.0  # no card moves
    move_s: float = 60.0  # a card moves, or is waited for
    print_s: float = PRINT_TIMEOUT_MS / 1000 + 15.0  # it has its own limit, and tells of it


ORDINARY_TIMINGS = EvolisTimings()


def installed_sdk() -> Any:
    """Return the maker's SDK.

    Raises:
        LinkLost: it is not installed, or not made for this machine.
    """
    try:
        return importlib.import_module("evolis")
    except (ImportError, OSError, RuntimeError) as error:
        raise LinkLost(f"an Evolis printer needs the extra revisit[evolis]: {error}") from error


class EvolisPrinter:
    """A `CardPrinter`; one task at a time, except that `cancel` may come from another."""

    traits = Traits(profile=CR80)

    def __init__(
        self,
        sdk: Any,
        antenna: Antenna,
        *,
        name: str,
        film: str,
        timings: EvolisTimings = ORDINARY_TIMINGS,
    ) -> None:
        """`name` is what the SDK calls the printer, `film` a name of its `RwCardType`."""
        self._sdk = sdk
        self._antenna = antenna
        self._name = name
        self._film = sdk.RwCardType[film.upper()]
        self._timings = timings
        self._thread = SdkThread("the Evolis SDK")
        self._connection: Any = None
        self._picture: bytes | None = None
        self._is_taking = False
        self._is_cancelled = False

    async def open(self) -> None:
        """Connect; every call does so again once the connection is lost.

        Raises:
            LinkLost: the SDK knows no printer of that name, or does not answer.
        """
        await self._call(lambda printer: printer.get_state())

    async def close(self) -> None:
        """Let go of the printer; closing twice does nothing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(LinkLost):  # what a call that hangs holds ends with this program
                await self._thread.call(connection.close, timeout_s=self._timings.answer_s)

    async def status(self) -> Status:
        """Return what the printer's state and the antenna say."""
        name = await self._state()
        there, at_gate = await self._antenna.sees_card(), name == AT_GATE
        fault = state_fault(name)
        return Status(
            card_held=there and not at_gate,
            card_at_gate=at_gate,
            cover_open=fault is not None and fault.code is FaultCode.COVER,
            fault=fault,
        )

    async def take_card(self, timeout_s: float) -> bool:
        """Have a card taken to the contactless station; False after `timeout_s` or `cancel`.

        The SDK waits some time for each card and cannot be interrupted in that.
        """
        self._is_taking, self._is_cancelled = True, False
        take = partial(self._take_to, self._sdk.CardPos.CONTACTLESS)
        try:
            async with asyncio.timeout(timeout_s):
                while not self._is_cancelled:
                    if await self._call(take, self._timings.move_s):
                        return True
                    await self._want_it_well()
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            pass
        finally:
            self._is_taking = False
        return await self._antenna.sees_card()

    async def cancel(self) -> None:
        """End a `take_card` when the wait for this card is over."""
        self._is_cancelled = self._is_taking

    async def read_uid(self) -> bytes:
        """Raise: its encoder is the reader's business."""
        raise PrinterTrouble(Fault(FaultCode.READ, Rank.MINOR, "the SDK reads no UIDs"))

    async def load(self, raster: Raster) -> None:
        """Make the picture ready; the SDK sends it when it prints."""
        file = BytesIO()
        unpack(raster).save(file, "BMP")
        self._picture = file.getvalue()

    async def rewrite(self) -> Outcome:
        """Erase, print and hold."""
        picture, self._picture = self._picture, None
        if picture is None:
            return Outcome.FAILED
        try:
            code = await self._call(partial(self._print, picture), self._timings.print_s)
            return print_outcome(code, await self._state())
        except LinkLost:
            return Outcome.UNKNOWN

    async def eject(self) -> None:
        """Push the card out."""
        await self._do(lambda printer: printer.eject_card())

    async def retract(self) -> None:
        """Raise: most of these printers cannot take a card in from where it came out."""
        raise PrinterTrouble(Fault(FaultCode.RELEASE, Rank.OPERATOR, "it cannot take it in again"))

    async def wants_cleaning(self) -> bool:
        """Return whether the printer's own count of cards says so."""
        info = await self._call(lambda printer: printer.get_cleaning_info())
        return info is not None and info.cardCountBeforeWarning <= 0

    async def reset(self) -> None:
        """Clear what was mechanically wrong."""
        self._picture = None
        await self._do(lambda printer: printer.clear_mechanical_errors())

    def _print(self, picture: bytes, printer: Any) -> str:
        session = self._sdk.PrintSession(printer, rwCard=self._film)
        session.set_auto_eject(False)
        if not session.set_black_buffer(self._sdk.CardFace.FRONT, picture):
            return str(session.get_last_error().name)
        return str(session.print(PRINT_TIMEOUT_MS).name)

    def _take_to(self, position: Any, printer: Any) -> bool:
        return bool(printer.set_card_pos(position))

    async def _want_it_well(self) -> None:
        """Raise PrinterTrouble for what does not pass by itself, as a card that is yet to come."""
        fault = state_fault(await self._state())
        if fault is not None and fault.rank is not Rank.MINOR:
            raise PrinterTrouble(fault)

    async def _state(self) -> str:
        state = await self._call(lambda printer: printer.get_state())
        name = str(state.minor.name)
        if name in GONE:
            await self.close()  # the next call connects anew
        return name

    async def _do(self, movement: Callable[[Any], bool]) -> None:
        if not await self._call(movement, self._timings.move_s):
            name = await self._state()
            wrong = Fault(FaultCode.RELEASE, Rank.OPERATOR, f"the card does not move: {name}")
            raise PrinterTrouble(state_fault(name) or wrong)

    async def _call(self, use: Callable[[Any], Any], timeout_s: float | None = None) -> Any:
        """Return what `use` makes of the open connection within `timeout_s`, else `answer_s`."""
        time_s = self._timings.answer_s if timeout_s is None else timeout_s
        return await self._thread.call(lambda: use(self._connected()), timeout_s=time_s)

    def _connected(self) -> Any:
        if self._connection is None:
            connection = self._sdk.Connection(self._name)
            if connection.get_context() is None:
                raise LinkLost(f"the SDK finds no Evolis printer called {self._name!r}")
            self._connection = connection
        return self._connection
