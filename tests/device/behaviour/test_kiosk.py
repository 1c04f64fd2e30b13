"""The kiosk's behaviour, event by event."""

from dataclasses import replace

import pytest

from device.behaviour.card import card_without_record
from device.behaviour.events import (
    Booted,
    CardRead,
    CardRefused,
    CardReturned,
    Chosen,
    FaceEnded,
    HubAnswered,
    HubUnreached,
    JournalFailed,
    NumberKeyed,
    RecordSaved,
    TimedOut,
)
from device.behaviour.kiosk import step
from device.behaviour.kiosk_phases import Choosing, Confirming, Returning, State, Waiting
from device.behaviour.requests import (
    AskHub,
    AwaitCard,
    AwaitSettled,
    Identify,
    PrintFace,
    ReturnCard,
    SaveIntent,
    SaveRecord,
    Show,
    WriteCard,
)
from loyalty.asks import AskAccount
from loyalty.programme_cards import CardTerms
from loyalty.receipts import Refusal
from tests.device.kiosk_visits import CARD, COUNTED, NOW, SETTING, all_of, played, view


def test_a_card_is_welcomed_with_what_the_hub_says_it_holds():
    state, requests = played(CardRead(CARD), HubAnswered(view(250)))

    assert isinstance(all_of(requests, AskHub)[0].ask, AskAccount)
    shown = all_of(requests, Show)[-1]
    assert (shown.screen, shown.values["points"]) == ("account", 250)
    assert shown.choices == ("cheap", "print", "return")
    assert isinstance(state.phase, Choosing)


def test_a_balance_that_is_not_whole_yet_is_told_calmly_once_and_may_be_spent():
    provisional = replace(view(250), is_provisional=1)

    state, greeted = played(CardRead(CARD), HubAnswered(provisional))
    _, again = played(Chosen("cheap"), Chosen("back"), state=state)

    shown = all_of(greeted, Show)[-1]
    assert (shown.screen, shown.values["notice"]) == ("account", "balance_provisional")
    assert "cheap" in shown.choices
    assert all_of(again, Show)[-1].values["notice"] == ""


def test_the_account_screen_is_given_the_next_tier_and_what_is_missing_to_it():
    known = replace(view(250), next_tier="gold", next_tier_points=20)

    _, requests = played(CardRead(CARD), HubAnswered(known))

    shown = all_of(requests, Show)[-1]
    assert (shown.values["next_tier"], shown.values["next_tier_points"]) == ("gold", 20)


@pytest.mark.parametrize(
    "events",
    [
        (CardRefused("cafe", "foreign"),),
        (CardRead(CARD), HubUnreached()),
        (CardRead(CARD), HubAnswered(Refusal(ref="1", reason="unknown_card"))),
        (CardRead(CARD), HubAnswered(view(9)), Chosen("return")),
        (CardRead(CARD), HubAnswered(view(9)), TimedOut(), TimedOut()),
        (CardRead(CARD), HubAnswered(view(9)), TimedOut(), Chosen("return")),
        (CardRead(CARD), HubAnswered(view(250)), Chosen("cheap"), Chosen("return")),
        (CardRead(CARD), HubAnswered(view(250)), Chosen("cheap"), TimedOut(), TimedOut()),
        (
            CardRead(CARD),
            HubAnswered(view(9)),
            Chosen("print"),
            *COUNTED,
            FaceEnded("stale"),
        ),
    ],
)
def test_whatever_happens_the_card_comes_back(events):
    state, requests = played(*events)
    assert isinstance(requests[-1], ReturnCard)

    state, requests = played(CardReturned(), state=state)

    assert state.phase == Waiting()
    assert requests[-1] == AwaitCard()


def test_an_offer_that_is_not_affordable_is_not_on_the_screen():
    _, requests = played(CardRead(CARD), HubAnswered(view(99)))

    assert all_of(requests, Show)[-1].choices == ("print", "return")


def test_a_kiosk_starts_by_welcoming_the_next_member():
    state, requests = played(Booted((), ""))

    assert state.phase == Waiting()
    assert requests[-1] == AwaitCard()
    assert not all_of(requests, AwaitSettled)


