"""The kiosk's whole behaviour: a member puts a card in, sees what it holds, spends, gets it back.

While the hub is there it reserves the points first. Then intent on disk, card, record, and only
then the value is the member's. The face is printed from the hub's signed view; what the hub has not
folded yet is shown apart as pending. Whatever fails, the card comes back. What a card carries from
visit to visit is in `kiosk_lease.py`, a visit without the hub in `kiosk_offline.py`.

A member who scans a code or types a phone number sees the account and no more: nothing is in the
slot, which stays open for a card all the while.
"""

from dataclasses import replace

from device.behaviour import kiosk_lease, kiosk_offline
from device.behaviour import kiosk_screens as screens
from device.behaviour.card import Card, TouchOutcome
from device.behaviour.events import (
    Booted,
    CardRead,
    CardRefused,
    CardReturned,
    CardWritten,
    Chosen,
    DayEnded,
    Event,
    FaceEnded,
    HubAnswered,
    HubUnreached,
    IntentSaved,
    JournalFailed,
    NumberKeyed,
    RecordSaved,
    RecordsSettled,
    TimedOut,
)
from device.behaviour.intent import face_op
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
    face_of,
    leave,
    mark,
    part,
    return_card,
    show_account,
    turn_away,
    welcome,
    written,
)
from device.behaviour.refusals import admitted, suspicion
from device.behaviour.requests import (
    NO_REF,
    AskHub,
    AwaitSettled,
    Identify,
    JudgeFace,
    PrintFace,
    SaveIntent,
    SaveRecord,
    Show,
    Sound,
    WriteCard,
)
from device.behaviour.setting import Now, Setting
from device.records.recovery import recover
from device.records.stamp import NO_CARD, intent_to_write, stamp, touched
from loyalty.asks import AskRedeem, CancelRedeem
from loyalty.receipts import AccountView, RedeemGranted, Refusal
from loyalty.records import DayClosed, Redemption

FACE_GOOD = "face_good"
FACE_BAD = "face_bad"


def step(setting: Setting, state: State, event: Event, now: Now) -> Step:
    """Return the next state and what the shell must do; an event out of place changes nothing."""
    match state.phase, admitted(setting, event):
        case _, Booted() as booted:
            return welcome(setting, recover(setting, booted, now))
        case Waiting(), DayEnded(day=day, by_calendar=by_calendar):
            record = DayClosed(**stamp(setting, now), **NO_CARD, op="", day=day)
            return State(phase=Closing(by_calendar)), [SaveRecord(record)]
        case Closing(), RecordSaved():
            return State(), []
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
            return state, [screens.key_phone(setting)]
        case Waiting(), Chosen(choice="back") | TimedOut():
            return state, [screens.welcome(setting)]
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
            return _reserve(card, view, offer)
        case Reserving(card=card, view=view), HubAnswered(answer=RedeemGranted() as grant):
            return _begin_spending(setting, card, view, grant, now)
        case Reserving(card=card, view=view), HubAnswered(answer=Refusal(reason=reason)):
            return show_account(setting, card, view, notice=reason)
        case Reserving(card=card, view=view), HubUnreached():
            return show_account(setting, card, view, notice="offline")
        case Spending(card=card, grant=grant), IntentSaved():
            op = redeem_op(setting, grant)
            return state, [WriteCard(card=card, op=op, rewrites=card.rewrites)]
        case Spending() as spending, CardWritten(outcome=outcome, counter=counter):
            return _save_redemption(setting, spending, outcome, counter, now)
        case Spending(card=card, view=view, grant=grant), RecordSaved():
            spent = screens.spent(view.points, grant.offer, grant.points)
            settling = Settling(card, view, -grant.points, spent)
            shown = Show(screen="redeemed", values=spent)
            return State(phase=settling), [Sound("accepted"), shown, AwaitSettled()]
        case Spending(grant=grant), JournalFailed(reason=reason):
            cancel = AskHub(CancelRedeem(ref=NO_REF, auth=grant.auth))
            returning, requests = return_card(f"journal_{reason}", sound="refused")
            return returning, [cancel, *requests]
        case Settling(card=card), RecordsSettled():
            return state, [ask_account(setting, card, proof="")]  # The hub has heard it.
        case Settling(card=card, spent=spent) as settling, HubAnswered(
            answer=AccountView() as view
        ):
            content = face_of(view, this_time_points=settling.moved_points)
            return kiosk_lease.end(setting, card, FaceToCome(content, spent), now)
        case Settling(card=card, view=view, spent=spent) as settling, (
            HubUnreached() | HubAnswered()
        ):
            return mark(card, face_of(view, pending_points=settling.moved_points), spent, now)
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
        case _, CardReturned():
            return welcome(setting, [])
        case Waiting() | Closing(), JournalFailed(reason=reason):
            return State(), [Sound("refused"), Show(screen=f"journal_{reason}")]
        case _, JournalFailed(reason=reason):
            return return_card(f"journal_{reason}", sound="refused")
        case TakingBack() | TakenBack() | Giving(), heard:
            return kiosk_lease.step(setting, state, heard, now)
        case _, heard:
            return kiosk_offline.step(setting, state, heard, now)


