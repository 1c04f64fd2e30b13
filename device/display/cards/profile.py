"""The printable areas we draw for, in dots.

A layout is designed on a grid of 480 × 320 units; a profile says how many dots a unit is.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of card surface and the printer that marks it."""

    name: str
    width_px: int
    height_px: int
    unit_px: int
    margin_px: int
    module_min_px: int
    dots_per_inch: int
    invert: bool = False  # milky-white-on-silver film: what we leave out is what shows

    def __post_init__(self) -> None:
        if self.unit_px < 1 or self.module_min_px < 1:
            raise ValueError(f"profile {self.name}: units and modules are at least one dot")
        if self.margin_px * 4 > min(self.width_px, self.height_px):
            raise ValueError(f"profile {self.name}: a margin of {self.margin_px} leaves no room")

    @property
    def code_box(self) -> tuple[int, int, int, int]:
        """Where the QR code and its quiet zone live: left, top, right, bottom in dots.

        At the right-hand edge: on printers that start at the left, a code that reads proves that
        the print ran to its end.
        """
        side = CODE_SIDE_UNITS * self.unit_px
        right = self.width_px - self.margin_px
        top = BAND_UNITS * self.unit_px + self.margin_px // 2
        return right - side, top, right, top + side


CODE_SIDE_UNITS = 180  # a version 5 code at four dots a module, quiet zone included, on 480 dots
BAND_UNITS = 44  # the dark band along the top

# 480 × 320 dots at 8 dots/mm: Star TCP300II specification manual, 21 Oct 2005 (the pitch is
# inferred from the window, not stated).
STAR_TCP = Profile(
    name="star-tcp",
    width_px=480,
    height_px=320,
    unit_px=1,
    margin_px=10,
    module_min_px=3,
    dots_per_inch=203,
)

# A whole ID-1 card (ISO/IEC 7810, 85.60 × 53.98 mm) at 300 dots per inch.
CR80 = Profile(
    name="cr80",
    width_px=1011,
    height_px=637,
    unit_px=2,
    margin_px=24,
    module_min_px=4,
    dots_per_inch=300,
)

# 960 × 560 dots at 300 dots per inch: what the open client of the EasyPrinter S3 sends it.
EPS3 = Profile(
    name="eps3",
    width_px=960,
    height_px=560,
    unit_px=1,
    margin_px=20,
    module_min_px=4,
    dots_per_inch=300,
)
