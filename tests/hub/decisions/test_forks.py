"""Two devices with one identity: both are kept, nothing posts, and two people say what counts."""

from contextlib import closing

import pytest

from hub.decisions.forks import agree_to_adoption, propose_adoption, refuse_adoption
from hub.errors import HubError, NotFound
from hub.ledger.branches import adopted_epoch, branches, forked_chain
from hub.ledger.digest import digest
from hub.ledger.ledger import open_ledger
from hub.ledger.proposals import Proposal
from hub.ledger.verify import broken, verify
from hub.ledger.watermarks import Watermarks
from hub.posting.rebuild import rebuild
from loyalty.records import CardIssued
from loyalty.wire import names_of
from tests.hub.hub_world import START_MS, Till, World, check_in, redemption, sale

NOW_MS = START_MS + 60_000


@pytest.fixture
def cloned(world):
    """A world in which h1 was copied after its first line, and both went on."""
    world.original, world.clone = world.till("h1"), Till("h1")
    world.original.add(sale("r1"), sale("r2", 2000), sale("r3", 3000))
    world.clone.add(sale("r1"), sale("x2", 40_00), sale("x3", 80_00))
    world.take(world.original.batch(1, 2))
    world.take(world.clone.batch(2), world.original.batch(3))
    return world


def there(world: World, epoch: str = "e1") -> list:
    return branches(world.ledger.connection, forked_chain(world.ledger.connection, "h1", epoch))


def names(world: World) -> tuple[str, str]:
    """Return what came first and what came beside it, by name."""
    first, beside = there(world)
    return first.name, beside.name


def proposed(world: World, *wanted: str, number: str = "p1") -> None:
    made = Proposal(number, "", "", "", "", "The clone was never in the shop.", "wong", NOW_MS)
    propose_adoption(world.ledger, "h1", "e1", wanted, made)


def agree(world: World, number: str = "p1", checker: str = "chan") -> int:
    with closing(open_ledger(world.path)) as own:
        return agree_to_adoption(own, [world.programme], number, checker, NOW_MS)


def adopt(world: World, *wanted: str, number: str = "p1") -> int:
    proposed(world, *wanted, number=number)
    return agree(world, number)


def is_sound(world: World) -> bool:
    return broken(verify(world.ledger, [world.programme], NOW_MS)) == []


def test_the_branches_of_a_fork_are_shown_line_by_line(cloned):
    first, beside = there(cloned)

    assert [(it.seq, it.line, it.waits) for it in first.lines] == [
        (2, cloned.original.lines[1], False),
        (3, cloned.original.lines[2], True),
    ]
    assert [(it.seq, it.line) for it in beside.waiting] == [
        (2, cloned.clone.lines[1]),
        (3, cloned.clone.lines[2]),
    ]
    assert (first.came_first, beside.came_first) == (True, False)


@pytest.mark.parametrize(
    ("chosen", "lines", "points"), [("first", 1, 60), ("beside", 2, 150), ("both", 3, 180)]
)
def test_what_two_people_adopt_posts_and_nothing_else(cloned, chosen, lines, points):
    first, beside = names(cloned)
    wanted = {"first": [first], "beside": [beside], "both": [first, beside]}[chosen]
    assert cloned.balance("anna") == 30

    adopted = adopt(cloned, *wanted)

    assert (adopted, cloned.balance("anna")) == (lines, points)
    assert is_sound(cloned)
    assert cloned.value("SELECT status FROM case_file WHERE code = 'fork'") == "closed"


def test_the_decision_stands_in_the_hubs_own_chain(cloned):
    first, beside = names(cloned)

    adopt(cloned, beside, first)

    stated = cloned.value("SELECT line FROM inbox WHERE kind = 'fork_adopted'")
    assert f'"h1","e1",[["{beside}",3],["{first}",3]],"p1","chan"]'.encode() in bytes(stated)


def test_what_is_adopted_posts_once_whatever_comes_again(cloned):
    adopt(cloned, *names(cloned))
    after = digest(cloned.ledger)

    cloned.take(cloned.clone.batch(), cloned.original.batch(), cloned.clone.batch(2, 2))

    assert digest(cloned.ledger) == after
    assert [it.waiting for it in there(cloned)] == [[]]
    assert cloned.value("SELECT status FROM case_file WHERE code = 'fork'") == "closed"