def test_nothing_is_reserved_before_the_member_said_yes_to_what_it_costs_and_leaves():
    state, requests = played(CardRead(CARD), HubAnswered(view(250)), Chosen("cheap"))

    assert isinstance(state.phase, Confirming)
    assert len(all_of(requests, AskHub)) == 1
    asked = all_of(requests, Show)[-1]
    assert (asked.screen, asked.choices) == ("confirm", ("confirm", "back", "return"))
    assert asked.values["offer"] == "cheap"
    sums = [asked.values[it] for it in ("before_points", "points", "after_points")]
    assert sums == [250, 100, 150]


def test_going_back_from_the_question_leads_to_the_account():
    state, requests = played(
        CardRead(CARD), HubAnswered(view(250)), Chosen("cheap"), Chosen("back")
    )

    assert isinstance(state.phase, Choosing)
    assert all_of(requests, Show)[-1].screen == "account"


@pytest.mark.parametrize("step_before", [(), (Chosen("cheap"),)])
def test_whoever_needs_more_time_gets_it_as_often_as_they_ask(step_before):
    state, requests = played(CardRead(CARD), HubAnswered(view(250)), *step_before)
    shown = all_of(requests, Show)[-1]
    assert shown.timeout_ms == SETTING.idle_ms

    for _ in range(10):
        state, (question,) = played(TimedOut(), state=state)
        assert (question.screen, question.choices[0]) == ("more_time", "more_time")
        assert question.timeout_ms >= 20_000
        state, (again,) = played(Chosen("more_time"), state=state)
        assert again == shown


def test_a_card_that_is_refused_is_pointed_at_while_it_comes_out():
    _, requests = played(CardRefused("cafe", "foreign"))

    assert all_of(requests, Show)[-1].values == {"card_is_out": 1}


def test_a_member_without_a_card_gets_keys_to_type_a_number_and_the_greeting_again():
    state, (keys,) = played(Chosen("key_phone"))
    assert (keys.screen, keys.choices) == ("key_phone", ("back",))

    for event in (Chosen("back"), TimedOut()):
        state, (shown,) = played(event, state=state)

        assert (state.phase, shown.screen) == (Waiting(), "welcome")


def test_the_way_to_the_keys_is_there_only_where_phone_numbers_are_taken():
    no_phones = CardTerms(accepted=frozenset({"classic1k"}), spending=frozenset())

    def choices(setting):
        _, requests = step(setting, State(), Booted((), ""), NOW)
        return all_of(requests, Show)[-1].choices

    assert choices(SETTING) == ("key_phone",)
    assert choices(replace(SETTING, cards=no_phones)) == ()


PHONE = card_without_record("phone:00112233445566778899aabbccddeeff", "phone")
BARE_CHIP = card_without_record("04a1b2c3d4e5f6", "ultralight")
SLOT = (AwaitCard, ReturnCard, WriteCard, SaveIntent, SaveRecord, PrintFace)


def test_a_typed_number_shows_the_account_and_leaves_the_slot_alone():
    asked, first = played(NumberKeyed("91234567"))
    state, requests = played(CardRead(PHONE), HubAnswered(view(250)), state=asked)

    assert first == [Identify("91234567")]
    shown = all_of(requests, Show)[-1]
    assert (shown.screen, shown.values["points"], shown.choices) == ("account", 250, ("done",))
    assert shown.values["notice"] == "number_only"
    assert isinstance(state.phase, Choosing)
    assert not all_of(requests, SLOT)


@pytest.mark.parametrize("end", [[Chosen("done")], [TimedOut(), TimedOut()]])
def test_whoever_has_no_card_in_the_slot_leaves_by_the_welcome_screen(end):
    state, requests = played(CardRead(PHONE), HubAnswered(view(250)), *end)

    assert state == State()
    assert requests[-1].screen == "welcome"
    assert not all_of(requests, SLOT)


@pytest.mark.parametrize("choice", ["cheap", "print", "return"])
def test_a_number_neither_spends_nor_prints(choice):
    state, _ = played(CardRead(PHONE), HubAnswered(view(250)))

    _, requests = played(Chosen(choice), state=state)

    assert not all_of(requests, (*SLOT, AskHub))


