"""Points spent at a kiosk while the hub is there.

The hub reserves them first. Then intent on disk, card, record, and only then the value is the
member's. Once the hub has folded the record the face shows what is left; until then what was spent
stands on it as pending.
"""

from dataclasses import replace

from device.behaviour import kiosk_face, kiosk_lease
from device.behaviour import kiosk_screens as screens
from device.behaviour.card import Card, TouchOutcome
from device.behaviour.events import (
    CardWritten,
    Event,
    HubAnswered,
    HubUnreached,
    IntentSaved,
    JournalFailed,
    RecordSaved,
    RecordsSettled,
)
from device.behaviour.kiosk_face import face_of
from device.behaviour.kiosk_phases import FaceToCome, Reserving, Settling, Spending, State, Step
from device.behaviour.kiosk_visit import ask_account, return_card, show_account, written
from device.behaviour.requests import (
    NO_REF,
    AskHub,
    AwaitSettled,
    SaveIntent,
    SaveRecord,
    Show,
    Sound,
    WriteCard,
)
from device.behaviour.setting import Now, Setting
from device.records.stamp import intent_to_write, stamp, touched
from loyalty.asks import AskRedeem, CancelRedeem
from loyalty.receipts import AccountView, RedeemGranted, Refusal
from loyalty.records import Redemption


def begin(card: Card, view: AccountView, offer: str) -> Step:
    """Ask the hub to reserve the points that `offer` costs."""
    ask = AskRedeem(
        ref=NO_REF, card=card.uid, member=card.member, ctr_seen=card.counter, offer=offer
    )
    return State(phase=Reserving(card, view, offer)), [Show(screen="one_moment"), AskHub(ask)]


def step(setting: Setting, state: State, event: Event, now: Now) -> Step:
    """Return the next state and what the shell must do; an event out of place changes nothing."""
    match state.phase, event:
        case Reserving(card=card, view=view), HubAnswered(answer=RedeemGranted() as grant):
            intent = intent_to_write(card, redeem_op(setting, grant), Redemption.kind, now)
            return State(phase=Spending(card, view, grant)), [SaveIntent(intent)]
        case Reserving(card=card, view=view), HubAnswered(answer=Refusal(reason=reason)):
            return show_account(setting, card, view, notice=reason)
        case Reserving(card=card, view=view), HubUnreached():
            return show_account(setting, card, view, notice="offline")
        case Spending(card=card, grant=grant), IntentSaved():
            op = redeem_op(setting, grant)
            return state, [WriteCard(card=card, op=op, rewrites=card.rewrites)]
        case Spending() as spending, CardWritten(outcome=outcome, counter=counter):
            return _save(setting, spending, outcome, counter, now)
        case Spending() as spending, RecordSaved():
            return _hand_over(spending)
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
            content = face_of(view, pending_points=settling.moved_points)
            return kiosk_face.begin(card, content, spent, now)
        case _:
            return state, []


def redeem_op(setting: Setting, grant: RedeemGranted) -> str:
    """Return the business key of a redemption: store, grant and leg; a grant is spent once."""
    return f"{setting.store}:{grant.auth}:redeem"


def _save(
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


def _hand_over(spending: Spending) -> Step:
    view, grant = spending.view, spending.grant
    spent = screens.spent(view.points, grant.offer, grant.points)
    settling = Settling(spending.card, view, -grant.points, spent)
    shown = Show(screen="redeemed", values=spent)
    return State(phase=settling), [Sound("accepted"), shown, AwaitSettled()]
