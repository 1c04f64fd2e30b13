"""Facts in any order of delivery: one digest, one set of verdicts, and everything adds up."""

import random
from collections.abc import Iterable
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import LedgerUnavailable
from hub.ledger.digest import digest
from hub.ledger.queries import history, member_view, open_cases
from hub.ledger.rows import KEEP_EVERY
from hub.ledger.verify import broken, verify
from loyalty.programme import parse
from loyalty.record import Record
from tests.hub.hub_world import START_MS, Till, World, check_in, redemption, sale

DAY_MS = 86_400_000
DEVICES = ("h1", "h2", "k1")
MEMBERS = ("anna", "ben", "cleo")
PROGRAMME = """
name = "tests"
version = 3
valid_from = 2017-01-01
zone = "UTC"
currency = "USD"

[expiry]
days = 3

[[tiers]]
id = "basic"
label = { en = "Basic" }
threshold_points = 0

[[tiers]]
id = "gold"
label = { en = "Gold" }
threshold_points = 100

[[earn]]
id = "base"
points = 1
per_minor = 100

[[earn]]
id = "gold"
points = 3
per_minor = 200
tier = "gold"

[[offers]]
id = "mug"
label = { en = "Mug" }
points = 50
value_minor = 500
"""
RULES = [parse(PROGRAMME, source="tests")]

Stated = tuple[str, Record]


@pytest.fixture
def world(tmp_path):
    found = World(tmp_path, RULES)
    yield found
    found.ledger.close()


def tills_of(world: World, stated: Iterable[Stated]) -> dict[str, Till]:
    tills = {name: world.till(name) for name in DEVICES}
    for name, record in stated:
        tills[name].add(record)
    return tills


def outcome(world: World) -> tuple[object, ...]:
    """Return all that must not depend on the order of delivery."""
    lines = world.ledger.connection.execute(
        "SELECT device.name, inbox.seq, status, code FROM inbox"
        " JOIN chain ON chain.id = chain JOIN device ON device.id = device ORDER BY 1, 2"
    )
    cases = world.ledger.connection.execute(
        "SELECT code, subject FROM case_file WHERE status = 'open' ORDER BY 1, 2"
    )
    found = (digest(world.ledger), lines.fetchall(), cases.fetchall())
    assert broken(verify(world.ledger, RULES, world.clock.now_ms())) == []
    return found


def delivered(batches_of: object) -> tuple[object, ...]:
    with TemporaryDirectory() as folder:
        world = World(Path(folder), RULES)
        for group in batches_of(world):
            world.take(*group)
        found = outcome(world)
        world.ledger.close()
        return found


@st.composite
def histories(draw):
    """Return facts of three members on three devices over some days; some are keyed twice."""
    stated = []
    for _ in range(draw(st.integers(1, 14))):
        member = draw(st.sampled_from(MEMBERS))
        at_ms = START_MS - 6 * DAY_MS + draw(st.integers(0, 24)) * DAY_MS // 4

        changes = {"card": f"04{member}", "member": member, "at_ms": at_ms}
        counter = draw(st.integers(0, 5))
        written = {"ctr_seen": counter, "ctr_used": counter + 1}
        touch = draw(st.sampled_from(["none", "done", "done", "torn", "unknown"]))
        changes |= {"ctr_seen": counter} if touch == "none" else {**written, "touch": touch}
        op = f"op{draw(st.integers(0, 9))}"
        match draw(st.sampled_from(["sale", "sale", "redemption", "check_in"])):
            case "sale":
                paid_minor = draw(st.sampled_from([0, 900, 4000, 12_000]))
                record = sale(op, paid_minor, till_ms=at_ms, **changes)
            case "redemption":
                record = redemption(op, draw(st.integers(0, 120)), **changes)
            case _:
                record = check_in(**changes)
        stated.append((draw(st.sampled_from(DEVICES)), record))
    return stated


@settings(max_examples=120)
@given(histories(), st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 4))
def test_any_order_of_delivery_gives_one_state(stated, seed, cut, group):
    def in_turn(world):
        tills = tills_of(world, stated)
        return [[till.batch()] for till in tills.values() if till.lines]

    def shuffled(world):
        rng = random.Random(seed)
        batches = [it for till in tills_of(world, stated).values() for it in cut_of(till, cut)]
        batches += rng.choices(batches, k=2)
        rng.shuffle(batches)
        return [batches[at : at + group] for at in range(0, len(batches), group)]

    assert delivered(in_turn) == delivered(shuffled)


def cut_of(till: Till, cut: int) -> list:
    return [till.batch(at, at + cut - 1) for at in range(1, len(till.lines) + 1, cut)]


FEW = [
    ("h1", sale("a", 9000, till_ms=START_MS - 4000)),
    ("h2", sale("b", 4000, till_ms=START_MS - 3000)),
    ("k1", redemption("c", 150, at_ms=START_MS - 2000)),
    ("h2", sale("a", 9000, till_ms=START_MS - 3500, store="s2")),
    ("h1", sale("d", 2000, till_ms=START_MS - 1000)),
]


