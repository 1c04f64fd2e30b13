"""What the hub answers to a device that asks."""

import pytest

from hub.ledger.verify import broken, verify
from hub.posting.answers import GRANT_MS, GRANTS_MAX, face_check
from hub.posting.custody import GAP_PATIENCE_MS
from hub.posting.intake import Arrival
from loyalty.asks import AskAccount, AskRedeem, CancelRedeem
from loyalty.clock import DAY_MS
from loyalty.face_proofs import FaceProof, to_text
from loyalty.fields import POINTS_MAX
from loyalty.programme import parse
from loyalty.receipts import RedeemGranted, Refusal, Released
from loyalty.records import CardIssued, TouchUnknown
from loyalty.wire import names_of
from tests.hub.hub_world import (
    FACE_KEY,
    PROGRAMME,
    START_MS,
    World,
    check_in,
    common,
    redemption,
    sale,
)

PHONE = "phone:00112233445566778899aabbccddeeff"


def ask_redeem(ref: str, **changes: object) -> AskRedeem:
    return AskRedeem(
        **{"card": "04AA", "member": "anna", "ctr_seen": -1, "offer": "mug"} | changes, ref=ref
    )


def ask_account(**changes: object) -> AskAccount:
    known = {"ref": "q1", "card": "04AA", "member": "anna", "ctr_seen": -1}
    return AskAccount(**known | changes)


def earned(world: World, points: int):
    till = world.till("h1")
    till.add(sale("r1", points * 100))
    world.take(till.batch())
    return till


