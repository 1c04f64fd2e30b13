"""Who shops when and where is fixed before anything runs."""

from hypothesis import given
from hypothesis import strategies as st

from loyalty.records import SaleItem
from simulators.baskets import Basket
from simulators.script import KIOSK_EVERY, WINDOW_MAX_MS, Visit, script

MINUTE_MS = 60_000


def basket(number: int, household: str, at_ms: int, store: str = "s1") -> Basket:
    items = (SaleItem("BEEF", 100, 0),)
    return Basket(store=store, basket_id=str(number), household=household, at_ms=at_ms, items=items)


def visits_of(baskets: list[Basket], *, handhelds: int = 4, kiosks: int = 3) -> list[Visit]:
    windows = script(baskets, handhelds=handhelds, kiosks=kiosks)
    return [visit for window in windows for visit in window.visits]


days = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("stu"), st.integers(0, 10 * MINUTE_MS)),
    max_size=40,
).map(
    lambda rows: [
        basket(number, household, 1000 + sum(step for _, _, step in rows[:number]), store)
        for number, (household, store, _) in enumerate(rows)
    ]
)


@given(days, st.integers(1, 5), st.integers(0, 3))
def test_every_basket_is_played_once_and_in_time_order(baskets, handhelds, kiosks):
    played = [it.basket for it in visits_of(baskets, handhelds=handhelds, kiosks=kiosks)]

    assert played == baskets


@given(days)
def test_a_household_shops_once_in_a_window_and_a_window_is_short(baskets):
    for window in script(baskets, handhelds=4, kiosks=3):
        people = [it.basket.household for it in window.visits]
        times = [it.basket.at_ms for it in window.visits]

        assert len(set(people)) == len(people)
        assert window.ends_ms == times[-1]
        assert times[-1] - times[0] <= WINDOW_MAX_MS


@given(days)
def test_the_same_baskets_make_the_same_script(baskets):
    assert visits_of(baskets) == visits_of(baskets)


@given(days, st.integers(1, 5), st.integers(1, 3))
def test_who_goes_to_a_kiosk_does_not_depend_on_how_many_there_are(baskets, handhelds, kiosks):
    found = visits_of(baskets, handhelds=handhelds, kiosks=kiosks)

    usual = [it.kiosk is None for it in visits_of(baskets)]

    assert [it.kiosk is None for it in found] == usual


def test_a_household_goes_to_its_kiosk_on_every_third_visit():
    found = visits_of([basket(it, "anna", it * MINUTE_MS) for it in range(9)])

    kiosks = [it.kiosk for it in found]
    assert sum(it is not None for it in kiosks) == 9 // KIOSK_EVERY
    assert kiosks[:3] * 3 == kiosks


def test_a_stores_baskets_all_go_to_one_handheld():
    found = visits_of([basket(it, f"h{it}", it * MINUTE_MS) for it in range(9)])

    assert len({it.handheld for it in found}) == 1


def test_without_kiosks_nobody_goes_to_one():
    found = visits_of([basket(it, "anna", it * MINUTE_MS) for it in range(9)], kiosks=0)

    assert {it.kiosk for it in found} == {None}


def test_a_basket_past_the_longest_window_starts_the_next():
    baskets = [basket(1, "anna", 0), basket(2, "ben", WINDOW_MAX_MS)]
    late = basket(3, "cleo", WINDOW_MAX_MS + 1)

    windows = list(script([*baskets, late], handhelds=1, kiosks=1))

    assert [len(it.visits) for it in windows] == [2, 1]
