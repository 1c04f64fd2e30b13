"""The Chinese font of screens and card faces: found once, opened lazily, one for every region.

Noto Sans CJK is a collection: the same code point is drawn differently for readers in Hong Kong and
on the mainland, so the face is chosen by language. Face 0 is the Japanese one and is never used.
"""

import importlib.resources
from dataclasses import dataclass
from pathlib import Path

from PIL import ImageFont

FACE_BY_LOCALE = {"zh_Hans_CN": 2, "zh_Hant_TW": 3, "zh_Hant_HK": 4, "en": 4}
FONTS_MAX = 64
SIZE_MIN_PX, SIZE_MAX_PX = 8, 400

# What `make fonts` leaves: the same faces in the same places, with fewer characters.
CUT_COLLECTION = Path(__file__).parent / "typefaces" / "NotoSansCJK-cut.ttc"

_DEBIAN = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")  # fonts-noto-cjk
_BOLD_STROKE_PER_SIZE = 1 / 52  # the collection on PyPI has one weight; a stroke makes the other


class FontMissing(Exception):
    """No Noto Sans CJK is installed, so neither card faces nor screens can be drawn."""


@dataclass(frozen=True, slots=True)
class Font:
    """An opened face at one size, and how much to thicken it."""

    face: ImageFont.FreeTypeFont
    stroke_px: float

    def width_px(self, text: str) -> float:
        """Return how far `text` advances, thickening included."""
        return self.face.getlength(text) + 2 * self.stroke_px


def installed_collection() -> Path:
    """Return the path of the Noto Sans CJK collection: ours (`make fonts`), PyPI's, else Debian's.

    Raises:
        FontMissing: there is none.
    """
    return CUT_COLLECTION if CUT_COLLECTION.is_file() else full_collection()


def full_collection() -> Path:
    """Return the path of the whole collection, PyPI's, else Debian's.

    Raises:
        FontMissing: neither `noto-cjk-sans-otc` nor `fonts-noto-cjk` is installed.
    """
    try:
        package = importlib.resources.files("noto_cjk_sans_otc")
    except ModuleNotFoundError:
        bundled = _DEBIAN
    else:
        bundled = Path(str(package.joinpath("NotoSansCJK-Regular.ttc")))
    if not bundled.is_file():
        raise FontMissing(f"no font at {bundled}; install noto-cjk-sans-otc or fonts-noto-cjk")
    return bundled


class Fonts:
    """Opened fonts by size, weight and language; at most `FONTS_MAX` stay open."""

    def __init__(self, collection: Path) -> None:
        self._collection = collection
        self._opened: dict[tuple[int, bool, int], Font] = {}

    def get(self, *, size_px: int, bold: bool, locale: str) -> Font:
        """Return the font for `locale` (see `FACE_BY_LOCALE`) with letters `size_px` high."""
        if not SIZE_MIN_PX <= size_px <= SIZE_MAX_PX:
            raise ValueError(f"font size {size_px} px, wanted {SIZE_MIN_PX} to {SIZE_MAX_PX}")
        key = (size_px, bold, FACE_BY_LOCALE[locale])
        if (opened := self._opened.get(key)) is None:
            if len(self._opened) >= FONTS_MAX:
                self._opened.clear()
            opened = self._opened[key] = self._open(*key)
        return opened

    def _open(self, size_px: int, bold: bool, index: int) -> Font:
        face = ImageFont.truetype(self._collection, size_px, index=index)
        return Font(face, size_px * _BOLD_STROKE_PER_SIZE if bold else 0.0)
