"""Insert to eject: what always holds, looked for along every path."""

from collections import deque
from dataclasses import replace

import pytest

from device.display.cycle import (
    ATTEMPTS_MAX,
    COOL_DOWN_S,
    REWRITES_OFFER_NEW,
    REWRITES_REFUSE,
    REWRITES_WARN,
    step,
)
from device.display.cycle_events import (
    Booted,
    Cancelled,
    CardNotTaken,
    CardRemoved,
    CardTaken,
    CooledDown,
    Ejected,
    EjectFailed,
    FaceCommitted,
    FaceLoaded,
    FaceSeen,
    FaceStartedJournalled,
    Job,
    JournalRefused,
    LoadFailed,
    NotRemoved,
    Probed,
    Retracted,
    ReturnChosen,
    RewriteEnded,
    SlotOpened,
    StaffCleared,
    UidNotRead,
    UidRead,
)
from device.display.cycle_requests import (
    AskWhetherGood,
    CancelTake,
    CoolDown,
    Eject,
    JournalFaceOutcome,
    JournalFaceStarted,
    Probe,
    Rewrite,
    ShowCallStaff,
    ShowCardWorn,
    ShowOfferNewCard,
)
from device.display.cycle_states import (
    Abandoned,
    Armed,
    Checking,
    Cooling,
    Done,
    Ejecting,
    Identified,
    Idle,
    Jammed,
    Loading,
    Looking,
    Probing,
    Rewriting,
    Stale,
    Starting,
)
from device.display.printers.printer import Fault, FaultCode, Outcome, Rank, Status

HELD = Status(card_held=True, card_at_gate=False, cover_open=False)
AT_GATE = Status(card_held=False, card_at_gate=True, cover_open=False)
GONE = Status(card_held=False, card_at_gate=False, cover_open=False)
STUCK = Status(
    card_held=True,
    card_at_gate=False,
    cover_open=False,
    fault=Fault(FaultCode.JAM, Rank.OPERATOR, "the card is stuck"),
)
HOT = Status(
    card_held=True,
    card_at_gate=False,
    cover_open=False,
    fault=Fault(FaultCode.HEAD_TEMP, Rank.SERVICE, "erase head temperature"),
)
JOB = Job(uid="anna", face="f2", payload="RV1;…", shown="f1", rewrites=7)

PATH_TO_REWRITE = [
    SlotOpened(30.0),
    CardTaken(),
    UidRead("anna"),
    FaceCommitted(JOB),
    FaceLoaded("f2", "RV1;…"),
    UidRead("anna"),
    FaceStartedJournalled(),
]

EVERY_EVENT = [
    *PATH_TO_REWRITE,
    UidRead("ben"),
    UidNotRead(),
    Cancelled(),
    ReturnChosen(),
    CardNotTaken(),
    FaceLoaded("f2", None),
    FaceLoaded("f2", "RV1;other"),
    FaceLoaded("f1", "RV1;…"),
    LoadFailed(),
    JournalRefused(),
    *(RewriteEnded(outcome) for outcome in Outcome),
    *(Probed(status, uid) for status in (HELD, STUCK, HOT) for uid in ("anna", "ben", None)),
    Probed(AT_GATE, None),
    Probed(GONE, None),
    CooledDown(),
    FaceSeen(is_good=True),
    FaceSeen(is_good=False),
    Ejected(),
    EjectFailed(),
    CardRemoved(),
    NotRemoved(),
    Retracted(),
    StaffCleared(),
    Booted(None),
    Booted(JOB),
    FaceCommitted(replace(JOB, is_told=False)),
    FaceCommitted(Job(uid="ben", face="f2", payload="RV1;…", rewrites=7)),
    FaceCommitted(Job(uid="anna", face="f1", payload="RV1;…", shown="f1", rewrites=7)),
]


def play(events, state=None):
    """Return the last state and all requests after `events`."""
    state = Idle() if state is None else state
    asked = []
    for event in events:
        state, requests = step(state, event)
        asked += requests
    return state, asked


def every_reachable_state():
    """Return each state that any order of events leads to, with one path to it."""
    paths = {Idle(): []}
    todo = deque(paths)
    while todo:
        state = todo.popleft()
        for event in EVERY_EVENT:
            after, _ = step(state, event)
            if after not in paths:
                paths[after] = [*paths[state], event]
                todo.append(after)
    return paths


def test_an_ordinary_visit_prints_the_face_and_gives_the_card_back():
    rest = [RewriteEnded(Outcome.OK), Probed(HELD, "anna"), Ejected(), CardRemoved()]

    state, asked = play([*PATH_TO_REWRITE, *rest])

    assert state == Done("anna", "printed")
    assert asked.count(Rewrite()) == 1
    assert JournalFaceOutcome("anna", "f2", "printed") in asked


