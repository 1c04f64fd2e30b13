"""A person before a real screen front: what is seen, touched, heard, and forgotten."""

import asyncio
import io
from collections import deque
from contextlib import asynccontextmanager, suppress

import pytest
from sample_screens import KIOSK, words_in

from device.behaviour.events import Chosen, NumberKeyed
from device.behaviour.requests import Show, Sound
from device.display.fonts import Fonts, installed_collection
from device.display.i18n import LOCALES
from device.display.screens.artist import ScreenArtist
from device.display.screens.panel import KIOSK_7
from device.display.screens.theme import themes
from device.display.screens.touching import ANSWERED_MS, FORGET_MS, GUARD_MS, REMIND_MS, Home
from device.display.screens.view import Link, View
from device.display.touch.contact import Contact
from device.graphic_front import GraphicFront
from simulators.memory_surface import MemorySurface

SIZE = (KIOSK_7.width_px, KIOSK_7.height_px)
ACCOUNT = KIOSK["account"]


class StandingClock:
    """A clock that only the test moves; who waits on it goes on when it was moved far enough."""

    def __init__(self):
        self._now_ms = 1_000_000
        self._moved = asyncio.Condition()

    def now_ms(self):
        return self._now_ms

    def monotonic_ms(self):
        return self._now_ms

    async def sleep_ms(self, duration_ms):
        until_ms = self._now_ms + duration_ms
        async with self._moved:
            await self._moved.wait_for(lambda: self._now_ms >= until_ms)

    async def move(self, duration_ms, step_ms=50):
        for _ in range(0, duration_ms, step_ms):
            async with self._moved:
                self._now_ms += step_ms
                self._moved.notify_all()
            for _ in range(5):
                await asyncio.sleep(0)


class Finger:
    """A touch panel that the test touches."""

    def __init__(self):
        self._contacts = asyncio.Queue()

    async def next_contact(self):
        return await self._contacts.get()

    def put(self, contact):
        self._contacts.put_nowait(contact)


class Ears:
    """A loudspeaker that somebody listens to."""

    def __init__(self):
        self.heard = []

    def play(self, name):
        self.heard.append(name)


class Kiosk:
    """A front on a surface in memory, with the events it brought."""

    def __init__(self, turned=0):
        self.clock = StandingClock()
        self.surface = MemorySurface(SIZE[::-1] if turned in (90, 270) else SIZE)
        self.finger, self.ears = Finger(), Ears()
        self.events = deque()
        self.link = Link()
        self.artist = ScreenArtist(KIOSK_7, Fonts(installed_collection()), themes())
        self.words = {locale: words_in(locale) for locale in LOCALES}
        self.front = GraphicFront(
            self.surface,
            self.artist,
            words=self.words,
            home=Home(locale="zh_Hant_HK"),
            link=lambda: self.link,
            clock=self.clock,
            out=io.StringIO(),
            turned=turned,
            touch=self.finger,
            loudspeaker=self.ears,
        )

    async def put(self, event):
        self.events.append(event)

    def drawn(self, view):
        """Return what `view` looks like."""
        return self.artist.draw(view, self.words[view.locale]).image

    def is_seen(self, view):
        return self.surface.image.tobytes() == self.drawn(view).tobytes()

    def centre(self, view, target):
        frame = self.artist.draw(view, self.words[view.locale])
        (box,) = [it.box for it in frame.targets if it.id == target]
        return tuple(map(int, box.centre))

    async def tap(self, view, target):
        x, y = self.centre(view, target)
        for is_down in (True, False):
            self.finger.put(Contact(x, y, is_down))
            for _ in range(5):
                await asyncio.sleep(0)

    async def come_up(self, view):
        """Put a screen up and wait until it may be touched."""
        self.front.show(
            Show(
                screen=view.screen,
                values=view.values,
                choices=view.choices,
                timeout_ms=view.timeout_ms,
            )
        )
        await self.clock.move(GUARD_MS)


