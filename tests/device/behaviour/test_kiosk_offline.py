"""A visit while the hub is out of reach: spent from the card, within its limits, or not at all."""

from dataclasses import replace

import pytest

from device.behaviour.card import card_without_record
from device.behaviour.events import (
    CardRead,
    CardReturned,
    CardWritten,
    Chosen,
    HubAnswered,
    HubUnreached,
    IntentSaved,
    JournalFailed,
    LookedUp,
    RecordSaved,
    TimedOut,
)
from device.behaviour.kiosk_phases import ChoosingOffline, Returning, Waiting, Wondering
from device.behaviour.requests import (
    AskHub,
    LookUp,
    ReturnCard,
    SaveIntent,
    SaveRecord,
    Show,
    Sound,
    WriteCard,
)
from loyalty.lease_records import LeaseSpend
from loyalty.records import Redemption, TouchUnknown
from tests.device.leased_cards import (
    CARD,
    LEASE,
    NOW,
    SETTING,
    WELL,
    all_of,
    carrying,
    played,
    view,
)

SPEND_OP = f"shop-1:{LEASE.id}:21:spend"
PLASTIC = replace(CARD, kind="ntag215", lease=None)
SEEN = (CardRead(carrying()), HubUnreached(), LookedUp(WELL))
AGREED = (*SEEN, Chosen("cheap"), Chosen("confirm"), LookedUp(WELL))
SPENT = (*AGREED, IntentSaved(), CardWritten("done", 21), RecordSaved())


def shown(requests):
    return all_of(requests, Show)[-1]


def test_the_hub_is_asked_first():
    _, requests = played(CardRead(carrying()))

    assert all_of(requests, AskHub)
    assert not all_of(requests, LookUp)


def test_the_member_sees_what_can_be_spent_now_and_on_what():
    state, requests = played(*SEEN)

    assert shown(requests).screen == "account_offline"
    assert shown(requests).values["points"] == 300
    assert shown(requests).choices == ("cheap", "dear", "return")
    assert isinstance(state.phase, ChoosingOffline)


def test_only_offers_within_the_limit_are_shown():
    events = (CardRead(carrying(left_points=279)), HubUnreached(), LookedUp(WELL))

    assert shown(played(*events)[1]).choices == ("cheap", "return")


def test_spending_saves_the_intent_debits_the_card_and_saves_the_record():
    state, requests = played(*SPENT)

    intent, write, saved = all_of(requests, SaveIntent | WriteCard | SaveRecord)
    assert (intent.intent.op, intent.intent.kind) == (SPEND_OP, LeaseSpend.kind)
    assert (intent.intent.points, intent.intent.value_minor) == (100, 150)
    assert write.lease == replace(carrying().lease, left_points=220)
    assert (write.op, write.granted) == (SPEND_OP, None)
    assert isinstance(saved.record, LeaseSpend)
    assert (saved.record.lease, saved.record.offer) == (LEASE.id, "cheap")
    assert (saved.record.points, saved.record.value_minor) == (100, 150)
    assert (saved.record.op, saved.record.touch, saved.ends_op) == (SPEND_OP, "done", SPEND_OP)
    assert isinstance(state.phase, Returning)


def test_goods_are_handed_over_once_the_record_is_safe_and_not_before():
    _, before = played(*SPENT[:-1])
    _, after = played(*SPENT)

    assert "redeemed_offline" not in [it.screen for it in all_of(before, Show)]
    assert Sound("accepted") in after
    assert shown(after).screen == "redeemed_offline"
    assert shown(after).values["after_points"] == 200
    assert after[-1] == ReturnCard()


@pytest.mark.parametrize("outcome", ["torn", "unknown"])
def test_what_was_not_seen_to_leave_the_card_hands_nothing_over(outcome):
    state, requests = played(*AGREED, IntentSaved(), CardWritten(outcome, 20), RecordSaved())

    (saved,) = all_of(requests, SaveRecord)
    assert isinstance(saved.record, TouchUnknown)
    assert (saved.record.intended, saved.record.touch) == (SPEND_OP, outcome)
    assert saved.ends_op == SPEND_OP
    assert shown(requests).screen == "not_finished"
    assert Sound("accepted") not in requests
    assert isinstance(state.phase, Returning)


def test_the_limits_are_asked_for_once_more_before_anything_is_spent():
    used_up = replace(WELL, given_points=950)

    state, requests = played(*SEEN, Chosen("cheap"), Chosen("confirm"), LookedUp(used_up))

    assert not all_of(requests, SaveIntent)
    assert shown(requests).values == {"points": 50, "notice": "not_enough_points"}
    assert isinstance(state.phase, ChoosingOffline)


