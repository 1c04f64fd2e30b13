"""What staff type, and what is said to what they should not have typed."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.behaviour.events import (
    DayEnded,
    IssueKeyed,
    NumberKeyed,
    SaleKeyed,
    StaffSignedOn,
    TillSale,
)
from device.behaviour.setting import Setting
from device.typed import LINE_MAX_CHARACTERS, NotUnderstood, understand
from loyalty.records import SaleItem

SETTING = Setting(store="s1", rules=1, currency="USD")
NOW_MS = 1_488_360_000_000


def test_a_basket_has_a_receipt_and_items_some_at_a_special_price():
    event = understand("handheld", "sale 4711 grocery=12.50 meat=3* unknown=-0.99", SETTING, NOW_MS)

    assert event == SaleKeyed(
        TillSale(
            store="s1",
            receipt="4711",
            till_ms=NOW_MS,
            currency="USD",
            items=(
                SaleItem("grocery", 1250, 0),
                SaleItem("meat", 300, 1),
                SaleItem("unknown", -99, 0),
            ),
        )
    )


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("issue m-1001", IssueKeyed("m-1001")),
        ("staff anna", StaffSignedOn("anna")),
        ("day 20170301", DayEnded(20170301)),
        ("phone +852 9123 4567", NumberKeyed("+852 9123 4567")),
    ],
)
def test_the_other_words_take_one_value(line, event):
    assert understand("handheld", line, SETTING, NOW_MS) == event


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "wanted sale, issue, staff, day"),
        ("sell 1", "'sell', wanted sale"),
        ("sale 1", "wanted RECEIPT and 1 to 500"),
        ("sale 1 " + "a=1 " * 501, "characters, at most|wanted RECEIPT and 1 to 500"),
        ("sale 1;2 grocery=1", "receipt '1;2'"),
        ("sale " + "9" * 25 + " grocery=1", "wanted 1-24"),
        ("sale 1 grocery", "item 'grocery'"),
        ("sale 1 grocery=1.234", "at most 2 decimals in USD"),
        ("sale 1 grocery=1e3", "wanted a decimal number"),
        ("sale 1 meat=2.50 grocery=-12.50", "sale of -10.00 in all, wanted 0 or more"),
        ("issue", "0 words, wanted one MEMBER"),
        ("issue a b", "2 words, wanted one MEMBER"),
        ("issue " + "m" * 17, "wanted 1-16"),
        ("staff anna!", "staff 'anna!'"),
        ("day 20170230", "day '20170230'"),
        ("day tomorrow", "day 'tomorrow'"),
        ("day 20991231", "wanted one that has begun"),
    ],
)
def test_a_slip_is_told_with_what_was_wanted(line, said):
    with pytest.raises(NotUnderstood, match=said):
        understand("handheld", line, SETTING, NOW_MS)


def test_a_basket_of_nothing_in_all_is_one():
    event = understand("handheld", "sale 4711 meat=2.50 voucher=-2.50", SETTING, NOW_MS)

    assert sum(it.paid_minor for it in event.sale.items) == 0


def test_a_line_without_end_is_refused():
    with pytest.raises(NotUnderstood, match=f"at most {LINE_MAX_CHARACTERS}"):
        understand("handheld", "sale " * LINE_MAX_CHARACTERS, SETTING, NOW_MS)


@given(st.text(max_size=80) | st.text(alphabet="sale day0123=.*-", max_size=40))
def test_no_line_raises_anything_but_its_own_error(line):
    with suppress(NotUnderstood):
        understand("handheld", line, SETTING, NOW_MS)


@pytest.mark.parametrize("line", ["sale 1 grocery=1", "issue m-1", "staff anna"])
def test_a_kiosk_says_that_it_neither_sells_nor_issues(line):
    with pytest.raises(NotUnderstood, match="wanted day, phone or a number"):
        understand("kiosk", line, SETTING, NOW_MS)


@pytest.mark.parametrize("line", ["day 20170301", "phone 9123 4567"])
def test_a_kiosk_takes_what_a_handheld_takes_alike(line):
    at_both = [understand(it, line, SETTING, NOW_MS) for it in ("kiosk", "handheld")]

    assert at_both[0] == at_both[1]
