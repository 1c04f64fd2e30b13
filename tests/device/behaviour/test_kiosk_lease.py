"""A card's lease in visits online: taken back at the beginning, given at the end."""

from dataclasses import replace

import pytest

from device.behaviour.events import (
    CardRead,
    CardReturned,
    CardWritten,
    Chosen,
    HubAnswered,
    HubUnreached,
    IntentSaved,
    JournalFailed,
    RecordSaved,
    RecordsSettled,
    TimedOut,
)
from device.behaviour.kiosk_phases import Choosing, Marking, Returning, Waiting
from device.behaviour.lease_on_card import certificate_of, lease_on
from device.behaviour.requests import (
    NO_REF,
    AskHub,
    AwaitSettled,
    PrintFace,
    ReturnCard,
    SaveIntent,
    SaveRecord,
    Show,
    WriteCard,
)
from device.nfc.cards.card_lease import NO_LEASE
from loyalty.asks import AskAccount, AskLease
from loyalty.lease_records import LeaseCarried, LeaseClosed
from loyalty.programme_cards import CardTerms
from loyalty.programme_offline import NOTHING_OFFLINE
from loyalty.receipts import Refusal
from loyalty.records import TouchUnknown
from tests.device.leased_cards import (
    CARD,
    LEASE,
    NOW,
    SETTING,
    TERMS,
    UID,
    all_of,
    carrying,
    granted,
    played,
    view,
)

CLOSE_OP = f"lease:{LEASE.id}:close"
CARRY_OP = f"lease:{LEASE.id}:carry"
CLOSED = (
    CardRead(carrying()),
    HubAnswered(view(50)),
    IntentSaved(),
    CardWritten("done", 21),
    RecordSaved(),
)
LEAVING = (CardRead(CARD), HubAnswered(view(500)), Chosen("return"))
GIVEN = (*LEAVING, HubAnswered(granted()), IntentSaved())


def test_the_hub_is_told_what_the_card_carries():
    _, requests = played(CardRead(carrying()))

    (asked,) = all_of(requests, AskHub)
    assert asked.ask == AskAccount(
        ref=NO_REF,
        card=UID,
        member="hh-1",
        ctr_seen=20,
        lease=LEASE.id,
        lease_left_points=320,
    )


def test_a_lease_is_taken_off_the_card_before_anything_is_chosen():
    _, requests = played(*CLOSED)

    deeds = all_of(requests, SaveIntent | WriteCard | SaveRecord | AwaitSettled)
    intent, write, saved, settled = deeds
    assert (intent.intent.op, intent.intent.kind) == (CLOSE_OP, LeaseClosed.kind)
    assert (write.op, write.lease, write.granted) == (CLOSE_OP, NO_LEASE, None)
    assert isinstance(saved.record, LeaseClosed)
    assert (saved.record.lease, saved.record.left_points) == (LEASE.id, 320)
    assert (saved.record.op, saved.record.touch, saved.ends_op) == (CLOSE_OP, "done", CLOSE_OP)
    assert settled == AwaitSettled()
    assert not [it for it in all_of(requests, Show) if it.screen == "account"]


def test_once_the_hub_has_counted_the_lease_everything_may_be_spent():
    state, requests = played(*CLOSED, RecordsSettled(), HubAnswered(view(370, version=5)))

    asked = all_of(requests, AskHub)[-1].ask
    assert (asked.lease, asked.ctr_seen) == ("", 21)
    assert all_of(requests, Show)[-1].values["points"] == 370
    assert isinstance(state.phase, Choosing)
    assert state.phase.card.lease == NO_LEASE


def test_what_is_not_whole_yet_is_told_from_the_answer_after_the_close():
    before = replace(view(50), is_provisional=1)
    closed = (CardRead(carrying()), HubAnswered(before), *CLOSED[2:], RecordsSettled())

    _, whole = played(*closed, HubAnswered(view(370, version=5)))
    _, short = played(*closed, HubAnswered(replace(view(370, version=5), is_provisional=1)))

    assert all_of(whole, Show)[-1].values["notice"] == ""
    assert all_of(short, Show)[-1].values["notice"] == "balance_provisional"