def test_no_order_of_events_erases_without_proof_the_same_card_and_the_journal():
    for state in every_reachable_state():
        for event in EVERY_EVENT:
            _, asked = step(state, event)
            if Rewrite() in asked:
                assert isinstance(state, Starting)
                assert event == FaceStartedJournalled()
            if any(isinstance(it, JournalFaceStarted) for it in asked):
                assert isinstance(state, Checking)
                assert event == UidRead(state.job.uid)
            after, _ = step(state, event)
            if isinstance(after, Checking) and not isinstance(state, Checking):
                assert isinstance(state, Loading)
                assert event == FaceLoaded(state.job.face, state.job.payload)


def test_no_path_rewrites_a_card_more_than_twice():
    for path in every_reachable_state().values():
        for event in EVERY_EVENT:
            _, asked = play([*path, event])

            visits = 1 + sum(isinstance(it, (SlotOpened, Booted)) for it in path)
            assert asked.count(Rewrite()) <= 2 * visits


def test_every_state_can_end_and_ends_where_the_face_is_known():
    events = EVERY_EVENT
    paths = every_reachable_state()
    ends = {state for state in paths if isinstance(state, (Done, Stale, Idle))}
    leads_to_end = set(ends)

    while True:
        more = {
            state
            for state in paths
            if state not in leads_to_end
            and any(step(state, event)[0] in leads_to_end for event in events)
        }
        if not more:
            break
        leads_to_end |= more

    assert leads_to_end == set(paths)


def test_every_started_face_gets_an_outcome_before_its_card_leaves():
    for path in every_reachable_state().values():
        state, asked = play(path)
        if isinstance(state, (Ejecting, Done, Stale, Jammed)):
            started = [n for n, it in enumerate(asked) if isinstance(it, JournalFaceStarted)]
            outcomes = [n for n, it in enumerate(asked) if isinstance(it, JournalFaceOutcome)]
            refused = JournalRefused() in path
            assert not started or refused or outcomes[-1:] > started[-1:]


def test_an_unknown_ending_is_probed_first_and_repeated_once_with_its_own_journal_line():
    again = [FaceLoaded("f2", "RV1;…"), UidRead("anna"), FaceStartedJournalled()]
    unknown = [RewriteEnded(Outcome.UNKNOWN), Probed(HELD, "anna")]

    state, asked = play([*PATH_TO_REWRITE, *unknown, *again, *unknown])

    assert state == Ejecting(Stale("anna"))
    assert asked.count(Rewrite()) == 2
    started = [it.rewrite_no for it in asked if isinstance(it, JournalFaceStarted)]
    assert started == [8, 9]


def test_a_card_that_was_swapped_is_given_back_untouched():
    state, asked = play([*PATH_TO_REWRITE[:5], UidRead("ben")])

    assert state == Ejecting(Stale("anna"))
    assert Rewrite() not in asked


def test_a_raster_that_our_own_decoder_cannot_read_is_never_printed():
    state, asked = play([*PATH_TO_REWRITE[:4], FaceLoaded("f2", None)])

    assert state == Ejecting(Stale("anna"))
    assert Rewrite() not in asked


def test_a_face_that_would_not_change_is_not_rewritten():
    job = Job(uid="anna", face="f1", payload="RV1;…", shown="f1", rewrites=7)

    state, asked = play([FaceCommitted(job)], Identified("anna"))

    assert state == Ejecting(Done("anna", "unchanged"))
    assert asked == [Eject()]


def test_wear_is_told_then_a_new_card_offered_then_the_rewrite_refused():
    def begin(rewrites):
        job = Job(uid="anna", face="f2", payload="RV1;…", rewrites=rewrites)
        return step(Identified("anna"), FaceCommitted(job))

    told = {count: begin(count)[1][0] for count in (REWRITES_WARN, REWRITES_OFFER_NEW)}
    refused, asked = begin(REWRITES_REFUSE)

    assert told[REWRITES_WARN] == ShowCardWorn(REWRITES_WARN)
    assert told[REWRITES_OFFER_NEW] == ShowOfferNewCard(REWRITES_OFFER_NEW)
    assert len(begin(REWRITES_WARN - 1)[1]) == 1
    assert isinstance(begin(REWRITES_REFUSE - 1)[0], Loading)
    assert refused == Ejecting(Stale("anna"))
    assert asked[0] == ShowOfferNewCard(REWRITES_REFUSE)


def test_a_jam_waits_for_staff_and_owes_the_face():
    state, asked = play([*PATH_TO_REWRITE, RewriteEnded(Outcome.FAILED), Probed(STUCK, None)])

    assert state == Jammed(Stale("anna"))
    assert JournalFaceOutcome("anna", "f2", "stale") in asked
    assert step(state, StaffCleared())[0] == Stale("anna")


