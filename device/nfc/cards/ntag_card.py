"""An Ultralight EV1 or NTAG 21x on a reader: pages read and written, password given, counted."""

from contextlib import suppress

from device.nfc import ntag
from device.nfc.reader import CardGone, CardRefused, Reader


class NtagCard:
    """The selected card, a chip of `model`; raises what `Reader.exchange` raises.

    After CardRefused the card must be selected anew, and has forgotten its password.
    """

    def __init__(self, reader: Reader, model: ntag.Model) -> None:
        self._reader = reader
        self._model = model

    async def read_four(self, page: int) -> bytes:
        """Return four pages from `page` on, going on from page 0 behind the last readable one."""
        wanted = ntag.READ_PAGES * ntag.PAGE_BYTES
        return _whole(await self._reader.exchange(ntag.read(page)), wanted)

    async def read_pages(self, first: int, count: int) -> bytes:
        """Return `count` pages from `first` on, in one exchange."""
        data = await self._reader.exchange_raw(ntag.fast_read(first, first + count - 1))
        return _whole(data, count * ntag.PAGE_BYTES)

    async def write_pages(self, first: int, data: bytes, there: bytes = b"") -> None:
        """Write the pages from `first` on that differ from what is `there`, in this order."""
        for at in range(0, len(data), ntag.PAGE_BYTES):
            new = data[at : at + ntag.PAGE_BYTES]
            if new != there[at : at + ntag.PAGE_BYTES]:
                await self._reader.exchange(ntag.write(first + at // ntag.PAGE_BYTES, new))

    async def opens(self, password: bytes, answer: bytes) -> bool:
        """Give `password`; return whether `answer` comes. If not, the card is selected anew."""
        try:
            said = await self._reader.exchange_raw(ntag.give_password(password))
        except CardRefused:
            said = b""
        if said == answer:
            return True
        await self._reader.reselect()
        return False

    async def counted(self) -> int:
        """Return where the counter stands that we use of this chip."""
        data = await self._reader.exchange_raw(ntag.read_counter(self._model.counter))
        return int.from_bytes(_whole(data, 3), "little")

    async def count_to(self, goal: int, now: int) -> bool:
        """Count from `now` up to `goal`; return whether the counter then stands there.

        The chip says so with four bits, which a reader cannot tell from a refusal: so the counter
        is read. And as it can never be taken back, it is told only once.
        """
        with suppress(CardRefused):
            command = ntag.increment_counter(self._model.counter, goal - now)
            await self._reader.exchange_raw(command, once=True)
        return await self.counted() == goal


def _whole(data: bytes, wanted_bytes: int) -> bytes:
    if len(data) != wanted_bytes:
        raise CardGone(f"{len(data)} bytes, wanted {wanted_bytes}")
    return data
