"""Whatever printer and power do, the ledger takes what a member spent exactly once.

The kiosk, its journal and its drivers are real, and so is the hub's intake. The journal's lines go
to it twice over, cut into other batches, as after lost receipts.
"""

import asyncio

import pytest

from loyalty.programme import parse
from loyalty.records import FacePrinted, FaceStarted, Redemption, from_line
from tests.device.quick_time import in_quick_time
from tests.device.terminal_world import PROGRAMME, hardware_in, terminal_on
from tests.hub.hub_world import START_MS, World


def cut_power_of_printer(hardware):
    hardware.star.faults.power_cut_at_percent = 0


def jam(hardware):
    hardware.star.faults.jam_at_percent = 50


def lose_an_answer(hardware):
    hardware.star.faults.lose_answers = 1


def fall_silent(hardware):
    hardware.star.faults.mute = True


def overheat(hardware):
    hardware.star.faults.head_hot = True


def garble(hardware):
    hardware.star.faults.nak_frames = 9


def nothing(hardware):
    """All goes well."""


LUCK = [nothing, cut_power_of_printer, jam, lose_an_answer, fall_silent, overheat, garble]


async def spend_and_print(kiosk, card, luck):
    await kiosk.see("welcome")
    await kiosk.insert(card)
    await kiosk.see("account")
    await kiosk.choose("coffee")
    await kiosk.see("confirm")
    luck(kiosk.hardware)
    await kiosk.choose("confirm")
    await kiosk.see("take_card", "face_later", "staff_needed")


async def help_out(hardware):
    """Do what staff do, again and again: make well what is wrong, and take out the card."""
    star = hardware.star
    while True:
        await asyncio.sleep(3.0)
        star.faults = type(star.faults)()
        star.clear_jam()
        if not star.powered:
            star.restore_power()
        hardware.printer.pull()


async def until_welcome(kiosk, hardware):
    """Wait until the next member could come."""
    helping = asyncio.create_task(help_out(hardware))
    await kiosk.see("welcome")
    helping.cancel()


def lines_of(kiosk):
    return [line for _, line in kiosk.journal.pending(0, 1000)]


def take_twice(world, lines):
    """Give the hub the lines in one batch, and then again in batches of two."""
    till = world.till("k1")
    till.add(*lines)
    world.take(till.batch())
    world.take(*(till.batch(first, first + 1) for first in range(1, len(lines) + 1, 2)))


@pytest.mark.parametrize("is_cut", [False, True], ids=["kiosk lives", "kiosk loses power"])
@pytest.mark.parametrize("luck", LUCK, ids=lambda it: it.__name__)
def test_points_are_spent_once_and_each_face_has_one_end(tmp_path, luck, is_cut):
    lines, cards = [], []

    @in_quick_time
    async def visit():
        async with hardware_in(tmp_path) as hardware:
            cards.append(await hardware.issued_card())
            async with terminal_on(hardware, tmp_path) as kiosk:
                await spend_and_print(kiosk, cards[0], luck)
                if not is_cut:
                    await until_welcome(kiosk, hardware)
            async with terminal_on(hardware, tmp_path) as kiosk:
                await until_welcome(kiosk, hardware)
                lines.extend(lines_of(kiosk))

    visit()
    world = World(tmp_path, [parse(PROGRAMME.read_text(), source=PROGRAMME.name)])
    world.clock.at_ms = START_MS
    take_twice(world, lines)

    records = [from_line(line) for line in lines]
    started = [it for it in records if isinstance(it, FaceStarted)]
    ended = [it for it in records if isinstance(it, FacePrinted)]
    assert sum(isinstance(it, Redemption) for it in records) == 1
    assert world.value("SELECT count(*) FROM inbox") == len(lines)
    assert world.value("SELECT count(*) FROM inbox WHERE kind = 'redemption'") == 1
    assert world.balance("m-1001") == -50
    assert max((it.rewrite for it in started), default=0) >= cards[0].rewrite_count
    assert len(ended) == 1
