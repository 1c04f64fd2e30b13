"""The screens that ask once more: before points are spent, and before the time is over."""

from dataclasses import replace

from device.display.screen_text import CHOICES, FIELDS, readable, wording
from device.display.screens.account import split
from device.display.screens.boxes import Box
from device.display.screens.choices import Choice, lay_choice
from device.display.screens.furniture import lower_half
from device.display.screens.message import fits, sign_of, tell
from device.display.screens.sheet import Sheet
from device.display.screens.sums import QUESTION, lay_sum, sums_of
from device.display.screens.typesetting import Paragraph
from device.display.screens.view import View, Words

INFO_SHARE = 0.54
TALL_INFO_MM = 54.0
CONFIRM_MM = 26.0  # high: large, and far from the edge where Back and Start over are
TRACK_MM = 3.0
MORE_TIME_MM = (24.0, 19.0, 15.0)
COUNTED_STEP_MS = 1000


def lay_confirm(sheet: Sheet, view: View, words: Words, body: Box) -> None:
    """Draw what would be spent and what would be left, and the one button that spends it."""
    info, actions = split(sheet, body, info_share=INFO_SHARE, info_mm=TALL_INFO_MM)
    values = readable(view.values, words.labels)
    question = wording(view.screen, values, words.translate).happened
    sums = sums_of(view, words, words_of=QUESTION)
    offer = words.label(str(view.values["offer"]))
    needed = sheet.width_px(offer, bold=True) + sheet.width_px(sums[0].figure, bold=True)
    if needed + sheet.px(10 * sheet.scale) < info.width:
        sums[1] = replace(sums[1], label=offer)
    least = len(sums) * round(1.45 * sheet.setter.floor_px) + sheet.px(3)
    room = info.top_part(info.height - least - sheet.gap)
    block = sheet.setter.set(
        [Paragraph(question, 6.0 * sheet.scale, bold=True)], room.width, room.height
    )
    if not block.is_cut and block.height_px <= room.height:
        ink, ground = sheet.colours.ink, sheet.colours.ground
        sheet.put(block, info, inks={"ink": ink}, ground=ground, middle=False)
        info = info.below(info.top_part(block.height_px), 2 * sheet.gap)
    lay_sum(sheet, info.top_part(min(info.height, sheet.px(50 * sheet.scale))), sums)
    label = words.translate(FIELDS["spend"]).format_map(values)
    spend = Choice(id="choice:confirm", label=label, role="confirm", kind="main")
    lay_choice(
        sheet, actions.top_part(min(actions.height, sheet.px(CONFIRM_MM * sheet.scale))), spend
    )


def lay_more_time(sheet: Sheet, view: View, words: Words, body: Box) -> None:
    """Draw the question whether somebody is there, the time that is left, and one large button."""
    said = wording(view.screen, readable(view.values, words.labels), words.translate)
    sign = sign_of(sheet, view, view.screen)
    for height_mm in MORE_TIME_MM:
        height = sheet.px(height_mm * sheet.scale)
        button = body.bottom_part(min(height, lower_half(sheet, body).height))
        track = body.above(button, 2 * sheet.gap).bottom_part(sheet.px(TRACK_MM * sheet.scale))
        above = body.above(track, sheet.gap)
        if fits(sheet, said, sign, above):
            break
    more_time = Choice(
        id="choice:more_time", label=words.translate(CHOICES["more_time"]), kind="main"
    )
    lay_choice(sheet, button, more_time)
    _lay_track(sheet, track, view)
    tell(sheet, said, sign, above)


def _lay_track(sheet: Sheet, track: Box, view: View) -> None:
    """Draw how much of the time is left, in steps of a second."""
    it = sheet.colours
    gone_ms = view.elapsed_ms // COUNTED_STEP_MS * COUNTED_STEP_MS
    left = max(0.0, 1 - gone_ms / view.timeout_ms) if view.timeout_ms else 1.0
    sheet.rounded(track, it.line)
    if (width := round(track.width * left)) > track.height:
        sheet.rounded(track.left_part(width), it.brand)
