"""A closed day stays what it was: its digest, and the time at which what is late counts."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from hub.commands import ledger as ledger_command
from hub.decisions.decisions import Decisions
from hub.ledger.closed_days import closed_days
from hub.ledger.ledger import open_ledger
from hub.ledger.verify import broken, verify
from loyalty.clock import DAY_MS
from loyalty.lease_records import LeaseCarried, LeaseClosed, LeaseSpend
from loyalty.record import Record
from loyalty.records import (
    HUB_KINDS,
    KINDS,
    CardIssued,
    CardSuspected,
    FacePrinted,
    FaceStarted,
    StaffSignedIn,
    TouchUnknown,
)
from tests.hub.hub_world import (
    DAY,
    OPENS_MS,
    PROGRAMME,
    START_MS,
    Till,
    World,
    check_in,
    common,
    day_over,
    redemption,
    sale,
)

FACE = "ab" * 32

_MUG = {"value_minor": 500, "currency": "USD"}

LATE = [
    sale("late-sale", 7700),
    sale("r1", 1000),  # keyed again elsewhere
    sale("r1", 9900),  # and with another amount
    sale("r1", 1000, till_ms=START_MS - 60_000),  # or earlier than what the day closed with
    sale("late-new-member", 500, card="04FF", member="zoe"),
    redemption("late-redemption", 30),
    redemption("late-overdraft", 5000),
    CardIssued(**common(op="card:04CC:issue", card="04CC"), card_kind="classic1k"),
    CardSuspected(**common(), sign="copied"),
    check_in(),
    FaceStarted(**common(), face=FACE, rewrite=3),
    FacePrinted(
        **common(), face=FACE, outcome="printed", account_version=1, shown_points=10,
        pending_points=0, as_of_ms=START_MS,
    ),
    TouchUnknown(**common(), intended="late-intent"),
    StaffSignedIn(**common(card="", member="", staff="wong")),
    LeaseCarried(**common(op="lease:00:carry"), lease="00", left_points=5),
    LeaseSpend(**common(op="late-spend"), lease="00", offer="mug", points=5, **_MUG),
    LeaseClosed(**common(op="lease:00:close"), lease="00", left_points=5),
    day_over(),
    b'["sale"]',
    b"[1]",
    b'[99,"from-tomorrow"]',
]  # fmt: skip


@pytest.fixture
def world(ledger_url) -> Iterator[World]:
    found = World(ledger_url)
    till = found.till("h1")
    till.add(sale("r1", 1000), sale("r2", 5000), day_over())
    found.take(till.batch())
    found.clock.at_ms = OPENS_MS + 3_600_000
    close_day(found)
    yield found
    found.ledger.close()


def close_day(world: World, day: int = DAY, store: str = "s1") -> None:
    with closing(open_ledger(world.path)) as ledger:
        decisions = Decisions(ledger, [world.programme])
        assert decisions.close_day(store, day, world.clock.now_ms()) == []


def digests(world: World) -> dict[int, str]:
    return {it.day: it.digest for it in closed_days(world.ledger, "s1", 100)}


def test_late_are_facts_of_every_kind():
    assert {it.kind for it in LATE if isinstance(it, Record)} == KINDS.keys() - HUB_KINDS


@pytest.mark.parametrize("stated", LATE, ids=lambda it: it.kind if isinstance(it, Record) else it)
def test_no_late_fact_changes_a_closed_day(world, stated):
    before = digests(world)
    late = world.till("h2")
    late.add(stated)

    world.take(late.batch())

    counted = world.value(
        "SELECT event_ms FROM inbox JOIN chain ON chain.id = inbox.chain"
        " JOIN device ON device.id = chain.device WHERE name = 'h2'"
    )
    sound = verify(world.ledger, [world.programme], world.clock.now_ms())
    assert digests(world) == before
    assert set(before) == {DAY}
    assert counted is None or counted >= OPENS_MS
    assert broken(sound) == []


def test_a_late_day_closes_over_the_lines_that_were_late_for_the_one_before(world):
    before = digests(world)
    late = world.till("h2")
    late.add(sale("late", 7700), day_over(DAY + 1, at_ms=OPENS_MS))
    first = Till("h1")
    first.add(sale("r1", 1000), sale("r2", 5000), day_over(), day_over(DAY + 1, at_ms=OPENS_MS))
    world.take(late.batch(), first.batch())

    world.clock.at_ms = OPENS_MS + DAY_MS
    close_day(world, DAY + 1)

    lines = {it.day: it.lines for it in closed_days(world.ledger, "s1", 100)}
    assert lines == {DAY: 3, DAY + 1: 6}
    assert digests(world).items() > before.items()


def test_the_digest_is_of_the_very_bytes_that_the_close_saw(world):
    before = digests(world)[DAY]

    world.ledger.connection.execute("UPDATE inbox SET head = ? WHERE seq = 3", (bytes(32),))

    assert digests(world)[DAY] != before


def test_the_digest_tells_what_was_declared_lost_before_the_close(tmp_path):
    found = set()
    for is_lost in (False, True):
        folder = tmp_path / str(is_lost)
        folder.mkdir()
        world = World(folder)
        till = world.till("h1")
        till.add(sale("r1"), day_over())
        world.take(till.batch())
        world.clock.at_ms = OPENS_MS
        if is_lost:
            with closing(open_ledger(world.path)) as ledger:
                Decisions(ledger, []).declare_lost("h1", "e1", 9, world.clock.now_ms())
        close_day(world)
        found.add(digests(world)[DAY])
        world.ledger.close()

    assert len(found) == 2


def test_the_command_shows_how_days_stand(world, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    (tmp_path / "programme.toml").write_text(PROGRAMME)
    arguments = ["--db", str(world.path), "--programme", str(tmp_path / "programme.toml")]

    status = ledger_command.main(["day", "status", *arguments])

    shown = capsys.readouterr().out
    assert status == 0
    assert digests(world)[DAY] in shown
    assert "the hub" in shown
    assert "s1: 20170302 is over and cannot close yet" in shown
    assert "missing: device h1, epoch e1, line 4 and later" in shown
