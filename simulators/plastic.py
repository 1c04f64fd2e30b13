"""One physical card: a chip inside, and a film on top that heat makes dark and lets fade again."""

from PIL import Image, ImageChops

from simulators.chips.chip import Chip

WEAR_CYCLES = 500  # rated by card makers; 200–300 is what shops see
GHOST_MAX = 0.45  # contrast of the old picture that stays after an erase at the end of life
WIDTH_PX, HEIGHT_PX = 480, 320


class PlasticCard:
    """A rewritable card; `chip` is what a reader meets, if it has one."""

    def __init__(
        self, chip: Chip | None = None, *, size: tuple[int, int] = (WIDTH_PX, HEIGHT_PX)
    ) -> None:
        """A new card: nothing printed, nothing worn."""
        self.chip = chip
        self.rewrite_count = 0
        self.picture = Image.new("1", size, 255)
        self._ghost = Image.new("L", size, 255)

    def erase(self) -> None:
        """Fade the picture; the older the film, the more of it stays as a ghost."""
        self.rewrite_count += 1
        left = min(GHOST_MAX, GHOST_MAX * self.rewrite_count / WEAR_CYCLES)
        residue = self.picture.convert("L").point(lambda light: round(255 - (255 - light) * left))
        faded = self._ghost.point(lambda light: round(255 - (255 - light) * left))
        self._ghost = ImageChops.darker(residue, faded)
        self.picture = Image.new("1", self.picture.size, 255)

    def print(self, picture: Image.Image, *, percent: int = 100, from_right: bool = False) -> None:
        """Darken the dots of `picture` (one bit), up to `percent` of the width, from one side."""
        done_px = picture.width * percent // 100
        left = picture.width - done_px if from_right else 0
        box = (left, 0, left + done_px, picture.height)
        self.picture.paste(ImageChops.logical_and(picture.crop(box), self.picture.crop(box)), box)

    def seen(self) -> Image.Image:
        """Return the face as a person or a camera sees it (mode L): print over ghost."""
        return ImageChops.darker(self.picture.convert("L"), self._ghost)