def test_one_operation_on_both_branches_counts_once(world):
    till, clone = world.till("h1"), Till("h1")
    till.add(sale("r1"), sale("r2"))
    clone.add(sale("r2", at_ms=START_MS + 1), sale("r1", 9_00))
    world.take(till.batch(), clone.batch())

    adopt(world, there(world)[1].name)

    assert world.balance("anna") == 20
    assert world.value("SELECT count(*) FROM inbox WHERE status = 'duplicate'") == 1
    assert "op_conflict" in world.cases()
    assert is_sound(world)


def test_what_posted_meanwhile_is_folded_again(cloned):
    other = cloned.till("h2")
    spent = redemption("g1", 50, at_ms=START_MS + 5)
    other.add(spent)
    cloned.take(other.batch())
    assert (cloned.balance("anna"), "overdrawn" in cloned.cases()) == (-20, True)

    adopt(cloned, names(cloned)[1])

    assert cloned.balance("anna") == 100
    assert cloned.value("SELECT status FROM case_file WHERE code = 'overdrawn'") == "closed"
    assert is_sound(cloned)


def test_the_old_epoch_stays_closed_and_a_new_one_goes_on(cloned):
    adopt(cloned, *names(cloned))
    cloned.original.add(sale("r4", 7_00))
    fresh = Till("h1", epoch="e2")
    fresh.add(sale("r5", 5_00))

    (old, new) = cloned.take(cloned.original.batch(4), fresh.batch())

    assert [(it.seq, it.status, it.code) for it in old.exceptions] == [(4, "held", "fork")]
    assert (new.upto_seq, new.exceptions) == (1, ())
    assert cloned.balance("anna") == 185
    assert cloned.value("SELECT status FROM case_file WHERE code = 'fork'") == "open"


def test_what_comes_after_a_decision_takes_another(cloned):
    adopt(cloned, *names(cloned))
    cloned.clone.add(sale("x4", 6_00))
    cloned.original.add(check_in(), sale("r4", 7_00))
    cloned.take(cloned.clone.batch(4), cloned.original.batch(4))
    before = cloned.balance("anna")

    adopted = adopt(cloned, *[it.name for it in there(cloned) if it.waiting], number="p2")

    assert (adopted, before, cloned.balance("anna")) == (3, 180, 193)
    assert is_sound(cloned)


def test_what_came_after_a_proposal_is_not_adopted_with_it(cloned):
    beside = names(cloned)[1]
    proposed(cloned, beside)
    cloned.clone.add(sale("x4", 6_00))
    cloned.take(cloned.clone.batch(4))

    adopted = agree(cloned)

    assert (adopted, cloned.balance("anna")) == (2, 150)
    assert [it.seq for it in there(cloned)[1].waiting] == [4]


def test_a_line_that_waits_for_something_else_posts_when_that_comes(world):
    till, clone = world.till("h1"), Till("h1")
    till.add(sale("r1"), sale("r2", card="barcode:77", member=""))
    clone.add(check_in())
    world.take(till.batch(1, 1), clone.batch(), till.batch(2))
    adopt(world, there(world)[0].name)
    assert world.status(2) == ("held", "unknown_card")
    linker = world.till("h2")
    whose = {it: getattr(check_in(card="barcode:77"), it) for it in names_of("check_in")}
    linker.add(CardIssued(**whose, card_kind="barcode"))

    world.take(linker.batch())

    assert (world.status(2), world.balance("anna")) == (("posted", ""), 20)


def test_a_line_whose_card_was_linked_while_people_had_not_decided_posts_when_they_have(world):
    till, clone, linker = world.till("h1"), Till("h1"), world.till("h2")
    number = {"card": "barcode:77", "member": ""}
    till.add(sale("r1"), sale("r2", **number))
    clone.add(sale("r1"), check_in())
    linker.add(check_in(**number | {"member": "anna"}))
    world.take(till.batch(), clone.batch(2), linker.batch())
    before = world.balance("anna")

    adopt(world, there(world)[0].name)

    assert (before, world.balance("anna")) == (10, 20)
    assert world.status(2) == ("posted", "")
    assert is_sound(world)


def test_a_clone_of_the_clone_parts_again(cloned):
    second = Till("h1")
    second.add(*cloned.clone.lines[:2], sale("y3", 1_00))
    cloned.take(second.batch(3))

    _, shared, *parted = there(cloned)

    assert [it.line for it in shared.lines] == [cloned.clone.lines[1]]
    assert sorted(it.lines[0].line for it in parted) == sorted(
        [cloned.clone.lines[2], second.lines[2]]
    )
    adopt(cloned, shared.name, *[it.name for it in parted])
    assert (cloned.balance("anna"), is_sound(cloned)) == (151, True)


