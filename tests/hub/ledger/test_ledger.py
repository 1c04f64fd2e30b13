"""The ledger over random histories: sums are zero, twice equals once, the fold from zero agrees."""

import random
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import LedgerUnavailable, NoLedger, NotFound
from hub.ledger.digest import digest
from hub.ledger.ledger import open_ledger
from hub.ledger.queries import history, house_points, line_counts, member_view
from hub.ledger.schema import POINTS_ISSUED, POINTS_REDEEMED
from hub.ledger.verify import broken, verify
from tests.hub.hub_world import (
    SECRET,
    START_MS,
    Till,
    World,
    check_in,
    receipted_lines,
    redemption,
    sale,
)

MEMBERS = ("anna", "ben", "cleo")


@pytest.fixture
def world_in_a_file(tmp_path):
    found = World(tmp_path)
    yield found
    found.ledger.close()


def state_of(world: World) -> tuple[str, dict, list[str]]:
    return digest(world.ledger), line_counts(world.ledger), checks(world)


def checks(world: World) -> list[str]:
    return broken(verify(world.ledger, [world.programme], world.clock.now_ms()))


@st.composite
def histories(draw):
    """Return lines of two devices, one event a second, as `(device, line)` in order of time."""
    events = []
    for number in range(draw(st.integers(1, 12))):
        member = draw(st.sampled_from(MEMBERS))
        at_ms = START_MS - 1_000_000 + 1000 * number
        changes = {"card": f"04{member}", "member": member, "at_ms": at_ms}
        op = f"op{draw(st.integers(0, 9))}"
        match draw(st.sampled_from(["sale", "sale", "redemption", "check_in", "rubbish"])):
            case "sale":
                paid_minor = draw(st.integers(0, 90_000))
                line = sale(op, paid_minor, till_ms=at_ms, **changes)
            case "redemption":
                line = redemption(op, draw(st.integers(0, 120)), **changes)
            case "check_in":
                line = check_in(**changes)
            case _:
                line = draw(st.binary(max_size=40).filter(lambda it: b"\n" not in it))
        events.append((draw(st.sampled_from(["h1", "h2"])), line))
    return events


@settings(max_examples=60)
@given(histories(), st.integers(0, 2**32), st.integers(1, 5))
def test_whatever_happened_twice_equals_once_and_everything_adds_up(events, seed, cut):
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        tills = {name: world.till(name) for name in ("h1", "h2")}
        for name, line in events:
            tills[name].add(line)
            world.take(tills[name].batch(len(tills[name].lines)))
        once = state_of(world)

        batches = [it for till in tills.values() for it in batches_of(till, cut)]
        random.Random(seed).shuffle(batches)
        world.take(*batches, *batches)

        assert once[2] == []
        assert state_of(world) == once
        assert receipted_lines(world.ledger) == len(events)
        world.ledger.close()


@settings(max_examples=60)
@given(histories(), st.integers(0, 2**32), st.integers(1, 5))
def test_one_devices_lines_post_in_their_own_order_however_they_arrive(events, seed, cut):
    states = []
    for shuffled in (False, True):
        with TemporaryDirectory() as folder:
            world = World(Path(folder))
            till = world.till("h1")
            till.add(*[line for _, line in events])
            batches = batches_of(till, cut)
            if shuffled:
                rng = random.Random(seed)
                batches += rng.choices(batches, k=3)
                rng.shuffle(batches)
            for it in batches:
                world.take(it)
            states.append(state_of(world))
            world.ledger.close()

    assert states[0] == states[1]
    assert states[0][2] == []


@settings(max_examples=40)
@given(histories(), st.integers(0, 2**32))
def test_in_any_order_between_devices_everything_adds_up(events, seed):
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        tills = {name: world.till(name) for name in ("h1", "h2")}
        for name, line in events:
            tills[name].add(line)
        batches = [it for till in tills.values() for it in batches_of(till, 1)]
        random.Random(seed).shuffle(batches)

        for it in batches:
            world.take(it)

        assert checks(world) == []
        assert receipted_lines(world.ledger) == len(events)
        world.ledger.close()


def batches_of(till: Till, cut: int) -> list:
    firsts = range(1, len(till.lines) + 1, cut)
    return [till.batch(first, first + cut - 1) for first in firsts]


def test_points_move_between_the_member_and_the_stores_houses(world):
    till = world.till("h1")
    till.add(sale("r1", 9900), redemption("r2", 50), check_in())

    world.take(till.batch())

    assert house_points(world.ledger, POINTS_ISSUED) == -99
    assert house_points(world.ledger, POINTS_REDEEMED) == 50
    assert member_view(world.ledger, "anna", 0).balance_points == 49
    assert [(it.op, it.points) for it in history(world.ledger, "anna")] == [("r2", -50), ("r1", 99)]
    assert checks(world) == []


