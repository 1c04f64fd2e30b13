"""Lines as people read them."""

import pytest

from hub.ledger.line_text import fields, short_card
from hub.posting import own_chain
from loyalty.hub_records import CardAllowed, CardStopped
from loyalty.lines import to_line
from loyalty.records import SaleItem
from tests.hub.hub_world import START_MS, sale


def test_a_line_is_told_by_the_names_of_its_fields_without_what_is_empty():
    told = dict(fields(to_line(sale("r1", 1250, hub_ms=0))))

    assert told["kind"] == "sale"
    assert told["at_ms"] == "2017-03-01 09:20:00"
    assert told["items"] == "unknown, 1250, 0"
    assert not {"hub_ms", "staff", "ctr_used"} & set(told)


def test_no_line_tells_a_whole_card():
    told = dict(fields(to_line(sale("r1", card="04A1B2C3D4E5F6", at_ms=START_MS))))

    assert told["card"] == "…E5F6"


def test_nor_does_a_decision_about_a_card():
    stamp = own_chain.stamp(START_MS)
    stopped = CardStopped(**stamp, stopped="04A1B2C3D4E5F6", reason="lost")
    allowed = CardAllowed(**stamp, allowed="04A1B2C3D4E5F6")

    assert dict(fields(to_line(stopped)))["stopped"] == "…E5F6"
    assert dict(fields(to_line(allowed)))["allowed"] == "…E5F6"


@pytest.mark.parametrize(
    ("card", "short"), [("04AA", "04AA"), ("phone:5f0c2f11", "phone:…2f11"), ("", "")]
)
def test_what_is_left_of_a_card_still_tells_it_from_another(card, short):
    assert short_card(card) == short


def test_a_long_receipt_is_cut_with_its_count():
    items = tuple(SaleItem(f"c{it}", 100, 0) for it in range(25))

    told = dict(fields(to_line(sale("r1", items=items))))

    assert told["items"].endswith("c19, 100, 0; and 5 more")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b'[1,"wedding"]', "none that this hub knows, 13 bytes"),
        (b"\x1b[2J04A1B2C3D4E5F6", "no line of ours, 18 bytes"),
    ],
)
def test_bytes_that_nobody_can_read_are_only_counted(line, kind):
    assert list(fields(line)) == [("kind", kind)]
