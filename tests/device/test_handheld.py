"""The handheld's behaviour, event by event."""

import pytest

from device.events import (
    AwaitCard,
    Booted,
    Card,
    CardRead,
    CardRefused,
    CardWritten,
    Chosen,
    DayEnded,
    IntentSaved,
    IssueKeyed,
    JournalFailed,
    Now,
    Personalise,
    RecordSaved,
    SaleKeyed,
    SaveIntent,
    SaveRecord,
    Setting,
    Show,
    Sound,
    StaffSignedOn,
    StopAwaitingCard,
    TillSale,
    WriteCard,
)
from device.handheld import AwaitingCard, Idle, State, issue_op, sale_op, step
from device.intent import Intent
from loyalty.card import op_digest
from loyalty.records import CardIssued, DayClosed, Sale, SaleItem, StaffSignedIn, TouchUnknown

NOW = Now(at_ms=1_488_326_400_000, mono_ms=5000, boot=3, hub_ms=0)
SETTING = Setting(store="shop-1", rules=1, currency="USD")
SALE = TillSale(
    store="367",
    receipt="31198570044",
    till_ms=1_488_326_300_000,
    currency="USD",
    items=(SaleItem("SOUP", 250, 0),),
)
CARD = Card(
    uid="deadbeef",
    kind="classic1k",
    member="hh-1",
    counter=7,
    next_counter=8,
    rewrites=2,
    op_digest=b"\0" * 12,
)


def played(*events, state=None):
    """Return the state and every request after `events`."""
    state, requests = State() if state is None else state, []
    for event in events:
        state, asked = step(SETTING, state, event, NOW)
        requests += asked
    return state, requests


def only(requests, kind):
    """Return the one request of `kind`."""
    (found,) = [it for it in requests if isinstance(it, kind)]
    return found


def test_a_sale_saves_its_intent_before_the_card_is_written_and_its_record_after():
    _, requests = played(
        SaleKeyed(SALE), CardRead(CARD), IntentSaved(), CardWritten("done", 8), RecordSaved()
    )

    steps = [type(it) for it in requests if not isinstance(it, Show | AwaitCard)]
    assert steps == [SaveIntent, WriteCard, SaveRecord, Sound]
    saved = only(requests, SaveRecord)
    assert isinstance(saved.record, Sale)
    assert saved.ends_op == saved.record.op == only(requests, WriteCard).op == sale_op(SALE)
    assert (saved.record.ctr_seen, saved.record.ctr_used, saved.record.touch) == (7, 8, "done")


def test_the_screen_says_sold_only_once_the_record_is_on_disk():
    state, before = played(SaleKeyed(SALE), CardRead(CARD), IntentSaved(), CardWritten("done", 8))

    state, after = played(RecordSaved(), state=state)

    assert "sold" not in [it.screen for it in before if isinstance(it, Show)]
    assert only(after, Show).screen == "sold"
    assert state.phase == Idle()


@pytest.mark.parametrize("outcome", ["torn", "unknown"])
def test_a_card_pulled_away_costs_nobody_the_sale(outcome):
    _, requests = played(
        SaleKeyed(SALE), CardRead(CARD), IntentSaved(), CardWritten(outcome, 7), RecordSaved()
    )

    record = only(requests, SaveRecord).record
    assert (record.touch, record.items) == (outcome, SALE.items)


def test_a_sale_keyed_again_after_its_card_was_written_is_not_written_twice():
    written = Card(
        uid="deadbeef",
        kind="classic1k",
        member="hh-1",
        counter=8,
        next_counter=9,
        rewrites=2,
        op_digest=op_digest(sale_op(SALE).encode()),
    )

    _, requests = played(SaleKeyed(SALE), CardRead(written))

    record = only(requests, SaveRecord).record
    assert (record.op, record.ctr_used, record.touch) == (sale_op(SALE), 8, "done")
    assert not [it for it in requests if isinstance(it, WriteCard)]


