"""A card's lease in a visit online: taken back at the beginning, given anew at the end.

While the hub is there everything is spent with its leave, so a lease is first closed on the card
and then counted: intent, card, record, receipt. What goes wrong on the way leaves the points where
they are, in the lease, and the visit goes on without them. See docs/offline.md.
"""

from dataclasses import replace
from typing import Any

from device.behaviour import kiosk_face
from device.behaviour.card import Card
from device.behaviour.events import (
    CardWritten,
    Event,
    HubAnswered,
    HubUnreached,
    IntentSaved,
    RecordSaved,
    RecordsSettled,
)
from device.behaviour.kiosk_phases import (
    Ending,
    FaceToCome,
    Giving,
    NothingToCome,
    State,
    Step,
    TakenBack,
    TakingBack,
)
from device.behaviour.kiosk_visit import (
    ask_account,
    greet,
    leave,
    part,
    show_account,
    written,
)
from device.behaviour.lease_on_card import certificate_of, lease_on, wants_lease
from device.behaviour.requests import (
    NO_REF,
    AskHub,
    AwaitSettled,
    SaveIntent,
    SaveRecord,
    Show,
    WriteCard,
)
from device.behaviour.setting import Now, Setting
from device.nfc.cards.card_lease import NO_LEASE, CardLease
from device.records.stamp import intent_to_write, stamp, touched
from loyalty.asks import AskLease
from loyalty.lease_records import LeaseCarried, LeaseClosed
from loyalty.leases import CARRY, CLOSE, operation
from loyalty.receipts import AccountView, LeaseGranted, Refusal
from loyalty.records import TouchUnknown


def begin(setting: Setting, card: Card, view: AccountView, now: Now) -> Step:
    """Show the account, once the lease that the card carries is taken back."""
    lease = lease_on(setting, card)
    if lease is None or card.lease is None:
        return greet(setting, card, view)
    op = operation(lease.id, CLOSE)
    intent = intent_to_write(card, op, LeaseClosed.kind, now, points=card.lease.left_points)
    return State(phase=TakingBack(card, view, lease)), [SaveIntent(intent)]


def end(setting: Setting, card: Card, ending: Ending, now: Now) -> Step:
    """End the visit, and ask for a lease first where the card wants one."""
    if not wants_lease(setting, card):
        return _end(setting, card, ending, now)
    ask = AskLease(ref=NO_REF, card=card.uid, member=card.member, ctr_seen=card.counter)
    return State(phase=Giving(card, ending)), [Show(screen="one_moment"), AskHub(ask)]


def step(setting: Setting, state: State, event: Event, now: Now) -> Step:
    """Return the next state and what the shell must do; an event out of place changes nothing."""
    match state.phase, event:
        case TakingBack(card=card, lease=lease), IntentSaved():
            op = operation(lease.id, CLOSE)
            return state, [WriteCard(card=card, op=op, rewrites=card.rewrites, lease=NO_LEASE)]
        case TakingBack() as taking, CardWritten() as ended:
            return _state_close(setting, taking, ended, now)
        case TakingBack(card=card, view=view, is_off=True), RecordSaved():
            return State(phase=TakenBack(card, view)), [AwaitSettled()]
        case TakingBack(card=card, view=view), RecordSaved():
            return greet(setting, card, view)
        case TakenBack(card=card), RecordsSettled():
            return state, [ask_account(setting, card, proof="")]
        case TakenBack(card=card), HubAnswered(answer=AccountView() as view):
            return greet(setting, card, view)
        case TakenBack(card=card), HubAnswered(answer=Refusal(reason=reason)):
            return part(card, reason, sound="refused")
        case TakenBack(card=card, view=view), HubUnreached() | HubAnswered():
            return show_account(setting, card, view, notice="lease_on_its_way")
        case Giving(card=card, granted=None) as giving, HubAnswered(answer=LeaseGranted() as said):
            if certificate_of(setting, card, said) is None:
                return _end(setting, card, giving.ending, now)
            op = operation(said.lease, CARRY)
            intent = intent_to_write(card, op, LeaseCarried.kind, now, points=said.points)
            return State(phase=replace(giving, granted=said)), [SaveIntent(intent)]
        case Giving(card=card, granted=None, ending=ending), HubAnswered() | HubUnreached():
            return _end(setting, card, ending, now)
        case Giving(card=card, granted=LeaseGranted() as granted), IntentSaved():
            return state, [_carry(setting, card, granted)]
        case Giving(granted=LeaseGranted()) as giving, CardWritten() as ended:
            return _state_carry(setting, giving, ended, now)
        case Giving(card=card, ending=ending, granted=LeaseGranted()), RecordSaved():
            return _end(setting, card, ending, now)
        case _:
            return state, []


def _end(setting: Setting, card: Card, ending: Ending, now: Now) -> Step:
    match ending:
        case FaceToCome(content=content, spent=spent):
            return kiosk_face.begin(card, content, spent, now)
        case NothingToCome():
            return leave(setting, card)


def _state_close(setting: Setting, taking: TakingBack, ended: CardWritten, now: Now) -> Step:
    card, op = taking.card, operation(taking.lease.id, CLOSE)
    assert card.lease is not None
    after = _after(card, ended, NO_LEASE)
    if ended.outcome != "done":
        # Nobody can say what the lease's points are worth until the card was seen again.
        fields = _touched(setting, card, ended, now)
        unknown = TouchUnknown(**fields, op="", intended=op)
        return State(phase=replace(taking, card=after)), [SaveRecord(unknown, op)]
    record = LeaseClosed(
        **_touched(setting, card, ended, now),
        op=op,
        lease=taking.lease.id,
        left_points=card.lease.left_points,
    )
    return State(phase=replace(taking, card=after, is_off=True)), [SaveRecord(record, op)]


def _carry(setting: Setting, card: Card, granted: LeaseGranted) -> WriteCard:
    data = certificate_of(setting, card, granted)
    assert data is not None
    return WriteCard(
        card=card,
        op=operation(granted.lease, CARRY),
        rewrites=card.rewrites,
        lease=CardLease(certificate=data, left_points=granted.points),
        granted=granted,
    )


def _state_carry(setting: Setting, giving: Giving, ended: CardWritten, now: Now) -> Step:
    card, granted = giving.card, giving.granted
    assert granted is not None
    op = operation(granted.lease, CARRY)
    record = LeaseCarried(
        **_touched(setting, card, ended, now),
        op=op,
        lease=granted.lease,
        left_points=granted.points,
    )
    carried = _carry(setting, card, granted).lease
    assert carried is not None
    after = _after(card, ended, carried)
    return State(phase=replace(giving, card=after)), [SaveRecord(record, op)]


def _after(card: Card, ended: CardWritten, lease: CardLease) -> Card:
    """Return the card as it is now; what it carries is open where nobody saw how it ended."""
    after = written(card, ended.counter)
    if ended.outcome == "torn":
        return after
    return replace(after, lease=lease if ended.outcome == "done" else None)


def _touched(setting: Setting, card: Card, ended: CardWritten, now: Now) -> dict[str, Any]:
    return {**stamp(setting, now), **touched(card, ended.outcome)}
