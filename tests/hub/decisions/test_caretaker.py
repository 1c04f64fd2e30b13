"""The hub looks after its ledger by itself: days close, and what is overdue becomes a case."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime

import pytest

from hub.decisions.caretaker import CARE_EVERY_MS, DAY_PATIENCE_MS, DAYS_AT_ONCE, Caretaker, Tended
from hub.decisions.decisions import Decisions
from hub.ledger.cases import CaseFilter, close, find_cases, notes
from hub.ledger.ledger import open_ledger
from hub.ledger.overdue import SILENCE_PATIENCE_MS
from hub.ledger.verify import broken, verify
from hub.posting.custody import GAP_PATIENCE_MS
from loyalty.clock import DAY_MS
from loyalty.programme import Programme, parse
from tests.hub.hub_world import (
    OPENS_MS,
    PROGRAMME,
    START_MS,
    Till,
    World,
    check_in,
    day_over,
    sale,
)
from tests.postgres_server import new_database


def programme_of(zone: str, cutoff_hour: int) -> Programme:
    text = PROGRAMME.replace('zone = "UTC"', f'zone = "{zone}"\ncutoff_hour = {cutoff_hour}')
    return parse(text, source="tests")


def tend(world: World, programmes: list[Programme] | None = None, at_ms: int = 0) -> None:
    """Have a caretaker look once, as a hub has that was just started."""
    world.clock.at_ms = at_ms or world.clock.at_ms
    with closing(open_ledger(world.path)) as ledger:
        Caretaker(ledger, programmes or [world.programme], world.clock.now_ms).tick()


def closed(world: World) -> list[tuple[str, int]]:
    rows = world.ledger.connection.execute("SELECT store, opens_ms FROM day_close ORDER BY 2, 1")
    return rows.fetchall()


def open_cases(world: World) -> dict[str, str]:
    found = find_cases(world.ledger, CaseFilter(is_open=True), 100)
    return {f"{it.code} {it.subject} of {it.store}": it.detail for it in found}


def reported(world: World, name: str, *records: object) -> Till:
    till = world.till(name)
    till.add(*records)
    world.take(till.batch())
    return till


def test_a_day_closes_by_itself_once_it_is_over_and_every_device_has_said_so(world):
    reported(world, "h1", sale("r1"), day_over())
    second = reported(world, "h2", sale("r2"))

    tend(world, at_ms=OPENS_MS - 1)
    tend(world, at_ms=OPENS_MS)
    still_open = closed(world)
    second.add(check_in(at_ms=OPENS_MS + 5))
    world.take(second.batch(2))
    tend(world)
    tend(world)

    assert (still_open, closed(world)) == ([], [("s1", OPENS_MS)])
    assert open_cases(world) == {}
    assert broken(verify(world.ledger, [world.programme], world.clock.now_ms())) == []


def test_the_hub_tends_its_ledger_whenever_its_intake_ticks(world):
    reported(world, "h1", sale("r1"), day_over())
    with closing(open_ledger(world.path)) as ledger:
        tended = Tended(world.intake, Caretaker(ledger, [world.programme], world.clock.now_ms))
        world.clock.at_ms = OPENS_MS - CARE_EVERY_MS + 1
        tended.tick()
        world.clock.at_ms = OPENS_MS
        tended.tick()
        too_soon = closed(world)
        world.clock.at_ms = OPENS_MS + 1
        tended.tick()

        assert (too_soon, closed(world)) == ([], [("s1", OPENS_MS)])


def test_a_clock_that_was_set_back_does_not_keep_the_caretaker_away(world):
    with closing(open_ledger(world.path)) as ledger:
        caretaker = Caretaker(ledger, [world.programme], world.clock.now_ms)
        world.clock.at_ms = OPENS_MS + 365 * DAY_MS
        caretaker.tick()
        world.clock.at_ms = START_MS
        reported(world, "h1", sale("r1"), day_over())
        world.clock.at_ms = OPENS_MS
        caretaker.tick()

    assert closed(world) == [("s1", OPENS_MS)]


def test_days_on_which_a_store_was_away_close_in_order_by_one_record_of_a_later_day(world):
    till = reported(world, "h1", sale("r1"))
    world.clock.at_ms = OPENS_MS + (DAYS_AT_ONCE + 2) * DAY_MS
    till.add(check_in(at_ms=world.clock.at_ms - 1))
    world.take(till.batch(2))

    tend(world)
    at_once = len(closed(world))
    tend(world)

    every_day = [("s1", OPENS_MS + day * DAY_MS) for day in range(DAYS_AT_ONCE + 2)]
    assert at_once == DAYS_AT_ONCE
    assert closed(world) == every_day


def test_a_store_that_nobody_heard_from_has_no_days(world):
    world.till("h1")

    tend(world, at_ms=OPENS_MS + 10 * DAY_MS)

    assert closed(world) == []
    assert open_cases(world) == {}


def test_a_day_that_cannot_close_becomes_a_case_that_names_device_and_lines(world):
    late = reported(world, "h1", sale("r1"))
    world.till("h2")
    late.add(sale("r2"), sale("r3"), day_over())
    world.take(late.batch(3))
    patient_until_ms = OPENS_MS + DAY_PATIENCE_MS

    tend(world, at_ms=patient_until_ms - 1)
    patient = [it for it in open_cases(world) if it.startswith("day_open")]
    tend(world, at_ms=patient_until_ms)
    impatient = open_cases(world)["day_open s1:20170301 of s1"]
    world.take(late.batch(2))
    reported_too = Till("h2")
    reported_too.add(day_over())
    world.take(reported_too.batch())
    tend(world)

    assert patient == []
    assert impatient == "device h1, epoch e1: lines 2 to 2; device h2 has never sent a line"
    assert closed(world) == [("s1", OPENS_MS)]
    assert open_cases(world) == {}


def test_a_gap_that_stays_becomes_a_case_and_settles_when_it_is_filled(world):
    till = reported(world, "h1", sale("r1"))
    till.add(sale("r2"), sale("r3"), sale("r4"))
    world.take(till.batch(4))

    tend(world, at_ms=START_MS + GAP_PATIENCE_MS - 1)
    young = open_cases(world)
    tend(world, at_ms=START_MS + GAP_PATIENCE_MS)
    tend(world, at_ms=START_MS + 2 * GAP_PATIENCE_MS)
    old = open_cases(world)
    seen = world.value("SELECT times FROM case_file WHERE code = 'gap'")
    world.take(till.batch(2, 3))
    tend(world)

    wanted = "device h1: lines 2 to 3 of epoch e1 missing since 2017-03-01 09:20:00"
    assert (young, old) == ({}, {"gap h1:e1 of s1": wanted})
    assert seen == 1
    assert open_cases(world) == {}
    (case,) = find_cases(world.ledger, CaseFilter(code="gap"), 9)
    assert [it.deed for it in notes(world.ledger, case.number)] == ["settled"]


def test_a_case_that_a_person_closed_opens_again_only_when_it_begins_again(world):
    till = reported(world, "h1", sale("r1"), day_over())
    quiet_ms = START_MS + SILENCE_PATIENCE_MS
    tend(world, at_ms=quiet_ms)
    (case,) = find_cases(world.ledger, CaseFilter(code="silent"), 9)

    close(world.ledger, case.number, "wong", "It is being repaired.", quiet_ms + 1)
    tend(world, at_ms=quiet_ms + DAY_MS)
    left_closed = open_cases(world)
    till.add(check_in(at_ms=quiet_ms + DAY_MS))
    world.take(till.batch(3))
    tend(world)
    tend(world, at_ms=world.clock.at_ms + SILENCE_PATIENCE_MS)

    assert "silent h1 of s1" not in left_closed
    assert open_cases(world)["silent h1 of s1"] == "no line from it since 2017-03-05 09:20:00"


def test_a_device_that_was_revoked_may_be_silent(world):
    reported(world, "h1", sale("r1"))
    world.ledger.revoke_device("h1", START_MS)

    tend(world, at_ms=START_MS + 2 * SILENCE_PATIENCE_MS)

    assert [it for it in open_cases(world) if it.startswith("silent")] == []


@pytest.mark.parametrize(
    ("zone", "cutoff_hour", "day", "opens_utc"),
    [
        ("Asia/Hong_Kong", 4, 20170301, (2017, 3, 1, 20)),
        ("Asia/Hong_Kong", 0, 20170301, (2017, 3, 1, 16)),
        ("Europe/London", 4, 20170301, (2017, 3, 2, 4)),
        ("Europe/London", 4, 20170325, (2017, 3, 26, 3)),  # 23 hours: clocks go forward at one
        ("Europe/London", 1, 20170325, (2017, 3, 26, 1)),  # at the very hour that is left out
        ("Europe/London", 4, 20171028, (2017, 10, 29, 4)),  # 25 hours
        ("Europe/London", 1, 20171028, (2017, 10, 29, 0)),  # the first of the two
    ],
)
def test_a_day_ends_at_the_cut_off_hour_of_its_zone(tmp_path, zone, cutoff_hour, day, opens_utc):
    programme = programme_of(zone, cutoff_hour)
    opens_ms = int(datetime(*opens_utc, tzinfo=UTC).timestamp()) * 1000
    world = World(tmp_path, [programme])
    world.clock.at_ms = opens_ms - 6 * 3_600_000
    till = world.till("h1")
    till.add(sale("r1", till_ms=world.clock.at_ms, at_ms=world.clock.at_ms))
    till.add(day_over(day, at_ms=world.clock.at_ms))
    world.take(till.batch())

    tend(world, [programme], at_ms=opens_ms - 1)
    before = closed(world)
    tend(world, [programme], at_ms=opens_ms)

    assert (before, closed(world)) == ([], [("s1", opens_ms)])
    close_line = world.value("SELECT line FROM inbox WHERE kind = 'store_day_closed'")
    assert f",{day},{opens_ms},".encode() in bytes(close_line)
    world.ledger.close()


def test_a_member_whose_books_are_damaged_keeps_only_their_own_stores_day_open(world):
    till = world.till("h1")
    till.add(sale("r1"), sale("r2"), sale("r3"), day_over())
    world.take(till.batch(1, 1), till.batch(3))
    world.clock.at_ms += GAP_PATIENCE_MS
    world.intake.tick()  # r3 posts before its turn, so the close would move it
    with closing(open_ledger(world.path)) as ledger:
        Decisions(ledger, []).declare_lost("h1", "e1", 2, world.clock.now_ms())
    world.ledger.connection.execute("UPDATE member SET qualifying = qualifying + 1")
    world.ledger.add_device("s2", "h2", "k1", Till("h2").secret, "password-of-h2")
    other = Till("h2", store="s2")
    other.add(sale("r4", member="ben", card="04BB", store="s2"), day_over(store="s2"))
    world.take(other.batch())

    tend(world, at_ms=OPENS_MS + DAY_PATIENCE_MS)

    assert closed(world) == [("s2", OPENS_MS)]
    assert "facts fold to version 2" in open_cases(world)["day_open s1:20170301 of s1"]


def test_stores_close_each_for_itself(world):
    reported(world, "h1", sale("r1"), day_over())
    world.ledger.add_device("s2", "h2", "k1", Till("h2").secret, "password-of-h2")
    other = Till("h2", store="s2")
    other.add(sale("r2", store="s2"))
    world.take(other.batch())

    tend(world, at_ms=OPENS_MS + DAY_PATIENCE_MS)

    assert closed(world) == [("s1", OPENS_MS)]
    assert [it for it in open_cases(world) if it.startswith("day_open")] == [
        "day_open s2:20170301 of s2"
    ]


def test_two_hubs_that_close_at_once_close_each_day_once(postgres_url):
    with new_database(postgres_url) as url, ExitStack() as opened:
        world = World(url)
        opened.callback(world.ledger.close)
        till = reported(world, "h1", sale("r1"))
        world.clock.at_ms = OPENS_MS + 10 * DAY_MS
        till.add(check_in(at_ms=world.clock.at_ms - 1), sale("lost"), sale("r9"))
        world.take(till.batch(2, 2), till.batch(4))
        world.clock.at_ms += DAY_MS
        ledgers = [opened.enter_context(closing(open_ledger(url))) for _ in range(3)]
        carers = [Caretaker(it, [world.programme], world.clock.now_ms) for it in ledgers]

        with ThreadPoolExecutor(len(carers)) as threads:
            list(threads.map(Caretaker.tick, carers))

        assert closed(world) == []
        assert world.value("SELECT sum(times) FROM case_file WHERE code = 'gap'") == 1
        world.take(till.batch(3, 3))
        world.clock.at_ms += CARE_EVERY_MS
        with ThreadPoolExecutor(len(carers)) as threads:
            list(threads.map(Caretaker.tick, carers))

        assert closed(world) == [("s1", OPENS_MS + day * DAY_MS) for day in range(10)]
        assert broken(verify(world.ledger, [world.programme], world.clock.now_ms())) == []
