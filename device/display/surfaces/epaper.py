"""E-paper: one bit a dot, seconds for a picture, and it stays when the power goes.

Good for a display that is only looked at; nobody likes to touch a screen that answers in seconds.
"""

import importlib
import threading
from typing import Any, Protocol

from PIL import Image

from device.display.surfaces.surface import Damage, SurfaceMissing

INK_BELOW = 140  # of 255; keeps thin strokes of small Chinese text closed
_BLACK_OR_WHITE = [255 if grey >= INK_BELOW else 0 for grey in range(256)]


class Paper(Protocol):
    """A panel as the modules of Waveshare's library have it."""

    width: int
    height: int

    def init(self) -> object:
        """Wake it."""
        ...

    def getbuffer(self, image: Image.Image) -> Any:
        """Return `image` as its bytes."""
        ...

    def display(self, buffer: Any) -> object:
        """Show those bytes; this takes seconds."""
        ...

    def sleep(self) -> object:
        """Let it sleep; the picture stays."""
        ...


class EpaperSurface:
    """An e-paper panel; a thread of its own waits for it, and shows the newest picture next."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._newest: Image.Image | None = None
        self._is_closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._show_newest, name="e-paper", daemon=True)
        paper.init()
        self._thread.start()

    @property
    def size(self) -> tuple[int, int]:
        """How wide and high its pictures are, in dots."""
        return self._paper.width, self._paper.height

    def show(self, image: Image.Image, damage: Damage) -> None:
        """Show `image` as soon as the panel is free; of several only the last."""
        with self._changed:
            self._newest = image.convert("L").point(_BLACK_OR_WHITE, "1")
            self._changed.notify()

    def close(self) -> None:
        """Show white, and let the panel sleep."""
        with self._changed:
            self._newest = Image.new("1", self.size, 255)
            self._is_closing = True
            self._changed.notify()
        self._thread.join()
        self._paper.sleep()

    def _show_newest(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._newest is not None)
                image, self._newest = self._newest, None
                is_last = self._is_closing
            assert image is not None
            self._paper.display(self._paper.getbuffer(image))
            if is_last:
                return


def open_epaper(model: str) -> EpaperSurface:
    """Return the panel `model`, such as epd7in5_V2, driven by Waveshare's library.

    Raises:
        SurfaceMissing: the library is not installed, or does not know it.
    """
    try:
        paper: Paper = importlib.import_module(f"waveshare_epd.{model}").EPD()
    except (ImportError, AttributeError, OSError, ValueError) as problem:
        raise SurfaceMissing(f"no e-paper {model!r}: {problem}; see docs/screens.md") from problem
    return EpaperSurface(paper)
