"""The kiosk's whole behaviour: a member puts a card in, sees what it holds, spends, gets it back.

Whatever fails, the card comes back. How points are spent is in `kiosk_spending.py`, how the face
comes in `kiosk_face.py`, what a card carries from visit to visit in `kiosk_lease.py`, and a visit
without the hub in `kiosk_offline.py`.

A member who scans a code or types a phone number sees the account and no more: nothing is in the
slot, which stays open for a card all the while. A slot that is shut is told to whoever would be
welcomed, and to nobody who is served without it.
"""

from dataclasses import replace

from device.behaviour import kiosk_face, kiosk_lease, kiosk_offline, kiosk_spending
from device.behaviour import kiosk_screens as screens
from device.behaviour.events import (
    Booted,
    CardRead,
    CardRefused,
    CardReturned,
    Chosen,
    DayEnded,
    Event,
    HubAnswered,
    JournalFailed,
    NumberKeyed,
    PlaceOpened,
    PlaceShut,
    RecordSaved,
    TimedOut,
)
from device.behaviour.kiosk_face import face_of
from device.behaviour.kiosk_phases import (
    NOTHING_SPENT,
    Asking,
    Before,
    Choosing,
    ChoosingOffline,
    Closing,
    Confirming,
    ConfirmingOffline,
    FaceToCome,
    Giving,
    Keying,
    Looking,
    Marking,
    NothingToCome,
    Phase,
    Printing,
    Reporting,
    Reserving,
    Settling,
    Spending,
    State,
    Step,
    TakenBack,
    TakingBack,
    Waiting,
    Wondering,
)
from device.behaviour.kiosk_visit import (
    ask_account,
    leave,
    part,
    return_card,
    show_account,
    turn_away,
    welcome,
)
from device.behaviour.refusals import admitted, suspicion
from device.behaviour.requests import Identify, SaveRecord, Show, Sound
from device.behaviour.setting import Now, Setting
from device.records.recovery import recover
from device.records.stamp import NO_CARD, stamp
from loyalty.receipts import AccountView, Refusal
from loyalty.records import DayClosed


def step(setting: Setting, state: State, event: Event, now: Now) -> Step:
    """Return the next state and what the shell must do; an event out of place changes nothing."""
    match event:
        case PlaceShut(values=values):
            is_theirs = "card_is_out" in values and _is_slot_free(state.phase)
            if is_theirs or isinstance(state.phase, Waiting):
                return replace(state, phase=Waiting(), shut=event), screens.shut(event)
            return replace(state, shut=event), []
        case PlaceOpened():
            is_told = state.shut is not None and isinstance(state.phase, Waiting)
            return replace(state, shut=None), [screens.welcome(setting)] if is_told else []
        case DayEnded(by_calendar=False) if not isinstance(state.phase, Waiting):
            return replace(state, day=event), []
    served, requests = _serve(setting, state, event, now)
    after = replace(served, shut=state.shut, day=state.day)
    if after.day is not None and isinstance(after.phase, Waiting):
        closing, more = _serve(setting, after, after.day, now)
        after, requests = replace(closing, shut=state.shut), [*requests, *more]
    if state.shut is not None:
        requests = [screens.unless_shut(it, state.shut) for it in requests]
    return after, requests


