"""The simulated reader's pseudo terminal."""

import asyncio
import os

from device.nfc import classic
from device.nfc.readers.pn532 import Pn532
from device.serial_link import SerialLink
from simulators.chips.classic import written_chip
from simulators.pn532_port import Pn532Port
from tests.nfc.reader_on_a_port import TAP_S, classic_on, reader_on_port


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


async def test_every_byte_is_counted():
    async with reader_on_port(written_chip()) as (reader, port):
        await reader.wait_for_card(TAP_S)
        await classic_on(reader).authenticate(4, classic.TRANSPORT_KEY)
        before = port.bytes_in, port.bytes_out

        await classic_on(reader).read_block(4)

        # Command of 5 bytes and answer of 19, seven more in each frame, and an ACK of six.
        assert (port.bytes_in - before[0], port.bytes_out - before[1]) == (12, 6 + 26)


async def test_many_ports_share_one_loop():
    async def tap_one(number: int) -> bytes | None:
        uid = bytes([1, 2, 3, number])
        async with reader_on_port(written_chip(uid)) as (reader, _):
            seen = await reader.wait_for_card(TAP_S)
            return seen.uid if seen else None

    found = await asyncio.gather(*(tap_one(number) for number in range(30)))

    assert found == [bytes([1, 2, 3, number]) for number in range(30)]


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
