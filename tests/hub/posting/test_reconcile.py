"""What becomes of a fact: posted, held, rejected, or known already; and which cases it opens."""

from dataclasses import replace

import pytest

from hub.ledger.queries import open_cases
from hub.ledger.verify import broken, verify
from loyalty.receipts import LineStatus
from loyalty.records import CardIssued, CardSuspected, TouchUnknown
from tests.hub.hub_world import START_MS, check_in, common, redemption, sale

PHONE = "phone:00112233445566778899aabbccddeeff"


def issued(card_kind: str = "classic1k", **changes: object) -> CardIssued:
    return CardIssued(**common(**changes), card_kind=card_kind)


def statuses(world, device: str) -> list[tuple[str, str]]:
    rows = world.ledger.connection.execute(
        "SELECT status, code FROM inbox JOIN chain ON chain.id = inbox.chain"
        " JOIN device ON device.id = chain.device WHERE name = ? ORDER BY inbox.seq",
        (device,),
    )
    return [tuple(row) for row in rows.fetchall()]


def kind_of(world, card: str) -> object:
    return world.value("SELECT kind FROM card WHERE uid = ?", card)


def test_the_same_sale_keyed_on_another_device_is_a_duplicate(world):
    first, second = world.till("h1"), world.till("h2")
    first.add(sale("r1"))
    second.add(sale("r1", at_ms=START_MS + 9000, till_ms=START_MS + 9000, mono_ms=77, staff="bo"))

    world.take(first.batch())
    (receipt,) = world.take(second.batch())

    assert receipt.exceptions == (LineStatus(1, "duplicate", "r1"),)
    assert world.balance("anna") == 10
    assert world.cases() == []


def test_duplicates_are_found_within_one_group_too(world):
    till = world.till("h1")
    till.add(sale("r1"), sale("r1"), sale("r1"))

    (receipt,) = world.take(till.batch())

    assert [it.status for it in receipt.exceptions] == ["duplicate", "duplicate"]
    assert world.balance("anna") == 10


@pytest.mark.parametrize(
    "changes", [{"paid_minor": 2000}, {"card": "04BB", "member": "ben"}, {"receipt": "other"}]
)
def test_the_same_op_with_another_content_is_held_and_a_case(world, changes):
    till = world.till("h1")
    till.add(sale("r1"), sale("r1", **changes), sale("r2"))

    (receipt,) = world.take(till.batch())

    assert receipt.exceptions == (LineStatus(2, "held", "op_conflict"),)
    assert world.cases() == ["op_conflict"]
    assert world.balance("anna") == 20


def test_a_value_without_a_business_key_is_rejected(world):
    till = world.till("h1")
    till.add(replace(sale("r1"), op=""))

    (receipt,) = world.take(till.batch())

    assert receipt.exceptions == (LineStatus(1, "rejected", "no_op"),)


def test_a_sale_without_a_card_posts_and_moves_nothing(world):
    till = world.till("h1")
    till.add(sale("r1", card="", member=""), redemption("r2", card="", member=""))

    (receipt,) = world.take(till.batch())

    assert receipt.exceptions == (LineStatus(2, "rejected", "no_member"),)
    assert world.value("SELECT count(*) FROM transfer") == 0


def test_a_card_that_nobody_knows_is_held(world):
    till = world.till("h1")
    till.add(sale("r1", member=""), sale("r2"))

    (receipt,) = world.take(till.batch())

    assert receipt.exceptions == (LineStatus(1, "held", "unknown_card"),)
    assert world.cases() == ["unknown_card"]
    assert world.balance("anna") == 10


def test_a_card_seen_before_its_issue_belongs_to_the_member_it_states(world):
    till = world.till("h1")
    till.add(sale("r1"), issued(), sale("r2", member=""))

    world.take(till.batch())

    assert world.balance("anna") == 20
    assert world.value("SELECT status FROM card WHERE uid = '04AA'") == "issued"
    assert world.cases() == []


