"""A PN532 on I2C and SPI: asked until it is ready, read as far as its frame goes."""

import asyncio
import fcntl

import pytest

from device.errors import LinkBusy, LinkLost
from device.nfc import commands, frames
from device.nfc.classic import TRANSPORT_KEY
from device.nfc.reader import ReaderSilent
from device.nfc.readers.bus_link import MOST_ANSWERS_BYTES, BusLink, frame_bytes
from device.nfc.readers.dialogue import Dialogue
from device.nfc.readers.kernel_nodes import KernelI2cNode, KernelSpiNode
from device.nfc.readers.pn532 import Pn532
from device.nfc.readers.pn532_buses import I2cBus, SpiBus
from simulators.chips.classic import blank_chip, written_chip
from simulators.pn532 import Fault
from simulators.pn532_bus import SimulatedI2cNode, SimulatedSpiNode
from tests.nfc.reader_on_a_port import TAP_S, UID_4, classic_on


def i2c():
    node = SimulatedI2cNode()
    return node.bus, BusLink(I2cBus(node))


def spi():
    node = SimulatedSpiNode()
    return node.bus, BusLink(SpiBus(node))


BUSES = pytest.mark.parametrize("wired", [i2c, spi])


@BUSES
async def test_a_card_is_seen_read_and_written(wired):
    bus, link = wired()
    reader = Pn532(link)
    await reader.open()
    bus.place(written_chip())
    seen = await reader.wait_for_card(TAP_S)
    await classic_on(reader).authenticate(4, TRANSPORT_KEY)

    await classic_on(reader).write_block(5, b"sixteen bytes it")

    assert seen.uid == UID_4
    assert await classic_on(reader).read_block(4) == b"\x04" * 16
    assert await classic_on(reader).read_block(5) == b"sixteen bytes it"
    await reader.close()


@BUSES
async def test_a_card_that_comes_while_we_wait_is_seen(wired):
    bus, link = wired()
    reader = Pn532(link)
    await reader.open()
    waiting = asyncio.ensure_future(reader.wait_for_card(TAP_S))
    while commands.IN_LIST_PASSIVE_TARGET not in bus.chip.commands_seen:  # noqa: ASYNC110  # no event
        await asyncio.sleep(0)

    bus.place(blank_chip())

    assert (await waiting).uid == UID_4


@BUSES
async def test_without_a_card_waiting_and_looking_end_in_none(wired):
    _, link = wired()
    reader = Pn532(link)
    await reader.open()

    assert await reader.wait_for_card(0.02) is None
    assert await reader.wait_for_card(0) is None


@BUSES
@pytest.mark.parametrize("size", [1, MOST_ANSWERS_BYTES - 10, MOST_ANSWERS_BYTES, 200, 255, 262])
async def test_an_answer_of_any_length_arrives_whole(wired, size):
    _, link = wired()
    await link.open()
    dialogue = Dialogue(link)
    await dialogue.wake()
    said = bytes(at & 0xFF for at in range(size))

    answer = await dialogue.exchange(commands.diagnose_line(said), 0.5)

    assert answer == b"\xd5\x01\x00" + said


@BUSES
async def test_an_acknowledgement_is_not_read_into_the_answer_behind_it(wired):
    bus, link = wired()
    await link.open()
    bus.bytes_out = 0
    await Dialogue(link).wake()

    assert bus.bytes_out == len(frames.ACK) + MOST_ANSWERS_BYTES


@BUSES
@pytest.mark.parametrize("fault", [Fault.NO_ACK, Fault.NACK, Fault.BAD_CHECKSUM])
async def test_a_disturbed_line_is_hidden_from_the_caller(wired, fault):
    bus, link = wired()
    reader = Pn532(link)
    await reader.open()
    bus.place(written_chip())
    await reader.wait_for_card(TAP_S)
    await classic_on(reader).authenticate(4, TRANSPORT_KEY)
    bus.chip.fail(fault, command=commands.IN_DATA_EXCHANGE)

    assert await classic_on(reader).read_block(4) == b"\x04" * 16


@BUSES
async def test_a_chip_that_wakes_slowly_is_asked_again(wired):
    bus, link = wired()
    bus.sleepy_transfers = 2

    await Pn532(link).open()

    bus.sleepy_transfers = 3
    with pytest.raises(LinkLost):
        await link.write(frames.ACK)


async def test_a_chip_that_is_not_there_is_lost_on_i2c_and_silent_on_spi():
    for wired, error in ((i2c, LinkLost), (spi, ReaderSilent)):
        bus, link = wired()
        bus.is_wired = False

        with pytest.raises(error):
            await Pn532(link).open()


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (frames.ACK, 5),
        (frames.NACK, 5),
        (frames.encode(b"\xd5\x03")[:6], 8),
        (frames.encode(bytes(255))[:7], 261),
        (frames.encode(bytes(256))[:10], 265),
        (frames.encode(bytes(256))[:5], 8),
        (b"\x00\x00\xff\x05\xfb", 11),
        (b"\x00\x00\xff\x05\xfa\x00", 0),
        (bytes(20), 0),
        (b"\x00\x00\xff", 0),
    ],
)
def test_the_head_of_a_frame_tells_its_length(data, size):
    assert frame_bytes(data) == size


@pytest.mark.parametrize(
    "make", [lambda path: KernelI2cNode(path, 0x24), lambda path: KernelSpiNode(path, 1_000_000)]
)
def test_a_node_that_is_none_is_told(make, tmp_path):
    file = tmp_path / "i2c-1"
    with pytest.raises(LinkLost, match="No such file"):
        make(str(file)).open()
    file.touch()

    node = make(str(file))

    with pytest.raises(LinkLost, match=r"cannot open .*i2c-1"):
        node.open()
    node.close()


def test_a_node_that_another_program_has_is_busy(tmp_path):
    with (tmp_path / "spidev0.0").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        with pytest.raises(LinkBusy, match="used by another program"):
            KernelSpiNode(held.name, 1_000_000).open()
