"""What lies before a simulated reader, and how well it hears it."""

import random

import pytest

from device.nfc import commands
from simulators.chips.classic import blank_chip
from simulators.chips.ultralight import UltralightChip
from simulators.pn532_field import CHIPS_MAX, Field, InField

WRITE = b"\xa2\x05data"
READ = b"\x30\x05"


def selected() -> tuple[Field, UltralightChip, InField]:
    field, chip = Field(), UltralightChip()
    field.place(chip)
    field.switch(on=True)
    met = InField(chip, field)
    assert met.select()
    return field, chip, met


def test_a_full_field_takes_no_more_chips():
    field = Field()
    for number in range(CHIPS_MAX):
        field.place(blank_chip(bytes([1, 2, 3, number])))

    with pytest.raises(ValueError, match="2 chips in the field, at most 2"):
        field.place(blank_chip())


def test_without_power_nothing_answers_and_nothing_is_kept():
    field, _, met = selected()

    field.switch(on=False)
    off = met.exchange(READ)
    field.switch(on=True)
    on = met.exchange(READ)

    assert (off[0], on[0]) == (commands.TIMED_OUT, commands.TIMED_OUT)
    assert met.select()


def test_a_chip_that_left_is_silent_until_it_is_back():
    field, chip, met = selected()

    field.remove(chip)
    gone = met.exchange(READ)
    field.place(chip)

    assert gone[0] == commands.TIMED_OUT
    assert met.select()
    assert met.exchange(READ)[0] == commands.OK


@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("exchanges", [0, 1, 2])
def test_a_card_leaves_with_any_frame_which_it_may_have_heard(exchanges, heard):
    field, chip, met = selected()
    field.lose_after(exchanges, heard=heard)

    answers = [met.exchange(b"\xa2" + bytes([page]) + b"data")[0] for page in (4, 5, 6, 7)]

    written = [page for page in (4, 5, 6, 7) if chip.page(page) == b"data"]
    assert answers.index(commands.TIMED_OUT) == exchanges
    assert len(written) == exchanges + heard
    assert field.chips == []


def test_a_weak_field_loses_the_share_that_it_is_told_half_of_it_after_being_heard():
    field, chip, met = selected()
    field.weaken(0.3, random.Random(5))
    failed = heard = 0

    for number in range(2000):
        data = number.to_bytes(4, "big")
        if met.exchange(b"\xa2\x05" + data)[0] != commands.OK:
            failed += 1
            heard += chip.page(5) == data

    assert failed == pytest.approx(600, rel=0.1)
    assert heard == pytest.approx(300, rel=0.2)


def test_the_same_seed_makes_the_same_field():
    def answers() -> list[int]:
        field, _, met = selected()
        field.weaken(0.5, random.Random(9))
        return [met.exchange(READ)[0] for _ in range(50)]

    assert answers() == answers()


def test_a_field_that_carries_nothing_is_none():
    with pytest.raises(ValueError, match="share of 1 fails"):
        Field().weaken(1, random.Random(1))