def test_the_card_table_decides_over_what_a_card_says(world):
    till = world.till("h1")
    till.add(issued(), sale("r1", member="mallory"))

    world.take(till.batch())

    assert (world.balance("anna"), world.balance("mallory")) == (10, None)
    assert world.cases() == ["card_member"]


def test_two_done_writes_with_one_number_and_different_ops_are_a_clone(world):
    first, second = world.till("h1"), world.till("h2")
    done = {"ctr_seen": 4, "ctr_used": 5, "touch": "done"}
    first.add(sale("r1", **done), sale("r1", **done))
    second.add(sale("r2", till_ms=START_MS - 5, **done))

    world.take(first.batch())
    before = world.cases()
    world.take(second.batch())

    assert before == []
    assert world.cases() == ["clone"]
    assert world.balance("anna") == 20


def test_a_number_that_arrives_late_is_no_clone(world):
    first, second = world.till("h1"), world.till("h2")
    first.add(sale("r2", ctr_seen=5, ctr_used=6, touch="done"))
    early = START_MS - 60_000
    second.add(sale("r1", till_ms=early, ctr_seen=4, ctr_used=5, touch="done"))

    world.take(first.batch(), second.batch())

    assert world.cases() == []
    assert world.value("SELECT counter FROM card") == 6


def test_a_counter_behind_is_a_case(world):
    till = world.till("h1")
    till.add(sale("r1", ctr_seen=5, ctr_used=6, touch="done"))
    till.add(check_in(at_ms=START_MS + 1000, ctr_seen=5))

    world.take(till.batch())

    assert world.cases() == ["counter_behind"]


@pytest.mark.parametrize("is_first", [True, False], ids=["sent first", "sent last"])
def test_a_write_cut_short_and_stated_after_the_card_was_used_elsewhere_is_no_case(world, is_first):
    cut, other = world.till("h1"), world.till("h2")
    unseen = common(at_ms=START_MS + 60_000, ctr_seen=4, ctr_used=5, touch="unknown")
    cut.add(TouchUnknown(**unseen, intended="r1"))
    other.add(sale("r2", at_ms=START_MS + 1, ctr_seen=5, ctr_used=6, touch="done"))

    arrivals = [cut.batch(), other.batch()]
    world.take(*(arrivals if is_first else reversed(arrivals)))

    assert world.cases() == []


def test_a_card_issued_after_the_till_rang_the_sale_up_has_not_gone_back(world):
    till = world.till("h1")
    till.add(check_in(at_ms=START_MS, ctr_seen=1))
    rung_up = START_MS - 60_000
    till.add(sale("r1", till_ms=rung_up, at_ms=START_MS + 1, ctr_seen=1, ctr_used=2, touch="done"))

    world.take(till.batch())

    assert world.cases() == []


def test_a_clock_far_ahead_of_the_hubs_holds_the_line(world):
    till = world.till("h1")
    limit_ms = START_MS + 5 * 60_000
    till.add(sale("r1", till_ms=limit_ms), sale("r2", till_ms=limit_ms + 1))

    (receipt,) = world.take(till.batch())

    assert receipt.exceptions == (LineStatus(2, "held", "future_clock"),)
    assert world.cases() == ["future_clock"]


def test_a_redemption_that_overdraws_becomes_a_debt_and_a_case(world):
    till = world.till("h1")
    till.add(sale("r1", 3000), redemption("r2", 50), sale("r3", 4000))

    world.take(till.batch(1, 2))
    overdrawn = world.balance("anna")
    world.take(till.batch(3))

    assert overdrawn == -20
    assert world.balance("anna") == 20
    assert world.value("SELECT sum(remaining) FROM lot") == 20
    assert world.cases() == ["overdrawn"]


def test_another_currency_is_held(world):
    till = world.till("h1")
    till.add(sale("r1", currency="EUR"))

    (receipt,) = world.take(till.batch())

    assert receipt.exceptions == (LineStatus(1, "held", "currency"),)


