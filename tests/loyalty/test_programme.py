"""A programme document is read whole, or every mistake in it is told at once."""

import re
from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme import (
    MULTIPLYING_GROUPS_MAX,
    Programme,
    ProgrammeErrors,
    in_force,
    parse,
)
from loyalty.programme_terms import Expiry
from loyalty.units import Rate
from tests.loyalty.facts import HOUR_MS, NOON_MS, SUPERMARKET, SUPERMARKET_FILE, plain

TEN_MISTAKES_FILE = Path(__file__).parent / "ten_mistakes.toml"
SUPERMARKET_TEXT = SUPERMARKET_FILE.read_text()


def mistakes_of(text: str) -> list[str]:
    """Return the mistakes of `text` as `line: message`."""
    with pytest.raises(ProgrammeErrors) as caught:
        parse(text, source="p.toml")
    assert str(caught.value).split("\n") == [str(it) for it in caught.value.mistakes]
    return [str(it).removeprefix("p.toml:") for it in caught.value.mistakes]


def changed(old: str, new: str) -> str:
    """Return the sample programme with its first `old` replaced."""
    assert old in SUPERMARKET_TEXT
    return SUPERMARKET_TEXT.replace(old, new, 1)


def test_ten_mistakes_are_told_at_once_with_their_lines():
    with pytest.raises(ProgrammeErrors) as caught:
        parse(TEN_MISTAKES_FILE.read_text(), source="shop.toml")

    told = [re.sub(r", wanted .*", "", line) for line in str(caught.value).split("\n")]
    assert told == [
        "shop.toml:3: version: found True",
        "shop.toml:4: valid_from: found '2017-01-01'",
        "shop.toml:5: zone: found 'Mars/Olympus_Mons'",
        "shop.toml:6: cutoff_hour: found 24",
        "shop.toml:8: color: found an unknown key",
        "shop.toml:12: expiry.round_to: found 'week'",
        "shop.toml:16: tiers[1].threshold_points: found 10",
        "shop.toml:22: tiers[2].label: found ['zh_Hant_HK']",
        "shop.toml:26: earn[1].points: found 1.5",
        "shop.toml:31: earn[2].tier: found 'golden'",
    ]
    assert len(caught.value.mistakes) == 10


def test_the_sample_programme_is_read():
    programme = SUPERMARKET

    assert (programme.name, programme.version, programme.currency) == ("supermarket", 1, "USD")
    assert [it.threshold_points for it in programme.tiers] == [0, 1000, 5000]
    assert programme.expiry == Expiry(count=24, unit="months", round_to="month")
    assert programme.exclude_special_price
    assert [it.rate for it in programme.earn[:3]] == [Rate(1, 100), Rate(1, 80), Rate(3, 200)]
    assert programme.promotions[0].weekdays == {2}
    assert programme.promotions[2].last_day == date(2017, 3, 7)


def test_terms_are_found_by_their_ids():
    offer, tier = SUPERMARKET.offer("voucher-5"), SUPERMARKET.tier("gold")

    assert offer is not None
    assert tier is not None
    assert (offer.points, offer.value_minor) == (500, 500)
    assert tier.label.in_locale("zh_Hant_HK") == "金卡"
    assert tier.label.in_locale("fr") == "Gold"
    assert SUPERMARKET.offer("voucher-9") is None
    assert SUPERMARKET.tier("tin") is None


def test_a_programme_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        SUPERMARKET.version = 2


def test_the_same_text_is_the_same_programme():
    assert parse(SUPERMARKET_TEXT, source="other.toml") == SUPERMARKET