def test_an_account_is_shown_with_what_is_reserved_and_a_mark_of_the_hub(world):
    till = earned(world, 80)

    world.take(till.ask(ask_redeem("g1")))
    (view,) = world.take(till.ask(ask_account()))

    assert (view.account, view.tier, view.points, view.available_points) == (
        "anna",
        "basic",
        80,
        30,
    )
    assert view.check == face_check(FACE_KEY, "anna", view.version, 80, START_MS // 1000)
    assert len(view.check) == 16


def test_a_member_whose_facts_are_still_on_their_way_has_nothing_yet(world):
    till = world.till("h1")

    (view,) = world.take(till.ask(ask_account()))

    assert (view.account, view.points, view.version) == ("anna", 0, 0)
    assert world.value("SELECT count(*) FROM member") == 0


def told_ahead(view):
    return (view.next_tier, view.next_tier_points, view.expiring_points, view.expires_ms)


def test_an_account_tells_what_is_missing_to_the_next_tier_whatever_was_spent(world):
    till = earned(world, 80)
    till.add(redemption("r2"))
    world.take(till.batch(2))

    (view,) = world.take(till.ask(ask_account()))

    assert (view.points, *told_ahead(view)) == (30, "gold", 920, 0, 0)


def test_nothing_is_missing_at_the_top(world):
    till = earned(world, 1000)

    (view,) = world.take(till.ask(ask_account()))

    assert (view.tier, *told_ahead(view)) == ("gold", "", 0, 0, 0)


def test_a_member_without_facts_has_the_whole_way_to_the_next_tier_and_nothing_to_lose(world):
    (view,) = world.take(world.till("h1").ask(ask_account()))

    assert told_ahead(view) == ("gold", 1000, 0, 0)


def test_a_debt_of_a_member_who_has_no_lots_expires_never(world):
    till = earned(world, 60)
    till.add(redemption("r2", 100))
    world.take(till.batch(2))

    (view,) = world.take(till.ask(ask_account()))

    assert (view.points, *told_ahead(view)) == (-40, "gold", 940, 0, 0)


CUTOFF_MS = 4 * 3_600_000  # where a programme says nothing of its days
EXPIRY = """
[expiry]
days = 1
"""


@pytest.fixture
def short_lived(tmp_path):
    found = World(tmp_path, [parse(PROGRAMME + EXPIRY, source="tests")])
    yield found
    found.ledger.close()


def test_points_that_expire_first_are_told_until_the_moment_they_expire(short_lived):
    till = earned(short_lived, 80)
    short_lived.clock.at_ms = next_day_ms = START_MS + DAY_MS
    till.add(sale("r2", 500, at_ms=next_day_ms, till_ms=next_day_ms))
    short_lived.take(till.batch(2))
    opened_ms = START_MS - START_MS % DAY_MS + CUTOFF_MS
    first_ms, second_ms = opened_ms + 2 * DAY_MS, opened_ms + 3 * DAY_MS

    told = {}
    for at_ms in (first_ms - 1, first_ms, second_ms):
        short_lived.clock.at_ms = at_ms
        (view,) = short_lived.take(till.ask(ask_account(ref=f"q{at_ms}")))
        told[at_ms] = (view.expiring_points, view.expires_ms, view.available_points)

    assert told == {
        first_ms - 1: (80, first_ms, 85),
        first_ms: (5, second_ms, 5),
        second_ms: (0, 0, 0),
    }


def test_the_mark_of_the_hub_is_on_what_it_was_on_and_says_nothing_of_tiers_or_expiry(short_lived):
    till = earned(short_lived, 80)

    (view,) = short_lived.take(till.ask(ask_account()))

    assert view.expiring_points == 80
    assert view.check == face_check(FACE_KEY, "anna", view.version, 80, START_MS // 1000)


def test_whoever_owes_as_much_as_anybody_may_is_still_shown_an_account(world):
    till = world.till("h1")
    till.add(redemption("r1", POINTS_MAX), sale("r2"), redemption("r3", POINTS_MAX))
    world.take(till.batch(1, 1), till.batch(3))
    world.clock.at_ms += GAP_PATIENCE_MS
    world.intake.tick()

    (view,) = world.take(till.ask(ask_account()))

    assert (view.points, view.available_points) == (-POINTS_MAX, -POINTS_MAX)


def test_a_card_without_a_member_is_refused(world):
    till = world.till("h1")

    answers = world.take(till.ask(ask_account(member="")), till.ask(ask_redeem("q2", member="")))

    assert answers == [
        Refusal(ref="q1", reason="unknown_card"),
        Refusal(ref="q2", reason="unknown_card"),
    ]


def test_a_grant_reserves_once_however_often_it_is_asked_for(world):
    till = earned(world, 99)

    first, again, second = world.take(
        till.ask(ask_redeem("g1")), till.ask(ask_redeem("g1")), till.ask(ask_redeem("g2"))
    )

    assert isinstance(first, RedeemGranted)
    assert (first.points, first.value_minor) == (50, 500)
    assert (first.granted_ms, first.expires_ms) == (START_MS, START_MS + GRANT_MS)
    assert again == first
    assert second == Refusal(ref="g2", reason="not_enough_points")


def test_a_grant_that_expired_frees_its_points(world):
    till = earned(world, 99)
    world.take(till.ask(ask_redeem("g1")))
    world.clock.at_ms += GRANT_MS

    (second,) = world.take(till.ask(ask_redeem("g2")))

    assert isinstance(second, RedeemGranted)


def test_a_grant_that_expired_is_not_given_again(world):
    till = earned(world, 99)
    world.take(till.ask(ask_redeem("g1")))
    world.clock.at_ms += GRANT_MS

    (again,) = world.take(till.ask(ask_redeem("g1")))

    assert again == Refusal(ref="g1", reason="unknown_grant")


def test_a_cancelled_grant_frees_its_points_and_stays_cancelled(world):
    till = earned(world, 99)
    (grant,) = world.take(till.ask(ask_redeem("g1")))

    released, again, late = world.take(
        till.ask(CancelRedeem(ref="c1", auth=grant.auth)),
        till.ask(CancelRedeem(ref="c1", auth=grant.auth)),
        till.ask(ask_redeem("g1")),
    )
    (second,) = world.take(till.ask(ask_redeem("g2")))

    assert released == again == Released(ref="c1", auth=grant.auth)
    assert late == Refusal(ref="g1", reason="unknown_grant")
    assert isinstance(second, RedeemGranted)


def begun(op: str, device_ctr: int = 1) -> TouchUnknown:
    """Return what a kiosk states at boot about a redemption that a power cut ended."""
    visit = check_in(ctr_seen=device_ctr, ctr_used=device_ctr + 1, touch="unknown")
    common = {it: getattr(visit, it) for it in names_of("check_in")}
    return TouchUnknown(**common, intended=op)


def test_a_redemption_that_a_power_cut_ended_frees_its_points(world):
    till = earned(world, 80)
    (grant,) = world.take(till.ask(ask_redeem("g1")))

    till.add(begun(f"s1:{grant.auth}:redeem"))
    world.take(till.batch(2))

    (view,) = world.take(till.ask(ask_account()))
    (again,) = world.take(till.ask(ask_redeem("g2")))
    assert view.available_points == 80
    assert isinstance(again, RedeemGranted)
    assert world.cases() == []


def test_a_power_cut_frees_neither_another_devices_grant_nor_one_that_was_used(world):
    till = earned(world, 99)
    other = world.till("k2")
    (theirs,) = world.take(other.ask(ask_redeem("g1")))
    till.add(begun(f"s1:{theirs.auth}:redeem"))
    world.take(till.batch(2))
    other.add(redemption("r2", auth=theirs.auth, granted_ms=START_MS))
    other.add(begun(f"s1:{theirs.auth}:redeem", 2))

    status = world.value("SELECT status FROM hold")
    world.take(other.batch())

    assert (status, world.value("SELECT status FROM hold")) == ("active", "captured")
    assert world.cases() == []


def test_a_redemption_captures_its_grant_once(world):
    till = earned(world, 99)
    (grant,) = world.take(till.ask(ask_redeem("g1")))
    till.add(redemption("r2", auth=grant.auth, granted_ms=grant.granted_ms))

    world.take(till.batch(2))
    (cancel,) = world.take(till.ask(CancelRedeem(ref="c1", auth=grant.auth)))

    assert world.balance("anna") == 49
    assert world.value("SELECT status FROM hold") == "captured"
    assert cancel == Refusal(ref="c1", reason="unknown_grant")
    assert world.cases() == []


def test_a_grant_that_is_used_twice_or_was_never_given_is_a_case(world):
    till = earned(world, 200)
    (grant,) = world.take(till.ask(ask_redeem("g1")))
    for op, auth in (("r2", grant.auth), ("r3", grant.auth), ("r4", "invented")):
        till.add(redemption(op, auth=auth, granted_ms=grant.granted_ms))

    world.take(till.batch(2))

    assert world.balance("anna") == 50
    assert world.cases() == ["unknown_grant", "unknown_grant"]


def test_a_grant_of_another_member_stays_theirs(world):
    till = earned(world, 99)
    (grant,) = world.take(till.ask(ask_redeem("g1")))
    ben = {"card": "04BB", "member": "ben"}
    till.add(redemption("r2", auth=grant.auth, granted_ms=grant.granted_ms, **ben))

    world.take(till.batch(2))

    assert world.value("SELECT status FROM hold") == "active"
    assert world.cases() == ["overdrawn", "unknown_grant"]


def test_a_grant_of_another_device_stays_its_own(world):
    till, other = earned(world, 200), world.till("h2")
    (grant,) = world.take(till.ask(ask_redeem("g1")))
    other.add(redemption("r2", auth=grant.auth, granted_ms=grant.granted_ms))

    world.take(other.batch())

    assert world.value("SELECT status FROM hold") == "active"
    assert world.cases() == ["unknown_grant"]


def test_an_offline_redemption_that_eats_what_is_reserved_is_a_case(world):
    till = earned(world, 60)
    world.take(till.ask(ask_redeem("g1")))
    till.add(redemption("r2"))

    world.take(till.batch(2))

    assert world.balance("anna") == 10
    assert world.cases() == ["holds_exceed_balance"]


def test_an_offline_redemption_that_eats_more_than_there_is_is_two_cases(world):
    till = earned(world, 60)
    world.take(till.ask(ask_redeem("g1")))
    till.add(redemption("r2", 100))

    world.take(till.batch(2))

    assert world.balance("anna") == -40
    assert world.cases() == ["overdrawn", "holds_exceed_balance"]
    assert broken(verify(world.ledger, [world.programme], world.clock.now_ms())) == []


def test_a_sale_that_was_smaller_after_all_leaves_what_is_reserved_a_case(world):
    till = earned(world, 60)
    world.take(till.ask(ask_redeem("g1")))
    earlier_ms = world.clock.at_ms - 1_000
    till.add(sale("r1", 1000, at_ms=earlier_ms, till_ms=earlier_ms))

    world.take(till.batch(2))

    assert world.balance("anna") == 10
    assert "holds_exceed_balance" in world.cases()
    assert broken(verify(world.ledger, [world.programme], world.clock.now_ms())) == []


def test_a_member_who_loses_a_sale_to_another_leaves_what_is_reserved_a_case(world):
    till = earned(world, 60)
    world.take(till.ask(ask_redeem("g1")))
    earlier = {"at_ms": world.clock.at_ms - 1_000, "till_ms": world.clock.at_ms - 1_000}
    till.add(sale("r1", 1000, card="04BB", member="ben", **earlier))

    world.take(till.batch(2))

    assert world.balance("anna") == 0
    assert "holds_exceed_balance" in world.cases()
    assert broken(verify(world.ledger, [world.programme], world.clock.now_ms())) == []


def test_an_offer_that_is_not_in_the_programme_is_refused(world):
    till = earned(world, 60)

    (answer,) = world.take(till.ask(ask_redeem("g1", offer="car")))

    assert answer == Refusal(ref="g1", reason="unknown_offer")


def test_grants_of_one_device_are_bounded(world):
    till = earned(world, 50 * (GRANTS_MAX + 1))

    answers = world.take(*[till.ask(ask_redeem(f"g{n}")) for n in range(GRANTS_MAX + 1)])

    assert answers[-1] == Refusal(ref=f"g{GRANTS_MAX}", reason="too_many_asks")
    assert all(isinstance(it, RedeemGranted) for it in answers[:-1])


def test_an_ask_that_is_none_is_dropped(world):
    till = world.till("h1")
    envelope = till.envelope("ask", 0, bytes(32), [b'[1,"sale",1]'])
    swapped = till.ask(ask_account())

    answers = world.take(envelope, Arrival(swapped.topic.replace("ask", "hello"), swapped.payload))

    assert answers == []
    assert world.intake.counts == {"dropped_bad_ask": 1, "dropped_wrong_topic": 1}


CARDS = """
[cards]
accepted = ["classic1k", "ntag215", "phone"]
spending = ["classic1k"]
"""
TERMS = [parse(PROGRAMME + CARDS, source="tests")]


@pytest.fixture
def choosy(tmp_path):
    found = World(tmp_path, TERMS)
    yield found
    found.ledger.close()


def issue(world: World, kind: str, card: str = "04AA"):
    till = world.till("h1")
    till.add(CardIssued(**common(card=card), card_kind=kind), sale("r1", 8000, card=card))
    world.take(till.batch())
    return till


def test_a_phone_number_shows_the_account_and_does_not_spend(choosy):
    till = issue(choosy, "phone", PHONE)

    (view,) = choosy.take(till.ask(ask_account(card=PHONE, member="")))
    (no,) = choosy.take(till.ask(ask_redeem("g1", card=PHONE, member="")))

    assert (view.account, view.points) == ("anna", 80)
    assert no == Refusal(ref="g1", reason="card_may_not_spend")


def test_only_kinds_that_the_programme_names_may_spend(choosy):
    till = issue(choosy, "ntag215")

    (no,) = choosy.take(till.ask(ask_redeem("g1")))

    assert no == Refusal(ref="g1", reason="card_may_not_spend")


def test_a_kind_that_the_programme_does_not_take_is_shown_nothing(choosy):
    till = issue(choosy, "ultralight")

    (no,) = choosy.take(till.ask(ask_account()))

    assert no == Refusal(ref="q1", reason="card_not_accepted")


def test_a_chip_whose_issue_is_still_on_its_way_may_spend(choosy):
    till = earned(choosy, 80)

    (grant,) = choosy.take(till.ask(ask_redeem("g1")))

    assert isinstance(grant, RedeemGranted)


FACE = "barcode:00112233445566778899aabbccddeeff"


def face_proof(points: int, *, key: bytes = FACE_KEY, member: str = "anna") -> str:
    as_of_s = START_MS // 1000
    return to_text(FaceProof(1, points, as_of_s, face_check(key, member, 1, points, as_of_s)))


def test_a_face_that_this_hub_wrote_shows_the_account(world):
    till = earned(world, 80)

    (view,) = world.take(till.ask(ask_account(card=FACE, proof=face_proof(10))))

    assert (view.account, view.points) == ("anna", 80)


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "face:1:10:0:0123456789abcdef",
        face_proof(10, key=bytes(32)),
        face_proof(10, member="ben"),
        face_proof(10).replace(":10:", ":11:"),
    ],
)
def test_a_face_that_somebody_made_up_shows_nothing(world, proof):
    till = earned(world, 80)
    till.add(sale("r2", card=FACE))  # even where it has earned: who gives points away may
    world.take(till.batch(first=2))

    (no,) = world.take(till.ask(ask_account(card=FACE, proof=proof)))

    assert no == Refusal(ref="q1", reason="card_unproven")


@pytest.mark.parametrize("ask", [ask_account(member="ben"), ask_redeem("g1", member="ben")])
def test_a_card_that_was_made_somebody_elses_shows_and_spends_nothing_of_the_first_ones(world, ask):
    till = earned(world, 80)

    (no,) = world.take(till.ask(ask))

    assert no == Refusal(ref=ask.ref, reason="card_unproven")
    assert world.value("SELECT count(*) FROM hold") == 0