@pytest.mark.parametrize("events", [(HubUnreached(),), (RecordsSettled(), HubUnreached())])
def test_a_hub_that_falls_silent_after_the_close_leaves_the_visit_going_on(events):
    state, requests = played(*CLOSED, *events)

    shown = all_of(requests, Show)[-1]
    assert (shown.screen, shown.values["points"]) == ("account", 50)
    assert shown.values["notice"] == "lease_on_its_way"
    assert isinstance(state.phase, Choosing)


def test_a_hub_that_refuses_after_the_close_gives_the_card_back():
    refused = HubAnswered(Refusal(ref="1", reason="card_blocked"))

    state, requests = played(*CLOSED, RecordsSettled(), refused)

    assert all_of(requests, Show)[-1].screen == "card_blocked"
    assert isinstance(state.phase, Returning)


@pytest.mark.parametrize("outcome", ["torn", "unknown"])
def test_a_close_that_was_not_seen_to_hold_gives_nothing_back(outcome):
    state, requests = played(
        CardRead(carrying()),
        HubAnswered(view(50)),
        IntentSaved(),
        CardWritten(outcome, 20),
        RecordSaved(),
    )

    (saved,) = all_of(requests, SaveRecord)
    assert isinstance(saved.record, TouchUnknown)
    assert (saved.record.intended, saved.record.touch) == (CLOSE_OP, outcome)
    assert saved.ends_op == CLOSE_OP
    assert isinstance(state.phase, Choosing)
    assert state.phase.card.lease == (carrying().lease if outcome == "torn" else None)


@pytest.mark.parametrize("outcome", ["torn", "unknown"])
def test_no_lease_is_asked_for_while_the_old_one_may_be_on_the_card(outcome):
    _, requests = played(
        CardRead(carrying()),
        HubAnswered(view(50)),
        IntentSaved(),
        CardWritten(outcome, 20),
        RecordSaved(),
        Chosen("return"),
    )

    assert not [it for it in all_of(requests, AskHub) if isinstance(it.ask, AskLease)]
    assert all_of(requests, ReturnCard)


@pytest.mark.parametrize(
    "other",
    [
        carrying(seed=bytes(32)),
        carrying(replace(LEASE, uid=b"\x04another")),
        replace(CARD, lease=replace(carrying().lease, certificate=bytes(95) + b"\1")),
    ],
)
def test_what_the_hub_has_not_signed_for_this_card_is_no_lease(other):
    assert lease_on(SETTING, other) is None
    assert all_of(played(CardRead(other))[1], AskHub)[0].ask.lease == ""


def test_a_terminal_that_knows_no_key_of_the_hub_neither_takes_nor_gives_leases():
    setting = replace(SETTING, hub_key=b"")

    events = (CardRead(carrying()), HubAnswered(view(50)), Chosen("return"))
    _, requests = played(*events, setting=setting)

    assert [it.ask.kind for it in all_of(requests, AskHub)] == [AskAccount.kind]
    assert not all_of(requests, WriteCard)


@pytest.mark.parametrize("leave", [(Chosen("return"),), (TimedOut(), TimedOut())])
def test_a_card_leaves_with_a_lease(leave):
    _, requests = played(CardRead(CARD), HubAnswered(view(500)), *leave, *GIVEN[3:])

    asked = all_of(requests, AskHub)[-1].ask
    assert asked == AskLease(ref=NO_REF, card=UID, member="hh-1", ctr_seen=20)
    (intent,), (write,) = all_of(requests, SaveIntent), all_of(requests, WriteCard)
    assert (intent.intent.op, intent.intent.points) == (CARRY_OP, 400)
    assert (write.op, write.granted) == (CARRY_OP, granted())
    assert write.lease.left_points == 400
    assert write.lease.certificate == certificate_of(SETTING, CARD, granted())


