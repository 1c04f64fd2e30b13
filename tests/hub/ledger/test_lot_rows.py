"""However often a lot changes in one transaction, one row comes of it."""

from hub.ledger.lots import Lots
from loyalty.differences import LotChange
from loyalty.state import Lot, LotUse

MEMBER = 7


def test_what_is_taken_from_a_new_lot_is_never_there():
    lots = Lots()
    lots.open(MEMBER, Lot("r1", "rate:1", 100, 900, 50, 50))

    lots.take(MEMBER, LotUse("r1", "rate:1", 20))
    lots.correct(MEMBER, LotChange("r1", "rate:1", 90, 890, 5, 5))

    assert lots.opened_rows() == [(MEMBER, "r1", "rate:1", 90, 890, 55, 35)]
    assert lots.changed_rows() == lots.perhaps_new_rows() == []


def test_what_is_taken_and_given_again_is_one_change_that_leaves_the_times():
    lots = Lots()

    lots.take(MEMBER, LotUse("r1", "rate:1", 20))
    lots.take(MEMBER, LotUse("r1", "rate:1", -5))

    assert lots.changed_rows() == [(None, None, 0, -15, MEMBER, "r1", "rate:1")]
    assert lots.perhaps_new_rows() == []


def test_a_correction_takes_its_times_along_and_opens_a_lot_that_is_missing():
    lots = Lots()
    lots.take(MEMBER, LotUse("r1", "rate:1", 20))

    lots.correct(MEMBER, LotChange("r1", "rate:1", 90, 890, 30, 30))

    assert lots.perhaps_new_rows() == [(MEMBER, "r1", "rate:1", 90, 890, 0, 0)]
    assert lots.changed_rows() == [(90, 890, 30, 10, MEMBER, "r1", "rate:1")]
