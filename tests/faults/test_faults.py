"""The plan of what goes wrong: the same for a seed, different for another, and never empty."""

from collections import Counter
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from simulators.faults import (
    AT_HANDHELD,
    AT_KIOSK,
    DELAY_MAX_MS,
    EACH_WITHIN,
    FAULTS,
    MESSAGE_FAULTS,
    PASSED,
    fates,
    plan,
)

SOME_TO_KIOSK = [number % 3 == 0 for number in range(60)]


def test_a_seed_always_draws_the_same_plan():
    assert plan(7, SOME_TO_KIOSK) == plan(7, SOME_TO_KIOSK)


def test_another_seed_draws_another_plan():
    assert plan(7, SOME_TO_KIOSK) != plan(8, SOME_TO_KIOSK)


def test_every_mishap_comes_at_least_once():
    drawn = {it.fault for mishaps in plan(7, SOME_TO_KIOSK) for it in mishaps}

    assert drawn == {*AT_HANDHELD, *AT_KIOSK}


def test_what_happens_at_kiosks_happens_to_visits_that_go_there():
    drawn = plan(7, SOME_TO_KIOSK)

    at_handhelds_only = [it for it, goes in zip(drawn, SOME_TO_KIOSK, strict=True) if not goes]
    assert not [it for mishaps in at_handhelds_only for it in mishaps if it.fault in AT_KIOSK]


def test_amounts_stay_within_their_table():
    limits = {**AT_HANDHELD, **AT_KIOSK}

    drawn = [it for mishaps in plan(7, [True] * 2000) for it in mishaps]

    assert all(limits[it.fault][1] <= it.amount <= limits[it.fault][2] for it in drawn)


def test_without_visits_nothing_is_planned():
    assert plan(7, []) == []


def test_fewer_kinds_leave_the_others_where_they_were():
    every = plan(7, SOME_TO_KIOSK)

    pulled = plan(7, SOME_TO_KIOSK, ("cards_pulled",))

    assert pulled == [tuple(it for it in all_ if it.fault == "cards_pulled") for all_ in every]


def test_a_line_always_meets_the_same_fates():
    first, again = (list(islice(fates(7, "kiosk-1 up"), 500)) for _ in range(2))

    assert first == again
    assert first != list(islice(fates(7, "kiosk-2 up"), 500))


def test_most_messages_pass_and_each_fate_is_met():
    drawn = list(islice(fates(7, "kiosk-1 up"), 2000))

    names = [name for name, _ in drawn]
    assert set(names) == {PASSED, *MESSAGE_FAULTS}
    assert names.count(PASSED) > 1700
    assert all(1 <= amount_ms <= DELAY_MAX_MS for _, amount_ms in drawn)


@given(st.integers(0, 2**32))
def test_each_fate_is_met_early_on_every_line(seed):
    drawn = islice(fates(seed, "revisit-hub down"), EACH_WITHIN)

    assert Counter(name for name, _ in drawn if name != PASSED) == Counter(MESSAGE_FAULTS)


def test_a_fate_that_is_not_wanted_is_not_met():
    drawn = {name for name, _ in islice(fates(7, "kiosk-1 up", ("messages_dropped",)), 2000)}

    assert drawn == {PASSED, "messages_dropped"}


def test_every_fault_has_its_own_name():
    assert len(FAULTS) == len(set(FAULTS))
