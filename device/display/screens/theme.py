"""Colours and looks of screens, and the contrast between colours."""

from dataclasses import dataclass

Colour = tuple[int, int, int]

CONTRAST_MIN = 4.5  # WCAG 2.2, 1.4.3
HIGH_CONTRAST_MIN = 7.0  # WCAG 2.2, 1.4.6

LOOKS = ("normal", "large", "contrast")  # what one button goes through, in this order


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of a look: each `on_…` is the ink on the ground it names."""

    ground: Colour
    ink: Colour
    quiet: Colour  # ink of what matters less
    panel: Colour  # what buttons and sums lie on
    line: Colour
    brand: Colour
    on_brand: Colour
    good: Colour
    bad: Colour
    on_mark: Colour
    notice: Colour
    on_notice: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """A look of the screens."""

    name: str
    palette: Palette
    is_large: bool = False


BRAND: Colour = (11, 93, 78)
_WHITE: Colour = (255, 255, 255)
_BLACK: Colour = (0, 0, 0)
_YELLOW: Colour = (255, 221, 51)


def themes(brand: Colour = BRAND) -> dict[str, Theme]:
    """Return every look of a shop whose colour is `brand`.

    Raises:
        ValueError: white letters could not be read on it.
    """
    if (found := contrast(_WHITE, brand)) < CONTRAST_MIN:
        raise ValueError(
            f"white on {hexadecimal(brand)} has a contrast of {found:.1f}:1, "
            f"at least {CONTRAST_MIN}:1 wanted: a darker colour"
        )
    calm = Palette(
        ground=(247, 245, 240),
        ink=(23, 32, 30),
        quiet=(78, 90, 86),
        panel=_WHITE,
        line=(214, 210, 200),
        brand=brand,
        on_brand=_WHITE,
        good=(24, 112, 62),
        bad=(168, 42, 30),
        on_mark=_WHITE,
        notice=(255, 228, 163),
        on_notice=(66, 44, 0),
    )
    sharp = Palette(
        ground=_BLACK,
        ink=_WHITE,
        quiet=_WHITE,
        panel=_BLACK,
        line=_WHITE,
        brand=_YELLOW,
        on_brand=_BLACK,
        good=(120, 255, 160),
        bad=(255, 178, 168),
        on_mark=_BLACK,
        notice=_WHITE,
        on_notice=_BLACK,
    )
    return {
        "normal": Theme(name="normal", palette=calm),
        "large": Theme(name="large", palette=calm, is_large=True),
        "contrast": Theme(name="contrast", palette=sharp),
    }


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours, 1 to 21. Source: WCAG 2.2, contrast ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def hexadecimal(colour: Colour) -> str:
    """Return `colour` as `#rrggbb`."""
    return "#" + bytes(colour).hex()


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
