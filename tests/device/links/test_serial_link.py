"""The serial port itself, at the speed it is told."""

import asyncio
import os
import pty
import tty

import pytest

from device.errors import LinkBusy, LinkLost
from device.links.serial_link import ARRIVED_MAX_BYTES, SerialLink


def run(test):
    """Run `test(outer, link)` with a pty's outer end and a link on its inner one."""

    async def with_pty():
        outer, inner = pty.openpty()
        tty.setraw(inner)
        link = SerialLink(os.ttyname(inner), 9600)
        try:
            await test(outer, link)
        finally:
            await link.close()
            os.close(inner)
            os.close(outer)

    asyncio.run(with_pty())


def test_bytes_pass_both_ways_however_many():
    async def passes(outer, link):
        await link.open()
        sent = bytes(range(256)) * 64

        writing = asyncio.ensure_future(link.write(sent))
        received = b""
        while len(received) < len(sent):
            received += await asyncio.to_thread(os.read, outer, 4096)
        await writing
        os.write(outer, b"\x00\x03\x7f")
        answer = await link.read()

        assert received == sent
        assert answer == b"\x00\x03\x7f"

    run(passes)


def test_what_nobody_takes_is_kept_up_to_a_limit_and_in_order():
    async def keeps(outer, link):
        await link.open()
        sent = bytes(range(256)) * (2 * ARRIVED_MAX_BYTES // 256)
        writing = asyncio.create_task(asyncio.to_thread(write_all, outer, sent))
        while len(link._arrived) < ARRIVED_MAX_BYTES:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0)

        taken = [await link.read()]
        while sum(map(len, taken)) < len(sent):
            taken.append(await link.read())
        await writing

        assert ARRIVED_MAX_BYTES <= len(taken[0]) < ARRIVED_MAX_BYTES + 4096
        assert b"".join(taken) == sent

    run(keeps)


def write_all(port, data):
    while data:
        data = data[os.write(port, data) :]


def test_a_port_that_hangs_up_gives_what_it_sent_and_then_is_lost():
    async def hangs_up():
        outer, inner = pty.openpty()
        tty.setraw(inner)
        link = SerialLink(os.ttyname(inner))
        await link.open()
        os.close(inner)
        os.write(outer, b"last words")

        heard = await link.read()
        os.close(outer)

        assert heard == b"last words"
        for _ in range(2):
            with pytest.raises(LinkLost, match="/dev/pts"):
                await link.read()
        await link.close()

    asyncio.run(hangs_up())


def test_a_link_that_is_closed_says_so_to_whoever_waits_and_can_be_opened_again():
    async def closes(outer, link):
        with pytest.raises(LinkLost, match="is not open"):
            await link.read()
        await link.open()
        waiting = asyncio.create_task(link.read())
        await asyncio.sleep(0)
        await link.close()

        with pytest.raises(LinkLost, match="is not open"):
            await waiting
        await link.open()
        os.write(outer, b"again")
        assert await link.read() == b"again"

    run(closes)


def test_a_port_in_use_is_not_shared():
    async def refuses(outer, link):
        await link.open()

        with pytest.raises(LinkBusy):
            await SerialLink(link._path).open()

    run(refuses)


def test_a_missing_port_is_lost_and_an_odd_speed_a_mistake(tmp_path):
    with pytest.raises(LinkLost, match="ttyNONE"):
        asyncio.run(SerialLink(str(tmp_path / "ttyNONE")).open())
    with pytest.raises(ValueError, match="12345"):
        SerialLink("/dev/null", 12345)
