"""A window or a whole screen through SDL, with its mouse or touch and its loudspeaker.

On a Raspberry Pi without a desktop SDL draws through KMS; with one, in a window.
"""

import asyncio
import os
from collections import deque
from collections.abc import Mapping

from PIL import Image

from device.display.surfaces.surface import Damage, SurfaceMissing
from device.display.touch.contact import Contact

POLL_S = 0.02  # SDL has no descriptor to wait on
CONTACTS_MAX = 64
RATE_HZ = 22_050

# A Raspberry Pi's console has no X; SDL must not look for one there.
_QUIET = {"PYGAME_HIDE_SUPPORT_PROMPT": "1"}


class SdlSurface:
    """A window of `size`, or the whole screen; its mouse and touch are contacts."""

    def __init__(self, size: tuple[int, int], *, is_window: bool) -> None:
        """Open it.

        Raises:
            SurfaceMissing: pygame-ce is not installed, or SDL finds no screen.
        """
        os.environ.update(_QUIET)
        try:
            import pygame
        except ImportError as missing:
            raise SurfaceMissing("pygame-ce is not installed; install revisit[sdl]") from missing
        self._pygame = pygame
        self._found: deque[Contact] = deque(maxlen=CONTACTS_MAX)
        try:
            pygame.display.init()
            flags = 0 if is_window else pygame.FULLSCREEN
            self._window = pygame.display.set_mode(size, flags)
        except pygame.error as problem:
            pygame.display.quit()
            raise SurfaceMissing(f"SDL has no screen of {size}: {problem}") from problem
        pygame.display.set_caption("Revisit")
        pygame.mouse.set_visible(is_window)

    @property
    def size(self) -> tuple[int, int]:
        """How wide and high its pictures are, in dots."""
        width_px, height_px = self._window.get_size()
        return width_px, height_px

    def show(self, image: Image.Image, damage: Damage) -> None:
        """Show the damaged part of `image`."""
        part = image.crop(damage)
        drawn = self._pygame.image.frombuffer(part.tobytes(), part.size, "RGB")
        self._window.blit(drawn, damage[:2])
        self._pygame.display.flip()

    async def next_contact(self) -> Contact:
        """Return the next time a finger or the mouse button came down or left."""
        while not self._found:
            self._found.extend(self._contacts())
            if not self._found:
                await asyncio.sleep(POLL_S)
        return self._found.popleft()

    def close(self) -> None:
        """Close the window."""
        self._pygame.display.quit()

    def _contacts(self) -> list[Contact]:
        # SDL makes mouse events of a touch panel's by itself.
        down, up = self._pygame.MOUSEBUTTONDOWN, self._pygame.MOUSEBUTTONUP
        return [
            Contact(event.pos[0], event.pos[1], event.type == down)
            for event in self._pygame.event.get()
            if event.type in (down, up) and event.button == 1
        ]


class SdlLoudspeaker:
    """Plays sounds through SDL."""

    def __init__(self, sounds: Mapping[str, bytes]) -> None:
        """Open the loudspeaker for `sounds`: 16-bit samples, one channel, `RATE_HZ`.

        Raises:
            SurfaceMissing: pygame-ce is not installed, or there is no loudspeaker.
        """
        os.environ.update(_QUIET)
        try:
            import pygame
        except ImportError as missing:
            raise SurfaceMissing("pygame-ce is not installed; install revisit[sdl]") from missing
        self._mixer = pygame.mixer
        try:
            pygame.mixer.init(RATE_HZ, -16, 1)
        except pygame.error as problem:
            raise SurfaceMissing(f"SDL has no loudspeaker: {problem}") from problem
        self._sounds = {name: pygame.mixer.Sound(buffer=it) for name, it in sounds.items()}

    def play(self, name: str) -> None:
        """Play a sound; what still plays goes on."""
        self._sounds[name].play()

    def close(self) -> None:
        """Let the loudspeaker go."""
        self._mixer.quit()
