"""What a number becomes before anything inside a terminal sees it."""

from hypothesis import given
from hypothesis import strategies as st

from device.behaviour.events import CardRead, CardRefused
from device.behaviour.identify import Identifier
from device.display.cards.payload import Payload, encode
from loyalty.card_numbers import card_id, kind_of, number_key
from loyalty.face_proofs import FaceProof, from_text

SEAL_KEY = bytes(range(32))
IDENTIFIER = Identifier(SEAL_KEY)


def face(points: int, account: str = "m-1001") -> str:
    return encode(
        Payload(
            account=account,
            version=3,
            points=points,
            as_of_s=1_488_360_000,
            pending_points=0,
            check="0123456789abcdef",
        )
    )


def test_a_phone_number_is_the_same_card_however_it_is_typed():
    found = IDENTIFIER.keyed("9123 4567")

    assert found == IDENTIFIER.keyed("+852-91234567")
    assert found.card.uid == card_id("phone", "+85291234567", number_key(SEAL_KEY))
    assert (found.card.kind, found.card.member, found.card.counter) == ("phone", "", -1)


def test_what_is_no_phone_number_is_refused_and_not_repeated():
    assert IDENTIFIER.keyed("12345") == CardRefused("", "no_phone_number", "phone")


def test_our_own_face_names_its_member_and_stays_one_card_however_often_it_is_printed():
    before, after = IDENTIFIER.scanned(face(10)).card, IDENTIFIER.scanned("]Q1" + face(250)).card

    assert before.uid == after.uid
    assert (before.kind, before.member) == ("barcode", "m-1001")
    assert before.uid != IDENTIFIER.scanned(face(10, "m-1002")).card.uid


def test_a_face_hands_on_what_the_hub_signed():
    found = IDENTIFIER.scanned(face(10)).card.proof

    assert from_text(found) == FaceProof(3, 10, 1_488_360_000, "0123456789abcdef")


def test_a_damaged_face_names_nobody():
    found = IDENTIFIER.scanned(face(10).replace("m-1001", "m-1002"))

    assert found.card.member == ""


def test_a_code_that_copies_a_faces_number_is_another_card():
    assert IDENTIFIER.scanned("face\0m-1001") == CardRefused("", "unreadable_code")
    assert IDENTIFIER.scanned("m-1001").card.uid != IDENTIFIER.scanned(face(10)).card.uid


def test_a_stripe_and_a_code_of_one_number_are_two_cards():
    stripe, code = IDENTIFIER.scanned(";12345?"), IDENTIFIER.scanned("12345")

    assert (stripe.card.kind, code.card.kind) == ("magnetic", "barcode")
    assert stripe.card.uid != code.card.uid


def test_nothing_of_a_bank_card_is_left():
    assert IDENTIFIER.scanned(";4111111111111111=3012101?") == CardRefused("", "bank_card")


@given(st.text(max_size=300))
def test_anything_is_a_card_or_a_refusal_that_holds_no_number(text):
    for found in (IDENTIFIER.scanned(text), IDENTIFIER.keyed(text)):
        if isinstance(found, CardRead):
            assert kind_of(found.card.uid) == found.card.kind
        else:
            assert found.uid == ""
