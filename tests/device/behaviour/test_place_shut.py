"""A terminal to which no card can come: whoever is there is told, and nobody is invited."""

from dataclasses import replace

import pytest

from device.behaviour import handheld
from device.behaviour import handheld_phases as at_handheld
from device.behaviour.card import card_without_record
from device.behaviour.events import (
    CardRead,
    CardRefused,
    CardReturned,
    Chosen,
    DayEnded,
    HubAnswered,
    IssueKeyed,
    PlaceOpened,
    PlaceShut,
    RecordSaved,
    SaleKeyed,
    TillSale,
    TimedOut,
)
from device.behaviour.kiosk_phases import Choosing, Keying, State, Waiting
from device.behaviour.requests import AwaitCard, SaveRecord, Show, Sound
from loyalty.programme_cards import CardTerms
from loyalty.records import DayClosed
from tests.device.kiosk_visits import CARD, NOW, SETTING, all_of, played, view

PHONE = card_without_record("phone:00112233445566778899aabbccddeeff", "phone")
JAMMED = PlaceShut("staff_needed", {"notice": "printer_jam"})
TOLD = Show(screen="staff_needed", values={"notice": "printer_jam"})
UNREAD = PlaceShut("not_finished", {"card_is_out": 1})
MISSING = PlaceShut("reader_missing")
SALE = TillSale(store="367", receipt="7", till_ms=NOW.at_ms, currency="USD", items=())


def at_work(*events, state=None, setting=SETTING):
    """Return the state of a handheld and every request after `events`."""
    state, requests = at_handheld.State() if state is None else state, []
    for event in events:
        state, asked = handheld.step(setting, state, event, NOW)
        requests += asked
    return state, requests


# A kiosk.


def test_whoever_comes_to_a_slot_that_is_shut_is_told_until_it_opens():
    shut, told = played(JAMMED)
    opened, welcomed = played(PlaceOpened(), state=shut)

    assert told == [TOLD]
    assert all_of(welcomed, Show)[-1].screen == "welcome"
    assert opened == State()


@pytest.mark.parametrize(
    "visit",
    [
        (CardRead(PHONE), HubAnswered(view(10)), JAMMED, Chosen("done")),
        (CardRead(PHONE), HubAnswered(view(10)), JAMMED, TimedOut(), TimedOut()),
        (CardRead(PHONE), HubAnswered(view(10)), TimedOut(), JAMMED, TimedOut()),
        (Chosen("key_phone"), JAMMED, TimedOut()),
        (Chosen("key_phone"), JAMMED, Chosen("back")),
        (CardRefused("", "bank_card"), JAMMED, TimedOut()),
        (JAMMED, CardRefused("", "bank_card"), TimedOut()),
        (JAMMED, CardReturned()),
        (JAMMED, Chosen("back"), TimedOut()),
    ],
)
def test_no_timer_and_no_touch_welcomes_anybody_to_a_slot_that_is_shut(visit):
    state, requests = played(*visit)

    assert all_of(requests, Show)[-1] == TOLD
    assert "welcome" not in [it.screen for it in all_of(requests, Show)]
    assert state == State(shut=JAMMED)


@pytest.mark.parametrize(
    ("visit", "phase"),
    [((Chosen("key_phone"),), Keying), ((CardRead(PHONE), HubAnswered(view(10))), Choosing)],
)
def test_who_is_served_without_the_slot_is_not_disturbed_by_it(visit, phase):
    before, _ = played(*visit)

    shut, told = played(JAMMED, state=before)
    opened, told_again = played(PlaceOpened(), state=shut)

    assert isinstance(shut.phase, phase)
    assert (told, told_again, opened) == ([], [], before)


@pytest.mark.parametrize(
    "visit", [(), (Chosen("key_phone"),), (CardRead(PHONE), HubAnswered(view(10)))]
)
def test_a_card_that_comes_back_unread_is_told_to_whoever_put_it_in(visit):
    before, _ = played(*visit)

    state, told = played(UNREAD, state=before)

    assert told == [Sound("refused"), Show(screen="not_finished", values={"card_is_out": 1})]
    assert state == State(shut=UNREAD)


def test_a_code_is_served_although_the_slot_is_shut():
    state, requests = played(JAMMED, CardRead(PHONE), HubAnswered(view(10)))

    assert isinstance(state.phase, Choosing)
    assert all_of(requests, Show)[-1].screen == "account"


# A day that staff end at a kiosk.


def test_a_day_ended_in_a_visit_ends_after_it_and_that_is_told():
    served, _ = played(CardRead(CARD), HubAnswered(view(250)), DayEnded(20170301))
    left, requests = played(Chosen("return"), CardReturned(), state=served)

    told, shown = played(RecordSaved(), state=left)

    assert isinstance(all_of(requests, SaveRecord)[-1].record, DayClosed)
    assert any(isinstance(it, AwaitCard) for it in requests)
    assert told == State()
    assert (shown[0].screen, shown[0].timeout_ms > 0) == ("day_closed", True)


def test_the_calendar_comes_again_and_is_not_noted_in_a_visit():
    served, _ = played(CardRead(CARD), HubAnswered(view(250)))

    assert played(DayEnded(20170301, by_calendar=True), state=served) == (served, [])


def test_a_day_that_the_calendar_ends_is_told_to_nobody():
    ending, _ = played(DayEnded(20170301, by_calendar=True))

    state, requests = played(RecordSaved(), state=ending)

    assert (state.phase, requests) == (Waiting(), [])


# A handheld.


@pytest.mark.parametrize("keyed", [SaleKeyed(SALE), IssueKeyed("hh-1")])
def test_staff_are_told_what_they_can_do_without_the_reader_until_it_is_back(keyed):
    asking, asked = at_work(keyed)
    shut, told = at_work(MISSING, state=asking)
    opened, asked_again = at_work(PlaceOpened(), state=shut)

    ways_on = asked[0].choices
    assert told == [Show(screen="reader_missing", choices=ways_on)]
    assert (asked_again, opened) == ([asked[0]], asking)


def test_a_sale_that_begins_without_the_reader_says_so_and_waits_for_it():
    _, requests = at_work(MISSING, SaleKeyed(SALE))

    shown, awaited = requests
    assert shown == Show(screen="reader_missing", choices=("no_card", "key_phone"))
    assert awaited == AwaitCard()


def test_where_no_numbers_are_taken_none_is_asked_for():
    cards = CardTerms(accepted=frozenset({"classic1k"}), spending=frozenset())

    _, requests = at_work(MISSING, SaleKeyed(SALE), setting=replace(SETTING, cards=cards))

    assert requests[0].choices == ("no_card",)


def test_a_number_that_is_being_typed_stays_on_the_screen_whatever_becomes_of_the_reader():
    keying, _ = at_work(SaleKeyed(SALE), Chosen("key_phone"))
    shut, told = at_work(MISSING, state=keying)

    _, back = at_work(Chosen("back"), state=shut)

    assert told == []
    assert back == [Show(screen="reader_missing", choices=("no_card", "key_phone"))]


def test_a_reader_that_goes_and_comes_while_nobody_needs_it_is_not_spoken_of():
    shut, told = at_work(MISSING)

    assert at_work(PlaceOpened(), state=shut) == (at_handheld.State(), [])
    assert told == []
