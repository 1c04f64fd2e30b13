"""What a person sees, hears and touches, and nothing more."""

import asyncio

from device.behaviour.requests import Show, Sound
from simulators.front import Front


async def test_a_screen_is_seen_once_it_is_one_of_those_awaited():
    front = Front()
    seeing = asyncio.create_task(front.see(("sold", "cancelled")))

    for screen in ("ready", "tap_card", "sold"):
        front.show(Show(screen=screen))
        await asyncio.sleep(0)

    assert (await seeing).screen == "sold"


async def test_a_terminal_is_dark_until_it_shows_something():
    front = Front()
    seeing = asyncio.create_task(front.see_anything())
    await asyncio.sleep(0)
    assert not seeing.done()

    front.show(Show(screen="ready"))

    assert (await seeing).screen == "ready"


def test_a_sound_is_heard_once():
    front = Front()
    front.sound(Sound("accepted"))
    front.sound(Sound("take_card"))

    assert front.heard() == ["accepted", "take_card"]
    assert front.heard() == []
