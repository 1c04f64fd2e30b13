"""A ledger in figures, on both engines."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from hub.ledger.figures import DeviceFigures, ledger_figures
from hub.ledger.ledger import open_ledger
from loyalty.asks import AskRedeem
from tests.hub.hub_world import START_MS, World, sale


def test_a_new_ledger_has_a_size_and_nothing_else(world: World) -> None:
    figures = ledger_figures(world.ledger, START_MS)

    assert figures.size_bytes > 0
    assert figures.devices == ()
    assert figures.oldest_gap_ms is None
    assert (figures.held_lines, figures.open_cases) == ({}, {})
    assert (figures.open_holds, figures.points_on_hold) == (0, 0)


def test_devices_are_told_with_how_far_their_lines_have_come(world: World) -> None:
    steady, behind, _new = world.till("a1"), world.till("b1"), world.till("c1")
    steady.add(sale("r1"), sale("r2"))
    behind.add(*[sale(f"s{number}") for number in range(5)])
    world.take(steady.batch())
    world.clock.at_ms += 60_000
    world.take(behind.batch(1, 1), behind.batch(4, 5))

    figures = ledger_figures(world.ledger, world.clock.at_ms)

    assert figures.devices == (
        DeviceFigures("s1", "a1", False, 0, None, START_MS),
        DeviceFigures("s1", "b1", False, 4, START_MS + 60_000, START_MS + 60_000),
        DeviceFigures("s1", "c1", False, 0, None, None),
    )
    assert figures.oldest_gap_ms == START_MS + 60_000
    assert figures.held_lines == {"gap": 2}


def test_a_device_with_a_new_journal_is_one_device(world: World) -> None:
    old = world.till("a1")
    new = world.till("a1", epoch="e2")
    old.add(sale("r1"))
    new.add(*[sale(f"s{number}") for number in range(3)])
    world.take(old.batch())
    world.clock.at_ms += 1_000
    world.take(new.batch(3, 3))

    (device,) = ledger_figures(world.ledger, world.clock.at_ms).devices

    assert device == DeviceFigures("s1", "a1", False, 3, START_MS + 1_000, START_MS + 1_000)


def test_a_revoked_device_is_told_as_such(world: World) -> None:
    world.till("a1")
    world.ledger.revoke_device("a1", START_MS)

    (device,) = ledger_figures(world.ledger, START_MS).devices

    assert device.is_revoked


def test_open_cases_are_counted_by_code(world: World) -> None:
    till = world.till("a1")
    till.add(sale("r1"))
    other = world.till("a1")
    other.add(sale("r2"))
    world.take(till.batch())
    world.take(other.batch())

    figures = ledger_figures(world.ledger, START_MS)

    assert figures.open_cases == {"fork": 1}


def test_a_grant_holds_points_until_its_time_is_over(world: World) -> None:
    till = world.till("a1")
    till.add(sale("r1", 10_000))
    world.take(till.batch())
    world.take(till.ask(AskRedeem(ref="a", card="04A1", member="anna", ctr_seen=0, offer="mug")))
    (expires_ms,) = world.ledger.connection.execute("SELECT expires_ms FROM hold").fetchone()

    before = ledger_figures(world.ledger, expires_ms - 1)
    after = ledger_figures(world.ledger, expires_ms)

    assert (before.open_holds, before.points_on_hold) == (1, 50)
    assert (after.open_holds, after.points_on_hold) == (0, 0)


class Planned(sqlite3.Connection):
    """A connection that notes how it would go through the tables."""

    def __init__(self, *values: object, **options: object) -> None:
        super().__init__(*values, **options)
        self.scans: set[str] = set()

    def execute(self, statement: str, values: Sequence[object] = (), /) -> sqlite3.Cursor:
        if "SELECT" in statement:
            plan = super().execute(f"EXPLAIN QUERY PLAN {statement}", values)
            self.scans |= {step for *_, step in plan if step.startswith("SCAN")}
        return super().execute(statement, values)


def test_no_figure_goes_through_what_grows_with_every_sale(tmp_path: Path) -> None:
    World(tmp_path).ledger.close()
    connection = None

    def connect(place: str, **options: object) -> sqlite3.Connection:
        nonlocal connection
        connection = sqlite3.connect(place, factory=Planned, **options)
        return connection

    ledger = open_ledger(tmp_path / "ledger.db", connect=connect)
    connection.scans.clear()

    ledger_figures(ledger, START_MS)

    ledger.close()
    # The indexes on lines and holds have only those that are held or active.
    tables = {step.removeprefix("SCAN ") for step in connection.scans}
    assert {it.partition(" ")[0] for it in tables} == {"device", "inbox", "case_file", "hold"}
    assert "inbox USING INDEX inbox_held" in tables
    assert "hold USING INDEX hold_active" in tables