@pytest.mark.parametrize("problem", ["blank", "foreign", "wrong_key", "bad_seal"])
def test_a_card_that_cannot_be_used_is_refused_and_the_basket_waits_for_another(problem):
    state, requests = played(SaleKeyed(SALE), CardRefused("cafe", problem, "classic1k"))

    assert state.phase == AwaitingCard(SALE)
    assert requests[-1] == AwaitCard(but_not="cafe")
    assert requests[-2].screen == f"card_{problem}"


def test_a_member_without_a_card_is_sold_to_and_nothing_is_recorded():
    state, requests = played(SaleKeyed(SALE), Chosen("no_card"))

    assert state.phase == Idle()
    assert StopAwaitingCard() in requests
    assert not [it for it in requests if isinstance(it, SaveRecord)]


@pytest.mark.parametrize("reason", ["full", "failed"])
def test_a_journal_that_takes_no_more_stops_the_sale_before_the_card_is_touched(reason):
    state, requests = played(SaleKeyed(SALE), CardRead(CARD), JournalFailed(reason))

    assert state.phase == Idle()
    assert requests[-1].screen == f"journal_{reason}"
    assert not [it for it in requests if isinstance(it, WriteCard)]


def test_a_new_card_is_issued_once_it_is_personalised():
    state, requests = played(
        IssueKeyed("hh-1"),
        CardRefused("cafe", "blank", "classic1k"),
        IntentSaved(),
        CardWritten("done", 1),
        RecordSaved(),
    )

    record = only(requests, SaveRecord).record
    assert isinstance(record, CardIssued)
    assert (record.op, record.member, record.ctr_used) == (issue_op("cafe"), "hh-1", 1)
    assert only(requests, Personalise).uid == "cafe"
    assert state.phase == Idle()


def test_a_card_whose_personalising_failed_is_not_said_to_be_issued():
    _, requests = played(
        IssueKeyed("hh-1"),
        CardRefused("cafe", "blank", "classic1k"),
        IntentSaved(),
        CardWritten("torn", 0),
    )

    saved = only(requests, SaveRecord)
    assert isinstance(saved.record, TouchUnknown)
    assert saved.ends_op == saved.record.intended == issue_op("cafe")


def test_somebody_elses_card_is_not_issued_anew():
    _, requests = played(IssueKeyed("hh-2"), CardRead(CARD))

    assert requests[-1] == AwaitCard(but_not=CARD.uid)
    assert not [it for it in requests if isinstance(it, SaveRecord)]


def test_open_intents_become_unknown_touches_and_the_last_operation_is_shown():
    intent = Intent(
        op="367:9:sale",
        card="deadbeef",
        member="hh-1",
        kind="sale",
        counter_before=7,
        counter_after=8,
        begun_ms=1,
    )

    _, requests = played(Booted((intent,), "367:8:sale"))

    saved = only(requests, SaveRecord)
    assert isinstance(saved.record, TouchUnknown)
    assert (saved.record.intended, saved.ends_op) == ("367:9:sale", "367:9:sale")
    shown = [it for it in requests if isinstance(it, Show)]
    assert shown == [Show(screen="last_operation", values={"op": "367:8:sale"})]


def test_a_handheld_that_never_sold_is_ready_at_once():
    _, requests = played(Booted((), ""))

    assert requests == [Show(screen="ready")]


def test_staff_and_the_day_are_recorded():
    state, requests = played(
        StaffSignedOn("anna"), RecordSaved(), DayEnded(20170301), RecordSaved()
    )

    records = [it.record for it in requests if isinstance(it, SaveRecord)]
    assert [type(it) for it in records] == [StaffSignedIn, DayClosed]
    assert {it.staff for it in records} == {"anna"}
    assert state.staff == "anna"


def test_an_event_out_of_place_changes_nothing():
    before = State(staff="anna")

    after, requests = played(RecordSaved(), IntentSaved(), CardRead(CARD), state=before)

    assert (after, requests) == (before, [])
