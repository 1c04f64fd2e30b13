"""A terminal's front on a text console: screens as sentences, choices as numbers, sounds as words.

What is typed is a number of the screen, or a line of staff (`typed.py`).
"""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol, TextIO

from device.behaviour.events import Chosen, Event
from device.behaviour.requests import Show, Sound
from device.behaviour.setting import Setting
from device.display.screen_text import screen_text
from device.links.readable import until_readable
from device.parts import EventTaker
from device.typed import LINE_MAX_CHARACTERS, NotUnderstood, understand
from loyalty.clock import SystemClock

_READ_MAX_BYTES = 4096


class ConsoleFront:
    """Puts screens on `out` in the language of `translate`; `labels` name offers and tiers."""

    def __init__(
        self, out: TextIO, translate: Callable[[str], str], labels: Mapping[str, str]
    ) -> None:
        self._out = out
        self._translate = translate
        self._labels = labels
        self._choices: tuple[str, ...] = ()

    def follow(self, labels: Mapping[str, str]) -> None:
        """Call offers and tiers by `labels` from now on."""
        self._labels = labels

    def show(self, show: Show) -> None:
        """Put a screen up."""
        self._choices = show.choices
        text = screen_text(
            show.screen,
            show.values,
            show.choices,
            translate=self._translate,
            labels=self._labels,
        )
        numbered = (f"  {number}  {it}" for number, it in enumerate(text.choices, 1))
        self.say("\n".join(["", *text.lines, *numbered]))

    def sound(self, sound: Sound) -> None:
        """Make a sound."""
        self.say(f"({sound.name})")

    def say(self, line: str) -> None:
        """Say something that is no screen."""
        self._out.write(f"{line}\n")
        self._out.flush()

    def choice(self, number: int) -> Chosen | None:
        """Return the choice that has `number` on the screen, or None."""
        return Chosen(self._choices[number - 1]) if 0 < number <= len(self._choices) else None


class Answering(Protocol):
    """What says something to whoever types, and knows the choices by number."""

    def say(self, line: str) -> None:
        """Say something that is no screen."""

    def choice(self, number: int) -> Chosen | None:
        """Return the choice that has `number` on the screen, or None."""


async def take_typed(
    kind: str, keyboard: int, front: Answering, app: EventTaker, setting: Callable[[], Setting]
) -> None:
    """Bring what is typed on the descriptor `keyboard` to `app` until it ends or is cancelled.

    It is understood as at this `kind` of terminal, by what `setting` returns then.
    """
    clock = SystemClock()
    async for line in _lines(keyboard):
        try:
            event = _event(kind, line, front, setting(), clock.now_ms())
        except NotUnderstood as error:
            front.say(f"? {error}")
            continue
        await app.put(event)


def _event(kind: str, line: str, front: Answering, setting: Setting, now_ms: int) -> Event:
    if not line.isdecimal():
        return understand(kind, line, setting, now_ms)
    chosen = front.choice(int(line[:4]))
    if chosen is None:
        raise NotUnderstood(f"{line}: no such number on the screen")
    return chosen


async def _lines(descriptor: int) -> AsyncIterator[str]:
    """Yield the lines that are typed, without what is around them; empty ones are left out."""
    pending = b""
    while True:
        try:
            # It stays blocking: on a terminal it is the one that the screen is written to.
            await until_readable(descriptor)
        except PermissionError:
            return  # /dev/null, or a file: nobody types there
        data = os.read(descriptor, _READ_MAX_BYTES)
        if not data:
            return
        *whole, pending = (pending + data).split(b"\n")
        pending = pending[: LINE_MAX_CHARACTERS + 1]
        for line in whole:
            if typed := line.decode(errors="replace").strip():
                yield typed
