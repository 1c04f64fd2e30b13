"""The serial port that a reader hangs on."""

import pytest

from device.errors import LinkBusy, LinkLost
from device.links.serial_link import SerialLink
from simulators.pn532_port import Pn532Port
from tests.device.quick_time import in_quick_time


@in_quick_time
async def test_a_port_that_is_in_use_is_not_shared():
    port = Pn532Port()
    first, second = SerialLink(port.start()), SerialLink(port.path)
    await first.open()

    with pytest.raises(LinkBusy, match="used by another program"):
        await second.open()

    await first.close()
    await second.open()
    await second.close()
    port.stop()


@in_quick_time
async def test_a_port_that_does_not_exist_is_lost(tmp_path):
    link = SerialLink(str(tmp_path / "ttyNONE"))

    with pytest.raises(LinkLost, match="ttyNONE"):
        await link.open()


@in_quick_time
async def test_a_pulled_plug_ends_a_read_and_every_later_call():
    port = Pn532Port()
    link = SerialLink(port.start())
    await link.open()

    port.stop()

    with pytest.raises(LinkLost):
        await link.read()
    with pytest.raises(LinkLost):
        await link.read()
    with pytest.raises(LinkLost):
        await link.write(b"\x00")
    await link.close()


@in_quick_time
async def test_what_an_earlier_client_left_is_flushed_on_opening():
    port = Pn532Port()
    link = SerialLink(port.start())
    port.pty.send(b"an answer that nobody fetched", at_s=0.0)

    await link.open()
    port.pty.send(b"new", at_s=0.0)
    data = await link.read()

    assert data == b"new"
    await link.close()
    port.stop()