def test_a_card_that_comes_while_a_number_is_shown_is_served():
    state, requests = played(
        CardRead(PHONE), HubAnswered(view(10)), CardRead(CARD), HubAnswered(view(250))
    )

    assert state.phase.card == CARD
    assert all_of(requests, Show)[-1].choices == ("cheap", "print", "return")


NUMBERS = [CardRead(PHONE), CardRefused("", "bank_card"), NumberKeyed("91234567")]


@pytest.mark.parametrize("event", NUMBERS)
@pytest.mark.parametrize("more", [(), (TimedOut(),)], ids=["at the account", "still there?"])
def test_a_number_that_comes_while_a_card_is_served_is_told_and_changes_nothing(event, more):
    served, _ = played(CardRead(CARD), HubAnswered(view(250)))
    before, _ = played(*more, state=served)

    state, requests = played(event, state=before)

    (shown,) = requests
    assert state == served
    assert (shown.screen, shown.values["notice"]) == ("account", "card_first")


@pytest.mark.parametrize("event", NUMBERS)
def test_a_number_takes_no_question_about_points_off_the_screen(event):
    asked, _ = played(CardRead(CARD), HubAnswered(view(250)), Chosen("cheap"))

    assert played(event, state=asked) == (asked, [])


@pytest.mark.parametrize(
    ("heard", "screen"),
    [
        (HubUnreached(), "number_offline"),
        (HubAnswered(Refusal(ref="1", reason="try_later")), "number_offline"),
        (HubAnswered(Refusal(ref="1", reason="unknown_card")), "number_unknown"),
        (HubAnswered(Refusal(ref="1", reason="card_not_accepted")), "card_not_accepted"),
    ],
)
def test_a_number_that_leads_nowhere_says_why_and_no_card_comes_out(heard, screen):
    state, requests = played(CardRead(PHONE), heard)

    assert (state.phase, requests[-1].screen) == (Waiting(), screen)
    assert not all_of(requests, SLOT)
    _, after = played(TimedOut(), state=state)
    assert [it.screen for it in after] == ["welcome"]


@pytest.mark.parametrize(
    "problem", ["unreadable_code", "unreadable_stripe", "bank_card", "no_phone_number"]
)
def test_a_code_that_is_refused_moves_nothing_in_the_slot(problem):
    state, requests = played(CardRefused("", problem))

    assert (state.phase, requests[-1].screen) == (Waiting(), f"card_{problem}")
    assert not all_of(requests, SLOT)


def test_a_chip_without_a_record_shows_the_account_and_is_given_back():
    state, requests = played(CardRead(BARE_CHIP), HubAnswered(view(250)))
    assert all_of(requests, Show)[-1].choices == ("return",)

    state, requests = played(Chosen("return"), state=state)

    assert state.phase == Returning()
    assert all_of(requests, ReturnCard)


def test_a_kind_that_may_not_spend_is_offered_its_face_only():
    poor = replace(
        SETTING, cards=CardTerms(accepted=frozenset({"classic1k"}), spending=frozenset())
    )
    state, _ = step(poor, State(), CardRead(CARD), NOW)

    _, requests = step(poor, state, HubAnswered(view(250)), NOW)

    assert all_of(requests, Show)[-1].choices == ("print", "return")


@pytest.mark.parametrize("problem", ["rolled_back", "copied"])
@pytest.mark.parametrize(
    ("saved", "screen"), [(RecordSaved(), ""), (JournalFailed("full"), "journal_full")]
)
def test_a_card_that_was_tampered_with_is_stated_before_it_goes_back(problem, saved, screen):
    state, before = played(CardRefused("cafe", problem, "ntag215"))

    state, after = played(saved, state=state)

    (record,) = [it.record for it in all_of(before, SaveRecord)]
    assert (record.kind, record.card, record.sign) == ("card_suspected", "cafe", problem)
    assert not all_of(before, ReturnCard)
    assert len(all_of(after, ReturnCard)) == 1
    assert all_of(after, Show)[-1].screen == (screen or f"card_{problem}")
    assert state.phase == Returning()