def _serve(setting: Setting, state: State, event: Event, now: Now) -> Step:
    match state.phase, admitted(setting, event):
        case _, Booted() as booted:
            return welcome(setting, recover(setting, booted, now))
        case _, CardReturned():
            return welcome(setting, [])
        case Waiting(), DayEnded(day=day, by_calendar=by_calendar):
            record = DayClosed(**stamp(setting, now), **NO_CARD, op="", day=day)
            return State(phase=Closing(by_calendar)), [SaveRecord(record)]
        case Closing(by_calendar=by_calendar), RecordSaved():
            return State(), [] if by_calendar else [screens.day_closed()]
        case Closing(by_calendar=True), JournalFailed():
            return State(), []
        case phase, CardRead(card=card) if _is_slot_free(phase):
            ask = ask_account(setting, card, card.proof)
            return State(phase=Asking(card)), [Show(screen="one_moment"), ask]
        case phase, CardRefused() as refused if _is_slot_free(phase):
            return _refuse(setting, refused, now)
        case phase, NumberKeyed(text=text) if _is_slot_free(phase):
            return state, [Identify(text)]
        case Waiting(), Chosen(choice="key_phone"):
            return State(phase=Keying()), [screens.key_phone(setting)]
        case Keying(), Chosen(choice="back"):
            return State(), [screens.welcome(setting)]
        case Waiting() | Keying(), TimedOut():
            return State(), [screens.welcome(setting)]
        case (
            (Choosing() | ChoosingOffline() as before)
            | Wondering(before=Choosing() | ChoosingOffline() as before),
            CardRead() | CardRefused() | NumberKeyed(),
        ):
            return _resume(setting, before, notice="card_first")
        case Reporting(screen=screen), RecordSaved():
            return return_card(screen, sound="refused")
        case Asking(card=card), HubAnswered(answer=AccountView() as view):
            return kiosk_lease.begin(setting, card, view, now)
        case Asking(card=card), HubAnswered(answer=Refusal(reason=reason)):
            return part(card, reason, sound="refused")
        case (
            Choosing() | Confirming() | ChoosingOffline() | ConfirmingOffline() as before,
            TimedOut(),
        ):
            return State(phase=Wondering(before)), [screens.more_time(before.card)]
        case Wondering(before=before), Chosen(choice="more_time"):
            return _resume(setting, before)
        case Wondering(before=before), Chosen(choice="return" | "done") | TimedOut():
            return _leave(setting, before, now)
        case (
            Choosing() | Confirming() | ChoosingOffline() | ConfirmingOffline() as before,
            Chosen(choice="return" | "done"),
        ):
            return _leave(setting, before, now)
        case Choosing(card=card, view=view), Chosen(choice="print") if card.profile.keeps_record:
            return kiosk_lease.end(setting, card, FaceToCome(face_of(view), NOTHING_SPENT), now)
        case Choosing(card=card, view=view), Chosen(choice=offer) if offer in screens.offers(
            setting, card, view
        ):
            return _confirm(setting, Confirming(card, view, offer))
        case Confirming(card=card, view=view), Chosen(choice="back"):
            return show_account(setting, card, view)
        case Confirming(card=card, view=view, offer=offer), Chosen(choice="confirm"):
            return kiosk_spending.begin(card, view, offer)
        case Reserving() | Spending() | Settling(), heard:
            return kiosk_spending.step(setting, state, heard, now)
        case Marking() | Printing() | Looking(), heard:
            return kiosk_face.step(setting, state, heard)
        case Waiting() | Closing(), JournalFailed(reason=reason):
            return State(), [Sound("refused"), Show(screen=f"journal_{reason}")]
        case _, JournalFailed(reason=reason):
            return return_card(f"journal_{reason}", sound="refused")
        case TakingBack() | TakenBack() | Giving(), heard:
            return kiosk_lease.step(setting, state, heard, now)
        case _, heard:
            return kiosk_offline.step(setting, state, heard, now)


def _is_slot_free(phase: Phase) -> bool:
    """Return whether a card may come: nobody is served, or somebody who has none in the slot."""
    met = phase.before if isinstance(phase, Wondering) else phase
    if isinstance(met, Choosing):
        return not met.card.profile.has_chip
    return isinstance(met, Waiting | Keying)


def _refuse(setting: Setting, refused: CardRefused, now: Now) -> Step:
    screen = f"card_{refused.problem}"
    if not refused.uid:
        return turn_away(screen)
    record = suspicion(setting, refused, now)
    if record is not None:
        return State(phase=Reporting(screen)), [SaveRecord(record)]
    return return_card(screen, sound="refused")


def _resume(setting: Setting, before: Before, *, notice: str = "") -> Step:
    """Show again what was there before, an account after a `notice` if one is given."""
    match before:
        case Choosing(card=card, view=view):
            return show_account(setting, card, view, notice=notice)
        case Confirming():
            return _confirm(setting, before)
        case ChoosingOffline() | ConfirmingOffline():
            return kiosk_offline.show(setting, before, notice=notice)


def _leave(setting: Setting, before: Before, now: Now) -> Step:
    match before:
        case Choosing(card=card) | Confirming(card=card):
            return kiosk_lease.end(setting, card, NothingToCome(), now)
        case ChoosingOffline(card=card) | ConfirmingOffline(card=card):
            return leave(setting, card)


def _confirm(setting: Setting, confirming: Confirming) -> Step:
    shown = screens.confirm(setting, confirming.view.points, confirming.offer)
    return State(phase=confirming), [shown]