def test_an_operation_that_counts_for_another_member_is_told_to_both(world):
    first, earlier = world.till("h1"), world.till("h2")
    first.add(sale("r1", 9900, till_ms=START_MS - 1), sale("r2", 1000))
    earlier.add(sale("r1", 9900, till_ms=START_MS - 2, card="04BB", member="ben"))
    world.take(first.batch())
    world.take(earlier.batch())

    moved = {
        token: [(it.op, it.points) for it in history(world.ledger, token)]
        for token in ("anna", "ben")
    }

    assert moved == {"anna": [("r1", -99), ("r2", 10), ("r1", 99)], "ben": [("r1", 99)]}


def test_the_digest_says_what_members_have_and_nothing_else(tmp_path):
    digests = []
    for name, order in (("a", ("h1", "h2")), ("b", ("h2", "h1"))):
        folder = tmp_path / name
        folder.mkdir()
        world = World(folder)
        tills = {it: world.till(it) for it in order}
        tills["h1"].add(sale("r1"))
        tills["h2"].add(check_in(card="04BB", member="ben"), sale("r2", card="04BB", member="ben"))
        for it in order:
            world.take(tills[it].batch())
        digests.append(digest(world.ledger))
        world.ledger.close()

    assert digests[0] == digests[1]
    assert digests[0] != digest_of_nothing(tmp_path)


def digest_of_nothing(folder: Path) -> str:
    ledger = open_ledger(folder / "empty.db", create=True)
    try:
        return digest(ledger)
    finally:
        ledger.close()


@pytest.mark.parametrize(
    ("harm", "name"),
    [
        ("UPDATE account SET balance = balance + 1 WHERE owner = 'anna'", "sums_zero"),
        ("UPDATE account SET balance = balance + 1 WHERE owner = 'anna'", "balance_is_transfers"),
        ("UPDATE lot SET remaining = remaining - 1", "balance_is_lots"),
        ("UPDATE lot SET remaining = remaining - 1", "lot_is_its_uses"),
        ("UPDATE lot SET expires_ms = expires_ms - 1", "fold_from_zero"),
        ("UPDATE member SET tier = 'gold'", "fold_from_zero"),
        ("UPDATE inbox SET line = head WHERE kind = 'check_in'", "heads_follow_lines"),
        ("UPDATE inbox SET line = head WHERE kind = 'sale'", "heads_follow_lines"),
        ("UPDATE member SET leases = '[['", "leases_within_escrow"),
        ("UPDATE member SET leases = '7'", "leases_within_escrow"),
        ("DELETE FROM inbox WHERE kind = 'check_in'", "receipted_once"),
        ("UPDATE chain SET kept_seq = kept_seq + 1", "receipted_once"),
        ("UPDATE chain SET kept_seq = kept_seq - 1", "receipted_once"),
        ("UPDATE inbox SET status = 'held' WHERE kind = 'sale'", "posted_at_most_once"),
    ],
)
def test_verify_finds_what_was_tampered_with(world, harm, name):
    till = world.till("h1")
    till.add(check_in(), sale("r1", 9900))
    world.take(till.batch())
    before = checks(world)

    world.ledger.connection.execute(harm)

    assert before == []
    assert name in checks(world)


def test_verify_finds_what_a_file_refers_to_and_does_not_have(world_in_a_file):
    till = world_in_a_file.till("h1")
    till.add(check_in())
    world_in_a_file.take(till.batch())

    world_in_a_file.ledger.connection.execute("DELETE FROM device")

    assert "references_exist" in checks(world_in_a_file)


def test_a_reservation_beyond_the_balance_is_found(world):
    till = world.till("h1")
    till.add(sale("r1", 9900))
    world.take(till.batch())

    world.ledger.connection.execute(
        "INSERT INTO hold VALUES ('a', 1, 1, 'q', 'mug', 100, 0, 0, ?, 'active')",
        (START_MS + 1,),
    )

    assert checks(world) == ["holds_within_available"]


def test_what_cannot_be_checked_yet_is_absent_and_never_true(world):
    invariants = verify(world.ledger, [], START_MS)

    absent = [name for name, holds in invariants.items() if holds == "absent"]

    assert "fold_from_zero" in absent
    assert broken(invariants) == []


def test_a_transfer_never_changes_and_never_goes(world):
    till = world.till("h1")
    till.add(sale("r1"))
    world.take(till.batch())

    for statement in ("UPDATE transfer SET amount = 1", "DELETE FROM transfer"):
        with pytest.raises(Exception, match="a transfer never"):
            world.ledger.connection.execute(statement)

    assert checks(world) == []