@pytest.mark.parametrize(
    ("now", "standing", "card"),
    [
        (replace(NOW, trusted_ms=0), WELL, carrying()),
        (replace(NOW, silent_ms=25 * 3_600_000), WELL, carrying()),
        (NOW, replace(WELL, hotlist_as_of_ms=0), carrying()),
        (NOW, replace(WELL, given_points=1000), carrying()),
        (NOW, WELL, CARD),
        (NOW, WELL, carrying(left_points=0)),
        (NOW, WELL, carrying(seed=bytes(32))),
        (NOW, WELL, carrying(replace(LEASE, expires_s=1))),
        (NOW, WELL, carrying(replace(LEASE, counter=10))),
        (NOW, replace(WELL, given_to_card_points=150), PLASTIC),
    ],
)
def test_beyond_a_limit_the_card_goes_back_calmly(now, standing, card):
    events = (CardRead(card), HubUnreached(), LookedUp(standing))

    state, requests = played(*events, now=now)

    assert shown(requests).screen == "offline"
    assert Sound("refused") not in requests
    assert isinstance(state.phase, Returning)


def test_a_stopped_card_is_told_that_it_is_blocked():
    stopped = replace(WELL, is_stopped=True)

    _, requests = played(CardRead(carrying()), HubUnreached(), LookedUp(stopped))

    assert shown(requests).screen == "card_blocked"
    assert not all_of(requests, SaveRecord)


def test_a_card_is_asked_to_meet_the_hub_soon_after_its_lower_limit():
    away = carrying(replace(LEASE, counter=15))

    _, requests = played(CardRead(away), HubUnreached(), LookedUp(WELL))

    assert shown(requests).values["notice"] == "meet_hub_soon"


def test_an_identifier_spends_its_small_limit_and_the_record_is_all_there_is():
    events = (CardRead(PLASTIC), HubUnreached(), LookedUp(WELL), Chosen("cheap"))

    _, requests = played(
        *events,
        Chosen("confirm"),
        LookedUp(WELL),
        IntentSaved(),
        CardWritten("unknown", 20),
        RecordSaved(),
    )

    (write,), (saved,) = all_of(requests, WriteCard), all_of(requests, SaveRecord)
    assert write.lease is None
    assert isinstance(saved.record, Redemption)
    assert (saved.record.auth, saved.record.granted_ms) == ("", 0)
    assert (saved.record.points, saved.record.touch) == (100, "unknown")
    assert shown(requests).screen == "redeemed_offline"


def test_a_programme_without_offline_terms_looks_nothing_up():
    setting = replace(SETTING, offline=replace(SETTING.offline, transaction_points=0))

    _, requests = played(CardRead(carrying()), HubUnreached(), setting=setting)

    assert not all_of(requests, LookUp)
    assert shown(requests).screen == "offline"


def test_who_knows_a_number_does_not_have_the_card():
    phone = card_without_record("cafe", "phone", "hh-1")

    state, requests = played(CardRead(phone), HubUnreached())

    assert not all_of(requests, LookUp)
    assert shown(requests).screen == "number_offline"
    assert isinstance(state.phase, Waiting)


def test_a_hub_that_is_back_in_the_middle_changes_nothing_of_this_visit():
    state, requests = played(*AGREED, HubAnswered(view(500)), IntentSaved())

    assert all_of(requests, WriteCard)
    assert not isinstance(state.phase, Returning)


def test_a_member_may_change_their_mind():
    state, requests = played(*SEEN, Chosen("cheap"), Chosen("back"))
    away, _ = played(*SEEN, Chosen("cheap"), Chosen("return"))

    assert isinstance(state.phase, ChoosingOffline)
    assert not all_of(requests, SaveIntent)
    assert isinstance(away.phase, Returning)


@pytest.mark.parametrize("steps", [(), (Chosen("cheap"),)])
def test_a_member_who_does_nothing_is_asked_and_then_gets_the_card_back(steps):
    asked, _ = played(*SEEN, *steps, TimedOut())
    _, requests = played(*SEEN, *steps, TimedOut(), Chosen("more_time"))
    away, gone = played(*SEEN, *steps, TimedOut(), TimedOut())

    assert isinstance(asked.phase, Wondering)
    assert shown(requests).screen == ("confirm" if steps else "account_offline")
    assert isinstance(away.phase, Returning)
    assert not all_of(gone, AskHub)[1:]


@pytest.mark.parametrize("upto", [6, 7, 8])
def test_a_full_journal_hands_nothing_over_and_gives_the_card_back(upto):
    state, requests = played(*SPENT[:upto], JournalFailed("full"), CardReturned())

    assert Sound("accepted") not in requests
    assert all_of(requests, ReturnCard)
    assert isinstance(state.phase, Waiting)
