"""The printable areas we draw for, in dots, and what each printer can put down legibly."""

from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right", "top", "bottom"]

TURNS_DEGREES = (0, 90, 180, 270)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of card surface and the printer that marks it.

    `width_px` and `height_px` are the raster's; the face stands on it turned clockwise by
    `turn_degrees`. Nothing that must be legible stands within `margin_px` of an edge: cards are not
    taken in to the dot. `printed_last` is the side of the raster that the head reaches last: a code
    that stands there proves, when it reads, that the print ran to its end. Letters are at least
    `text_min_px` high, modules of a QR code `module_min_px` wide and those of a Code 128
    `bar_min_px` (0: bars cannot be printed).
    """

    name: str
    width_px: int
    height_px: int
    margin_px: int
    text_min_px: int
    module_min_px: int
    bar_min_px: int
    dots_per_inch: int
    printed_last: Literal["left", "right"]
    turn_degrees: int = 0
    invert: bool = False  # milky-white-on-silver film: what we leave out is what shows

    def __post_init__(self) -> None:
        if self.text_min_px < 1 or self.module_min_px < 1 or self.bar_min_px < 0:
            raise ValueError(f"profile {self.name}: letters and modules are at least one dot")
        if self.margin_px * 4 > min(self.width_px, self.height_px):
            raise ValueError(f"profile {self.name}: a margin of {self.margin_px} leaves no room")
        if self.turn_degrees not in TURNS_DEGREES:
            raise ValueError(f"profile {self.name}: a turn of {self.turn_degrees}, wanted quarters")

    @property
    def face_px(self) -> tuple[int, int]:
        """Width and height of the face as people look at it."""
        if self.turn_degrees in (90, 270):
            return self.height_px, self.width_px
        return self.width_px, self.height_px

    @property
    def last_side(self) -> Side:
        """The side of the face, as people look at it, that is printed last."""
        clockwise: tuple[Side, ...] = ("right", "bottom", "left", "top")
        quarters = clockwise.index(self.printed_last) - self.turn_degrees // 90
        return clockwise[quarters % 4]


# Dense Traditional characters in one bit are comfortable at 20 dots of 0.125 mm and at 28 of 300 to
# the inch; measured by eye. One dot of gain spoils modules of three dots at 300, four survive it.

# 480 × 320 dots at 8 dots/mm: Star TCP300II specification manual, 21 Oct 2005 (the pitch is
# inferred from the window, not stated, and so is the side printed last). A Code 128 of sixteen
# characters does not fit at modules that survive the card, so bars are left out.
STAR_TCP = Profile(
    name="star-tcp",
    width_px=480,
    height_px=320,
    margin_px=8,
    text_min_px=20,
    module_min_px=3,
    bar_min_px=0,
    dots_per_inch=203,
    printed_last="right",
)

# 960 × 560 dots at 300 to the inch, the right-most column first: what the open client of the
# EasyPrinter S3 (Portalum.TrwPrinter) sends it.
EPS3 = Profile(
    name="eps3",
    width_px=960,
    height_px=560,
    margin_px=12,
    text_min_px=28,
    module_min_px=4,
    bar_min_px=4,
    dots_per_inch=300,
    printed_last="left",
)

# A whole ID-1 card (ISO/IEC 7810, 85.60 × 53.98 mm) at 300 dots per inch.
CR80 = Profile(
    name="cr80",
    width_px=1011,
    height_px=637,
    margin_px=12,
    text_min_px=28,
    module_min_px=4,
    bar_min_px=4,
    dots_per_inch=300,
    printed_last="right",
)

PROFILES = {it.name: it for it in (STAR_TCP, EPS3, CR80)}
