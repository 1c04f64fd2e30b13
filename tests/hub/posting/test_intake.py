"""Messages in, receipts out: what a device sent is kept once, whatever arrives around it."""

from contextlib import closing

import pytest

from hub.decisions.decisions import Decisions
from hub.ledger.ledger import open_ledger
from hub.ledger.verify import broken, verify
from hub.posting.intake import Arrival
from loyalty.asks import Hello
from loyalty.lines import to_line
from loyalty.receipts import LineStatus
from tests.hub.hub_world import START_MS, World, check_in, redemption, sale

_HELLO = Hello(ref="q1", last_seq=2, settled_seq=2, incarnation="another", rules=3)


def test_a_sale_is_posted_and_receipted(world):
    till = world.till("h1")
    till.add(sale("r1", 1234))

    (receipt,) = world.take(till.batch())

    assert (receipt.upto_seq, receipt.head) == (1, till.heads[1].hex())
    assert (receipt.incarnation, receipt.exceptions) == ("incarnation", ())
    assert world.balance("anna") == 12


def test_the_same_batch_again_changes_nothing_and_is_answered_the_same(world):
    till = world.till("h1")
    till.add(sale("r1"), sale("r2"), b"rubbish")
    first = world.take(till.batch())

    again = world.take(till.batch(), till.batch(2), till.batch())

    assert again[0] == again[2] == first[0]
    assert again[1].exceptions == first[0].exceptions
    assert world.balance("anna") == 20


def test_a_resend_may_cut_its_batches_differently(world):
    till = world.till("h1")
    till.add(*[sale(f"r{n}") for n in range(9)])
    world.take(till.batch(1, 4))

    (receipt,) = world.take(till.batch(3))

    assert receipt.upto_seq == 9
    assert world.balance("anna") == 90


def test_a_gap_is_asked_for_and_what_came_after_it_posts_once_it_is_filled(world):
    till = world.till("h1")
    till.add(*[sale(f"r{n}") for n in range(6)])

    (gap,) = world.take(till.batch(4))
    before = world.balance("anna")
    (filled,) = world.take(till.batch(1, 3))

    assert (gap.upto_seq, gap.want_first, gap.want_last) == (0, 1, 3)
    assert gap.exceptions[0] == LineStatus(4, "held", "gap")
    assert before is None
    assert (filled.upto_seq, filled.want_first, filled.head) == (6, 0, till.heads[6].hex())
    assert world.balance("anna") == 60


def test_what_earns_beyond_an_old_gap_posts_and_what_spends_is_set_aside(world):
    till = world.till("h1")
    till.add(sale("r1", 9000), sale("r2", 10_000), redemption("r3"))
    world.take(till.batch(2))
    world.clock.at_ms += 15 * 60_000

    posted = world.intake.tick()
    early = world.balance("anna")
    reserved = world.value("SELECT sum(points) FROM hold WHERE status = 'active'")
    again = world.intake.tick()
    world.take(till.batch(1, 1))

    assert (posted, early, reserved, again) == (1, 100, 50, 0)
    assert world.balance("anna") == 140
    assert world.value("SELECT count(*) FROM hold WHERE status = 'active'") == 0


@pytest.mark.parametrize(("lost_from", "balance"), [(1, 50), (2, 100)])
def test_what_spends_beyond_a_gap_posts_once_the_gap_is_declared_lost(world, lost_from, balance):
    till = world.till("h1")
    till.add(sale("r1", 9000), sale("r2", 9000), sale("r3", 10_000), redemption("r4"))
    world.take(till.batch(3))
    world.clock.at_ms += 15 * 60_000
    world.intake.tick()

    with closing(open_ledger(world.path)) as own:
        Decisions(own, []).declare_lost("h1", "e1", lost_from, world.clock.at_ms)
    world.intake.tick()

    assert world.balance("anna") == balance
    is_set_aside = world.value("SELECT count(*) FROM hold WHERE status = 'active'")
    assert is_set_aside == (lost_from > 1)  # line 1 alone would not close the gap


def test_lines_that_were_declared_lost_and_come_after_all_count_once(world):
    till = world.till("h1")
    till.add(sale("r1", 9000), sale("r2", 10_000), redemption("r3"))
    world.take(till.batch(2))
    world.clock.at_ms += 15 * 60_000
    with closing(open_ledger(world.path)) as own:
        Decisions(own, []).declare_lost("h1", "e1", 1, world.clock.at_ms)
    world.intake.tick()

    world.take(till.batch(), till.batch())

    assert world.balance("anna") == 140
    assert broken(verify(world.ledger, [world.programme], world.clock.at_ms)) == []


def test_both_lines_of_a_fork_are_kept_and_nothing_after_it_posts(world):
    till, clone = world.till("h1"), world.till("h1")
    till.add(sale("r1"), sale("r2"), sale("r3"))
    clone.add(sale("r1"), sale("x2"), sale("x3"), sale("x4"))
    world.take(till.batch(1, 2))

    (forked,) = world.take(clone.batch())
    (after,) = world.take(till.batch(3))

    assert forked.exceptions == tuple(LineStatus(n, "held", "fork") for n in (2, 3, 4))
    assert (after.upto_seq, after.exceptions) == (3, (LineStatus(3, "held", "fork"),))
    assert world.value("SELECT count(*) FROM fork") == 3
    assert world.balance("anna") == 20
    assert world.cases() == ["fork"]


