"""A terminal's front on a screen that is touched: screens as pictures, taps as events.

The view decides the picture, and `touching` what a finger does to the view; this shell holds the
view, and moves pictures, contacts and sounds between it and the hardware.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, TextIO

from PIL import Image

from device.behaviour.events import Chosen, Event, NumberKeyed
from device.behaviour.requests import Show, Sound
from device.display.screens.artist import ScreenArtist
from device.display.screens.frame import Frame
from device.display.screens.touching import (
    REMIND_MS,
    Answer,
    Choice,
    Home,
    come_down,
    come_up,
    is_changing,
    leave,
    pass_time,
)
from device.display.screens.view import Link, View, Words
from device.display.surfaces.surface import Surface, damage
from device.display.touch.contact import Contact, Turn, in_picture
from device.parts import EventTaker
from loyalty.clock import Clock

TICK_MS = 250  # while something moves
LINK_EVERY_MS = 1_000

_TURNING = {
    90: Image.Transpose.ROTATE_270,  # Pillow counts the other way round
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


class Touch(Protocol):
    """Where a finger is seen."""

    async def next_contact(self) -> Contact:
        """Return the next time a finger came down or left."""
        ...


class Loudspeaker(Protocol):
    """What makes sounds."""

    def play(self, name: str) -> None:
        """Play a sound."""
        ...


class GraphicFront:
    """Shows screens on `surface` in the language of whoever stands before it.

    `link` tells how it stands with the hub. What is no screen is said on `out`. Without a
    loudspeaker sounds are seen all the same: the view knows them.
    """

    def __init__(
        self,
        surface: Surface,
        artist: ScreenArtist,
        *,
        words: Mapping[str, Words],
        home: Home,
        link: Callable[[], Link],
        clock: Clock,
        out: TextIO,
        turned: Turn = 0,
        touch: Touch | None = None,
        loudspeaker: Loudspeaker | None = None,
    ) -> None:
        self._surface = surface
        self._artist = artist
        self._words = words
        self._home = home
        self._link = link
        self._clock = clock
        self._out = out
        self._turned = turned
        self._touch = touch
        self._loudspeaker = loudspeaker
        self._view: View | None = None
        self._frame: Frame | None = None
        self._shown: Image.Image | None = None
        self._came_up_ms = 0
        self._reminded_ms = 0
        self._answered_ms = 0
        self._heard = ""
        self._changed = asyncio.Event()

    def follow(self, words: Mapping[str, Words]) -> None:
        """Say the screens that come in `words` of each language."""
        self._words = words

    def show(self, show: Show) -> None:
        """Put a screen up."""
        view = View(
            screen=show.screen,
            values=show.values,
            choices=show.choices,
            timeout_ms=show.timeout_ms,
            sound=self._heard,
        )
        self._heard = ""
        self._came_up_ms = self._reminded_ms = self._clock.monotonic_ms()
        came_up = come_up(view, self._view, self._home)
        self._put_up(replace(came_up, link=self._link()))
        self._changed.set()

    def sound(self, sound: Sound) -> None:
        """Make a sound; the screen that comes next shows what was heard."""
        self._heard = sound.name
        if self._loudspeaker is not None:
            self._loudspeaker.play(sound.name)

    def say(self, line: str) -> None:
        """Say something that is no screen."""
        self._out.write(f"{line}\n")
        self._out.flush()

    def choice(self, number: int) -> Chosen | None:
        """Return the choice that has `number` on the screen, or None."""
        choices = self._view.choices if self._view is not None else ()
        return Chosen(choices[number - 1]) if 0 < number <= len(choices) else None

    async def run(self, app: EventTaker) -> None:
        """Bring what is touched to `app`, and keep what moves moving, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_time(), name="screen time")
            tasks.create_task(self._watch_link(), name="screen link")
            if self._touch is not None:
                tasks.create_task(self._take_contacts(self._touch, app), name="touch")

    def close(self) -> None:
        """Leave the screen dark."""
        self._surface.close()

    async def _take_contacts(self, touch: Touch, app: EventTaker) -> None:
        while True:
            event = self._touched(await touch.next_contact())
            if event is not None:
                await app.put(event)

    def _touched(self, contact: Contact) -> Event | None:
        if self._view is None or self._frame is None:
            return None
        width_px, height_px = self._frame.image.size
        at = in_picture(contact, self._turned, width_px=width_px, height_px=height_px)
        target = self._frame.hit(at.x_px, at.y_px)
        if contact.is_down:
            ago_ms = self._clock.monotonic_ms() - self._answered_ms
            down = come_down(self._view, target, age_ms=self._age_ms(), answered_ms_ago=ago_ms)
            self._put_up(down)
            return None
        view, answer = leave(self._view, target)
        if answer is not None:
            self._answered_ms = self._clock.monotonic_ms()
        self._put_up(view)
        self._changed.set()
        return _event(answer)

    async def _keep_time(self) -> None:
        while True:
            self._changed.clear()
            if self._view is None or not is_changing(self._view, self._home):
                await self._changed.wait()
                continue
            await self._clock.sleep_ms(TICK_MS)
            self._put_up(pass_time(self._view, self._age_ms(), self._home))
            self._remind()

    def _remind(self) -> None:
        now_ms = self._clock.monotonic_ms()
        if self._view is None or self._view.sound != "take_card" or self._loudspeaker is None:
            return
        if now_ms - self._reminded_ms >= REMIND_MS:
            self._reminded_ms = now_ms
            self._loudspeaker.play("take_card")

    async def _watch_link(self) -> None:
        while True:
            await self._clock.sleep_ms(LINK_EVERY_MS)
            if self._view is not None:
                self._put_up(replace(self._view, link=self._link()))

    def _age_ms(self) -> int:
        return self._clock.monotonic_ms() - self._came_up_ms

    def _put_up(self, view: View) -> None:
        if view == self._view:
            return
        self._view = view
        self._frame = self._artist.draw(view, self._words[view.locale])
        image = self._frame.image
        if self._turned:
            image = image.transpose(_TURNING[self._turned])
        if (changed := damage(self._shown, image)) is not None:
            self._surface.show(image, changed)
        self._shown = image


def _event(answer: Answer | None) -> Event | None:
    if answer is None:
        return None
    return Chosen(answer.name) if isinstance(answer, Choice) else NumberKeyed(answer.digits)
