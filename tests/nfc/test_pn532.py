"""Our PN532 driver against a chip that misbehaves."""

import asyncio
import contextlib
import random
import time

import pytest

from device.errors import LinkLost
from device.links.serial_link import SerialLink
from device.nfc import commands
from device.nfc.classic import TRANSPORT_KEY
from device.nfc.reader import AuthenticationFailed, CardGone, CardRefused, ReaderSilent
from device.nfc.readers.dialogue import ACK_TIMEOUT_S, HELD_UP_S
from device.nfc.readers.pn532 import Pn532
from simulators.chips.classic import blank_chip, written_chip
from simulators.chips.ultralight import UltralightChip
from simulators.pn532 import Fault, Pn532Chip
from simulators.pn532_port import Pn532Port
from tests.device.quick_time import in_quick_time
from tests.nfc.reader_on_a_port import (
    TAP_S,
    UID_4,
    UID_7,
    classic_on,
    command_arrived,
    reader_on_port,
)


@pytest.mark.parametrize("uid", [UID_4, UID_7])
@in_quick_time
async def test_a_card_is_seen_read_and_written(uid):
    async with reader_on_port(written_chip(uid)) as (reader, _):
        seen = await reader.wait_for_card(TAP_S)
        await classic_on(reader, uid).authenticate(4, TRANSPORT_KEY)

        await classic_on(reader, uid).write_block(5, b"sixteen bytes it")

        assert seen is not None
        assert (seen.uid, seen.sak) == (uid, 8)
        assert await classic_on(reader, uid).read_block(4) == b"\x04" * 16
        assert await classic_on(reader, uid).read_block(5) == b"sixteen bytes it"


@in_quick_time
async def test_waiting_for_a_card_ends_in_none():
    async with reader_on_port() as (reader, _):
        assert await reader.wait_for_card(0.02) is None
        assert await reader.wait_for_card(0.02) is None


@in_quick_time
async def test_a_card_that_comes_while_we_wait_is_seen_at_once():
    async with reader_on_port() as (reader, port):
        waiting = asyncio.ensure_future(reader.wait_for_card(TAP_S))
        await command_arrived(port, commands.IN_LIST_PASSIVE_TARGET)

        port.place(blank_chip())

        seen = await waiting
        assert seen is not None
        assert seen.uid == UID_4


@in_quick_time
async def test_a_card_that_left_while_nobody_waited_is_seen_when_it_returns():
    async with reader_on_port(blank_chip()) as (reader, port):
        await reader.wait_for_card(TAP_S)
        await reader.release()
        port.remove()

        absent = await reader.wait_for_card(0.02)
        port.place(blank_chip(UID_7))
        back = await reader.wait_for_card(TAP_S)

        assert absent is None
        assert back is not None
        assert back.uid == UID_7


@pytest.mark.parametrize("fault", [Fault.NO_ACK, Fault.NACK, Fault.BAD_CHECKSUM])
@pytest.mark.parametrize("times", [1, 2])
@in_quick_time
async def test_a_disturbed_line_is_hidden_from_the_caller(fault, times):
    async with reader_on_port(written_chip()) as (reader, port):
        await reader.wait_for_card(TAP_S)
        await classic_on(reader).authenticate(4, TRANSPORT_KEY)
        port.chip.fail(fault, command=commands.IN_DATA_EXCHANGE, times=times)

        blocks = [await classic_on(reader).read_block(4), await classic_on(reader).read_block(5)]

        assert blocks == [b"\x04" * 16, b"\x05" * 16]


@in_quick_time
async def test_a_reader_that_never_acknowledges_is_silent():
    async with reader_on_port(written_chip()) as (reader, port):
        await reader.wait_for_card(TAP_S)
        port.chip.fail(Fault.NO_ACK, times=50)

        with pytest.raises(ReaderSilent):
            await classic_on(reader).authenticate(4, TRANSPORT_KEY)


@in_quick_time
async def test_what_must_not_be_done_twice_is_sent_once():
    async with reader_on_port(written_chip()) as (reader, port):
        await reader.wait_for_card(TAP_S)
        port.chip.fail(Fault.NO_ACK, command=commands.IN_COMMUNICATE_THRU)

        with pytest.raises(ReaderSilent):
            await reader.exchange_raw(b"\xa5\x00\x01\x00\x00\x00", once=True)

        assert port.chip.commands_seen[commands.IN_COMMUNICATE_THRU] == 1


@pytest.mark.parametrize("fault", [Fault.SILENCE, Fault.LOST_ANSWER])
@in_quick_time
async def test_after_a_hang_the_next_command_works(fault):
    async with reader_on_port(written_chip()) as (reader, port):
        await reader.wait_for_card(TAP_S)
        await classic_on(reader).authenticate(4, TRANSPORT_KEY)
        port.chip.fail(fault, command=commands.IN_DATA_EXCHANGE)

        with pytest.raises(ReaderSilent, match="no answer to command 0x40"):
            await classic_on(reader).read_block(4)

        assert await classic_on(reader).read_block(5) == b"\x05" * 16


async def test_a_program_that_was_held_up_does_not_blame_the_reader():
    async with reader_on_port(UltralightChip("ntag213")) as (reader, _):
        await reader.wait_for_card(TAP_S)
        asking = asyncio.ensure_future(reader.exchange_raw(b"\x60", once=True))
        await asyncio.sleep(0)

        time.sleep(ACK_TIMEOUT_S + 2 * HELD_UP_S)  # noqa: ASYNC251  # this is the hold-up

        assert len(await asking) == 8


