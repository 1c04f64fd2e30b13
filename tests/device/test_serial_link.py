"""The serial port itself, at the speed it is told."""

import asyncio
import os
import pty
import tty

import pytest

from device.errors import LinkBusy, LinkLost
from device.links.serial_link import SerialLink


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
