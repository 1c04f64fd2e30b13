"""The face at the end of a visit: counted on the chip, printed, looked at, or owed."""

from dataclasses import replace

import pytest

from device.behaviour.events import (
    CardRead,
    Chosen,
    FaceEnded,
    HubAnswered,
    HubUnreached,
    JournalFailed,
    RecordsSettled,
    TimedOut,
)
from device.behaviour.kiosk_phases import Returning
from device.behaviour.requests import JudgeFace, PrintFace, SaveIntent, Show, WriteCard
from tests.device.kiosk_visits import CARD, COUNTED, NOW, SPENT, all_of, played, view


def test_a_face_printed_after_the_hub_folded_shows_nothing_pending():
    _, requests = played(*SPENT, RecordsSettled(), HubAnswered(view(150)), *COUNTED)

    (face,) = all_of(requests, PrintFace)
    assert (face.content.points, face.content.pending_points) == (150, 0)
    mark = all_of(requests, WriteCard)[-1]
    assert (mark.card.next_counter, mark.rewrites) == (9, 3)


def test_a_rewrite_is_counted_on_the_chip_once_the_intent_is_saved():
    asked = (CardRead(CARD), HubAnswered(view(250)), Chosen("print"))

    state, before = played(*asked)
    _, after = played(*COUNTED, state=state)

    (saving,) = all_of(before, SaveIntent)
    assert not all_of(before, WriteCard)
    assert [type(it) for it in after] == [WriteCard, PrintFace]
    assert after[0].op == saving.intent.op
    assert (saving.intent.kind, saving.intent.counter_after) == ("face_started", 8)


def test_a_journal_that_takes_no_more_owes_the_face_and_leaves_the_chip_as_it_is():
    full = JournalFailed("full")

    state, requests = played(*SPENT, RecordsSettled(), HubAnswered(view(150)), full)

    owed = all_of(requests, Show)[-1]
    assert (owed.screen, owed.values["after_points"]) == ("face_later", 150)
    assert len(all_of(requests, WriteCard)) == 1
    assert isinstance(state.phase, Returning)


def test_a_face_printed_before_the_hub_folded_shows_the_rest_as_pending():
    _, requests = played(*SPENT, HubUnreached(), *COUNTED)

    (face,) = all_of(requests, PrintFace)
    assert (face.content.points, face.content.pending_points) == (250, -100)
    assert face.content.this_time_points is None


def test_points_that_the_balance_no_longer_has_stand_on_the_face_as_those_of_this_time():
    _, spent = played(*SPENT, RecordsSettled(), HubAnswered(view(150)), *COUNTED)
    events = (CardRead(CARD), HubAnswered(view(250)), Chosen("print"), *COUNTED)
    _, only_printed = played(*events)

    assert all_of(spent, PrintFace)[0].content.this_time_points == -100
    assert all_of(only_printed, PrintFace)[0].content.this_time_points is None


def test_a_face_tells_what_the_newest_view_says_is_ahead():
    ahead = {"next_tier_points": 20, "expiring_points": 60, "expires_ms": NOW.at_ms + 1}
    newest = replace(view(150), next_tier="gold", **ahead)

    _, requests = played(*SPENT, RecordsSettled(), HubAnswered(newest), *COUNTED)

    (face,) = all_of(requests, PrintFace)
    assert face.content.next_tier == "gold"
    assert {it: getattr(face.content, it) for it in ahead} == ahead


@pytest.mark.parametrize(
    ("answer", "is_good"),
    [(Chosen("face_good"), True), (Chosen("face_bad"), False), (TimedOut(), False)],
)
def test_a_face_that_the_printer_cannot_vouch_for_is_looked_at_by_the_member(answer, is_good):
    events = (
        CardRead(CARD),
        HubAnswered(view(9)),
        Chosen("print"),
        *COUNTED,
        FaceEnded("unseen"),
    )

    state, requests = played(*events)
    shown = all_of(requests, Show)[-1]
    _, judged = played(answer, state=state)

    assert (shown.screen, shown.choices) == ("face_unseen", ("face_good", "face_bad"))
    assert judged == [JudgeFace(is_good=is_good)]
