"""From the open slot to the card back in a hand: what a kiosk does with one card, as a pure step.

What it hears is in `cycle_events.py`, what it asks for in `cycle_requests.py`, where it can be in
`cycle_states.py`. What always holds: nothing is erased unless our own raster was read by our own
decoder, is in the printer, and the same UID is still held; FaceStarted is on disk before each erase
and counts it; an unknown ending is probed, and a rewrite is repeated at most once. Every card ends
as `Done` or `Stale` (its face is owed: the next touch prints it), sometimes after staff has helped.
"""

from dataclasses import replace

from device.display.cycle_events import (
    Booted,
    Cancelled,
    CardNotTaken,
    CardRemoved,
    CardTaken,
    CooledDown,
    Ejected,
    EjectFailed,
    Event,
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
    AwaitRemoval,
    CancelTake,
    CoolDown,
    Eject,
    JournalFaceOutcome,
    JournalFaceStarted,
    LoadFace,
    Probe,
    ReadUid,
    Request,
    Retract,
    Rewrite,
    ShowCallStaff,
    ShowCardWorn,
    ShowFaceOwed,
    ShowInsertCard,
    ShowOfferNewCard,
    ShowTakeCard,
    TakeCard,
)
from device.display.cycle_states import (
    Abandoned,
    Armed,
    AwaitingRemoval,
    Checking,
    Cooling,
    Done,
    Ejecting,
    Ending,
    Held,
    Identified,
    Idle,
    Jammed,
    Loading,
    Looking,
    Probing,
    Retracting,
    Rewriting,
    Stale,
    Starting,
    State,
)
from device.display.printers.printer import FaultCode, Outcome, Status

UID_READS_MAX = 3
ATTEMPTS_MAX = 2
REWRITES_WARN = 250
REWRITES_OFFER_NEW = 300
REWRITES_REFUSE = 500  # rated life of the film; in use it reads badly long before
REMOVAL_TIMEOUT_S = 30.0
COOL_DOWN_S = 20.0

# With these the card cannot be relied on to move, or to be where we think.
_STUCK = frozenset({FaultCode.JAM, FaultCode.MOTOR, FaultCode.PRINTER, FaultCode.COMMS})


Step = tuple[State, list[Request]]


def step(state: State, event: Event) -> Step:
    """Return the next state and what to do; an event out of place changes nothing."""
    match state, event:
        case Idle(), Booted(open_job=open_job):
            return Probing(open_job, Outcome.UNKNOWN), [Probe()]
        case Idle() | Done() | Stale(), SlotOpened(timeout_s=timeout_s):
            return Armed(), [ShowInsertCard(), TakeCard(timeout_s)]
        case Armed(), Cancelled():
            return state, [CancelTake()]
        case Armed(), CardNotTaken():
            return Idle(), []
        case Armed(), CardTaken():
            return Held(1), [ReadUid()]
        case Held(), UidRead(uid=uid):
            return Identified(uid), []
        case Held(reads=reads), UidNotRead() if reads < UID_READS_MAX:
            return Held(reads + 1), [ReadUid()]
        case Held(), UidNotRead() | Cancelled() | ReturnChosen():
            return _eject(Done("", "unchanged"))
        case Identified(uid=uid), Cancelled() | ReturnChosen():
            return _eject(Done(uid, "unchanged"))
        case Identified(uid=uid), FaceCommitted(job=job):
            return _begin(uid, job)
        case Loading(job=job), FaceLoaded() as loaded if _is_proven(job, loaded):
            return Checking(job, 1), [ReadUid()]
        case Loading(job=job), FaceLoaded() | LoadFailed():
            return _eject_owing(job)
        case Checking(job=job), UidRead(uid=seen) if seen == job.uid:
            return Starting(job), [JournalFaceStarted(job, job.rewrites + job.erases)]
        case Checking(job=job, reads=reads), UidNotRead() if reads < UID_READS_MAX:
            return Checking(job, reads + 1), [ReadUid()]
        case Checking(job=job), UidRead() | UidNotRead():
            return _eject_owing(job)
        case Starting(job=job), FaceStartedJournalled():
            return Rewriting(job), [Rewrite()]
        case Starting(job=job), JournalRefused():
            # Nothing was erased, and the full journal could not take an outcome either.
            return Ejecting(Stale(job.uid)), [ShowFaceOwed(), Eject()]
        case Rewriting(job=job), RewriteEnded(outcome=said):
            return Probing(job, said), [Probe()]
        case Probing(job=None), Probed(status=status):
            return _return_found(status)
        case Probing(job=Job() as job, said=said), Probed(status=status, uid=seen):
            return _judge(job, said, status, seen)
        case Cooling(job=job), CooledDown():
            return Loading(job), [LoadFace(job)]
        case Looking(job=job), FaceSeen(is_good=is_good):
            return _eject_printed(job) if is_good else _eject_owing(job)
        case _:
            return _step_on_the_way_out(state, event)


