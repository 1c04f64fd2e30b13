"""A lease takes points from its member, its card spends them, and what is left comes back."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.fold import fold, fold_all
from loyalty.leases import OFFER, operation
from loyalty.legs import leg_of, uses_by
from loyalty.state import Effect, Fact, Leased, LotUse, MemberState, Refused, Spent
from tests.loyalty.facts import (
    HOUR_MS,
    NOON_MS,
    lease_closed,
    lease_lapsed,
    lease_offered,
    lease_spend,
    lot,
    plain,
    redemption,
    sale,
)

LEG = "rate:1/100"
SOON, LATER = lot("soon", 30, expires_ms=NOON_MS + HOUR_MS), lot("later", 50)
CARD = "04a1b2c3"


def member(*lots: object, debt_points: int = 0) -> MemberState:
    return MemberState(tier="silver", lots=lots, debt_points=debt_points)


def after(state: MemberState, *facts: Fact) -> MemberState:
    for fact in facts:
        folded = fold(state, fact, plain())
        assert not isinstance(folded, Refused)
        state = folded[0]
    return state


def remaining(state: MemberState) -> dict[str, int]:
    return {it.op: it.remaining_points for it in state.lots}


def held(state: MemberState) -> dict[str, int]:
    return {part.op: part.remaining_points for it in state.leases for part in it.lots}


def test_a_lease_takes_what_expires_first():
    state = after(member(SOON, LATER), lease_offered(40))

    assert remaining(state) == {"later": 40}
    assert held(state) == {"soon": 30, "later": 10}
    assert (state.balance_points, state.leased_points) == (40, 40)


def test_a_lease_holds_what_is_there_and_nothing_that_has_expired():
    state = after(member(replace_expiry(SOON, NOON_MS), LATER), lease_offered(100))

    assert held(state) == {"later": 50}
    assert state.debt_points == 0


def replace_expiry(found, expires_ms: int):
    return found._replace(expires_ms=expires_ms)


def test_a_lease_of_nothing_is_none():
    assert after(member(), lease_offered(100)).leases == ()


def test_its_card_spends_what_expires_first_and_the_member_keeps_the_rest():
    state = after(member(SOON, LATER), lease_offered(70), lease_spend(35))

    assert held(state) == {"later": 35}
    assert remaining(state) == {"later": 10}


def test_a_lease_that_comes_back_whole_was_never_there():
    before = member(SOON, LATER)

    state = after(before, lease_offered(70), lease_closed(70))

    assert replace(state, version=0, last=None) == before


def test_what_comes_back_keeps_its_expiry_even_if_it_has_expired_meanwhile():
    late_ms = NOON_MS + 2 * HOUR_MS

    state = after(member(SOON), lease_offered(30), lease_closed(30, at_ms=late_ms))

    assert state.lots == (SOON,)
    assert isinstance(fold(state, redemption(1, at_ms=late_ms), plain())[1][0], Spent)
    assert after(state, redemption(1, at_ms=late_ms)).debt_points == 1


def test_what_the_card_spent_and_nobody_stated_yet_stays_in_escrow_until_it_is():
    closed = after(member(SOON, LATER), lease_offered(80), lease_closed(60))

    stated = after(closed, lease_spend(20))

    assert (held(closed), remaining(closed)) == ({"soon": 20}, {"soon": 10, "later": 50})
    assert (stated.leases, stated.balance_points) == ((), 60)


def test_a_spend_before_or_after_the_close_is_the_same():
    offered = after(member(SOON, LATER), lease_offered(80))

    in_order = after(offered, lease_spend(20), lease_closed(60))
    in_disorder = after(offered, lease_closed(60), lease_spend(20))

    assert in_order.lots == in_disorder.lots
    assert in_order.leases == in_disorder.leases == ()


def test_a_lapse_gives_back_whatever_is_left():
    state = after(member(SOON, LATER), lease_offered(80), lease_spend(40), lease_lapsed())

    assert (state.leases, remaining(state)) == ((), {"later": 40})


def test_what_comes_back_pays_the_debt_first():
    in_debt = after(member(SOON, LATER), lease_offered(80), redemption(25))

    state = after(in_debt, lease_closed(80))

    assert in_debt.debt_points == 25
    assert (state.debt_points, remaining(state)) == (0, {"soon": 5, "later": 50})


def test_what_a_card_spends_beyond_its_lease_comes_from_lots_and_then_is_debt():
    offered = after(member(SOON, LATER), lease_offered(60))

    state, effects = fold(offered, lease_spend(100), plain())

    assert effects[1] == Spent(40, (LotUse("later", LEG, 20),), 20)
    assert (state.leases, state.lots, state.debt_points) == ((), (), 20)


@pytest.mark.parametrize("changes", [{"lease": "L2"}, {"card": "04ffffff"}])
def test_a_spend_of_no_such_lease_of_its_card_takes_nothing_from_a_lease(changes):
    offered = after(member(SOON, LATER), lease_offered(60))

    state = after(offered, lease_spend(10, **changes))

    assert state.leases == offered.leases
    assert state.balance_points == offered.balance_points - 10


@pytest.mark.parametrize(
    "close", [lease_closed(60, card="04ffffff"), lease_closed(60, touch="unknown")]
)
def test_a_close_that_nobody_vouches_for_gives_nothing_back(close):
    offered = after(member(SOON, LATER), lease_offered(60))

    assert after(offered, close).leases == offered.leases


def test_a_lapse_that_comes_twice_gives_back_once():
    once = after(member(SOON, LATER), lease_offered(60), lease_lapsed())

    assert after(once, lease_lapsed()).lots == once.lots == (SOON, LATER)


def test_a_spend_in_another_currency_is_refused():
    offered = after(member(LATER), lease_offered(50))

    refused = fold(offered, lease_spend(10, currency="HKD"), plain())

    assert isinstance(refused, Refused)
    assert refused.reason == "currency"


def test_a_sale_leaves_leases_alone():
    offered = after(member(LATER), lease_offered(50))

    assert after(offered, sale(("A", 500))).leases == (Leased("L1", CARD, (LATER,)),)


NUMBERS = st.integers(0, 120)
LEASES = st.sampled_from(["L1", "L2"])


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    facts = [lease_offered(draw(NUMBERS), lease=it, number=n) for n, it in enumerate(("L1", "L2"))]
    for number in range(2, draw(st.integers(2, 10))):
        at = {"at_ms": NOON_MS + draw(st.integers(-5, 5)), "number": number}
        of = {**at, "lease": draw(LEASES)}
        match draw(st.sampled_from(["sale", "redemption", "spend", "spend", "close", "lapse"])):
            case "sale":
                facts.append(sale(("A", 100 * draw(NUMBERS)), **at))
            case "redemption":
                facts.append(redemption(draw(NUMBERS), **at))
            case "spend":
                facts.append(lease_spend(draw(NUMBERS), **of))
            case "close":
                facts.append(lease_closed(draw(NUMBERS), **of))
            case "lapse":
                facts.append(lease_lapsed(**of))
    return facts


@given(histories())
def test_what_legs_move_is_what_member_and_cards_have(facts: list[Fact]):
    state = fold_all([], [plain()])
    has_points = on_cards_points = 0
    for fact in sorted(facts, key=lambda it: it.position):
        folded = fold(state, fact, plain())
        assert not isinstance(folded, Refused)
        state, effects = folded
        for leg in filter(None, map(leg_of, effects)):
            if leg.name != "lease_spend":
                has_points += leg.points
            if leg.card:
                on_cards_points += leg.points if leg.name == "lease_spend" else -leg.points

    assert state.balance_points == has_points
    assert state.leased_points == on_cards_points


@given(histories())
def test_every_point_of_a_lot_is_there_or_used_by_one_operation(facts: list[Fact]):
    state = fold_all([], [plain()])
    amounts: dict[str, int] = {}
    used: dict[str, int] = {}
    by_offers = 0
    for fact in sorted(facts, key=lambda it: it.position):
        state, effects = fold(state, fact, plain())
        for effect in effects:
            amounts |= opened(effect)
            for by_op, use in uses_by(fact.record.op, effect):
                used[use.op] = used.get(use.op, 0) + use.points
                by_offers += use.points if by_op.endswith(f":{OFFER}") else 0

    left = {it.op: it.remaining_points for it in state.lots}
    assert amounts == {it: used.get(it, 0) + left.get(it, 0) for it in amounts}
    assert by_offers == state.leased_points
    assert all(it.remaining_points > 0 for it in state.lots)
    assert all(part.remaining_points > 0 for it in state.leases for part in it.lots)


def opened(effect: Effect) -> dict[str, int]:
    found = getattr(effect, "lot", None)
    return {} if found is None else {found.op: found.amount_points}


@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_the_same_facts_gives_the_same_state(facts: list[Fact], random):
    shuffled = sorted(facts, key=lambda _: random.random())

    assert fold_all(shuffled, [plain()]) == fold_all(facts, [plain()])


def test_deeds_of_a_lease_have_names_of_their_own():
    assert operation("L1", OFFER) == "lease:L1:offer"
