"""Folding every member from zero, and faces beside what was held."""

from contextlib import closing

import pytest

from hub.commands import ledger as ledger_command
from hub.ledger.faces import faces_show_what_was_held
from hub.ledger.ledger import Ledger, open_ledger
from hub.ledger.rescore import count_facts, rescore
from hub.ledger.verify import broken, verify
from loyalty.records import FacePrinted
from tests.hub.hub_world import (
    PROGRAMME,
    START_MS,
    World,
    check_in,
    common,
    redemption,
    sale,
)


@pytest.fixture
def world(ledger_url, tmp_path):
    found = World(ledger_url)
    till = found.till("h1")
    till.add(sale("r1", 9900), redemption("r2"), check_in(card="04BB", member="ben"))
    found.take(till.batch())
    (tmp_path / "programme.toml").write_text(PROGRAMME)
    yield found
    found.ledger.close()


def face(version: int, points: int) -> FacePrinted:
    shown = {"account_version": version, "shown_points": points, "pending_points": 0}
    return FacePrinted(**common(), face="0" * 64, outcome="printed", as_of_ms=START_MS, **shown)


def test_a_ledger_that_follows_from_its_facts_differs_in_nothing(world):
    heard = []

    found = list(rescore(world.ledger, [world.programme], heard.append))

    assert found == []
    assert sum(heard) == count_facts(world.ledger) == 2


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        ("UPDATE member SET tier = 'gold' WHERE token = 'anna'", ["tier"]),
        ("UPDATE member SET qualifying = 1 WHERE token = 'ben'", ["qualifying"]),
        ("UPDATE account SET balance = 50 WHERE owner = 'anna'", ["balance"]),
        ("UPDATE lot SET expires_ms = 1", ["lots"]),
        ("UPDATE inbox SET status = 'held' WHERE op = 'r2'", ["version", "balance", "lots"]),
    ],
)
def test_each_difference_is_named(world, harm, what):
    world.ledger.connection.execute(harm)

    found = list(rescore(world.ledger, [world.programme]))

    assert [it.what for it in found] == what


def test_the_command_says_how_many_facts_it_folded(world, tmp_path, capsys):
    arguments = ["--db", str(world.path), "--programme", str(tmp_path / "programme.toml")]

    good = ledger_command.main(["rescore", *arguments])
    world.ledger.connection.execute("UPDATE member SET debt = 1 WHERE token = 'anna'")
    bad = ledger_command.main(["rescore", *arguments])

    shown = capsys.readouterr().out
    assert (good, bad) == (0, 1)
    assert "2 facts folded from zero, 0 differences" in shown
    assert "anna: debt is 1, folded 0" in shown


def test_a_face_may_show_what_was_held_at_its_version_before_late_facts_came(world):
    late, kiosk = world.till("h2"), world.till("k1")
    late.add(sale("r0", 500, till_ms=START_MS - 1000))
    kiosk.add(face(1, 99), face(2, 49), face(3, 54))

    world.take(late.batch(), kiosk.batch())

    assert faces_show_what_was_held(world.ledger)


@pytest.mark.parametrize(("version", "points"), [(0, 49), (1, 49), (2, 99), (3, 50)])
def test_a_face_that_shows_anything_else_is_found(world, version, points):
    kiosk = world.till("k1")
    kiosk.add(face(version, points))

    world.take(kiosk.batch())

    assert not faces_show_what_was_held(world.ledger)


class Interrupted:
    """A ledger's engine and its database; after the first statement of its user, `deed` is done."""

    def __init__(self, engine, deed):
        self._engine = engine
        self._deeds = [deed]

    @property
    def database(self):
        return self

    def execute(self, statement, values=()):
        found = self._engine.database.execute(statement, values)
        while self._deeds:
            self._deeds.pop()()
        return found

    def __getattr__(self, name):
        return getattr(self._engine, name)


def test_what_a_hub_posts_meanwhile_breaks_nothing(world):
    later = world.till("h2")
    later.add(sale("r3", 5000))

    with closing(open_ledger(world.path)) as other:
        ledger = Ledger(other.engine)
        ledger.engine = Interrupted(other.engine, lambda: world.take(later.batch()))
        found = verify(ledger, [world.programme], START_MS)

    assert broken(found) == []
    assert world.balance("anna") == 99 - 50 + 50
