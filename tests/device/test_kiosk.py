"""The kiosk's behaviour, event by event."""

import pytest

from device.events import (
    AskHub,
    AwaitCard,
    AwaitSettled,
    Booted,
    Card,
    CardRead,
    CardRefused,
    CardReturned,
    CardWritten,
    Chosen,
    FaceEnded,
    HubAnswered,
    HubUnreached,
    IntentSaved,
    JournalFailed,
    JudgeFace,
    Now,
    PrintFace,
    RecordSaved,
    RecordsSettled,
    ReturnCard,
    SaveIntent,
    SaveRecord,
    Setting,
    Show,
    TimedOut,
    WriteCard,
)
from device.kiosk import Choosing, Returning, State, Waiting, step
from loyalty.asks import AskAccount, AskRedeem, CancelRedeem
from loyalty.receipts import AccountView, RedeemGranted, Refusal
from loyalty.records import Redemption

NOW = Now(at_ms=1_488_326_400_000, mono_ms=5000, boot=3, hub_ms=0)
SETTING = Setting(store="shop-1", rules=1, currency="USD", offers={"cheap": 100, "dear": 500})
CARD = Card(
    uid="deadbeef",
    kind="classic1k",
    member="hh-1",
    counter=7,
    next_counter=8,
    rewrites=2,
    op_digest=b"\0" * 12,
)


def view(points):
    """Return what the hub answers for a member with `points`."""
    return AccountView(
        ref="1",
        account="hh-1",
        version=4,
        tier="silver",
        points=points,
        available_points=points,
        as_of_ms=NOW.at_ms,
        check="a1b2",
    )


GRANT = RedeemGranted(
    ref="2",
    auth="k1-7",
    offer="cheap",
    points=100,
    value_minor=100,
    granted_ms=NOW.at_ms,
    expires_ms=NOW.at_ms + 600_000,
)
SPENT = (
    CardRead(CARD),
    HubAnswered(view(250)),
    Chosen("cheap"),
    HubAnswered(GRANT),
    IntentSaved(),
    CardWritten("done", 8),
    RecordSaved(),
)


def played(*events, state=None):
    """Return the state and every request after `events`."""
    state, requests = State() if state is None else state, []
    for event in events:
        state, asked = step(SETTING, state, event, NOW)
        requests += asked
    return state, requests


def all_of(requests, kind):
    """Return the requests of `kind`."""
    return [it for it in requests if isinstance(it, kind)]


def test_a_card_is_welcomed_with_what_the_hub_says_it_holds():
    state, requests = played(CardRead(CARD), HubAnswered(view(250)))

    assert isinstance(all_of(requests, AskHub)[0].ask, AskAccount)
    shown = all_of(requests, Show)[-1]
    assert (shown.screen, shown.values["points"]) == ("account", 250)
    assert shown.choices == ("cheap", "print", "return")
    assert isinstance(state.phase, Choosing)


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


def test_a_face_printed_after_the_hub_folded_shows_nothing_pending():
    _, requests = played(*SPENT, RecordsSettled(), HubAnswered(view(150)), CardWritten("done", 9))

    (face,) = all_of(requests, PrintFace)
    assert (face.content.points, face.content.pending_points) == (150, 0)
    mark = all_of(requests, WriteCard)[-1]
    assert (mark.card.next_counter, mark.rewrites) == (9, 3)


def test_a_face_printed_before_the_hub_folded_shows_the_rest_as_pending():
    _, requests = played(*SPENT, HubUnreached(), CardWritten("done", 9))

    (face,) = all_of(requests, PrintFace)
    assert (face.content.points, face.content.pending_points) == (250, -100)


def test_a_refused_offer_leaves_the_choice_open_and_the_card_untouched():
    state, requests = played(
        CardRead(CARD),
        HubAnswered(view(250)),
        Chosen("cheap"),
        HubAnswered(Refusal(ref="2", reason="not_enough_points")),
    )

    assert isinstance(state.phase, Choosing)
    assert all_of(requests, Show)[-1].values["notice"] == "not_enough_points"
    assert not all_of(requests, WriteCard)


def test_a_silent_hub_while_reserving_spends_nothing():
    state, requests = played(
        CardRead(CARD), HubAnswered(view(250)), Chosen("cheap"), HubUnreached()
    )

    assert isinstance(state.phase, Choosing)
    assert not all_of(requests, SaveIntent)


def test_a_journal_that_takes_no_more_gives_the_reserved_points_back():
    state, requests = played(
        CardRead(CARD),
        HubAnswered(view(250)),
        Chosen("cheap"),
        HubAnswered(GRANT),
        JournalFailed("full"),
    )

    assert all_of(requests, AskHub)[-1].ask == CancelRedeem(ref="-", auth="k1-7")
    assert isinstance(state.phase, Returning)


@pytest.mark.parametrize(
    "events",
    [
        (CardRefused("cafe", "foreign"),),
        (CardRead(CARD), HubUnreached()),
        (CardRead(CARD), HubAnswered(Refusal(ref="1", reason="unknown_card"))),
        (CardRead(CARD), HubAnswered(view(9)), Chosen("return")),
        (CardRead(CARD), HubAnswered(view(9)), TimedOut()),
        (
            CardRead(CARD),
            HubAnswered(view(9)),
            Chosen("print"),
            CardWritten("done", 8),
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


@pytest.mark.parametrize(
    ("answer", "is_good"),
    [(Chosen("face_good"), True), (Chosen("face_bad"), False), (TimedOut(), False)],
)
def test_a_face_that_the_printer_cannot_vouch_for_is_looked_at_by_the_member(answer, is_good):
    events = (
        CardRead(CARD),
        HubAnswered(view(9)),
        Chosen("print"),
        CardWritten("done", 8),
        FaceEnded("unseen"),
    )

    state, requests = played(*events)
    shown = all_of(requests, Show)[-1]
    _, judged = played(answer, state=state)

    assert (shown.screen, shown.choices) == ("face_unseen", ("face_good", "face_bad"))
    assert judged == [JudgeFace(is_good=is_good)]


def test_an_offer_that_is_not_affordable_is_not_on_the_screen():
    _, requests = played(CardRead(CARD), HubAnswered(view(99)))

    assert all_of(requests, Show)[-1].choices == ("print", "return")


def test_a_kiosk_starts_by_welcoming_the_next_member():
    state, requests = played(Booted((), ""))

    assert state.phase == Waiting()
    assert requests[-1] == AwaitCard()
    assert not all_of(requests, AwaitSettled)
