"""The handheld's behaviour, event by event."""

from dataclasses import replace

import pytest

from device.behaviour.card import Card, card_without_record
from device.behaviour.events import (
    Booted,
    CardRead,
    CardRefused,
    CardWritten,
    Chosen,
    DayEnded,
    HubAnswered,
    HubUnreached,
    IntentSaved,
    IssueKeyed,
    JournalFailed,
    NumberKeyed,
    RecordSaved,
    SaleKeyed,
    StaffSignedOn,
    TillSale,
)
from device.behaviour.handheld import sale_op, step
from device.behaviour.handheld_issue import issue_op
from device.behaviour.handheld_phases import AwaitingBlank, AwaitingCard, Idle, State
from device.behaviour.intent import Intent
from device.behaviour.requests import (
    NO_REF,
    AskHub,
    AwaitCard,
    Identify,
    Personalise,
    SaveIntent,
    SaveRecord,
    Show,
    Sound,
    StopAwaitingCard,
    WriteCard,
)
from device.behaviour.setting import Now, Setting
from loyalty.asks import AskCardKeys
from loyalty.card import op_digest
from loyalty.programme_cards import CardTerms
from loyalty.receipts import AccountView, CardKeysGranted, Refusal
from loyalty.records import (
    CardIssued,
    CardSuspected,
    DayClosed,
    Sale,
    SaleItem,
    StaffSignedIn,
    TouchUnknown,
)

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
KEYS_OF_CAFE = CardKeysGranted(ref="1", card="cafe", master_key="ab" * 24, credit_key="cd" * 24)


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


@pytest.mark.parametrize(("is_spoiled", "screen"), [(False, "issue_again"), (True, "card_spoiled")])
def test_staff_are_told_whether_the_same_card_can_be_tried_again(is_spoiled, screen):
    _, requests = played(
        IssueKeyed("hh-1"),
        CardRefused("cafe", "blank", "classic1k"),
        IntentSaved(),
        CardWritten("torn", 0, is_spoiled=is_spoiled),
        RecordSaved(),
    )

    assert requests[-1] == Show(screen=screen)


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

    after, requests = played(RecordSaved(), IntentSaved(), HubUnreached(), state=before)

    assert (after, requests) == (before, [])


PHONE = card_without_record("phone:00112233445566778899aabbccddeeff", "phone")
FACE = card_without_record(
    "barcode:00112233445566778899aabbccddeeff", "barcode", "hh-1", "face:1:10:0:abcd"
)
BARE_CHIP = card_without_record("04a1b2c3d4e5f6", "ultralight")
VIEW = AccountView(
    ref="1",
    account="hh-1",
    version=4,
    tier="silver",
    points=10,
    available_points=10,
    as_of_ms=NOW.at_ms,
    check="a1b2",
)


def refusal(reason):
    """Return what the hub says when it says no."""
    return HubAnswered(Refusal(ref="1", reason=reason))


def test_a_typed_number_is_turned_into_a_card_before_anything_else():
    _, requests = played(SaleKeyed(SALE), NumberKeyed("9123 4567"))

    assert requests[-1] == Identify("9123 4567")
    assert "9123" not in repr(requests)


@pytest.mark.parametrize(
    "event", [NumberKeyed("9123 4567"), CardRead(PHONE), CardRefused("", "bank_card")]
)
def test_what_is_typed_or_scanned_while_nothing_waits_for_it_is_told(event):
    assert played(event) == (State(), [Sound("refused"), Show(screen="nothing_waits")])


OTHER_SALE = replace(SALE, receipt="2")


@pytest.mark.parametrize("begun", [SaleKeyed(SALE), IssueKeyed("hh-1")])
@pytest.mark.parametrize(
    "event",
    [SaleKeyed(OTHER_SALE), IssueKeyed("hh-2"), StaffSignedOn("ben"), DayEnded(20170301)],
)
def test_what_is_keyed_while_a_card_is_waited_for_has_to_wait_and_that_is_told(begun, event):
    waiting, asked = played(begun)

    state, requests = played(event, state=waiting)

    ways_on = only(asked, Show).choices
    assert state == waiting
    assert requests == [Sound("refused"), Show(screen="finish_first", choices=ways_on)]


@pytest.mark.parametrize("begun", [SaleKeyed(SALE), IssueKeyed("hh-1")])
def test_the_same_keyed_again_asks_again(begun):
    waiting, asked = played(begun)

    state, requests = played(begun, state=waiting)

    assert (state, requests) == (waiting, [only(asked, Show)])


def test_the_calendar_disturbs_nobody_who_waits_for_a_card():
    waiting, _ = played(SaleKeyed(SALE))

    assert played(DayEnded(20170301, by_calendar=True), state=waiting) == (waiting, [])


@pytest.mark.parametrize(
    ("begun", "leave"), [(SaleKeyed(SALE), "no_card"), (IssueKeyed("hh-1"), "cancel")]
)
def test_after_a_refused_card_every_way_on_that_is_offered_is_one(begun, leave):
    refused, shown = played(begun, CardRefused("cafe", "foreign"))

    ends = {it: played(Chosen(it), state=refused) for it in shown[-2].choices}

    assert set(ends) == {leave, "key_phone"}
    assert ends[leave][0] == State()
    assert only(ends["key_phone"][1], Show).screen == "key_phone"


