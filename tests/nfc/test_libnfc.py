"""libnfc on a simulated PN532: what goes wrong there ends in time and in words."""

import asyncio
import os
import threading
from contextlib import asynccontextmanager

import pytest

from device.errors import LinkBusy, LinkLost
from device.links.serial_link import SerialLink
from device.nfc import classic, commands
from device.nfc.reader import AuthenticationFailed, CardGone, CardRefused, ReaderSilent
from device.nfc.readers.libnfc import LibnfcReader
from simulators.chips.classic import blank_chip, written_chip
from simulators.chips.ultralight import UltralightChip
from simulators.pn532 import Fault
from simulators.pn532_port import Pn532Port
from tests.nfc.reader_on_a_port import TAP_S, UID_4, classic_on, command_arrived


@asynccontextmanager
async def libnfc_on_port(*chips, link=None):
    port = Pn532Port(link=link)
    reader = LibnfcReader(f"pn532_uart:{port.start()}:115200")
    try:
        await reader.open()
        for chip in chips:
            port.place(chip)
        yield reader, port
    finally:
        await reader.close()
        port.stop()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_a_card_is_seen_read_and_written():
    async with libnfc_on_port(written_chip()) as (reader, _):
        seen = await reader.wait_for_card(TAP_S)
        await classic_on(reader).authenticate(4, classic.TRANSPORT_KEY)

        await classic_on(reader).write_block(5, b"sixteen bytes it")

        assert (seen.uid, seen.atqa, seen.sak, seen.ats) == (UID_4, b"\x00\x04", 8, b"")
        assert await classic_on(reader).read_block(4) == b"\x04" * 16
        assert await classic_on(reader).read_block(5) == b"sixteen bytes it"


async def test_waiting_for_a_card_ends_in_none():
    async with libnfc_on_port() as (reader, _):
        assert await reader.wait_for_card(0) is None
        assert await reader.wait_for_card(0.05) is None


async def test_a_wrong_key_is_told_and_the_card_can_be_selected_again():
    async with libnfc_on_port(written_chip()) as (reader, _):
        await reader.wait_for_card(TAP_S)

        with pytest.raises(AuthenticationFailed):
            await classic_on(reader).authenticate(4, bytes(6))

        await reader.reselect()
        await classic_on(reader).authenticate(4, classic.TRANSPORT_KEY)


async def test_a_card_that_was_pulled_away_is_gone():
    async with libnfc_on_port(written_chip()) as (reader, port):
        await reader.wait_for_card(TAP_S)
        port.remove()

        with pytest.raises(CardGone):
            await classic_on(reader).authenticate(4, classic.TRANSPORT_KEY)
        with pytest.raises(CardGone):
            await reader.reselect()


async def test_a_frame_that_a_card_refuses_is_told_from_a_card_that_left():
    async with libnfc_on_port(UltralightChip("ntag213")) as (reader, port):
        await reader.wait_for_card(TAP_S)
        version = await reader.exchange_raw(b"\x60")

        with pytest.raises(CardRefused):
            await reader.exchange_raw(b"\x30\xff")
        again = await reader.exchange_raw(b"\x60")
        port.remove()

        assert version == again
        with pytest.raises(CardGone):
            await reader.exchange_raw(b"\x60")


@pytest.mark.parametrize("fault", [Fault.SILENCE, Fault.NO_ACK, Fault.BAD_CHECKSUM, Fault.NACK])
async def test_a_search_on_a_bad_line_ends_and_the_next_one_finds_the_card(fault):
    async with libnfc_on_port(blank_chip()) as (reader, port):
        port.chip.fail(fault, command=commands.IN_LIST_PASSIVE_TARGET)

        async with asyncio.timeout(60.0):
            with pytest.raises(ReaderSilent):
                await reader.wait_for_card(TAP_S)

        assert await reader.wait_for_card(TAP_S) is not None


