"""Business days follow the programme's zone and cut-off hour, and lots end with one of them."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.clock import business_date, end_of_day_ms, start_of_day_ms
from loyalty.fields import TIME_MAX_MS
from loyalty.programme_days import DAYS_REMEMBERED, NEVER_MS, Days, last_day
from loyalty.programme_terms import Expiry
from tests.loyalty.facts import HOUR_MS, NOON_MS

HONG_KONG = ZoneInfo("Asia/Hong_Kong")
# Zones whose days are odd: half hours, daylight saving by half an hour, a day that never was.
ZONES = ["UTC", "Asia/Hong_Kong", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]
EXPIRIES = st.builds(
    Expiry,
    count=st.integers(1, 60),
    unit=st.sampled_from(["days", "months", "years"]),
    round_to=st.sampled_from(["day", "month", "year"]),
)


def test_a_day_begins_at_the_cutoff_hour_of_the_zone():
    days = Days(HONG_KONG, 4, None)
    four_o_clock_ms = NOON_MS + 8 * HOUR_MS  # 20:00 UTC is 04:00 in Hong Kong

    assert days.at(four_o_clock_ms - 1).date == date(2017, 3, 1)
    assert days.at(four_o_clock_ms).date == date(2017, 3, 2)


@given(
    st.sampled_from(ZONES), st.integers(0, 23), st.lists(st.integers(0, TIME_MAX_MS), max_size=5)
)
def test_remembered_days_are_those_of_the_clock(zone: str, cutoff_hour: int, times: list[int]):
    days = Days(ZoneInfo(zone), cutoff_hour, None)

    for at_ms in times * 2:
        day = days.at(at_ms)
        assert day.date == business_date(at_ms, ZoneInfo(zone), cutoff_hour)
        assert at_ms < day.ends_ms


@given(
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.dates(date(2010, 1, 1), date(2020, 1, 1)),
    EXPIRIES,
)
def test_lots_end_with_the_business_day_their_expiry_names(
    zone: str, cutoff_hour: int, earned: date, expiry: Expiry
):
    zone_info = ZoneInfo(zone)
    earned_ms = start_of_day_ms(earned, zone_info, cutoff_hour)

    day = Days(zone_info, cutoff_hour, expiry).at(earned_ms)

    assert day.lots_expire_ms == end_of_day_ms(last_day(day.date, expiry), zone_info, cutoff_hour)
    assert day.lots_expire_ms >= day.ends_ms


@pytest.mark.parametrize(
    ("earned", "count", "unit", "round_to", "last"),
    [
        ("2017-01-31", 1, "months", "day", "2017-02-28"),
        ("2016-02-29", 1, "years", "day", "2017-02-28"),
        ("2017-12-31", 2, "months", "day", "2018-02-28"),
        ("2017-03-01", 24, "months", "month", "2019-03-31"),
        ("2017-03-01", 1, "days", "year", "2017-12-31"),
        ("2017-12-31", 1, "days", "year", "2018-12-31"),
        ("2017-11-30", 1, "months", "month", "2017-12-31"),
        ("2016-02-01", 10, "days", "month", "2016-02-29"),
    ],
)
def test_the_last_day_is_counted_by_the_calendar(
    earned: str, count: int, unit: str, round_to: str, last: str
):
    expiry = Expiry(count=count, unit=unit, round_to=round_to)

    assert last_day(date.fromisoformat(earned), expiry) == date.fromisoformat(last)


def test_without_expiry_lots_never_end():
    assert Days(HONG_KONG, 4, None).at(NOON_MS).lots_expire_ms == NEVER_MS


def test_no_more_days_are_remembered_than_the_maximum():
    days = Days(HONG_KONG, 4, None)

    for number in range(DAYS_REMEMBERED + 2):
        days.at(number * 24 * HOUR_MS)

    assert len(days._by_utc_day) <= DAYS_REMEMBERED