def _step_on_the_way_out(state: State, event: Event) -> Step:
    match state, event:
        case Ejecting(ending=ending), Ejected():
            return _await_removal(ending)
        case Ejecting(ending=ending), EjectFailed():
            return Jammed(ending), [ShowCallStaff(FaultCode.RELEASE)]
        case AwaitingRemoval(ending=ending), CardRemoved():
            return ending, []
        case AwaitingRemoval(ending=ending), NotRemoved():
            return Retracting(ending), [Retract()]
        case Retracting(ending=ending), Retracted():
            return Abandoned(ending), [ShowCallStaff(FaultCode.LEFT_BEHIND)]
        case Retracting(), EjectFailed():
            return state, [Probe()]
        case Retracting(ending=ending), Probed(status=status):
            if status.card_held or status.card_at_gate or _is_stuck(status):
                return Jammed(ending), [ShowCallStaff(_code(status))]
            return ending, []
        case Abandoned(ending=ending) | Jammed(ending=ending), StaffCleared():
            return ending, []
        case _:
            return state, []


def _begin(uid: str, job: Job) -> Step:
    if job.uid != uid:
        return _eject_owing(job)
    if job.shown == job.face:
        return _eject(Done(uid, "unchanged"))
    if job.rewrites >= REWRITES_REFUSE:
        ending, requests = _eject_owing(job)
        return ending, [ShowOfferNewCard(job.rewrites), *requests]
    return Loading(job), [*_words_on_wear(job.rewrites), LoadFace(job)]


def _words_on_wear(rewrites: int) -> list[Request]:
    if rewrites >= REWRITES_OFFER_NEW:
        return [ShowOfferNewCard(rewrites)]
    return [ShowCardWorn(rewrites)] if rewrites >= REWRITES_WARN else []


def _is_proven(job: Job, loaded: FaceLoaded) -> bool:
    return loaded.face == job.face and loaded.read_back == job.payload


def _judge(job: Job, said: Outcome, status: Status, seen: str | None) -> Step:
    """Decide what became of a face from what the printer said and where the card is now."""
    if _is_stuck(status):
        called = ShowCallStaff(_code(status))
        return Jammed(Stale(job.uid)), [_stale(job), ShowFaceOwed(), called]
    if said is Outcome.UNKNOWN and not job.is_told:
        return Looking(job), [AskWhetherGood()]
    if not status.card_held:
        # Torn out, or discharged by a power cut: perhaps printed, but nobody can say.
        owed: list[Request] = [_stale(job), ShowFaceOwed()]
        if not status.card_at_gate:
            return Stale(job.uid), owed
        waiting, requests = _await_removal(Stale(job.uid))
        return waiting, owed + requests
    if said is Outcome.OK and seen in (job.uid, None):
        return _eject_printed(job)
    if seen == job.uid and job.attempt < ATTEMPTS_MAX:
        again = replace(job, attempt=job.attempt + 1, rewrites=job.rewrites + job.erases)
        if _code(status) is FaultCode.HEAD_TEMP:
            return Cooling(again), [CoolDown(COOL_DOWN_S)]
        return Loading(again), [LoadFace(again)]
    return _eject_owing(job)


def _return_found(status: Status) -> Step:
    """Give back a card that was found inside at the start, with no face begun."""
    unchanged = Done("", "unchanged")
    if _is_stuck(status):
        return Jammed(unchanged), [ShowCallStaff(_code(status))]
    if status.card_held:
        return _eject(unchanged)
    return _await_removal(unchanged) if status.card_at_gate else (Idle(), [])


def _is_stuck(status: Status) -> bool:
    return status.fault is not None and status.fault.code in _STUCK


def _code(status: Status) -> FaultCode:
    """Return what is wrong, or that a card does not come out though nothing says why."""
    return FaultCode.RELEASE if status.fault is None else status.fault.code


def _eject(ending: Ending) -> Step:
    return Ejecting(ending), [Eject()]


def _eject_printed(job: Job) -> Step:
    printed = JournalFaceOutcome(job.uid, job.face, "printed")
    return Ejecting(Done(job.uid, "printed")), [printed, Eject()]


def _eject_owing(job: Job) -> Step:
    return Ejecting(Stale(job.uid)), [_stale(job), ShowFaceOwed(), Eject()]


def _stale(job: Job) -> Request:
    return JournalFaceOutcome(job.uid, job.face, "stale")


def _await_removal(ending: Ending) -> Step:
    return AwaitingRemoval(ending), [ShowTakeCard(), AwaitRemoval(REMOVAL_TIMEOUT_S)]
