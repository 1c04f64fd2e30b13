"""Business keys fit their field, whatever a store is called: else no line could state them."""

from dataclasses import replace

import pytest

from device.behaviour.card import Card
from device.behaviour.events import TillSale
from device.behaviour.handheld import sale_op
from device.behaviour.handheld_issue import issue_op
from device.behaviour.intent import face_op
from device.behaviour.kiosk_offline import offline_op
from device.behaviour.kiosk_spending import redeem_op
from device.typed import RECEIPT_MAX_CHARACTERS
from loyalty.card import COUNTER_MAX
from loyalty.fields import TIME_MAX_MS
from loyalty.lines import to_line
from loyalty.records import TouchUnknown, from_line
from tests.device.kiosk_visits import GRANT
from tests.device.leased_cards import CARD, NOW, SETTING, carrying

UID = "04" * 10  # the longest, ISO/IEC 14443-3 §6.5.4
AUTH = "f" * 32  # of a grant
STORE = "s" * 64
SHOP = replace(SETTING, store=STORE)
LATE = replace(NOW, at_ms=TIME_MAX_MS)
RECEIPT = "r" * RECEIPT_MAX_CHARACTERS
SALE = TillSale(store=STORE, receipt=RECEIPT, till_ms=0, currency="USD", items=())
PLASTIC: Card = replace(CARD, uid=UID, kind="ntag215", lease=None)


@pytest.mark.parametrize(
    "op",
    [
        sale_op(SALE),
        issue_op(UID),
        face_op(UID, COUNTER_MAX),
        redeem_op(SHOP, replace(GRANT, auth=AUTH)),
        offline_op(SHOP, PLASTIC, LATE),
        offline_op(SHOP, replace(carrying(), next_counter=COUNTER_MAX), LATE),
    ],
    ids=["sale", "issue", "face", "redemption", "small limit", "lease"],
)
def test_what_was_meant_can_be_stated_in_the_store_with_the_longest_name(op):
    fields = {"at_ms": 0, "mono_ms": 0, "boot": 0, "hub_ms": 0, "staff": "", "store": STORE}
    card = {"rules": 0, "card": UID, "member": "", "ctr_seen": 0, "ctr_used": 1, "touch": "unknown"}

    unknown = TouchUnknown(**fields, **card, op=op, intended=op)

    assert from_line(to_line(unknown)) == unknown
