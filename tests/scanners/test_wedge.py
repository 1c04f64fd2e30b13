"""A scanner that types, told from a person who types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.links.evdev import EV_KEY, EV_SYN, SYN_DROPPED, InputEvent
from device.scanners.codes import CODE_MAX_CHARS
from device.scanners.wedge import BURST_GAP_MS, Wedge

KEY_ENTER, KEY_LEFTSHIFT = 28, 42
# Linux uapi/linux/input-event-codes.h, for the characters that the tests type.
KEYS = dict(zip("1234567890", range(2, 12), strict=True)) | {
    "-": 12, "=": 13, "q": 16, "a": 30, "m": 50, ";": 39, "/": 53, " ": 57,
}  # fmt: skip
SHIFTED = {"%": "5", "?": "/", "^": "6", "A": "a", "M": "m", "Q": "q"}


def typed(text: str, *, start_ms: int = 1000, gap_ms: int = 5) -> list[InputEvent]:
    """Return the events of `text` and Enter, a key every `gap_ms`."""
    events = []
    for place, char in enumerate([*text, "\n"]):
        at_ms = start_ms + place * gap_ms
        code = KEY_ENTER if char == "\n" else KEYS[SHIFTED.get(char, char)]
        keys = [(KEY_LEFTSHIFT, 1), (code, 1), (code, 0), (KEY_LEFTSHIFT, 0)]
        keys = keys if char in SHIFTED else keys[1:3]
        events += [InputEvent(at_ms, EV_KEY, *key) for key in keys]
        events.append(InputEvent(at_ms, EV_SYN, 0, 0))
    return events


def codes(events: list[InputEvent], wedge: Wedge | None = None) -> list[str]:
    wedge = wedge or Wedge()
    return [code for it in events if (code := wedge.feed(it)) is not None]


@pytest.mark.parametrize("text", ["6291041500213", "M-1001", "%AQ7^A?;12345=9?", "a 1 m"])
def test_a_quick_burst_with_enter_is_a_code(text):
    assert codes(typed(text)) == [text]


@pytest.mark.parametrize(
    ("gap_ms", "is_scanner"), [(BURST_GAP_MS, True), (BURST_GAP_MS + 1, False)]
)
def test_a_person_is_slower_than_a_scanner(gap_ms, is_scanner):
    assert bool(codes(typed("6291041500213", gap_ms=gap_ms))) is is_scanner


def test_what_a_person_typed_before_is_no_part_of_a_code():
    by_hand = typed("99", gap_ms=300)[:-3]  # no Enter

    assert codes([*by_hand, *typed("123456", start_ms=9000)]) == ["123456"]


def test_a_few_quick_keys_are_no_code():
    assert codes(typed("123")) == []


def test_a_clock_that_goes_back_begins_anew():
    wedge = Wedge()
    codes(typed("777777", start_ms=50_000)[:-3], wedge)

    assert codes(typed("123456", start_ms=1000), wedge) == ["123456"]


def test_the_end_of_a_code_whose_beginning_was_lost_is_no_code():
    whole = typed("6291041500213")
    lost = InputEvent(whole[9].at_ms, EV_SYN, SYN_DROPPED, 0)

    assert codes([lost, *whole[9:], *typed("123456", start_ms=9000)]) == ["123456"]


def test_a_code_that_lost_its_middle_is_no_code():
    whole = typed("6291041500213")
    lost = InputEvent(whole[18].at_ms, EV_SYN, SYN_DROPPED, 0)

    assert codes([*whole[:9], lost, *whole[18:]]) == []


def test_a_shift_whose_end_was_lost_does_not_last():
    wedge = Wedge()
    codes(typed("%12345")[:2], wedge)  # shift is down

    lost = InputEvent(1001, EV_SYN, SYN_DROPPED, 0)

    assert codes([lost, *typed("123456", start_ms=9000)], wedge) == ["123456"]


def test_a_key_that_sticks_fills_no_memory():
    stuck = [InputEvent(1000 + at, EV_KEY, KEYS["1"], 1) for at in range(10_000)]

    (code,) = codes([*stuck, InputEvent(11_000, EV_KEY, KEY_ENTER, 1)])

    assert len(code) == CODE_MAX_CHARS + 1


@given(
    st.lists(
        st.builds(
            InputEvent,
            st.integers(0, 500),
            st.integers(0, 4),
            st.integers(0, 600),
            st.integers(-2, 3),
        ),
        max_size=80,
    )
)
def test_no_keys_make_trouble(events):
    assert all(isinstance(it, str) for it in codes(events))
