"""What may be spent while the hub is out of reach: every limit, at its edge and one past it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.behaviour.offline_limits import HOUR_MS, Limit, Situation, Standing, limit_of
from loyalty.leases import Lease
from loyalty.programme_offline import NOTHING_OFFLINE, OfflineTerms

TERMS = OfflineTerms(
    lease_points=500,
    lease_hours=72,
    transaction_points=200,
    device_points=1000,
    device_hours=24,
    writes_lower=5,
    writes_upper=10,
    identifier_points=50,
    hotlist_hours=12,
)
NOW_MS = 1_800_000_000_000
LEASE = Lease(
    id="0011223344556677",
    uid=b"\x04234567",
    points=500,
    expires_s=NOW_MS // 1000 + 3600,
    counter=20,
)
STANDING = Standing(
    given_points=0, given_to_card_points=0, hotlist_as_of_ms=NOW_MS - 1000, is_stopped=False
)
LEASED = Situation(
    terms=TERMS,
    standing=STANDING,
    trusted_ms=NOW_MS,
    silent_ms=60_000,
    may_carry=True,
    lease=LEASE,
    left_points=150,
    counter=22,
)
IDENTIFIER = replace(LEASED, may_carry=False, lease=None, left_points=0, counter=7)


def standing(**changed: int | bool) -> Standing:
    return replace(STANDING, **changed)


def test_a_card_spends_what_is_left_of_its_lease():
    assert limit_of(LEASED) == Limit(points=150, reason="card_limit")


def test_no_more_is_left_than_the_hub_has_signed():
    assert limit_of(replace(LEASED, lease=replace(LEASE, points=40))).points == 40


def test_an_identifier_spends_its_own_small_limit():
    assert limit_of(IDENTIFIER) == Limit(points=50, reason="card_limit")


@pytest.mark.parametrize(("given_points", "left_points"), [(0, 50), (49, 1), (50, 0), (51, 0)])
def test_what_an_identifier_was_given_here_counts_until_the_hub_has_heard_of_it(
    given_points, left_points
):
    situation = replace(IDENTIFIER, standing=standing(given_to_card_points=given_points))

    assert limit_of(situation) == Limit(points=left_points, reason="card_limit")


def test_one_redemption_takes_no_more_than_the_programme_says():
    situation = replace(LEASED, left_points=201)

    assert limit_of(situation) == Limit(points=200, reason="transaction_limit")


@pytest.mark.parametrize(("given_points", "points"), [(850, 150), (851, 149), (1000, 0), (1200, 0)])
def test_a_device_gives_no_more_than_the_programme_says(given_points, points):
    situation = replace(LEASED, standing=standing(given_points=given_points))

    assert limit_of(situation).points == points


@pytest.mark.parametrize("situation", [LEASED, IDENTIFIER])
def test_without_trusted_time_nothing_is_spent(situation):
    refused = limit_of(replace(situation, trusted_ms=0))

    assert refused == Limit(points=0, reason="no_trusted_time")


@pytest.mark.parametrize("situation", [LEASED, IDENTIFIER])
@pytest.mark.parametrize(("late_ms", "is_allowed"), [(0, True), (1, False)])
def test_a_device_that_has_not_met_the_hub_for_long_gives_nothing(situation, late_ms, is_allowed):
    silent_ms = TERMS.device_hours * HOUR_MS + late_ms

    limit = limit_of(replace(situation, silent_ms=silent_ms))

    assert (limit.points > 0) is is_allowed
    assert (limit.reason == "hub_silent_too_long") is not is_allowed


@pytest.mark.parametrize("situation", [LEASED, IDENTIFIER])
@pytest.mark.parametrize(("late_ms", "is_allowed"), [(0, True), (1, False)])
def test_an_old_list_of_stopped_cards_ends_all_spending(situation, late_ms, is_allowed):
    as_of_ms = NOW_MS - TERMS.hotlist_hours * HOUR_MS - late_ms

    limit = limit_of(replace(situation, standing=standing(hotlist_as_of_ms=as_of_ms)))

    assert (limit.points > 0) is is_allowed
    assert (limit.reason == "hotlist_too_old") is not is_allowed


def test_without_a_list_of_stopped_cards_nothing_is_spent():
    refused = limit_of(replace(LEASED, standing=standing(hotlist_as_of_ms=0)))

    assert refused == Limit(points=0, reason="hotlist_too_old")


@pytest.mark.parametrize("situation", [LEASED, IDENTIFIER])
def test_a_stopped_card_spends_nothing(situation):
    refused = limit_of(replace(situation, standing=standing(is_stopped=True)))

    assert refused == Limit(points=0, reason="card_stopped")


def test_a_card_that_may_carry_a_lease_and_has_none_is_no_identifier():
    assert limit_of(replace(LEASED, lease=None)) == Limit(points=0, reason="no_lease")


@pytest.mark.parametrize(("early_ms", "is_allowed"), [(1, True), (0, False)])
def test_a_lease_ends_in_the_moment_that_it_names(early_ms, is_allowed):
    limit = limit_of(replace(LEASED, trusted_ms=LEASE.expires_s * 1000 - early_ms))

    assert (limit.points > 0) is is_allowed
    assert (limit.reason == "lease_expired") is not is_allowed


@pytest.mark.parametrize(
    ("writes", "is_allowed", "should_meet_hub"),
    [(0, True, False), (4, True, False), (5, True, True), (9, True, True), (10, False, False)],
)
def test_a_card_is_sent_to_the_hub_by_its_lower_limit_and_stopped_by_its_upper(
    writes, is_allowed, should_meet_hub
):
    limit = limit_of(replace(LEASED, counter=LEASE.counter + writes))

    assert (limit.points > 0, limit.should_meet_hub) == (is_allowed, should_meet_hub)
    assert (limit.reason == "too_many_writes") is not is_allowed


def test_a_card_that_has_counted_less_than_when_it_was_given_the_lease_is_not_that_card():
    refused = limit_of(replace(LEASED, counter=LEASE.counter - 1))

    assert refused == Limit(points=0, reason="too_many_writes")


@pytest.mark.parametrize("situation", [LEASED, IDENTIFIER])
def test_a_programme_that_says_nothing_lets_nothing_be_spent(situation):
    assert limit_of(replace(situation, terms=NOTHING_OFFLINE)).points == 0


@given(
    left_points=st.integers(0, 10**6),
    given_points=st.integers(0, 3000),
    given_to_card_points=st.integers(0, 3000),
    may_carry=st.booleans(),
    counter=st.integers(0, 60),
)
def test_no_limit_is_ever_passed_and_none_is_negative(
    left_points, given_points, given_to_card_points, may_carry, counter
):
    situation = replace(
        LEASED,
        may_carry=may_carry,
        lease=LEASE if may_carry else None,
        left_points=left_points,
        counter=counter,
        standing=standing(given_points=given_points, given_to_card_points=given_to_card_points),
    )

    points = limit_of(situation).points

    assert 0 <= points <= TERMS.transaction_points
    assert points == 0 or given_points + points <= TERMS.device_points
    if may_carry:
        assert points <= min(left_points, LEASE.points)
    else:
        assert points == 0 or given_to_card_points + points <= TERMS.identifier_points