@asynccontextmanager
async def at_kiosk(**how):
    kiosk = Kiosk(**how)
    running = asyncio.create_task(kiosk.front.run(kiosk))
    await asyncio.sleep(0)
    try:
        yield kiosk
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def in_chinese(view, **changed):
    """Return `view` as the shop's own language has it."""
    fields = {it: getattr(view, it) for it in ("screen", "values", "choices", "timeout_ms")}
    return View(**{**fields, "locale": "zh_Hant_HK", **changed})


async def test_a_tap_on_a_choice_brings_it_once_however_often_it_is_repeated():
    async with at_kiosk() as kiosk:
        await kiosk.come_up(ACCOUNT)

        for _ in range(3):
            await kiosk.tap(in_chinese(ACCOUNT), "choice:coffee")

        assert list(kiosk.events) == [Chosen("coffee")]


async def test_a_screen_that_nobody_answered_takes_another_tap_after_a_while():
    async with at_kiosk() as kiosk:
        await kiosk.come_up(ACCOUNT)
        await kiosk.tap(in_chinese(ACCOUNT), "choice:coffee")

        await kiosk.clock.move(ANSWERED_MS)
        await kiosk.tap(in_chinese(ACCOUNT), "choice:return")

        assert list(kiosk.events) == [Chosen("coffee"), Chosen("return")]


async def test_the_second_of_two_quick_taps_does_not_reach_the_next_screen():
    async with at_kiosk() as kiosk:
        await kiosk.come_up(ACCOUNT)
        kiosk.front.show(Show(screen="confirm", values=KIOSK["confirm"].values, choices=("back",)))

        await kiosk.tap(in_chinese(KIOSK["confirm"]), "choice:back")

        assert not kiosk.events


async def test_a_touch_is_seen_at_once_and_counts_only_where_it_began():
    async with at_kiosk() as kiosk:
        await kiosk.come_up(ACCOUNT)
        view = in_chinese(ACCOUNT)

        kiosk.finger.put(Contact(*kiosk.centre(view, "choice:coffee"), True))
        for _ in range(5):
            await asyncio.sleep(0)
        assert kiosk.is_seen(in_chinese(ACCOUNT, pressed="choice:coffee"))

        kiosk.finger.put(Contact(*kiosk.centre(view, "choice:return"), False))
        for _ in range(5):
            await asyncio.sleep(0)
        assert kiosk.is_seen(view)
        assert not kiosk.events


async def test_another_language_repaints_the_same_step_and_stays_for_the_visit():
    async with at_kiosk() as kiosk:
        await kiosk.come_up(ACCOUNT)

        await kiosk.tap(in_chinese(ACCOUNT), "language:en")
        assert kiosk.is_seen(in_chinese(ACCOUNT, locale="en"))
        assert not kiosk.events

        await kiosk.come_up(KIOSK["confirm"])
        assert kiosk.is_seen(in_chinese(KIOSK["confirm"], locale="en"))


async def test_nothing_of_a_member_is_left_when_the_next_one_is_greeted():
    async with at_kiosk() as kiosk:
        await kiosk.come_up(ACCOUNT)
        await kiosk.tap(in_chinese(ACCOUNT), "language:en")
        await kiosk.tap(in_chinese(ACCOUNT, locale="en"), "look")

        kiosk.front.show(Show(screen="welcome"))

        assert kiosk.is_seen(View(screen="welcome", locale="zh_Hant_HK"))


async def test_a_greeting_in_a_chosen_language_lasts_into_the_visit_but_not_for_ever():
    async with at_kiosk() as kiosk:
        greeting = KIOSK["welcome"]
        await kiosk.come_up(greeting)
        await kiosk.tap(in_chinese(greeting), "language:zh_Hans_CN")
        assert kiosk.is_seen(in_chinese(greeting, locale="zh_Hans_CN"))

        await kiosk.clock.move(FORGET_MS, step_ms=250)

        assert kiosk.is_seen(in_chinese(greeting))


