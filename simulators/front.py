"""The front of a simulated terminal: what a person sees, hears and touches, and nothing more."""

import asyncio
from collections.abc import Container

from device.app import App
from device.events import Chosen, Show, Sound

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

    async def see(self, screens: Container[str]) -> Show:
        """Return the screen once it is one of `screens`."""
        while self._shown.screen not in screens:
            self._changed.clear()
            await self._changed.wait()
        return self._shown

    async def see_anything(self) -> Show:
        """Return the screen once it is lit."""
        while self._shown is DARK:
            self._changed.clear()
            await self._changed.wait()
        return self._shown


async def touch(app: App, front: Front, choice: str) -> None:
    """Touch `choice`, which the screen must offer.

    Raises:
        ValueError: it does not; people cannot touch what they do not see.
    """
    if choice not in front.screen.choices:
        raise ValueError(f"{front.screen.screen} offers {front.screen.choices}, not {choice!r}")
    await app.put(Chosen(choice))
