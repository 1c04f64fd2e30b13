"""Entries stay what their rules gave, whatever the programme became since."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from hub.ledger.entries import entries_follow_rules
from loyalty.clock import DAY_MS
from loyalty.programme import Programme, parse
from tests.hub.hub_world import PROGRAMME, START_MS, World, redemption, sale

OLD = parse(PROGRAMME, source="tests")
NEW = parse(
    PROGRAMME.replace("version = 3", "version = 4")
    .replace("2017-01-01", "2017-03-02")
    .replace("points = 1\n", "points = 2\n", 1),
    source="tests",
)
NEXT_DAY = {"at_ms": START_MS + DAY_MS, "till_ms": START_MS + DAY_MS}


@pytest.fixture
def world(ledger_url) -> Iterator[World]:
    found = World(ledger_url, [OLD, NEW])
    found.clock.at_ms += 2 * DAY_MS
    till, late = found.till("h1"), found.till("h2")
    till.add(sale("r1", 5000), sale("r2", 5000, **NEXT_DAY))
    till.add(redemption("r3", 120, at_ms=START_MS + DAY_MS + 9))
    late.add(sale("r0", 900, till_ms=START_MS - 9), sale("r1", 5000, till_ms=START_MS - 7))
    found.take(till.batch(), late.batch())
    yield found
    found.ledger.close()


def test_each_entry_is_what_the_version_in_force_then_gives(world):
    amounts = world.ledger.connection.execute(
        "SELECT rules, sum(amount) FROM transfer WHERE leg LIKE 'rate:%' GROUP BY rules ORDER BY 1"
    ).fetchall()

    assert entries_follow_rules(world.ledger, [OLD, NEW])
    assert [rules for rules, _ in amounts] == [3, 4]


def test_a_version_that_comes_into_force_later_changes_nothing(world):
    newest = replace(NEW, version=5, valid_from=date(2017, 3, 9), receipt_cap_points=1)

    assert entries_follow_rules(world.ledger, [OLD, NEW, newest])


def changed(it: Programme, **changes: object) -> list[Programme]:
    programmes = {each.version: each for each in (OLD, NEW)}
    programmes[it.version] = replace(it, **changes)
    return list(programmes.values())


@pytest.mark.parametrize(
    "programmes",
    [
        changed(OLD, receipt_cap_points=1),
        changed(OLD, version=9),
        changed(NEW, valid_from=date(2017, 3, 1)),
        [OLD],
        [NEW],
    ],
    ids=["another rule", "another number", "in force too early", "new one gone", "old one gone"],
)
def test_rules_that_were_changed_afterwards_are_seen(world, programmes):
    assert not entries_follow_rules(world.ledger, programmes)


@pytest.mark.parametrize(
    "damage",
    [
        "INSERT INTO transfer SELECT line, 'more', unit, debit, credit, amount, member, event_ms,"
        " booked_ms, rules, version FROM transfer WHERE leg LIKE 'rate:%' AND rules = 4",
        "INSERT INTO transfer SELECT line, 'more', unit, debit, credit, 5, member, event_ms,"
        " booked_ms, 7, version FROM transfer WHERE leg = 'spend'",
    ],
    ids=["an entry too many", "an entry by rules of nobody"],
)
def test_entries_that_no_rule_gave_are_seen(world, damage):
    world.ledger.connection.execute(damage)

    assert not entries_follow_rules(world.ledger, [OLD, NEW])