def test_a_number_that_was_linked_earns_for_its_member(world):
    till = world.till("h1")
    till.add(issued("phone", card=PHONE), sale("r1", card=PHONE, member=""))

    world.take(till.batch())

    assert world.balance("anna") == 10
    assert kind_of(world, PHONE) == "phone"


def test_a_number_that_nobody_linked_is_kept_until_somebody_looks(world):
    till = world.till("h1")
    till.add(sale("r1", card=PHONE, member=""))

    world.take(till.batch())

    assert world.status(1) == ("held", "unknown_card")
    assert world.cases() == ["unknown_card"]


def test_what_waited_for_a_number_posts_once_the_number_is_linked(world):
    first, second = world.till("h1"), world.till("h2")
    other = "phone:ffeeddccbbaa99887766554433221100"
    first.add(sale("r1", card=PHONE, member=""), sale("r2", card=other, member=""))
    first.add(sale("r3", card=PHONE, member=""), sale("r3", card=PHONE, member=""))
    second.add(issued("phone", card=PHONE))

    world.take(first.batch())
    world.take(second.batch())

    assert world.balance("anna") == 20
    assert statuses(world, "h1") == [
        ("posted", ""),
        ("held", "unknown_card"),
        ("posted", ""),
        ("duplicate", "r3"),
    ]
    assert [case[:2] for case in open_cases(world.ledger)] == [("unknown_card", other)]


def test_a_number_leads_to_the_same_balance_in_any_order(world):
    first, second = world.till("h1"), world.till("h2")
    first.add(sale("r1", card=PHONE, member=""), redemption("x1", points=5, at_ms=START_MS + 9))
    second.add(issued("phone", card=PHONE, at_ms=START_MS - 9))

    world.take(first.batch())
    world.take(second.batch())

    assert world.balance("anna") == 5
    assert broken(verify(world.ledger, [world.programme], START_MS)) == []


def test_a_number_stays_with_its_member_until_a_person_decides(world):
    till = world.till("h1")
    till.add(issued("phone", card=PHONE), issued("phone", card=PHONE, member="ben"))
    till.add(sale("r1", card=PHONE, member=""))

    world.take(till.batch())

    assert (world.balance("anna"), world.balance("ben")) == (10, None)
    assert world.cases() == ["card_member"]


def test_a_face_whose_code_names_its_member_is_a_card_by_itself(world):
    till = world.till("h1")
    till.add(sale("r1", card="barcode:00112233445566778899aabbccddeeff"))

    world.take(till.batch())

    assert world.balance("anna") == 10
    assert kind_of(world, "barcode:00112233445566778899aabbccddeeff") == "barcode"


def test_a_chip_has_no_kind_until_its_issue_is_known(world):
    till = world.till("h1")
    till.add(sale("r1"))
    world.take(till.batch())
    before = kind_of(world, "04AA")

    till.add(issued("ntag215"))
    world.take(till.batch(first=2))

    assert (before, kind_of(world, "04AA")) == ("", "ntag215")


def test_a_line_of_before_kinds_had_names_of_their_own_tells_no_kind(world):
    till = world.till("h1")
    till.add(issued("ntag"))

    world.take(till.batch())

    assert (world.status(1)[0], kind_of(world, "04AA")) == ("posted", "")


@pytest.mark.parametrize("sign", ["rolled_back", "copied"])
@pytest.mark.parametrize("known", [True, False])
def test_a_card_that_was_tampered_with_is_a_case_whoever_it_belongs_to(world, sign, known):
    till = world.till("h1")
    seen = [issued()] if known else []
    till.add(*seen, CardSuspected(**common(member=""), sign=sign))

    world.take(till.batch())

    assert world.cases() == [sign]
    subject = world.value("SELECT subject FROM case_file")
    assert (subject, world.status(len(seen) + 1)[0]) == ("04AA", "posted")