@pytest.mark.parametrize("fault", [Fault.SILENCE, Fault.LOST_ANSWER])
async def test_an_exchange_with_a_chip_that_hangs_ends_in_time(fault):
    async with libnfc_on_port(written_chip()) as (reader, port):
        await reader.wait_for_card(TAP_S)
        port.chip.fail(fault, command=commands.IN_DATA_EXCHANGE)

        async with asyncio.timeout(60.0):
            with pytest.raises(ReaderSilent):
                await classic_on(reader).authenticate(4, classic.TRANSPORT_KEY)

        assert await reader.wait_for_card(TAP_S) is not None


async def test_a_cancelled_search_is_aborted_and_leaves_the_reader_usable():
    async with libnfc_on_port(blank_chip()) as (reader, port):
        port.chip.fail(Fault.SILENCE, command=commands.IN_LIST_PASSIVE_TARGET)
        waiting = asyncio.ensure_future(reader.wait_for_card(TAP_S))
        await command_arrived(port, commands.IN_LIST_PASSIVE_TARGET)

        waiting.cancel()
        async with asyncio.timeout(60.0):
            await asyncio.wait([waiting])

        assert waiting.cancelled()
        assert await reader.wait_for_card(TAP_S) is not None


async def test_a_pulled_plug_is_a_lost_link_and_the_reader_opens_again(tmp_path):
    async with libnfc_on_port(link=tmp_path / "ttyNFC") as (reader, port):
        port.stop()
        with pytest.raises(LinkLost):
            await reader.wait_for_card(TAP_S)
        with pytest.raises(LinkLost, match="ttyNFC"):
            await reader.open()

        port.start()
        await reader.open()
        port.place(blank_chip())

        assert await reader.wait_for_card(TAP_S) is not None


async def test_a_port_that_is_in_use_is_not_shared():
    async with libnfc_on_port() as (_, port):
        second = LibnfcReader(f"pn532_uart:{port.path}")

        with pytest.raises(LinkBusy, match="used by another program"):
            await second.open()
        with pytest.raises(LinkBusy, match="used by another program"):
            await SerialLink(port.path).open()


async def test_a_port_where_nothing_answers_is_silent_and_left_free():
    port = Pn532Port()
    port.start()
    port.chip.fail(Fault.HANG)
    reader = LibnfcReader(f"pn532_uart:{port.path}")

    with pytest.raises(ReaderSilent, match="nothing answers there"):
        await reader.open()

    link = SerialLink(port.path)
    await link.open()
    await link.close()
    port.stop()


async def test_opening_again_and_again_leaves_no_file_or_thread_behind():
    async with libnfc_on_port() as (reader, port):
        await reader.open()
        files, threads = open_files(), threading.active_count()

        for _ in range(8):
            await reader.open()
        port.chip.fail(Fault.HANG)
        for _ in range(2):
            with pytest.raises(ReaderSilent):
                await reader.open()
        port.chip.reset()
        await reader.open()

        assert open_files() == files
        assert threading.active_count() <= threads + 1  # One may be on its way out.


async def test_without_opening_nothing_works():
    reader = LibnfcReader("pn532_uart:/dev/null")

    with pytest.raises(LinkLost, match="is not open"):
        await reader.wait_for_card(0)
    await reader.close()


class Asked:
    """A library that notes what is asked of it."""

    def __init__(self, library) -> None:
        self.library, self.names = library, set()

    def __getattr__(self, name):
        self.names.add(name)
        return getattr(self.library, name)


async def test_libfreefare_never_gets_to_see_what_a_card_answers():
    port = Pn532Port()
    reader = LibnfcReader(f"pn532_uart:{port.start()}")
    asked = reader._library = Asked(reader._library)
    await reader.open()
    port.place(written_chip())
    await reader.wait_for_card(TAP_S)
    await classic_on(reader).authenticate(4, classic.TRANSPORT_KEY)

    await classic_on(reader).read_block(4)
    await reader.close()

    assert "nfc_initiator_transceive_bytes" in asked.names
    assert [it for it in asked.names if "freefare" in it or "mifare" in it] == []
    port.stop()
