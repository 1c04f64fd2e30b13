"""A link that is opened again after it was lost."""

import pytest

from device.errors import LinkBusy, LinkLost
from device.links.reopened_link import ReopenedLink


class Cable:
    """A link whose plug somebody pulls; it may only be used while it is open."""

    def __init__(self):
        self.plugged = True
        self.taken = False
        self.is_open = False
        self.written = b""

    async def open(self):
        assert not self.is_open
        if self.taken:
            raise LinkBusy("somebody has it")
        if not self.plugged:
            raise LinkLost("no such port")
        self.is_open = True

    async def read(self):
        assert self.is_open
        if not self.plugged:
            raise LinkLost("hung up")
        return b"answer"

    async def write(self, data):
        assert self.is_open
        if not self.plugged:
            raise LinkLost("hung up")
        self.written += data

    async def close(self):
        self.is_open = False


@pytest.fixture
def cable():
    return Cable()


async def opened(cable):
    link = ReopenedLink(cable)
    await link.open()
    return link


async def test_a_link_that_holds_passes_everything(cable):
    link = await opened(cable)

    await link.write(b"question")

    assert (cable.written, await link.read()) == (b"question", b"answer")


async def test_what_is_written_after_the_loss_opens_it_again(cable):
    link = await opened(cable)
    cable.plugged = False
    with pytest.raises(LinkLost):
        await link.read()
    cable.plugged = True

    await link.write(b"again")

    assert (cable.written, await link.read()) == (b"again", b"answer")


async def test_while_it_is_away_every_use_says_so(cable):
    link = await opened(cable)
    cable.plugged = False

    for _ in range(2):
        with pytest.raises(LinkLost):
            await link.write(b"question")
        with pytest.raises(LinkLost):
            await link.read()


async def test_a_port_that_somebody_took_in_the_meantime_is_a_lost_one(cable):
    link = await opened(cable)
    await link.close()
    cable.taken = True

    with pytest.raises(LinkLost, match="somebody has it"):
        await link.write(b"question")


async def test_at_the_start_a_busy_port_is_called_so(cable):
    cable.taken = True

    with pytest.raises(LinkBusy):
        await opened(cable)