@in_quick_time
async def test_a_cancelled_read_never_answers_a_later_one():
    async with reader_on_port(written_chip()) as (reader, _):
        await reader.wait_for_card(TAP_S)
        await classic_on(reader).authenticate(4, TRANSPORT_KEY)

        for turns in range(12):
            cut_short = asyncio.ensure_future(classic_on(reader).read_block(4))
            for _ in range(turns):
                await asyncio.sleep(0)
            cut_short.cancel()
            await asyncio.wait([cut_short])

            assert await classic_on(reader).read_block(5) == b"\x05" * 16


@in_quick_time
async def test_a_cancelled_wait_leaves_the_reader_usable():
    async with reader_on_port() as (reader, port):
        waiting = asyncio.ensure_future(reader.wait_for_card(TAP_S))
        await command_arrived(port, commands.IN_LIST_PASSIVE_TARGET)
        waiting.cancel()
        await asyncio.wait([waiting])

        port.place(blank_chip())

        assert await reader.wait_for_card(TAP_S) is not None


@in_quick_time
async def test_a_wrong_key_is_told_apart_and_the_card_can_be_selected_again():
    async with reader_on_port(written_chip()) as (reader, _):
        await reader.wait_for_card(TAP_S)

        with pytest.raises(AuthenticationFailed, match="key B does not open sector 1"):
            await classic_on(reader).authenticate(4, bytes(6), key_b=True)

        await reader.reselect()
        await classic_on(reader).authenticate(4, TRANSPORT_KEY)
        assert await classic_on(reader).read_block(4) == b"\x04" * 16


@in_quick_time
async def test_a_block_outside_the_open_sector_is_refused():
    async with reader_on_port(written_chip()) as (reader, _):
        await reader.wait_for_card(TAP_S)
        await classic_on(reader).authenticate(4, TRANSPORT_KEY)

        with pytest.raises(CardRefused, match="MIFARE authentication error"):
            await classic_on(reader).read_block(8)


@in_quick_time
async def test_a_card_that_was_pulled_away_is_gone():
    async with reader_on_port(written_chip()) as (reader, port):
        await reader.wait_for_card(TAP_S)
        await classic_on(reader).authenticate(4, TRANSPORT_KEY)
        port.remove()

        with pytest.raises(CardGone, match="not answered in time"):
            await classic_on(reader).read_block(4)
        with pytest.raises(CardGone):
            await reader.reselect()


@in_quick_time
async def test_without_a_card_nothing_can_be_read():
    async with reader_on_port() as (reader, _):
        with pytest.raises(CardGone, match="no card is selected"):
            await classic_on(reader).read_block(4)


@in_quick_time
async def test_a_pulled_plug_is_a_lost_link():
    async with reader_on_port() as (reader, port):
        waiting = asyncio.ensure_future(reader.wait_for_card(TAP_S))
        await asyncio.sleep(0)

        port.stop()

        with pytest.raises(LinkLost):
            await waiting


@in_quick_time
async def test_a_reader_whose_last_program_was_killed_opens_again():
    port = Pn532Port()
    killed = SerialLink(port.start())
    await killed.open()
    await killed.write(bytes.fromhex("55550000ff04fcd44a0100e100"))  # Waits for a card for ever.
    await command_arrived(port, commands.IN_LIST_PASSIVE_TARGET)
    await killed.close()

    reader = Pn532(SerialLink(port.path))
    await reader.open()

    assert await reader.wait_for_card(0.02) is None
    await reader.close()
    port.stop()


@in_quick_time
async def test_a_reader_that_was_unplugged_opens_again_when_it_is_back(tmp_path):
    port = Pn532Port(link=tmp_path / "ttyNFC")
    reader = Pn532(SerialLink(port.start()))
    await reader.open()
    port.stop()
    with pytest.raises(LinkLost):
        await reader.wait_for_card(TAP_S)
    with pytest.raises(LinkLost):
        await reader.open()

    port.start()
    await reader.open()
    port.place(blank_chip())

    assert await reader.wait_for_card(TAP_S) is not None
    await reader.close()
    port.stop()


@pytest.mark.parametrize("seed", [1, 2])
@in_quick_time
async def test_random_faults_never_make_a_block_another(seed):
    rng = random.Random(seed)
    async with reader_on_port(written_chip()) as (reader, port):
        await reader.wait_for_card(TAP_S)
        await classic_on(reader).authenticate(4, TRANSPORT_KEY)
        for _ in range(25):
            fault = rng.choice([Fault.NO_ACK, Fault.NACK, Fault.BAD_CHECKSUM])
            port.chip.fail(fault, after=rng.randrange(3), times=rng.randrange(1, 3))
            block = rng.choice([4, 5, 6])

            # Many faults in a row may be more than we bear; none may give the wrong block.
            with contextlib.suppress(ReaderSilent):
                assert await classic_on(reader).read_block(block) == bytes([block]) * 16


@in_quick_time
async def test_another_chip_is_not_taken_for_a_pn532():
    port = Pn532Port(Pn532Chip(firmware=bytes.fromhex("33010607")))
    reader = Pn532(SerialLink(port.start()))

    with pytest.raises(ReaderSilent, match="chip 0x33 answers"):
        await reader.open()

    port.stop()


@in_quick_time
async def test_an_opening_that_failed_leaves_the_port_free():
    port = Pn532Port()
    port.chip.fail(Fault.NO_ACK, times=4)
    reader = Pn532(SerialLink(port.start()))

    with pytest.raises(ReaderSilent):
        await reader.open()
    await reader.open()

    assert await reader.wait_for_card(0.02) is None
    await reader.close()
    await reader.close()
    port.stop()
