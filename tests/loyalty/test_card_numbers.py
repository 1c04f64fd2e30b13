"""What stands for a number in records: one id for one number, and no way back."""

from hypothesis import given
from hypothesis import strategies as st

from loyalty.card_kinds import PROFILES
from loyalty.card_numbers import card_id, kind_of, number_key
from loyalty.wire import NAME_CHARACTERS

KEY = number_key(bytes(range(32)))
KINDS = [it.kind for it in PROFILES.values() if not it.has_chip]


@given(st.sampled_from(KINDS), st.text(min_size=1, max_size=60))
def test_an_id_fits_a_record_and_tells_its_kind_only(kind, number):
    found = card_id(kind, number, KEY)

    assert NAME_CHARACTERS.issuperset(found)
    assert len(found) <= 64
    assert kind_of(found) == kind


@given(st.tuples(st.sampled_from(KINDS), st.text()), st.tuples(st.sampled_from(KINDS), st.text()))
def test_two_numbers_have_two_ids(one, other):
    ids = {card_id(*one, KEY), card_id(*other, KEY)}

    assert len(ids) == len({one, other})


def test_the_id_of_a_number_is_known():
    # printf 'phone\0+85291234567' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$KEY
    assert card_id("phone", "+85291234567", KEY) == "phone:27c02dae7ab8119cd81bc7a47ec95f1f"


def test_another_programme_gives_the_same_number_another_id():
    other = number_key(bytes(32))

    assert card_id("phone", "+85291234567", other) != card_id("phone", "+85291234567", KEY)


def test_a_chip_names_no_kind():
    assert [kind_of(it) for it in ("04a1b2c3d4e5f6", "", "classic1k:00", "nothing:00")] == [""] * 4
