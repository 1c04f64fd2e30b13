"""The panels we draw for, in dots and millimetres, and how small things may get on each.

Layouts are made in millimetres, since fingers and eyes are measured in them.
"""

from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

CAP_PER_EM = 0.733  # height of a capital in Noto Sans CJK (OS/2 sCapHeight, version 2.004)
SIDE_MAX_PX = 4096
PX_PER_MM_MAX = 40.0

SMALL_WIDE_MM, SMALL_HIGH_MM = 143.0, 86.0
SCALE_MAX = 1.6
HANDHELD_SCALE = 0.52

Slot = Literal["below", "left", "right"]
Reach = Literal["normal", "low"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Floors:
    """What is the least that people can touch and read."""

    target_mm: float
    key_mm: float
    gap_mm: float
    edge_mm: float
    cap_mm: float
    large_cap_mm: float


# Text: Revised 508 Standards 402.4 (capital I of 4.8 mm); in large text 0.7 degrees at 500 mm
# (EN 301 549 V3.2.1, 5.1.4). Keys: 20 mm, beyond which people get no better (Colle and Hiszem,
# Ergonomics 47(13), 2004); 15 mm is our own floor for everything else.
KIOSK_FLOORS = Floors(
    target_mm=15.0, key_mm=20.0, gap_mm=1.0, edge_mm=3.0, cap_mm=4.8, large_cap_mm=6.1
)

# A handheld's panel has no room for that: staff hold it at 350 mm and use a thumb, for which
# 9.2 mm are enough (Parhi, Karlson and Bederson, MobileHCI 2006); 2.3 mm there is 0.38 degrees.
HANDHELD_FLOORS = Floors(
    target_mm=9.2, key_mm=9.2, gap_mm=0.7, edge_mm=0.8, cap_mm=2.3, large_cap_mm=2.9
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One screen: its dots, how many make a millimetre, and where it hangs.

    `slot` is the side of the screen on which the card's slot is; `reach="low"` keeps everything
    that is touched in the lower half.
    """

    name: str
    width_px: int
    height_px: int
    px_per_mm: float
    floors: Floors
    slot: Slot = "below"
    reach: Reach = "normal"

    def __post_init__(self) -> None:
        if not (0 < self.width_px <= SIDE_MAX_PX and 0 < self.height_px <= SIDE_MAX_PX):
            raise ValueError(f"panel of {self.width_px} × {self.height_px} dots")
        if not 0 < self.px_per_mm <= PX_PER_MM_MAX:
            raise ValueError(f"{self.px_per_mm} dots a millimetre, at most {PX_PER_MM_MAX}")

    @property
    def is_handheld(self) -> bool:
        """Whether staff hold it."""
        return self.floors is HANDHELD_FLOORS

    @property
    def is_tall(self) -> bool:
        """Whether it stands on its short side."""
        return self.height_px > self.width_px

    @property
    def scale(self) -> float:
        """How large things are beside those on the smallest kiosk: more where there is room."""
        if self.is_handheld:
            return HANDHELD_SCALE
        wide, high = self.width_px / self.px_per_mm, self.height_px / self.px_per_mm
        return min(max(1.0, min(wide / SMALL_WIDE_MM, high / SMALL_HIGH_MM)), SCALE_MAX)

    def px(self, length_mm: float) -> int:
        """Return the least number of dots that are `length_mm`."""
        return ceil(length_mm * self.px_per_mm - 1e-6)

    def em_px(self, cap_mm: float) -> int:
        """Return the font size whose capitals are at least `cap_mm` high."""
        return int(cap_mm * self.px_per_mm / CAP_PER_EM) + 1


KIOSK_7 = Panel(  # 154.08 × 85.92 mm: its dots are no squares, and we count with the smaller side
    name="kiosk-7",
    width_px=800,
    height_px=480,
    px_per_mm=5.587,
    # Between languages and Back, two rows of keys and the number have 47 mm. Large text is for
    # 450 mm, from where nobody's arm reaches the screen badly.
    floors=replace(KIOSK_FLOORS, key_mm=17.0, large_cap_mm=5.5),
)
KIOSK_10 = Panel(  # 216.96 mm wide
    name="kiosk-10", width_px=1280, height_px=800, px_per_mm=5.9, floors=KIOSK_FLOORS
)
KIOSK_TALL = Panel(  # Raspberry Pi Touch Display 2, 88 × 155 mm
    name="kiosk-tall",
    width_px=720,
    height_px=1280,
    px_per_mm=8.18,
    floors=replace(KIOSK_FLOORS, key_mm=17.0),  # in large text; else 20
)
HANDHELD_3 = Panel(  # 3.5 inches, 73.44 mm wide
    name="handheld-3", width_px=480, height_px=320, px_per_mm=6.536, floors=HANDHELD_FLOORS
)
HANDHELD_2 = Panel(  # 2.8 inches, 57.6 mm wide
    name="handheld-2", width_px=320, height_px=240, px_per_mm=5.556, floors=HANDHELD_FLOORS
)

KIOSK_PANELS = (KIOSK_7, KIOSK_10, KIOSK_TALL)
HANDHELD_PANELS = (HANDHELD_3, HANDHELD_2)
