"""Lines that a person brings of a device that was shut out: kept, held, and adopted by two."""

import pytest

from hub.decisions.carried_lines import Carried, take_carried
from hub.decisions.forks import agree_to_adoption, propose_adoption
from hub.errors import HubError
from hub.ledger.branches import branches, forked_chain
from hub.ledger.digest import digest
from hub.ledger.ledger import open_ledger
from hub.ledger.proposals import Proposal
from hub.ledger.verify import broken, verify
from loyalty.asks import Hello
from tests.hub.hub_world import START_MS, Till, World, check_in, sale

HELLO = Hello(ref="r", last_seq=0, settled_seq=0, incarnation="", rules=0)


@pytest.fixture
def stolen(world):
    """A device that was shut out with three lines that it had not sent."""
    till = world.till("h1")
    till.add(sale("r1"), sale("r2", 2000), sale("r3", 3000), check_in())
    world.take(till.batch(1, 1))
    world.ledger.revoke_device("h1", START_MS)
    return till


def carry(world: World, *envelopes: bytes) -> list[Carried]:
    return take_carried(world.ledger, envelopes, START_MS)


def test_they_are_kept_and_move_nothing(world, stolen):
    carried = carry(world, stolen.batch(2, 3).payload, stolen.batch(4).payload)

    assert carried == [Carried("h1", "e1", 2, 3), Carried("h1", "e1", 4, 4)]
    assert [world.status(seq) for seq in (1, 2, 3, 4)] == [("posted", "")] + 3 * [("held", "fork")]
    assert world.balance("anna") == 10
    assert world.cases() == ["fork"]
    assert "came by hand" in world.value("SELECT detail FROM case_file")


def test_they_post_once_two_people_say_so(world, stolen):
    carry(world, stolen.batch(2).payload)
    database = world.ledger.connection
    (branch,) = branches(database, forked_chain(database, "h1", "e1"))
    made = Proposal("p1", "", "", "", "", "It lay in the drawer.", "wong", START_MS)
    propose_adoption(world.ledger, "h1", "e1", [branch.name], made)
    own = open_ledger(world.path)

    adopted = agree_to_adoption(own, [world.programme], "p1", "chan", START_MS)

    own.close()
    assert adopted == 3
    assert world.balance("anna") == 60
    assert broken(verify(world.ledger, [world.programme], START_MS)) == []


def test_they_may_overlap_what_is_here_and_come_again(world, stolen):
    carry(world, stolen.batch().payload)
    before = digest(world.ledger)

    carry(world, stolen.batch().payload)

    assert digest(world.ledger) == before
    assert world.value("SELECT count(*) FROM inbox") == 4


def test_those_that_count_already_do_not_wait(world, stolen):
    carried = carry(world, stolen.batch(1, 1).payload)

    assert carried == []
    assert world.cases() == []
    assert world.value("SELECT count(*) FROM chain WHERE fork_seq IS NOT NULL") == 0


def test_of_lines_that_overlap_what_is_here_only_the_new_ones_wait(world, stolen):
    overlapping = carry(world, stolen.batch(1, 3).payload)
    again = carry(world, stolen.batch(1, 3).payload)

    assert overlapping == again == [Carried("h1", "e1", 2, 3)]


def test_a_device_that_can_send_for_itself_is_told_to(world):
    till = world.till("h1")
    till.add(sale("r1"))

    with pytest.raises(HubError, match="'h1' is not shut out: it sends its lines itself"):
        carry(world, till.batch().payload)

    assert world.value("SELECT count(*) FROM inbox") == 0


def test_one_envelope_that_is_nobodys_keeps_all_of_them_out(world, stolen):
    stranger = Till("h1")
    stranger.secret = bytes(32)
    stranger.add(sale("r9"))

    for odd in (stranger.batch().payload, Till("h7").ask(HELLO).payload, b"not one"):
        with pytest.raises(HubError, match="envelope 2: "):
            carry(world, stolen.batch(2).payload, odd)

    assert world.value("SELECT count(*) FROM inbox") == 1
    assert world.value("SELECT count(*) FROM chain WHERE fork_seq IS NOT NULL") == 0
