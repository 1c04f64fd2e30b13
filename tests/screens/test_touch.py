"""A touch panel's events, as recorded and as they may be cut."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.display.touch import evdev_events as ev
from device.display.touch.contact import STRAIGHT, Calibration, Contact, in_picture
from device.display.touch.evdev import ContactStream, EvdevTouch, TouchMissing
from device.display.touch.evdev_events import TouchReader
from device.links import evdev
from device.links.evdev import EVENT


def events(*rows):
    """Return events as the kernel writes them."""
    return b"".join(EVENT.pack(1, 2, kind, code, value) for kind, code, value in rows)


REPORT = (evdev.EV_SYN, 0, 0)

# Raspberry Pi's 7-inch panel (FT5406), protocol B: a tap, with the finger rolling a little.
TAP = events(
    (evdev.EV_ABS, ev.ABS_MT_TRACKING_ID, 17),
    (evdev.EV_ABS, ev.ABS_MT_POSITION_X, 400),
    (evdev.EV_ABS, ev.ABS_MT_POSITION_Y, 120),
    (evdev.EV_KEY, ev.BTN_TOUCH, 1),
    (evdev.EV_ABS, ev.ABS_X, 400),
    (evdev.EV_ABS, ev.ABS_Y, 120),
    REPORT,
    (evdev.EV_ABS, ev.ABS_MT_POSITION_X, 402),
    REPORT,
    (evdev.EV_ABS, ev.ABS_MT_TRACKING_ID, -1),
    (evdev.EV_KEY, ev.BTN_TOUCH, 0),
    REPORT,
)


def reader(calibration=STRAIGHT):
    return TouchReader(
        width_px=800,
        height_px=480,
        x_range=(0, 800),
        y_range=(0, 480),
        calibration=calibration,
    )


def test_a_tap_is_a_finger_that_comes_down_and_leaves():
    assert reader().feed(TAP) == [Contact(400, 120, True), Contact(402, 120, False)]


@given(st.lists(st.integers(1, 60), max_size=20))
def test_taps_do_not_depend_on_how_events_arrive(cuts):
    whole, parts = reader(), reader()
    found, rest = [], TAP * 3

    for size in [*cuts, len(rest)]:
        found += parts.feed(rest[:size])
        rest = rest[size:]

    assert found == whole.feed(TAP * 3)


@given(st.binary(max_size=500))
def test_no_bytes_put_a_finger_off_the_screen(data):
    for contact in reader().feed(data):
        assert 0 <= contact.x_px < 800
        assert 0 <= contact.y_px < 480


def test_a_second_finger_is_not_looked_at():
    second = events(
        (evdev.EV_ABS, ev.ABS_MT_SLOT, 1),
        (evdev.EV_ABS, ev.ABS_MT_TRACKING_ID, 18),
        (evdev.EV_ABS, ev.ABS_MT_POSITION_X, 10),
        REPORT,
    )

    assert reader().feed(second) == []


def test_after_lost_events_a_finger_that_was_down_is_taken_to_have_left():
    panel = reader()
    down = TAP[: 7 * EVENT.size]
    lost = events(
        (evdev.EV_SYN, evdev.SYN_DROPPED, 0), (evdev.EV_ABS, ev.ABS_MT_POSITION_X, 799), REPORT
    )

    assert panel.feed(down + lost) == [Contact(400, 120, True), Contact(400, 120, False)]
    assert panel.feed(TAP)[0] == Contact(400, 120, True)


def test_after_lost_events_the_first_finger_is_looked_at_again():
    panel = reader()
    second = events((evdev.EV_ABS, ev.ABS_MT_SLOT, 1), (evdev.EV_ABS, ev.ABS_X, 10), REPORT)
    lost = events((evdev.EV_SYN, evdev.SYN_DROPPED, 0), (evdev.EV_ABS, ev.ABS_X, 10), REPORT)
    panel.feed(second + lost)

    assert panel.feed(TAP) == [Contact(400, 120, True), Contact(402, 120, False)]


def test_a_panel_that_was_mounted_turned_is_set_right_by_its_matrix():
    upside_down = Calibration(-1, 0, 1, 0, -1, 1)

    (down, _) = reader(upside_down).feed(TAP)

    assert (down.x_px, down.y_px) == (400, 360)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@given(x=st.integers(0, 29), y=st.integers(0, 19))
def test_a_turned_picture_is_touched_where_it_is_seen(turned, x, y):
    shown_at = {0: (x, y), 90: (19 - y, x), 180: (29 - x, 19 - y), 270: (y, 29 - x)}[turned]

    at = in_picture(Contact(*shown_at, True), turned, width_px=30, height_px=20)

    assert (at.x_px, at.y_px) == (x, y)


async def test_a_panel_is_read_as_it_speaks_until_it_is_unplugged():
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    stream = ContactStream(ours, reader())
    os.write(theirs, TAP)

    assert await stream.next_contact() == Contact(400, 120, True)
    assert await stream.next_contact() == Contact(402, 120, False)
    os.close(theirs)
    with pytest.raises(EOFError, match="gone"):
        await stream.next_contact()
    os.close(ours)


def test_what_is_no_touch_panel_is_refused_by_name(tmp_path):
    path = tmp_path / "event7"
    how = {"width_px": 800, "height_px": 480, "calibration": STRAIGHT}
    with pytest.raises(TouchMissing, match=r"cannot open .*event7"):
        EvdevTouch(path, **how)

    path.write_bytes(TAP)
    with pytest.raises(TouchMissing, match="is no touch panel"):
        EvdevTouch(path, **how)
