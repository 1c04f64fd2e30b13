"""Points spent while the hub is there: reserved, intent, card, record, and then the value."""

from device.behaviour.events import (
    CardRead,
    Chosen,
    FaceEnded,
    HubAnswered,
    HubUnreached,
    JournalFailed,
    RecordsSettled,
)
from device.behaviour.kiosk_phases import Choosing, Returning
from device.behaviour.requests import AskHub, SaveIntent, SaveRecord, Show, WriteCard
from loyalty.asks import AskRedeem, CancelRedeem
from loyalty.receipts import Refusal
from loyalty.records import Redemption
from tests.device.kiosk_visits import CARD, COUNTED, GRANT, SPENT, all_of, played, view


def test_spending_asks_the_hub_then_saves_the_intent_writes_the_card_and_saves_the_record():
    _, requests = played(*SPENT)

    steps = [
        type(it) for it in requests if isinstance(it, AskHub | SaveIntent | WriteCard | SaveRecord)
    ]
    assert steps == [AskHub, AskHub, SaveIntent, WriteCard, SaveRecord]
    assert isinstance(all_of(requests, AskHub)[1].ask, AskRedeem)
    (saved,) = all_of(requests, SaveRecord)
    assert isinstance(saved.record, Redemption)
    assert (saved.record.auth, saved.record.points, saved.record.touch) == ("k1-7", 100, "done")
    assert saved.ends_op == saved.record.op


def test_a_refused_offer_leaves_the_choice_open_and_the_card_untouched():
    state, requests = played(
        CardRead(CARD),
        HubAnswered(view(250)),
        Chosen("cheap"),
        Chosen("confirm"),
        HubAnswered(Refusal(ref="2", reason="not_enough_points")),
    )

    assert isinstance(state.phase, Choosing)
    assert all_of(requests, Show)[-1].values["notice"] == "not_enough_points"
    assert not all_of(requests, WriteCard)


def test_a_silent_hub_while_reserving_spends_nothing():
    state, requests = played(
        CardRead(CARD),
        HubAnswered(view(250)),
        Chosen("cheap"),
        Chosen("confirm"),
        HubUnreached(),
    )

    assert isinstance(state.phase, Choosing)
    assert not all_of(requests, SaveIntent)


def test_a_journal_that_takes_no_more_gives_the_reserved_points_back():
    state, requests = played(
        CardRead(CARD),
        HubAnswered(view(250)),
        Chosen("cheap"),
        Chosen("confirm"),
        HubAnswered(GRANT),
        JournalFailed("full"),
    )

    assert all_of(requests, AskHub)[-1].ask == CancelRedeem(ref="-", auth="k1-7")
    assert isinstance(state.phase, Returning)


def test_what_was_spent_is_told_until_the_card_is_taken():
    _, requests = played(
        *SPENT,
        RecordsSettled(),
        HubAnswered(view(150)),
        *COUNTED,
        FaceEnded("printed"),
    )

    told = [
        it for it in all_of(requests, Show) if it.screen in ("redeemed", "printing", "take_card")
    ]
    assert [it.screen for it in told] == ["redeemed", "printing", "take_card"]
    assert {it.values["before_points"] for it in told} == {250}
    assert {it.values["after_points"] for it in told} == {150}