def test_lines_that_make_an_overdrawn_one_give_way_go_on_making_each_other_give_way():
    anna = [sale("a", 0, at_ms=at, till_ms=at) for at in (START_MS - 1000, START_MS - 2000)]
    overdrawn = redemption("a", 1, at_ms=START_MS - 1000, card="04ben", member="ben")
    stated = [("h2", overdrawn), ("h2", anna[0]), ("h1", anna[0]), ("h1", anna[1])]

    def the_overdrawn_first(world):
        tills = tills_of(world, stated)
        return [[tills["h2"].batch()], [tills["h1"].batch()]]

    def the_others_first(world):
        return reversed(the_overdrawn_first(world))

    assert delivered(the_overdrawn_first) == delivered(the_others_first)


def test_every_order_of_a_few_facts_gives_one_state():
    def one_by_one(order):
        def batches(world):
            tills = [world.till(f"t{number}") for number in range(len(FEW))]
            for till, (_, record) in zip(tills, FEW, strict=True):
                till.add(record)
            return [[tills[number].batch()] for number in order]

        return batches

    found = {repr(delivered(one_by_one(it))) for it in permutations(range(len(FEW)))}

    assert len(found) == 1


def test_what_a_late_fact_changes_is_booked_beside_what_was(world):
    tills = tills_of(
        world, [("h1", sale("b", 4000)), ("h2", sale("a", 10_000, till_ms=START_MS - 1))]
    )

    world.take(tills["h1"].batch())
    world.take(tills["h2"].batch())

    booked = [(it.op, it.leg, it.points) for it in history(world.ledger, "anna")]
    assert booked == [
        ("a", "adjust:b:rate:1/100", -40),
        ("a", "adjust:b:rate:3/200", 60),
        ("a", "rate:1/100", 100),
        ("b", "rate:1/100", 40),
    ]
    assert [(it.op, it.remaining_points) for it in member_view(world.ledger, "anna", 0).lots] == [
        ("a", 100),
        ("b", 60),
    ]
    outcome(world)


def test_a_redemption_that_turns_out_to_be_covered_closes_its_case(world):
    spent = redemption("r", 50, at_ms=START_MS - 1000)
    tills = tills_of(world, [("h1", spent), ("h2", sale("a", 6000, till_ms=START_MS - 2000))])

    world.take(tills["h1"].batch())
    owing = (world.balance("anna"), open_cases(world.ledger))
    world.take(tills["h2"].batch())

    assert owing == (-50, [("overdrawn", "r", "50 points were not there", 1)])
    assert (world.balance("anna"), open_cases(world.ledger)) == (10, [])
    outcome(world)


def test_an_earlier_line_of_another_member_takes_the_operation_over(world):
    late = sale("a", 6000, till_ms=START_MS - 2000, card="04ben", member="ben")
    tills = tills_of(world, [("h1", sale("a", 5000)), ("h2", late)])

    world.take(tills["h1"].batch())
    world.take(tills["h2"].batch())

    assert (world.balance("anna"), world.balance("ben")) == (0, 60)
    assert world.cases() == ["op_conflict"]
    outcome(world)


@pytest.mark.parametrize("late_by", [1, 70, 150, 299])
def test_a_fold_begins_again_at_a_state_that_was_kept(world, late_by):
    def fact(number, at_ms):
        if number % 3 == 2:
            return redemption(f"f{number}", 40, at_ms=at_ms)
        return sale(f"f{number}", 3000 + 100 * number, till_ms=at_ms)

    first_ms = START_MS - 2 * DAY_MS
    facts = [fact(number, first_ms + 1000 * number) for number in range(300)]
    late_ms = first_ms + 1000 * (300 - late_by) - 500
    tills = tills_of(world, [*[("h1", it) for it in facts], ("h2", fact(300, late_ms))])

    for first in range(1, 300, 100):
        world.take(tills["h1"].batch(first, first + 99))
    kept = world.value("SELECT count(*) FROM kept_state")
    world.take(tills["h2"].batch())

    assert kept == 300 // KEEP_EVERY
    assert world.value("SELECT count(*) FROM kept_state") == 301 // KEEP_EVERY
    outcome(world)


def test_a_group_that_fails_leaves_no_trace_of_what_it_folded(world):
    tills = tills_of(
        world, [("h1", sale("b", 4000)), ("h2", sale("a", 10_000, till_ms=START_MS - 1))]
    )
    world.take(tills["h1"].batch())
    before = outcome(world)
    pages = world.value("PRAGMA page_count")
    world.ledger.connection.execute(f"PRAGMA max_page_count = {pages}")
    tills["h2"].add(*[check_in(staff="x" * 60) for _ in range(99)])

    with pytest.raises(LedgerUnavailable):
        world.intake.take([tills["h2"].batch()])
    during = outcome(world)
    world.ledger.connection.execute("PRAGMA max_page_count = 1000000")
    world.take(tills["h2"].batch())

    assert during == before
    assert world.balance("anna") == 160
    outcome(world)
