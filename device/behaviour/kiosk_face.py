"""The face at the end of a kiosk's visit: counted on the chip, printed, looked at if need be.

The rewrite is counted before the face is erased: intent on disk, then the card. What became of the
face is the slot's to state (`device/records/face_records.py`), and its first record is the outcome
of that intent.
"""

from device.behaviour.card import Card
from device.behaviour.events import (
    CardWritten,
    Chosen,
    Event,
    FaceEnded,
    IntentSaved,
    JournalFailed,
    TimedOut,
)
from device.behaviour.intent import face_op
from device.behaviour.kiosk_phases import Looking, Marking, Printing, State, Step, Values
from device.behaviour.kiosk_visit import return_card
from device.behaviour.requests import (
    FaceContent,
    JudgeFace,
    PrintFace,
    SaveIntent,
    Show,
    Sound,
    WriteCard,
)
from device.behaviour.setting import Now, Setting
from device.records.stamp import intent_to_write
from loyalty.receipts import AccountView
from loyalty.records import FaceStarted

FACE_GOOD = "face_good"
FACE_BAD = "face_bad"


def begin(card: Card, content: FaceContent, spent: Values, now: Now) -> Step:
    """Count the rewrite on the chip, as soon as the intent is safe; the face comes next."""
    intent = intent_to_write(card, face_op(card.uid, card.next_counter), FaceStarted.kind, now)
    shown = Show(screen="printing", values=spent)
    return State(phase=Marking(card, content, spent)), [shown, SaveIntent(intent)]


def step(setting: Setting, state: State, event: Event) -> Step:
    """Return the next state and what the shell must do; an event out of place changes nothing."""
    match state.phase, event:
        case Marking(card=card), IntentSaved():
            op = face_op(card.uid, card.next_counter)
            return state, [WriteCard(card=card, op=op, rewrites=card.rewrites + 1)]
        case Marking(spent=spent), JournalFailed():
            return return_card("face_later", sound="take_card", spent=spent)
        case Marking(card=card, content=content, spent=spent), CardWritten(outcome=outcome):
            face = PrintFace(card=card, touch=outcome, content=content)
            return State(phase=Printing(spent)), [face]
        case Printing(spent=spent), FaceEnded(outcome="unseen"):
            choices, timeout_ms = (FACE_GOOD, FACE_BAD), setting.idle_ms
            shown = Show(screen="face_unseen", choices=choices, timeout_ms=timeout_ms)
            return State(phase=Looking(spent)), [Sound("take_card"), shown]
        case Looking(spent=spent), Chosen(choice="face_good"):
            return State(phase=Printing(spent)), [JudgeFace(is_good=True)]
        case Looking(spent=spent), Chosen(choice="face_bad") | TimedOut():
            return State(phase=Printing(spent)), [JudgeFace(is_good=False)]
        case Printing(spent=spent), FaceEnded(outcome="stale"):
            return return_card("face_later", sound="take_card", spent=spent)
        case Printing(spent=spent), FaceEnded():
            return return_card("take_card", sound="take_card", spent=spent)
        case _:
            return state, []


def face_of(
    view: AccountView, *, pending_points: int = 0, this_time_points: int | None = None
) -> FaceContent:
    """Return what a face shows of `view`."""
    return FaceContent(
        member=view.account,
        tier=view.tier,
        points=view.points,
        pending_points=pending_points,
        account_version=view.version,
        as_of_ms=view.as_of_ms,
        check=view.check,
        next_tier=view.next_tier,
        next_tier_points=view.next_tier_points,
        expiring_points=view.expiring_points,
        expires_ms=view.expires_ms,
        this_time_points=this_time_points,
    )