def redeem_op(setting: Setting, grant: RedeemGranted) -> str:
    """Return the business key of a redemption: store, grant and leg; a grant is spent once."""
    return f"{setting.store}:{grant.auth}:redeem"


def _is_slot_free(phase: Phase) -> bool:
    """Return whether a card may come: nobody is served, or somebody who has none in the slot."""
    met = phase.before if isinstance(phase, Wondering) else phase
    return isinstance(met, Waiting) or (isinstance(met, Choosing) and not met.card.profile.has_chip)


def _refuse(setting: Setting, refused: CardRefused, now: Now) -> Step:
    screen = f"card_{refused.problem}"
    if not refused.uid:
        return turn_away(screen)
    record = suspicion(setting, refused, now)
    if record is not None:
        return State(phase=Reporting(screen)), [SaveRecord(record)]
    return return_card(screen, sound="refused")


def _resume(setting: Setting, before: Before) -> Step:
    """Show again what was there before somebody was asked for more time."""
    match before:
        case Choosing(card=card, view=view):
            return show_account(setting, card, view)
        case Confirming():
            return _confirm(setting, before)
        case ChoosingOffline() | ConfirmingOffline():
            return kiosk_offline.show(setting, before)


def _leave(setting: Setting, before: Before, now: Now) -> Step:
    match before:
        case Choosing(card=card) | Confirming(card=card):
            return kiosk_lease.end(setting, card, NothingToCome(), now)
        case ChoosingOffline(card=card) | ConfirmingOffline(card=card):
            return leave(setting, card)


def _confirm(setting: Setting, confirming: Confirming) -> Step:
    shown = screens.confirm(setting, confirming.view.points, confirming.offer)
    return State(phase=confirming), [shown]


def _reserve(card: Card, view: AccountView, offer: str) -> Step:
    ask = AskRedeem(
        ref=NO_REF, card=card.uid, member=card.member, ctr_seen=card.counter, offer=offer
    )
    return State(phase=Reserving(card, view, offer)), [Show(screen="one_moment"), AskHub(ask)]


def _begin_spending(
    setting: Setting, card: Card, view: AccountView, grant: RedeemGranted, now: Now
) -> Step:
    intent = intent_to_write(card, redeem_op(setting, grant), Redemption.kind, now)
    return State(phase=Spending(card, view, grant)), [SaveIntent(intent)]


def _save_redemption(
    setting: Setting, spending: Spending, outcome: TouchOutcome, counter: int, now: Now
) -> Step:
    card, grant = spending.card, spending.grant
    record = Redemption(
        **stamp(setting, now),
        **touched(card, outcome),
        op=redeem_op(setting, grant),
        offer=grant.offer,
        points=grant.points,
        value_minor=grant.value_minor,
        currency=setting.currency,
        auth=grant.auth,
        granted_ms=grant.granted_ms,
    )
    return State(phase=replace(spending, card=written(card, counter))), [
        SaveRecord(record, record.op)
    ]