@pytest.mark.parametrize(("outcome", "counter"), [("done", 21), ("torn", 20), ("unknown", 20)])
def test_how_the_lease_came_onto_the_card_is_stated(outcome, counter):
    state, requests = played(*GIVEN, CardWritten(outcome, counter), RecordSaved())

    (saved,) = all_of(requests, SaveRecord)
    assert isinstance(saved.record, LeaseCarried)
    assert (saved.record.lease, saved.record.left_points) == (LEASE.id, 400)
    assert (saved.record.op, saved.record.touch, saved.ends_op) == (CARRY_OP, outcome, CARRY_OP)
    assert (saved.record.ctr_seen, saved.record.ctr_used) == (20, 21)
    assert isinstance(state.phase, Returning)


@pytest.mark.parametrize(
    "heard",
    [
        HubUnreached(),
        HubAnswered(Refusal(ref="1", reason="no_lease")),
        HubAnswered(granted(seed=bytes(32))),
        HubAnswered(granted(points=401)),
        HubAnswered(granted(signature="00" * 64)),
        HubAnswered(granted(counter=19)),
    ],
)
def test_without_a_lease_that_is_good_for_it_the_card_leaves_as_it_is(heard):
    state, requests = played(*LEAVING, heard)

    assert not all_of(requests, WriteCard)
    assert isinstance(state.phase, Returning)


def test_a_face_is_printed_after_the_lease_and_shows_what_there_was_before_it():
    state, requests = played(
        CardRead(CARD),
        HubAnswered(view(500)),
        Chosen("print"),
        HubAnswered(granted()),
        IntentSaved(),
        CardWritten("done", 21),
        RecordSaved(),
        IntentSaved(),
        CardWritten("done", 22),
    )

    carry, mark = all_of(requests, WriteCard)
    (face,) = all_of(requests, PrintFace)
    assert (carry.op, mark.card.next_counter, mark.rewrites) == (CARRY_OP, 22, 3)
    assert mark.lease is None
    assert (face.content.points, face.content.account_version) == (500, 4)
    assert not isinstance(state.phase, Marking)


def test_a_lease_that_was_just_taken_back_is_given_anew():
    events = (*CLOSED, RecordsSettled(), HubAnswered(view(370)), Chosen("return"))
    anew = granted(counter=21)

    _, requests = played(*events, HubAnswered(anew))

    assert all_of(requests, AskHub)[-1].ask.ctr_seen == 21


@pytest.mark.parametrize(
    ("setting", "card"),
    [
        (replace(SETTING, offline=NOTHING_OFFLINE), CARD),
        (SETTING, replace(CARD, lease=None)),
        (SETTING, replace(CARD, kind="ntag424", lease=None)),
        (
            replace(
                SETTING,
                cards=CardTerms(accepted=frozenset({"desfire_ev2"}), spending=frozenset()),
            ),
            CARD,
        ),
    ],
)
def test_nobody_asks_for_a_lease_that_cannot_be(setting, card):
    state, requests = played(
        CardRead(card), HubAnswered(view(500)), Chosen("return"), setting=setting
    )

    assert not [it for it in all_of(requests, AskHub) if isinstance(it.ask, AskLease)]
    assert isinstance(state.phase, Returning)


@pytest.mark.parametrize("upto", [2, 3, 4])
def test_a_full_journal_while_a_lease_is_taken_back_gives_the_card_back(upto):
    state, requests = played(*CLOSED[:upto], JournalFailed("full"), CardReturned())

    assert all_of(requests, ReturnCard)
    assert not all_of(requests, SaveRecord) or upto == 4
    assert isinstance(state.phase, Waiting)


@pytest.mark.parametrize("upto", [4, 5])
def test_a_full_journal_while_a_lease_is_given_gives_the_card_back(upto):
    state, requests = played(*GIVEN[:upto], JournalFailed("full"), CardReturned())

    assert all_of(requests, ReturnCard)
    assert isinstance(state.phase, Waiting)


def test_the_terms_of_these_tests_offer_leases():
    assert TERMS.offers_leases
    assert NOW.trusted_ms < LEASE.expires_s * 1000
