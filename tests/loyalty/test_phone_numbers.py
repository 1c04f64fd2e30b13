"""Phone numbers as people type them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.phone_numbers import TYPED_MAX_CHARS, NoPhoneNumber, normal_form

HONG_KONG = [
    "91234567",
    "9123 4567",
    " 9123-4567 ",
    "+852 9123 4567",
    "00852 9123 4567",
    "852 91234567",
    "(852) 9123.4567",
    "９１２３４５６７",
    "+852‑9123–4567",
]


@pytest.mark.parametrize("typed", HONG_KONG)
def test_one_hong_kong_number_has_one_form(typed):
    assert normal_form(typed) == "+85291234567"


@pytest.mark.parametrize("typed", ["13800138000", "+86 138 0013 8000", "86 138-0013-8000"])
def test_one_mainland_mobile_has_one_form(typed):
    assert normal_form(typed) == "+8613800138000"


def test_other_countries_are_taken_with_their_code():
    assert normal_form("+44 20 7946 0958") == "+442079460958"


@pytest.mark.parametrize(
    "typed",
    [
        *("", "+", "00", "abc", "9123456", "912345678", "12345678", "12800138000"),
        *("+85212345678", "+861280013800", "+0123456789", "+1234567", "+1234567890123456"),
        *("++85291234567", "9123+4567", "9123 4567 ext 8", "٩١٢٣٤٥٦٧x"),
        "9" * (TYPED_MAX_CHARS + 1),
    ],
)
def test_what_is_no_number_is_refused_without_being_repeated(typed):
    with pytest.raises(NoPhoneNumber) as refused:
        normal_form(typed)

    assert len(typed) < 3 or typed not in str(refused.value)


@given(st.text(max_size=TYPED_MAX_CHARS + 5) | st.text("+0123456789 -", max_size=20))
def test_anything_typed_is_a_number_in_normal_form_or_refused(typed):
    try:
        found = normal_form(typed)
    except NoPhoneNumber:
        return

    assert re.fullmatch(r"\+[1-9][0-9]{7,14}", found)
    assert normal_form(found) == found