def test_a_head_that_is_too_hot_is_given_time_to_cool_once():
    hot = [RewriteEnded(Outcome.FAILED), Probed(HOT, "anna")]

    cooling, asked = play([*PATH_TO_REWRITE, *hot])
    again, _ = play([CooledDown()], cooling)
    still_hot, _ = step(Probing(again.job, Outcome.FAILED), Probed(HOT, "anna"))

    assert isinstance(cooling, Cooling)
    assert asked[-1] == CoolDown(COOL_DOWN_S)
    assert (again, again.job.attempt) == (Loading(again.job), ATTEMPTS_MAX)
    assert still_hot == Ejecting(Stale("anna"))


@pytest.mark.parametrize(
    ("is_good", "face", "ending"),
    [(True, "printed", Done("anna", "printed")), (False, "stale", Stale("anna"))],
)
def test_what_a_printer_cannot_tell_is_looked_at_and_never_printed_again(is_good, face, ending):
    looking, asked = play(
        [RewriteEnded(Outcome.UNKNOWN), Probed(GONE, None)],
        Rewriting(replace(JOB, is_told=False)),
    )

    state, then = play([FaceSeen(is_good)], looking)

    assert isinstance(looking, Looking)
    assert asked == [Probe(), AskWhetherGood()]
    assert state == Ejecting(ending)
    assert JournalFaceOutcome("anna", "f2", face) in then
    assert Rewrite() not in then


def test_two_passes_of_the_erase_head_cost_two_rewrites():
    twice = replace(JOB, erases=2)
    state, asked = play([UidRead("anna")], Checking(twice, 1))
    assert asked == [JournalFaceStarted(twice, JOB.rewrites + 2)]

    again, _ = play(
        [FaceStartedJournalled(), RewriteEnded(Outcome.UNKNOWN), Probed(HELD, "anna")], state
    )

    assert again.job.rewrites == JOB.rewrites + 2


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ([RewriteEnded(Outcome.FAILED), Probed(STUCK, None)], FaultCode.JAM),
        (
            [RewriteEnded(Outcome.OK), Probed(HELD, "anna"), EjectFailed()],
            FaultCode.RELEASE,
        ),
        (
            [RewriteEnded(Outcome.OK), Probed(HELD, "anna"), Ejected(), NotRemoved(), Retracted()],
            FaultCode.LEFT_BEHIND,
        ),
    ],
)
def test_staff_are_told_what_they_are_called_for(path, code):
    _, asked = play([*PATH_TO_REWRITE, *path])

    assert asked[-1] == ShowCallStaff(code)


def test_a_power_cut_while_rewriting_is_made_good_if_the_card_is_still_held():
    state, _ = play([Booted(JOB), Probed(HELD, "anna")])

    assert isinstance(state, Loading)
    assert (state.job.attempt, state.job.rewrites) == (2, 8)


def test_a_power_cut_that_discharged_the_card_leaves_a_debt():
    state, asked = play([Booted(JOB), Probed(AT_GATE, None), CardRemoved()])

    assert state == Stale("anna")
    assert asked.count(JournalFaceOutcome("anna", "f2", "stale")) == 1


def test_a_card_found_inside_at_the_start_is_given_back():
    state, asked = play([Booted(None), Probed(HELD, "anna")])

    assert state == Ejecting(Done("", "unchanged"))
    assert asked[-1] == Eject()


def test_a_card_nobody_takes_is_kept_for_staff():
    on_the_way_out = [CardTaken(), UidRead("anna"), ReturnChosen(), Ejected(), NotRemoved()]

    state, _ = play([*on_the_way_out, Retracted()], Armed())

    assert state == Abandoned(Done("anna", "unchanged"))


def test_a_card_taken_at_the_last_moment_is_not_called_stuck():
    on_the_way_out = [CardTaken(), UidRead("anna"), ReturnChosen(), Ejected(), NotRemoved()]

    state, _ = play([*on_the_way_out, EjectFailed(), Probed(GONE, None)], Armed())

    assert state == Done("anna", "unchanged")


def test_changing_one_s_mind_closes_the_slot():
    state, asked = play([Cancelled(), CardNotTaken()], Armed())

    assert state == Idle()
    assert asked == [CancelTake()]


def test_a_silent_printer_after_a_rewrite_is_no_guess():
    silent = Status(
        card_held=False,
        card_at_gate=False,
        cover_open=False,
        fault=Fault(FaultCode.COMMS, Rank.OPERATOR, "no answer in time"),
    )

    state, _ = step(Probing(JOB, Outcome.UNKNOWN), Probed(silent, None))

    assert state == Jammed(Stale("anna"))
