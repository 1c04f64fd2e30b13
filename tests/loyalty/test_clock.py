"""Business days begin at the cut-off hour of the programme's zone."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.clock import SystemClock, business_date, end_of_day_ms, start_of_day_ms, wall_ms
from loyalty.fields import TIME_MAX_MS

ZONES = st.sampled_from(
    ["UTC", "Asia/Hong_Kong", "America/New_York", "Australia/Lord_Howe", "Atlantic/Azores"]
).map(ZoneInfo)


def test_the_small_hours_belong_to_the_day_before():
    hong_kong = ZoneInfo("Asia/Hong_Kong")
    four_o_clock_ms = 1488398400000  # 2017-03-01T20:00:00Z

    assert business_date(four_o_clock_ms - 1, hong_kong, 4) == date(2017, 3, 1)
    assert business_date(four_o_clock_ms, hong_kong, 4) == date(2017, 3, 2)
    assert start_of_day_ms(date(2017, 3, 2), hong_kong, 4) == four_o_clock_ms


@given(st.dates(date(1973, 1, 1), date(2099, 12, 30)), ZONES, st.integers(0, 23))
def test_a_day_is_closed_at_its_start_and_open_at_its_end(
    day: date, zone: ZoneInfo, cutoff_hour: int
):
    start_ms = start_of_day_ms(day, zone, cutoff_hour)
    end_ms = end_of_day_ms(day, zone, cutoff_hour)

    assert business_date(start_ms, zone, cutoff_hour) == day
    assert business_date(end_ms - 1, zone, cutoff_hour) == day
    assert business_date(end_ms, zone, cutoff_hour) > day


@pytest.mark.parametrize(
    ("epoch_ns", "told_ms"),
    [
        (1_488_398_400_123_456_789, 1_488_398_400_123),
        (-1, 0),
        (TIME_MAX_MS * 1_000_000, TIME_MAX_MS),
        (2**63 - 1, TIME_MAX_MS),
    ],
)
def test_a_clock_beyond_what_a_line_can_tell_stands_at_its_end(epoch_ns: int, told_ms: int):
    assert wall_ms(epoch_ns) == told_ms


def test_the_machines_clock_tells_milliseconds():
    clock = SystemClock()

    assert clock.now_ms() > 1_700_000_000_000
    assert clock.monotonic_ms() <= clock.monotonic_ms()