async def test_a_number_is_typed_corrected_and_brought_once():
    async with at_kiosk() as kiosk:
        keys = KIOSK["key_phone"]
        await kiosk.come_up(keys)

        for key in ("9", "1", "8", "erase", "2", "done", "done"):
            await kiosk.tap(in_chinese(keys), f"key:{key}")

        assert list(kiosk.events) == [NumberKeyed("912")]


async def test_what_was_typed_is_gone_with_the_screen():
    async with at_kiosk() as kiosk:
        keys = KIOSK["key_phone"]
        await kiosk.come_up(keys)
        await kiosk.tap(in_chinese(keys), "key:9")
        assert kiosk.is_seen(in_chinese(keys, typed="9"))

        await kiosk.come_up(keys)

        assert kiosk.is_seen(in_chinese(keys))


async def test_whoever_is_asked_whether_they_are_there_sees_the_time_run_out():
    async with at_kiosk() as kiosk:
        await kiosk.come_up(KIOSK["more_time"])
        before = kiosk.surface.image.copy()

        await kiosk.clock.move(5_000)

        assert kiosk.is_seen(in_chinese(KIOSK["more_time"], elapsed_ms=5_250))
        assert kiosk.surface.image.tobytes() != before.tobytes()


async def test_a_card_that_waits_is_called_for_again_and_again():
    async with at_kiosk() as kiosk:
        kiosk.front.sound(Sound("take_card"))
        kiosk.front.show(Show(screen="take_card"))

        await kiosk.clock.move(2 * REMIND_MS + 1_000, step_ms=250)

        assert kiosk.ears.heard == ["take_card"] * 3


@pytest.mark.parametrize(
    ("sound", "screen"),
    [("accepted", "redeemed"), ("refused", "card_blocked"), ("take_card", "take_card")],
)
async def test_what_is_heard_is_also_seen(sound, screen):
    async with at_kiosk() as kiosk:
        silent = in_chinese(KIOSK[screen])
        loud = in_chinese(KIOSK[screen], sound=sound)

        kiosk.front.sound(Sound(sound))
        kiosk.front.show(Show(screen=screen, values=KIOSK[screen].values))

        assert kiosk.is_seen(loud)
        assert sound == "refused" or kiosk.drawn(loud).tobytes() != kiosk.drawn(silent).tobytes()


async def test_a_hub_that_goes_away_is_told_of_within_a_second_or_two():
    async with at_kiosk() as kiosk:
        await kiosk.come_up(ACCOUNT)
        kiosk.link = Link(is_online=False, waiting=3)

        await kiosk.clock.move(1_500)

        assert kiosk.is_seen(in_chinese(ACCOUNT, link=kiosk.link))


@pytest.mark.parametrize("turned", [90, 180, 270])
async def test_a_panel_that_hangs_another_way_is_drawn_and_touched_the_right_way_round(turned):
    async with at_kiosk(turned=turned) as kiosk:
        await kiosk.come_up(ACCOUNT)
        view = in_chinese(ACCOUNT)
        upright = kiosk.surface.image.rotate(turned, expand=True)
        assert upright.tobytes() == kiosk.drawn(view).tobytes()

        x, y = kiosk.centre(view, "choice:coffee")
        width, height = SIZE
        at = {
            90: (height - 1 - y, x),
            180: (width - 1 - x, height - 1 - y),
            270: (y, width - 1 - x),
        }
        for is_down in (True, False):
            kiosk.finger.put(Contact(*at[turned], is_down))
            for _ in range(5):
                await asyncio.sleep(0)

        assert list(kiosk.events) == [Chosen("coffee")]


def test_a_terminal_that_ends_leaves_the_screen_dark():
    kiosk = Kiosk()
    kiosk.front.show(Show(screen="welcome"))

    kiosk.front.close()

    assert kiosk.surface.image.getcolors() == [(SIZE[0] * SIZE[1], (0, 0, 0))]