def test_a_kept_line_that_turns_out_to_be_a_clones_makes_way(world):
    till, clone = world.till("h1"), world.till("h1")
    till.add(sale("r1"), sale("r2"), sale("r3"))
    clone.add(sale("x1"), sale("x2"), sale("x3"))
    world.take(clone.batch(3))

    world.take(till.batch(1, 2))
    (receipt,) = world.take(till.batch(3))

    assert (receipt.upto_seq, receipt.head) == (3, till.heads[3].hex())
    assert world.value("SELECT count(*) FROM fork") == 1
    assert world.cases() == ["fork"]


def test_one_bad_line_stays_in_the_chain_and_never_blocks_the_next(world):
    till = world.till("h1")
    good = sale("r1")
    bad = [
        b"",
        b"[1,",
        b"\xff\xfe",
        b"[" * 900 + b"]" * 900,
        b'[1,"check_in",true]',
        b'[1,"sale","x",1]',
        b'{"v":1}',
        b"null",
    ]
    till.add(*bad, good)

    (receipt,) = world.take(till.batch())

    assert [it.status for it in receipt.exceptions] == ["rejected"] * len(bad)
    assert {it.code for it in receipt.exceptions} == {"malformed"}
    assert world.value("SELECT line FROM inbox WHERE seq = 3") == b"\xff\xfe"
    assert world.balance("anna") == 10


@pytest.mark.parametrize("half", [b"\xed\xa0\x80", b"\\ud800", b"\\u0000"])
def test_a_name_that_no_database_takes_is_rejected_and_kept(world, half):
    till = world.till("h1")
    broken = to_line(sale("broken")).replace(b"broken", b"bro" + half).replace(b"anna", half)
    till.add(broken, sale("r1"))

    (receipt,) = world.take(till.batch())

    assert receipt.exceptions == (LineStatus(1, "rejected", "malformed"),)
    assert world.value("SELECT line FROM inbox WHERE seq = 1") == broken
    assert world.balance("anna") == 10


def test_an_oversized_line_is_rejected_and_kept(world):
    till = world.till("h1")
    till.add(b"[1," + b"9" * 40_000 + b"]", sale("r1"))

    (receipt,) = world.take(till.batch())

    assert receipt.exceptions == (LineStatus(1, "rejected", "malformed"),)
    assert world.balance("anna") == 10


def test_unknown_kinds_and_versions_are_held_until_the_hub_is_upgraded(world):
    till = world.till("h1")
    till.add(b'[1,"teleport",1]', b'[2,"sale",1]', sale("r1"))

    (receipt,) = world.take(till.batch())

    assert receipt.exceptions == (
        LineStatus(1, "held", "unknown_kind"),
        LineStatus(2, "held", "unknown_kind"),
    )
    assert world.cases() == ["unknown_kind", "unknown_kind"]
    assert world.balance("anna") == 10


def test_what_is_not_sealed_by_the_topics_own_device_changes_nothing(world):
    till, other = world.till("h1"), world.till("h2").ask(_HELLO)
    till.add(sale("r1"))
    good = till.batch()
    till.secret = bytes(32)
    wrong_secret = till.batch()
    altered = Arrival(good.topic, good.payload.replace(b'"r1"', b'"r2"'))
    arrivals = [
        wrong_secret,
        altered,
        Arrival(other.topic, good.payload),
        Arrival(good.topic, b""),
        Arrival(good.topic, b"\xff" * 70_000),
        Arrival(good.topic, good.payload[:-1]),
        Arrival("loy/v1/s1/h1/up/elsewhere", good.payload),
        Arrival("loy/v1/s9/h1/up/batch", good.payload),
    ]

    replies = world.take(*arrivals)

    assert replies == []
    assert world.value("SELECT count(*) FROM inbox") == 0
    assert sum(n for word, n in world.intake.counts.items() if word.startswith("dropped_")) == 8


def test_a_revoked_device_is_not_heard(world):
    till = world.till("h1")
    till.add(sale("r1"))
    world.take(till.batch())
    till.add(sale("r2"))

    elsewhere = open_ledger(world.path)
    elsewhere.revoke_device("h1", START_MS)
    elsewhere.close()
    replies = world.take(till.batch())

    assert replies == []
    assert world.balance("anna") == 10


def test_hello_is_answered_with_where_the_hub_stands(world):
    till = world.till("h1")
    till.add(sale("r1"), check_in())
    world.take(till.batch(1, 1))

    (receipt,) = world.take(till.ask(_HELLO))

    assert (receipt.upto_seq, receipt.head) == (1, till.heads[1].hex())
    assert (receipt.want_first, receipt.want_last) == (2, 2)


def test_a_batch_that_the_database_refuses_is_held_and_the_others_post(world):
    poison, other = world.till("h1"), world.till("h2")
    poison.add(sale("poison"))
    other.add(sale("r1"))
    world.refuse_op("poison")

    held, posted = world.take(poison.batch(), other.batch())

    assert held.exceptions == (LineStatus(1, "held", "fault"),)
    assert (posted.upto_seq, posted.exceptions) == (1, ())
    assert world.cases() == ["fault"]
    assert world.balance("anna") == 10


def test_a_fault_in_our_own_rules_holds_the_line_and_goes_on(tmp_path):
    world = World(tmp_path, programmes=[])  # no programme is in force: the fold cannot begin
    till = world.till("h1")
    till.add(sale("r1"), check_in(card="", member=""))

    (receipt,) = world.take(till.batch())

    assert receipt.upto_seq == 2
    assert receipt.exceptions == (LineStatus(1, "held", "fault"),)
    world.ledger.close()
