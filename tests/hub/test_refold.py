"""Facts in any order of delivery: one digest, one set of verdicts, and everything adds up."""

import random
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hub_world import START_MS, Till, World, check_in, redemption, sale
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.ledger.digest import digest
from hub.ledger.verify import broken, verify
from loyalty.programme import parse
from loyalty.records import Record

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
