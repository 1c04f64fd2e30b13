"""Lots are kept in the order of spending, and what is taken from them can be put back."""

from hypothesis import given
from hypothesis import strategies as st

from loyalty.lots import put, put_back, split, take, uses_of, without
from loyalty.state import Lot, LotUse
from tests.loyalty.facts import lot

AT_MS = 100


def points_of(lots: tuple[Lot, ...]) -> int:
    return sum(it.remaining_points for it in lots)


@st.composite
def some_lots(draw: st.DrawFn) -> tuple[Lot, ...]:
    lots: tuple[Lot, ...] = ()
    for number in range(draw(st.integers(0, 6))):
        times = {"earned_ms": draw(st.integers(0, 3)), "expires_ms": draw(st.integers(98, 103))}
        lots = put(lots, lot(f"op{number}", draw(st.integers(1, 50)), **times))
    return lots


@given(some_lots())
def test_lots_stand_by_expiry_then_earning_then_name(lots):
    assert list(lots) == sorted(lots, key=lambda it: (it.expires_ms, it.earned_ms, it.op, it.leg))


@given(some_lots(), st.integers(0, 300))
def test_what_is_taken_and_what_is_left_are_what_was_there(lots, points):
    taken = take(lots, points, AT_MS)
    left = without(lots, uses_of(taken))

    alive = tuple(it for it in lots if it.expires_ms > AT_MS)
    assert points_of(taken) == min(points, points_of(alive))
    assert points_of(taken) + points_of(left) == points_of(lots)
    assert put_back(left, taken) == lots


@given(some_lots(), st.integers(0, 300))
def test_a_split_takes_expired_lots_as_well(lots, points):
    first, rest = split(lots, points)

    assert points_of(first) == min(points, points_of(lots))
    assert put_back(rest, first) == lots


def test_a_part_of_a_lot_that_is_gone_comes_back_in_its_place():
    soon, later = lot("a", 30, expires_ms=5), lot("b", 10, expires_ms=9)

    assert put_back((later,), (soon._replace(remaining_points=4),)) == (
        soon._replace(remaining_points=4),
        later,
    )


def test_uses_name_the_lots_that_parts_come_from():
    assert uses_of((lot("a", 30),)) == (LotUse("a", "rate:1/100", 30),)