def test_a_branch_whose_beginning_is_missing_waits_for_it(world):
    till, clone = world.till("h1"), Till("h1")
    till.add(sale("r1"), sale("r2"), sale("r3"))
    clone.add(sale("x1"), sale("x2"), sale("x3"))
    world.take(clone.batch(3), till.batch(1, 2))
    (incomplete,) = there(world)

    with pytest.raises(HubError, match="begins at line 3: the one before it is not here"):
        proposed(world, incomplete.name)
    world.take(clone.batch())

    assert adopt(world, there(world)[0].name) == 3
    assert (world.balance("anna"), is_sound(world)) == (50, True)


def test_a_chain_whose_very_first_line_follows_another_is_kept_as_a_fork(world):
    till = world.till("h1")
    till.heads[0] = bytes([7]) * 32
    till.add(sale("r1"))

    (receipt,) = world.take(till.batch())

    assert [(it.seq, it.status, it.code) for it in receipt.exceptions] == [(1, "held", "fork")]
    assert (world.value("SELECT count(*) FROM fork"), world.cases()) == (1, ["fork"])


def test_nobody_adopts_alone(cloned):
    proposed(cloned, *names(cloned))

    with pytest.raises(HubError, match="wong's own, another person wanted"):
        agree(cloned, checker="Wong")

    assert cloned.balance("anna") == 30


def test_a_refused_proposal_posts_nothing(cloned):
    proposed(cloned, *names(cloned))
    refuse_adoption(cloned.ledger, "p1", "chan", NOW_MS)

    with pytest.raises(HubError, match="was refused by chan"):
        agree(cloned, checker="lee")

    assert cloned.balance("anna") == 30


def test_of_two_proposals_for_one_branch_the_first_agreed_one_counts(cloned):
    first, _ = names(cloned)
    proposed(cloned, first)
    proposed(cloned, first, number="p2")
    agree(cloned)

    with pytest.raises(HubError, match="no branch"):
        agree(cloned, "p2")

    assert cloned.balance("anna") == 60


@pytest.mark.parametrize("wanted", [[], ["nonsense"], ["twice", "twice"]])
def test_only_branches_that_are_there_are_proposed(cloned, wanted):
    with pytest.raises(HubError, match="wanted"):
        proposed(cloned, *wanted)


def test_a_branch_that_posted_already_is_not_proposed(cloned):
    adopt(cloned, names(cloned)[1])

    with pytest.raises(HubError, match="has no line that waits"):
        proposed(cloned, names(cloned)[1], number="p2")


def test_a_chain_that_is_not_forked_has_nothing_to_decide(world):
    till = world.till("h1")
    till.add(sale("r1"))
    world.take(till.batch())

    with pytest.raises(NotFound, match="no forked chain of device 'h1' in epoch 'e1'"):
        proposed(world, "whatever")


def test_nobody_waits_for_more_of_an_adopted_branch(cloned):
    adopt(cloned, *names(cloned))

    waited_for = [it.epoch for it in Watermarks(cloned.ledger.connection).all()]

    assert waited_for == ["e1"]


def test_a_ledger_with_adopted_branches_is_rebuilt_as_it_is(cloned, tmp_path):
    adopt(cloned, *names(cloned))

    found = rebuild(cloned.ledger, [cloned.programme], tmp_path / "scratch.db", NOW_MS)

    assert {name: it for name, it in found.items() if it} == {}


def test_no_device_can_state_lines_in_the_epoch_of_a_branch(cloned):
    intruder = Till("h1", epoch=adopted_epoch("e1", names(cloned)[1]))
    intruder.add(sale("z1"))

    assert cloned.take(intruder.batch()) == []


def test_only_the_hub_says_which_branch_counts(cloned):
    adopt(cloned, names(cloned)[0])
    line = bytes(cloned.value("SELECT line FROM inbox WHERE kind = 'fork_adopted'"))
    other = cloned.till("h2")
    other.add(line)

    (receipt,) = cloned.take(other.batch())

    assert [(it.status, it.code) for it in receipt.exceptions] == [("rejected", "hub_only")]
