"""What a member has is written down as text, and read again."""

import pytest

from hub.ledger.state_text import leases_text, read_leases, read_state, state_text
from loyalty.state import Leased, Lot, MemberState, Position

LOT = Lot("op-1", "rate:1/100", 1, 2, 30, 20)
LEASES = (Leased("L1", "04aa", (LOT, LOT._replace(op="op-2"))), Leased("L2", "04bb", (LOT,)))


@pytest.mark.parametrize("leases", [(), LEASES])
def test_a_state_is_what_was_written_down(leases):
    last = Position(7, "h1", "e1", 3)
    state = MemberState(
        tier="gold",
        qualifying_points=9,
        debt_points=4,
        lots=(LOT,),
        leases=leases,
        version=5,
        last=last,
    )

    assert read_state(state_text(state)) == state
    assert read_leases(leases_text(leases)) == leases


def test_who_has_no_lease_has_no_text_about_leases():
    assert leases_text(()) == ""


def test_a_state_from_before_there_were_leases_is_read():
    text = '["basic",1,0,2,[7,"h1","e1",3],[["op-1","rate:1/100",1,2,30,20]]]'

    assert read_state(text).lots == (LOT,)
    assert read_state(text).leases == ()
