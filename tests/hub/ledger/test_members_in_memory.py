"""Members stay in memory while there is room for them and for their lots."""

import pytest

from hub.ledger.holds import Holds
from hub.ledger.ledger import open_ledger
from hub.ledger.members import LOTS_MAX, MEMBERS_MAX, Members
from hub.ledger.postings import Postings
from hub.ledger.unwritten import Unwritten
from loyalty.state import Lot, MemberState


@pytest.fixture
def members(tmp_path):
    ledger = open_ledger(tmp_path / "ledger.db", create=True)
    unwritten = Unwritten(ledger.engine)
    yield Members(unwritten, Postings(unwritten), Holds(ledger.connection, unwritten))
    ledger.close()


def row(number: int) -> tuple:
    return (number, f"m{number}", number, "basic", 0, 0, 0, None, None, None, None, "")


def lots(count: int) -> list[tuple]:
    return [(f"op{it}", "rate", 0, 1, 10, 10) for it in range(count)]


def state(count: int) -> MemberState:
    return MemberState(tier="basic", lots=tuple([Lot(*it) for it in lots(count)]))


def test_as_many_members_stay_as_there_is_room_for(members):
    members.expect([row(it) for it in range(MEMBERS_MAX + 1)], {}, [])

    members.trim()

    assert "m0" not in members
    assert "m1" in members


def test_who_was_asked_for_last_stays(members):
    members.expect([row(it) for it in range(MEMBERS_MAX + 1)], {}, [])

    members.find("m0")
    members.trim()

    assert "m0" in members
    assert "m1" not in members


def test_members_with_too_many_lots_go_though_they_are_few(members):
    members.expect([row(1), row(2), row(3)], {1: lots(LOTS_MAX), 2: lots(1)}, [])

    members.trim()

    assert "m1" not in members
    assert "m2" in members


def test_lots_that_were_earned_count_and_lots_that_were_spent_do_not(members):
    members.expect([row(1), row(2), row(3)], {2: lots(LOTS_MAX)}, [])

    members.set("m1", state(1))
    members.set("m2", state(LOTS_MAX - 1))
    members.trim()

    assert all(it in members for it in ("m1", "m2", "m3"))

    members.set("m3", state(1))
    members.trim()

    assert "m1" not in members
    assert "m2" in members


def test_lots_of_those_who_went_do_not_count(members):
    members.expect([row(1), row(2)], {1: lots(LOTS_MAX), 2: lots(LOTS_MAX)}, [])
    members.trim()

    members.set("m3", state(0))
    members.trim()

    assert "m1" not in members
    assert "m2" in members
