"""The simulated reader's pseudo terminal."""

import asyncio
import contextlib
import os
import random

import pytest

from device.links.serial_link import SerialLink
from device.nfc import classic, commands, frames
from device.nfc.reader import CardGone, DeviceError, ReaderSilent
from device.nfc.readers.pn532 import Pn532
from simulators.chips.classic import written_chip
from simulators.line_noise import LineNoise
from simulators.pn532_port import Pn532Port
from tests.device.quick_time import in_quick_time
from tests.nfc.reader_on_a_port import TAP_S, classic_on, reader_on_port


@in_quick_time
async def test_with_timing_a_read_takes_what_line_and_air_take():
    port = Pn532Port(timing=True)
    reader = Pn532(SerialLink(port.start()))
    await reader.open()
    port.place(written_chip())
    await reader.wait_for_card(TAP_S)
    await classic_on(reader).authenticate(4, classic.TRANSPORT_KEY)
    clock_s = asyncio.get_running_loop().time
    bytes_before, started_s = port.bytes_in + port.bytes_out, clock_s()

    await classic_on(reader).read_block(4)

    took_s = clock_s() - started_s
    line_s = (port.bytes_in + port.bytes_out - bytes_before) * 10 / 115200
    assert took_s >= line_s + 0.0025
    await reader.close()
    port.stop()


@in_quick_time
async def test_every_byte_is_counted():
    async with reader_on_port(written_chip()) as (reader, port):
        await reader.wait_for_card(TAP_S)
        await classic_on(reader).authenticate(4, classic.TRANSPORT_KEY)
        before = port.bytes_in, port.bytes_out

        await classic_on(reader).read_block(4)

        # Command of 5 bytes and answer of 19, seven more in each frame, and an ACK of six.
        assert (port.bytes_in - before[0], port.bytes_out - before[1]) == (12, 6 + 26)


@in_quick_time
async def test_many_ports_share_one_loop():
    async def tap_one(number: int) -> bytes | None:
        uid = bytes([1, 2, 3, number])
        async with reader_on_port(written_chip(uid)) as (reader, _):
            seen = await reader.wait_for_card(TAP_S)
            return seen.uid if seen else None

    found = await asyncio.gather(*(tap_one(number) for number in range(30)))

    assert found == [bytes([1, 2, 3, number]) for number in range(30)]


@in_quick_time
async def test_nothing_is_left_behind(tmp_path):
    link = tmp_path / "ttyNFC"
    before = len(os.listdir("/proc/self/fd"))

    for _ in range(5):
        port = Pn532Port(link=link)
        reader = Pn532(SerialLink(port.start()))
        await reader.open()
        await reader.close()
        port.stop()
        port.stop()

    assert len(os.listdir("/proc/self/fd")) == before
    assert not link.is_symlink()


@in_quick_time
async def test_a_port_that_nobody_reads_loses_bytes_and_stays_alive():
    port = Pn532Port()
    link = SerialLink(port.start())
    await link.open()
    asyncio.get_running_loop().remove_reader(link._fd)
    for _ in range(600):
        await link.write(bytes.fromhex("0000ff02fed4022a00"))
        await asyncio.sleep(0)
    await link.close()

    reader = Pn532(SerialLink(port.path))
    await reader.open()

    assert await reader.wait_for_card(0.02) is None
    await reader.close()
    port.stop()


@in_quick_time
async def test_noise_is_never_taken_for_data():
    chip = written_chip()
    async with reader_on_port(chip) as (reader, port):
        port.noise = LineNoise(random.Random(11), flipped=0.004, lost=0.002)
        read = 0
        for _ in range(60):
            with contextlib.suppress(DeviceError):
                if await reader.wait_for_card(TAP_S) is None:
                    continue
                await classic_on(reader).authenticate(4, classic.TRANSPORT_KEY)
                assert await classic_on(reader).read_block(4) == b"\x04" * 16
                read += 1

    assert port.noise.spoiled_bytes > 5
    assert read > 30


@in_quick_time
async def test_a_line_that_is_cut_on_the_way_back_says_nothing():
    async with reader_on_port(written_chip()) as (reader, port):
        before = port.bytes_out

        port.silent = True
        with pytest.raises(ReaderSilent):
            await reader.wait_for_card(TAP_S)

        assert port.bytes_out == before


@in_quick_time
async def test_a_chip_at_another_speed_hears_nothing_until_its_reset():
    port = Pn532Port(check_baud=True)
    reader = Pn532(SerialLink(port.start()))
    await reader.open()
    # What a program leaves behind that was killed after it had changed the speed.
    port.chip.feed(frames.encode(b"\xd4\x10\x07") + frames.ACK)

    with pytest.raises(ReaderSilent):
        await reader.open()
    port.set_reset_line(low=True)
    port.set_reset_line(low=False)
    await reader.open()

    await reader.close()
    port.stop()


@in_quick_time
async def test_a_chip_held_in_reset_is_deaf():
    port = Pn532Port()
    reader = Pn532(SerialLink(port.start()))

    port.set_reset_line(low=True)
    with pytest.raises(ReaderSilent):
        await reader.open()
    port.set_reset_line(low=False)
    await reader.open()

    await reader.close()
    port.stop()


@in_quick_time
async def test_a_card_leaves_at_any_byte_of_a_write():
    for host_bytes in range(30):
        chip = written_chip()
        async with reader_on_port(chip) as (reader, port):
            await reader.wait_for_card(TAP_S)
            await classic_on(reader).authenticate(4, classic.TRANSPORT_KEY)

            port.remove_after(host_bytes)
            # 28 bytes carry the command, and the last of them says nothing any more.
            with contextlib.suppress(CardGone):
                await classic_on(reader).write_block(5, b"sixteen bytes it")

            assert (chip.block(5) == b"sixteen bytes it") == (host_bytes >= 27)
            assert (not port.chip.field.chips) == (host_bytes <= 28)


@in_quick_time
async def test_a_pulled_plug_takes_the_chips_power():
    port = Pn532Port()
    port.start()
    port.place(written_chip())
    port.chip.feed(b"\x55\x55" + frames.encode(commands.list_passive_target()))

    port.stop()

    assert not port.chip.field.powered
    assert port.chip.feed(frames.encode(commands.get_firmware_version())) == []


@in_quick_time
async def test_a_poll_that_found_nothing_says_so_in_its_time():
    port = Pn532Port()
    link = SerialLink(port.start())
    await link.open()
    clock_s = asyncio.get_running_loop().time
    started_s = clock_s()

    await link.write(b"\x55\x55" + frames.encode(b"\xd4\x60\x01\x01\x00"))
    found = frames.FrameReader()
    bodies: list[bytes] = []
    while b"\xd5\x61\x00" not in bodies:
        bodies += [body for _, body in found.feed(await link.read())]

    assert clock_s() - started_s >= 0.15
    await link.close()
    port.stop()