@pytest.mark.parametrize(
    ("old", "new", "lines_below", "told"),
    [
        ('"UTC"', '"../UTC"', 0, "zone: found '../UTC', wanted an IANA time zone"),
        ("months", "days = 3\nmonths", 1, "expiry.months: found days and months, wanted one of"),
        ("months = 24", "", -1, "expiry.months: found nothing, wanted one of days, months, years"),
        ("months = 24", "months = 1201", 0, "expiry.months: found 1201, wanted a whole number"),
        ("[expiry]", "expiry = 2\n[other]", 0, "expiry: found 2, wanted a table"),
        ('id = "gold"', 'id = "silver"', 0, "tiers[2].id: found 'silver' again, wanted an id"),
        ("points = 1000", "points = 0", 0, "tiers[2].threshold_points: found 0, wanted more than"),
        ('en = "Gold"', 'en = ""', 0, "tiers[2].label: found {'en': '', "),
        ("per_minor = 100", "per_minor = 0", 0, "earn[1].per_minor: found 0, wanted a whole"),
        (
            'category = "COUPON/MISC_ITEMS"',
            "",
            -1,
            "earn[4].id: found 'fuel' for the same items as 'base'",
        ),
        ('["wednesday"]', '["Wed"]', 0, "promotions[1].weekdays: found ['Wed'], wanted a list out"),
        ('"2"', "2.0", 0, "promotions[1].multiplier: found 2.0, wanted text"),
        ('"2"', '"2x"', 0, "promotions[1].multiplier: rate '2x', wanted a fraction"),
        ("2017-03-07", "2017-02-07", 0, "promotions[3].last_day: found 2017-02-07, wanted 2017-03"),
        (
            "2017-03-07",
            "1969-02-07",
            0,
            "promotions[3].last_day: found '1969-02-07', wanted a date",
        ),
        ('["opening"]', '["closing"]', 0, "multiplying_groups: found 'closing', wanted the group"),
        ("points = 500\n", "points = -1\n", 0, "offers[3].points: found -1, wanted a whole number"),
        ("[[tiers]]", "[tiers]", 5, "no TOML: "),
    ],
)
def test_each_mistake_names_its_line_what_was_found_and_what_was_wanted(
    old: str, new: str, lines_below: int, told: str
):
    line = SUPERMARKET_TEXT[: SUPERMARKET_TEXT.index(old)].count("\n") + 1 + lines_below

    found = mistakes_of(changed(old, new))

    assert any(it.startswith(f"{line}: {told}") for it in found), found


def test_a_mistake_is_one_line_whatever_the_document_holds():
    strange = '"a\\nb" = "c\\nd"\n[[offers]]\nid = "\\n"\npoints = 1\nvalue_minor = 1\n'

    found = mistakes_of(SUPERMARKET_TEXT + strange + 'label = { "\\n" = "x" }\n')

    assert len(found) == 3


def test_no_more_terms_are_read_than_the_maximum():
    offer = '[[offers]]\nid = "o{}"\npoints = 1\nvalue_minor = 1\nlabel = {{ en = "x" }}\n'
    text = SUPERMARKET_TEXT + "".join(offer.format(index) for index in range(1000))

    found = mistakes_of(text)

    assert len(found) == 1
    assert "offers: found 1003 tables, wanted 0 to 1000" in found[0]


def with_groups(count: int) -> str:
    """Return the sample programme where `count` groups of promotions multiply."""
    names = ", ".join(f'"g{it}"' for it in range(count))
    promotions = [
        f'[[promotions]]\nid = "p{it}"\nmultiplier = "999983/999979"\ngroup = "g{it}"\n'
        for it in range(count)
    ]
    return "\n".join([changed('["opening"]', f"[{names}]"), *promotions])


def test_as_many_groups_multiply_as_a_lot_can_be_named_after():
    programme = parse(with_groups(MULTIPLYING_GROUPS_MAX), source="p.toml")

    rates = programme.rates.of_receipt(
        tier="silver", store="s", terminal="t", day=programme.valid_from
    )
    assert len(rates.other.leg) < 300  # PostgreSQL's keys end at 2,700 bytes


def test_one_group_more_is_a_mistake():
    mistakes = mistakes_of(with_groups(MULTIPLYING_GROUPS_MAX + 1))

    assert [it.partition(": ")[2] for it in mistakes] == [
        f"multiplying_groups: found {MULTIPLYING_GROUPS_MAX + 1} groups,"
        f" wanted at most {MULTIPLYING_GROUPS_MAX}"
    ]


@given(st.data())
def test_no_damage_raises_anything_but_programme_errors(data: st.DataObject):
    start = data.draw(st.integers(0, len(SUPERMARKET_TEXT)))
    end = data.draw(st.integers(start, min(len(SUPERMARKET_TEXT), start + 30)))
    text = SUPERMARKET_TEXT[:start] + data.draw(st.text(max_size=8)) + SUPERMARKET_TEXT[end:]

    try:
        programme = parse(text, source="p.toml")
    except ProgrammeErrors:
        return

    assert isinstance(programme, Programme)


def test_the_version_of_the_business_date_is_in_force():
    march = plain(version=2, valid_from=date(2017, 3, 1), cutoff_hour=4)
    both = [march, plain()]

    four_o_clock_ms = NOON_MS - 8 * HOUR_MS
    assert in_force(both, four_o_clock_ms - 1).version == 1
    assert in_force(both, four_o_clock_ms).version == 2


def test_an_event_before_all_versions_gets_the_earliest():
    both = [plain(version=2, valid_from=date(2017, 3, 1)), plain()]

    assert in_force(both, 0).version == 1
    assert in_force(both[:1], 0).version == 2


def test_of_two_versions_of_one_date_the_higher_is_in_force():
    both = [plain(version=3), plain(version=2)]

    assert in_force(both, NOON_MS).version == 3
    assert in_force(both, 0).version == 3  # before its date too


def test_without_any_programme_nothing_is_in_force():
    with pytest.raises(ValueError, match="no programme"):
        in_force([], NOON_MS)
