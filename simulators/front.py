"""The front of a simulated terminal: what a person sees, hears and touches, and nothing more."""

import asyncio
from collections.abc import Container

from device.behaviour.requests import Show, Sound

DARK = Show(screen="dark")


class Front:
    """The screen and loudspeaker of one terminal."""

    def __init__(self) -> None:
        self._shown = DARK
        self._sounds: list[str] = []
        self._changed = asyncio.Event()

    @property
    def screen(self) -> Show:
        """What the screen shows now."""
        return self._shown

    def show(self, show: Show) -> None:
        """Put a screen up."""
        self._shown = show
        self._changed.set()

    def sound(self, sound: Sound) -> None:
        """Make a sound."""
        self._sounds.append(sound.name)

    def heard(self) -> list[str]:
        """Return the sounds since this was asked last."""
        heard, self._sounds = self._sounds, []
        return heard

    async def see(self, screens: Container[str], *, but_not: Show | None = None) -> Show:
        """Return the screen once it is one of `screens`, and another than `but_not`."""
        while self._shown.screen not in screens or self._shown is but_not:
            self._changed.clear()
            await self._changed.wait()
        return self._shown

    async def see_anything(self) -> Show:
        """Return the screen once it is lit."""
        while self._shown is DARK:
            self._changed.clear()
            await self._changed.wait()
        return self._shown
