"""What keeps a layout from being printed on a profile, each thing with its place in the file."""

from collections.abc import Iterator
from itertools import combinations

from device.display.cards.codes import BAR_MODULES_MAX, QR_MODULES_MAX
from device.display.cards.layout import Layout, contents
from device.display.cards.profile import Profile
from device.display.cards.sheet import Place, PlacedText, Sheet
from device.display.fonts import SIZE_MAX_PX


def complaints(layout: Layout, sheet: Sheet) -> Iterator[str]:
    """Yield what is wrong with `sheet`, which `layout` was laid out to."""
    profile = sheet.profile
    placed = [sheet.code, *(it.place for it in sheet.texts)]
    placed += [it for it in (sheet.bars, sheet.photo, sheet.stamps) if it is not None]
    named = [(box.where, it) for box, it in zip(contents(layout), placed, strict=True)]
    for where, it in named:
        yield from _misplaced(where, it, profile)
    for box, it in zip(layout.panels, sheet.panels, strict=True):
        yield from _outside(box.where, it, profile)
    for (where, one), (other_where, other) in combinations(named, 2):
        if one.overlaps(other):
            yield f"{where}: overlaps {other_where} on {profile.name}, wanted room of its own"
    for text in sheet.texts:
        yield from _badly_sized(text, profile)
    yield from _unreadable(layout, sheet)


def _misplaced(where: str, it: Place, profile: Profile) -> Iterator[str]:
    width_px, height_px = profile.face_px
    room_px = min(it.left, it.top, width_px - it.right, height_px - it.bottom)
    if it.width < 1 or it.height < 1:
        yield f"{where}: found nothing between its edges on {profile.name}, wanted some room"
    elif room_px < profile.margin_px:
        yield (
            f"{where}: found {room_px} dots to the edge of {profile.name}, "
            f"wanted at least {profile.margin_px}"
        )


def _outside(where: str, it: Place, profile: Profile) -> Iterator[str]:
    width_px, height_px = profile.face_px
    if not (0 <= it.left <= it.right <= width_px and 0 <= it.top <= it.bottom <= height_px):
        yield (
            f"{where}: found dots {it.left}-{it.right} × {it.top}-{it.bottom} on {profile.name}, "
            f"wanted inside {width_px} × {height_px}"
        )


def _badly_sized(it: PlacedText, profile: Profile) -> Iterator[str]:
    where = it.text.box.where
    if it.least_px < profile.text_min_px:
        yield (
            f"{where}: found letters of {it.least_px} dots on {profile.name}, "
            f"wanted at least {profile.text_min_px}"
        )
    if it.size_px > SIZE_MAX_PX:
        yield (
            f"{where}: found letters of {it.size_px} dots on {profile.name}, "
            f"wanted at most {SIZE_MAX_PX}"
        )
    if it.place.height < it.least_px:
        yield (
            f"{where}: found a box {it.place.height} dots high on {profile.name}, "
            f"wanted at least its letters' {it.least_px}"
        )


def _unreadable(layout: Layout, sheet: Sheet) -> Iterator[str]:
    profile, code, bars = sheet.profile, sheet.code, sheet.bars
    wanted_px = QR_MODULES_MAX * profile.module_min_px
    if min(code.width, code.height) < wanted_px:
        yield (
            f"{layout.code.where}: found {min(code.width, code.height)} dots on {profile.name}, "
            f"wanted at least {wanted_px} for the longest text"
        )
    side = "bottom" if code.top + code.bottom > profile.face_px[1] else "top"
    if profile.last_side in ("top", "bottom") and side != profile.last_side:
        yield (
            f"{layout.code.where}: found at the {side} of {profile.name}, "
            f"wanted at the {profile.last_side}, which is printed last"
        )
    if layout.bars is None or bars is None:
        return
    wanted_px = BAR_MODULES_MAX * profile.bar_min_px
    if profile.bar_min_px == 0:
        yield f"{layout.bars.where}: {profile.name} is too coarse for bars, wanted the code only"
    elif bars.width < wanted_px:
        yield (
            f"{layout.bars.where}: found {bars.width} dots on {profile.name}, "
            f"wanted at least {wanted_px} for the longest number"
        )