def test_a_full_disk_takes_nothing_and_loses_nothing(world_in_a_file):
    world = world_in_a_file
    till = world.till("h1")
    till.add(sale("r1"))
    world.take(till.batch())
    till.add(*[sale(f"s{n}", receipt="x" * 60) for n in range(99)])
    before = state_of(world)
    pages = world.value("PRAGMA page_count")
    world.ledger.connection.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(LedgerUnavailable, match="full"):
        world.intake.take([till.batch(2)])
    during = state_of(world)
    world.ledger.connection.execute("PRAGMA max_page_count = 1000000")
    (receipt,) = world.take(till.batch(2))

    assert during == before
    assert receipt.upto_seq == 100
    assert world.balance("anna") == 1000
    assert checks(world) == []


def test_a_copy_of_the_file_is_the_whole_ledger(world_in_a_file, tmp_path):
    world = world_in_a_file
    till = world.till("h1")
    till.add(sale("r1"))
    world.take(till.batch())
    world.ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    shutil.copy(world.path, tmp_path / "copy.db")
    copy = open_ledger(tmp_path / "copy.db")

    assert digest(copy) == digest(world.ledger)
    copy.close()


def test_what_is_no_ledger_is_told(tmp_path):
    (tmp_path / "text.db").write_text("not a database, but long enough to be looked at" * 20)

    told = {"absent.db": "no such file", "text.db": "not a database", ".": "no file"}
    for name, why in told.items():
        with pytest.raises(NoLedger, match=f"{why}, a ledger wanted"):
            open_ledger(tmp_path / name)


def test_a_member_nobody_knows_is_told(world):
    for question in (member_view, history):
        with pytest.raises(NotFound, match="nobody"):
            question(world.ledger, "nobody", 1)


def test_a_new_secret_works_beside_the_old_one_until_it_is_used(world):
    till = world.till("h1")
    till.add(sale("r1"), sale("r2"), sale("r3"))
    world.ledger.add_device("s1", "h1", "k2", bytes(range(2, 34)), "password")

    with_old = world.intake.take([till.batch(1, 1)])
    till.kid, till.secret = "k2", bytes(range(2, 34))
    with_new = world.intake.take([till.batch(1, 2)])
    till.kid, till.secret = "k1", bytes(range(32))
    with_old_again = world.intake.take([till.batch(1, 3)])

    assert (len(with_old), len(with_new), len(with_old_again)) == (1, 1, 0)
    assert b'"k2"' in with_new[0].payload


@pytest.mark.parametrize(
    "changes", [{"store": "s/1"}, {"device": "h 1"}, {"kid": ""}, {"secret": b"short"}]
)
def test_a_device_that_cannot_be_is_refused(world, changes):
    known = {"store": "s1", "device": "h1", "kid": "k1", "secret": bytes(32)}

    with pytest.raises(ValueError, match=r"wanted|is no"):
        world.ledger.add_device(**known | changes, mqtt_password="p")


def test_a_device_that_was_shut_out_stays_out(world):
    world.till("h1")
    world.ledger.revoke_device("h1", START_MS)

    with pytest.raises(ValueError, match="'h1' was shut out for good"):
        world.ledger.add_device("s1", "h1", "k2", SECRET, "password")

    assert world.value("SELECT count(*) FROM device_secret WHERE kid = 'k2'") == 0


def test_the_secret_that_a_device_uses_is_not_replaced_under_its_name(world):
    till = world.till("h1")
    till.add(sale("r1"))

    with pytest.raises(ValueError, match="'h1' has a secret 'k1', another kid wanted"):
        world.ledger.add_device("s1", "h1", "k1", bytes(range(2, 34)), "another password")

    assert len(world.intake.take([till.batch()])) == 1


def test_each_store_has_houses_of_its_own_and_they_sum_to_the_members(world):
    first = world.till("h1")
    world.ledger.add_device("s2", "h2", "k1", SECRET, "password-of-h2")
    second = Till("h2", store="s2")
    first.add(sale("r1", 5000), redemption("r2", 20))
    second.add(sale("r3", 7000, store="s2"), redemption("r4", 30, store="s2"))

    world.take(first.batch(), second.batch())

    houses = world.ledger.connection.execute(
        "SELECT owner, kind, balance FROM account WHERE owner <> 'anna' ORDER BY owner, kind"
    ).fetchall()
    assert houses == [
        ("store:s1", POINTS_ISSUED, -50),
        ("store:s1", POINTS_REDEEMED, 20),
        ("store:s2", POINTS_ISSUED, -70),
        ("store:s2", POINTS_REDEEMED, 30),
    ]
    assert world.balance("anna") == 70