@pytest.mark.parametrize("card", [PHONE, FACE, BARE_CHIP])
def test_a_card_without_a_record_is_asked_about_and_never_written(card):
    _, requests = played(SaleKeyed(SALE), CardRead(card), HubAnswered(VIEW), RecordSaved())

    ask = only(requests, AskHub).ask
    assert (ask.card, ask.member, ask.proof) == (card.uid, card.member, card.proof)
    assert not [it for it in requests if isinstance(it, SaveIntent | WriteCard)]
    record = only(requests, SaveRecord).record
    assert (record.card, record.member, record.touch) == (card.uid, card.member, "none")
    assert (record.ctr_seen, record.ctr_used, record.items) == (-1, -1, SALE.items)
    assert requests[-1].screen == "sold"


@pytest.mark.parametrize("heard", [HubUnreached(), refusal("try_later")])
def test_a_number_earns_without_the_hub_too_and_the_screen_says_so(heard):
    _, requests = played(SaleKeyed(SALE), CardRead(PHONE), heard, RecordSaved())

    assert only(requests, SaveRecord).record.card == PHONE.uid
    assert requests[-1].screen == "sold_unseen"


@pytest.mark.parametrize(
    ("reason", "screen"),
    [
        ("unknown_card", "card_unlinked"),
        ("card_not_accepted", "card_not_accepted"),
        ("card_unproven", "card_unproven"),
    ],
)
def test_a_number_that_is_nobodys_earns_nothing_and_another_card_may_come(reason, screen):
    state, requests = played(SaleKeyed(SALE), CardRead(PHONE), refusal(reason))

    assert state.phase == AwaitingCard(SALE)
    assert requests[-2].screen == screen
    assert requests[-1] == AwaitCard()
    assert not [it for it in requests if isinstance(it, SaveRecord)]


def test_a_number_becomes_a_card_of_the_member_it_is_issued_to():
    _, requests = played(IssueKeyed("hh-1"), CardRead(PHONE), refusal("unknown_card"))

    record = only(requests, SaveRecord).record
    assert isinstance(record, CardIssued)
    assert (record.card, record.member, record.card_kind) == (PHONE.uid, "hh-1", "phone")
    assert (record.op, record.touch) == (issue_op(PHONE.uid), "none")


def test_a_number_that_is_another_members_is_not_issued_anew():
    state, requests = played(IssueKeyed("hh-2"), CardRead(PHONE), HubAnswered(VIEW))

    assert state.phase == AwaitingBlank("hh-2")
    assert requests[-2].screen == "card_taken"
    assert not [it for it in requests if isinstance(it, SaveRecord)]


def test_somebody_elses_face_is_known_without_the_hub():
    _, requests = played(IssueKeyed("hh-2"), CardRead(FACE))

    assert requests[-2].screen == "card_taken"
    assert not [it for it in requests if isinstance(it, AskHub)]


def test_a_card_is_issued_as_what_it_is():
    _, requests = played(
        IssueKeyed("hh-1"),
        CardRefused("cafe", "blank", "ntag424"),
        IntentSaved(),
        CardWritten("done", 1),
    )

    assert only(requests, SaveRecord).record.card_kind == "ntag424"


def test_a_card_that_may_carry_value_is_issued_with_keys_that_the_hub_gives():
    _, requests = played(
        IssueKeyed("hh-1"),
        CardRefused("cafe", "blank", "desfire_ev2"),
        HubAnswered(KEYS_OF_CAFE),
        IntentSaved(),
        CardWritten("done", 1),
    )

    assert only(requests, AskHub).ask == AskCardKeys(ref=NO_REF, card="cafe")
    assert only(requests, Personalise).granted == KEYS_OF_CAFE
    assert only(requests, SaveRecord).record.card_kind == "desfire_ev2"


@pytest.mark.parametrize(
    "heard",
    [
        HubUnreached(),
        refusal("try_later"),
        HubAnswered(replace(KEYS_OF_CAFE, card="beef")),
    ],
)
def test_without_its_keys_a_card_that_may_carry_value_is_left_alone(heard):
    blank = CardRefused("cafe", "blank", "desfire_ev2")

    state, requests = played(IssueKeyed("hh-1"), blank, heard)

    assert state.phase == AwaitingBlank("hh-1")
    assert requests[-2:] == [
        Show(screen="issue_needs_hub", choices=("key_phone", "cancel")),
        AwaitCard(but_not="cafe"),
    ]
    assert not [it for it in requests if isinstance(it, SaveIntent | Personalise)]


@pytest.mark.parametrize(
    "event", [CardRead(PHONE), CardRead(CARD), CardRefused("cafe", "blank", "classic1k")]
)
def test_a_kind_that_the_programme_does_not_take_is_refused(event):
    choosy = replace(
        SETTING, cards=CardTerms(accepted=frozenset({"ntag215"}), spending=frozenset())
    )

    state, requests = step(choosy, State(phase=AwaitingCard(SALE)), event, NOW)

    assert state.phase == AwaitingCard(SALE)
    assert [it.screen for it in requests if isinstance(it, Show)] == ["card_not_accepted"]


@pytest.mark.parametrize("problem", ["rolled_back", "copied"])
def test_a_card_that_was_tampered_with_is_stated_to_the_hub(problem):
    state, requests = played(SaleKeyed(SALE), CardRefused("cafe", problem, "ntag215"))

    record = only(requests, SaveRecord).record
    assert isinstance(record, CardSuspected)
    assert (record.card, record.sign, record.member) == ("cafe", problem, "")
    assert state.phase == AwaitingCard(SALE)
    assert requests[-1] == AwaitCard(but_not="cafe")
