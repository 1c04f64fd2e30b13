"""The terminal's calendar: each business day that is over is stated once, whatever clocks did."""

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.behaviour.events import DayEnded
from device.behaviour.setting import Now, Setting
from device.day_watch import LOOK_EVERY_MS, DayWatch, day_to_close
from device.records.journal import OUTCOMES_KEPT, Journal
from device.records.stamp import NO_CARD, stamp
from loyalty.clock import DAY_MS
from loyalty.programme import Programme, parse
from loyalty.records import CheckIn, DayClosed, Sale
from tests.device.quick_time import in_quick_time
from tests.device.terminal_world import START_MS, Terminal, handheld_at, kiosk_at
from tests.hub.hub_world import PROGRAMME

MOVES = 8
SETTING = Setting(store="s1", rules=1, currency="USD")


def programme_of(zone: str = "UTC", cutoff_hour: int = 4) -> Programme:
    text = PROGRAMME.replace('zone = "UTC"', f'zone = "{zone}"\ncutoff_hour = {cutoff_hour}')
    return parse(text, source="tests")


def utc_ms(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 1000


def at(at_ms: int, *, mono_ms: int = 60_000, hub_ms: int = 0) -> Now:
    return Now(at_ms=at_ms, mono_ms=mono_ms, boot=1, hub_ms=hub_ms)


@pytest.mark.parametrize(
    ("zone", "cutoff_hour", "over_utc", "day"),
    [
        ("UTC", 4, (2017, 3, 2, 4), 20170301),
        ("UTC", 0, (2017, 3, 2), 20170301),
        ("Asia/Hong_Kong", 4, (2017, 3, 1, 20), 20170301),
        ("Asia/Hong_Kong", 0, (2016, 12, 31, 16), None),  # before the programme is valid
        ("Europe/London", 4, (2017, 3, 26, 3), 20170325),  # a day of 23 hours
        ("Europe/London", 1, (2017, 3, 26, 1), 20170325),  # and at the hour that it lacks
        ("Europe/London", 4, (2017, 10, 29, 4), 20171028),  # a day of 25 hours
        ("Europe/London", 1, (2017, 10, 29, 0), 20171028),
    ],
)
def test_a_day_is_over_at_the_cut_off_hour_of_the_programmes_zone(zone, cutoff_hour, over_utc, day):
    programme = programme_of(zone, cutoff_hour)
    over_ms = utc_ms(*over_utc)
    before = None if day is None else day_to_close(at(over_ms - 1), programme, 0)

    assert day_to_close(at(over_ms), programme, 0) == day
    assert before != day or day is None


def test_a_day_that_was_stated_is_not_stated_again_nor_one_that_staff_closed_early():
    noon = at(utc_ms(2017, 3, 2, 12))

    assert day_to_close(noon, programme_of(), 20170301) is None
    assert day_to_close(noon, programme_of(), 20170302) is None
    assert day_to_close(noon, programme_of(), 20170228) == 20170301


def test_after_days_without_power_the_last_of_them_is_stated():
    assert day_to_close(at(utc_ms(2017, 3, 9, 5)), programme_of(), 20170301) == 20170308


def test_the_hubs_time_corrects_a_clock_that_is_wrong():
    hub_ms = utc_ms(2017, 3, 2, 12)
    behind, ahead = at(utc_ms(2017, 2, 1), hub_ms=hub_ms), at(utc_ms(2099, 1, 1), hub_ms=hub_ms)

    assert day_to_close(behind, programme_of(), 0) == 20170301
    assert day_to_close(ahead, programme_of(), 0) == 20170301


def test_what_a_clock_far_ahead_once_closed_keeps_no_later_day_open():
    noon = at(utc_ms(2017, 3, 2, 12))

    assert day_to_close(noon, programme_of(), 20990101) == 20170301


@given(
    st.sampled_from(["UTC", "Asia/Hong_Kong", "Europe/London", "America/Los_Angeles"]),
    st.integers(0, 6),
    st.lists(st.integers(0, 3 * DAY_MS), min_size=1, max_size=40),
)
def test_days_are_stated_in_order_and_once_while_the_clock_goes_forward(zone, cutoff_hour, steps):
    programme, now_ms, closed_day = programme_of(zone, cutoff_hour), utc_ms(2017, 3, 1), 0
    stated = []

    for step_ms in steps:
        now_ms += step_ms
        day = day_to_close(at(now_ms), programme, closed_day)
        if day is not None:
            closed_day = day
            stated.append(day)
        # What is over is stated, and nothing that is not.
        yesterday = datetime.fromtimestamp(now_ms / 1000, programme.zone)
        yesterday -= timedelta(hours=cutoff_hour, days=1)
        assert closed_day == int(yesterday.strftime("%Y%m%d"))

    assert stated == sorted(set(stated))


@asynccontextmanager
async def watched(terminal: Terminal):
    """Have the calendar of `terminal` watched until the block ends."""
    watch = DayWatch(
        programme_of(),
        terminal.journal,
        lambda: at(terminal.clock.now_ms(), mono_ms=terminal.clock.monotonic_ms()),
        terminal.clock,
    )
    task = asyncio.create_task(watch.watch(terminal.app))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def passed(terminal: Terminal, duration_ms: int) -> None:
    """Let time pass as the calendar looks at it, and what it says be done."""
    for _ in range(MOVES):
        terminal.clock.move_to(terminal.clock.now_ms() + max(duration_ms // MOVES, LOOK_EVERY_MS))
        await asyncio.sleep(0.1)


def days(terminal: Terminal) -> list[int]:
    return [it.day for it in terminal.records() if isinstance(it, DayClosed)]


def day_before(at_ms: int) -> int:
    moment = datetime.fromtimestamp(at_ms / 1000, UTC) - timedelta(hours=4, days=1)
    return int(moment.strftime("%Y%m%d"))


@in_quick_time
async def test_a_terminal_that_starts_and_stays_on_states_each_day_once(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, _card), watched(kiosk):
        await kiosk.see("welcome")
        await passed(kiosk, LOOK_EVERY_MS)
        at_start = days(kiosk)
        await passed(kiosk, DAY_MS)

        assert at_start == [day_before(START_MS)]
        assert days(kiosk) == [day_before(START_MS), day_before(START_MS + DAY_MS)]


@in_quick_time
async def test_a_terminal_that_restarts_does_not_state_the_day_again(tmp_path):
    for _ in range(2):
        async with handheld_at(tmp_path) as (handheld, _chip), watched(handheld):
            await passed(handheld, LOOK_EVERY_MS)
            stated = days(handheld)

    assert stated == [day_before(START_MS)]


@in_quick_time
async def test_nobody_is_told_and_the_last_operation_stays_on_the_screen(tmp_path):
    async with handheld_at(tmp_path) as (handheld, chip):
        await handheld.key_sale()
        await handheld.see("tap_card")
        handheld.hold(chip)
        await handheld.see("sold")
        handheld.front.heard()

        async with watched(handheld):
            await passed(handheld, LOOK_EVERY_MS)

        assert days(handheld) == [day_before(START_MS)]
        assert handheld.front.shown[-1] == "sold"
        assert handheld.front.heard() == []


@in_quick_time
async def test_a_terminal_that_is_busy_states_the_day_when_it_is_free(tmp_path):
    async with handheld_at(tmp_path) as (handheld, chip):
        await handheld.key_sale()
        await handheld.see("tap_card")
        async with watched(handheld):
            await passed(handheld, LOOK_EVERY_MS)
            busy = days(handheld)
            handheld.hold(chip)
            await handheld.see("sold")
            await passed(handheld, LOOK_EVERY_MS)

        assert (busy, days(handheld)) == ([], [day_before(START_MS)])
        assert len([it for it in handheld.records() if isinstance(it, Sale)]) == 1


@in_quick_time
async def test_a_day_that_is_said_to_be_over_twice_at_once_is_stated_once(tmp_path):
    async with kiosk_at(tmp_path) as (kiosk, _card):
        await kiosk.see("welcome")

        await kiosk.app.put(DayEnded(20170301, by_calendar=True))
        await kiosk.app.put(DayEnded(20170301, by_calendar=True))
        await passed(kiosk, LOOK_EVERY_MS)

        assert days(kiosk) == [20170301]


@in_quick_time
async def test_a_full_journal_is_silent_about_the_day_and_states_it_later(tmp_path):
    async with kiosk_at(tmp_path, lines_max=OUTCOMES_KEPT + 1) as (kiosk, _card):
        await kiosk.see("welcome")
        now = at(START_MS)
        kiosk.journal.append(CheckIn(**stamp(SETTING, now), **NO_CARD, op=""))
        shown = len(kiosk.front.shown)

        async with watched(kiosk):
            await passed(kiosk, LOOK_EVERY_MS)

        assert days(kiosk) == []
        assert (len(kiosk.front.shown), kiosk.front.heard()) == (shown, [])


def test_the_journal_knows_which_day_was_stated_to_be_over_last(tmp_path):
    journal = Journal.open(tmp_path / "journal.db", epoch_of_new="e1")
    never = journal.closed_day()
    over = DayClosed(**stamp(SETTING, at(START_MS)), **NO_CARD, op="", day=20170301)
    journal.append(over)
    journal.append(replace(over, day=20170302))
    # Somebody may be called what a kind is called.
    named = replace(CheckIn(**stamp(SETTING, at(START_MS)), **NO_CARD, op=""), staff="day_closed")
    journal.append(named)
    at_once = journal.closed_day()
    journal.close()

    again = Journal.open(tmp_path / "journal.db", epoch_of_new="e2")

    assert (never, at_once, again.closed_day()) == (0, 20170302, 20170302)
    again.close()
