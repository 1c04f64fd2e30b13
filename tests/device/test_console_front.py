"""A terminal on a text console."""

import io
import os

import pytest

from device.behaviour.events import Chosen, StaffSignedOn
from device.behaviour.requests import Show, Sound
from device.behaviour.setting import Setting
from device.console_front import ConsoleFront, take_typed
from device.display.i18n import translator

SETTING = Setting(store="s1", rules=1, currency="HKD")
LABELS = {"coffee": "咖啡一杯"}
ACCOUNT = Show(
    screen="account",
    values={"points": 250, "available_points": 200, "tier": "gold"},
    choices=("coffee", "print", "return"),
)


class Heard(list):
    """Where events go."""

    async def put(self, event):
        self.append(event)


def front_on(out, locale="en"):
    return ConsoleFront(out, translator(locale), LABELS)


def test_a_screen_is_sentences_and_numbered_choices_in_the_persons_language():
    out = io.StringIO()

    front_on(out, "zh_Hant_HK").show(ACCOUNT)

    assert "250" in out.getvalue()
    assert "  1  咖啡一杯\n  2  " in out.getvalue()


def test_money_is_written_as_people_write_it():
    out = io.StringIO()

    front_on(out).show(Show(screen="tap_card", values={"total_minor": 1250, "currency": "HKD"}))

    assert "To pay: 12.50 HKD." in out.getvalue()


def test_a_sound_is_a_word():
    out = io.StringIO()

    front_on(out).sound(Sound("refused"))

    assert out.getvalue() == "(refused)\n"


def test_a_number_is_the_choice_of_the_screen_that_stands():
    front = front_on(io.StringIO())
    front.show(ACCOUNT)

    assert front.choice(1) == Chosen("coffee")
    assert front.choice(3) == Chosen("return")
    assert (front.choice(0), front.choice(4)) == (None, None)


async def test_what_is_typed_becomes_events_and_slips_are_told():
    out, heard = io.StringIO(), Heard()
    front = front_on(out)
    front.show(ACCOUNT)
    outer, keyboard = os.pipe()
    os.write(keyboard, "2\n\n 9\nstaff anna\nhé\xff\n".encode())
    os.close(keyboard)

    await take_typed("handheld", outer, front, heard, lambda: SETTING)
    os.close(outer)

    assert heard == [Chosen("print"), StaffSignedOn("anna")]
    assert "? 9: no such number on the screen" in out.getvalue()
    assert "wanted sale, issue, staff, day, phone or a number" in out.getvalue()


@pytest.mark.parametrize("keyboard", ["/dev/null", __file__])
async def test_a_terminal_without_a_keyboard_goes_on(keyboard):
    heard = Heard()
    descriptor = os.open(keyboard, os.O_RDONLY)

    await take_typed("handheld", descriptor, front_on(io.StringIO()), heard, lambda: SETTING)

    os.close(descriptor)
    assert heard == []
