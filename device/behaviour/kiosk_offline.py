"""A kiosk's visit while the hub is out of reach: what the card may spend now is spent, no more.

A card that cannot be copied spends from its lease: the value goes down on the card with its record,
and what is not seen to have gone down hands nothing over. Other cards only say who somebody claims
to be; for them the record is all there is. `offline_limits.py` has the limits, docs/offline.md the
reasons.
"""

from dataclasses import replace
from typing import Any

from device.behaviour import kiosk_screens as screens
from device.behaviour.card import Card
from device.behaviour.events import (
    CardWritten,
    Chosen,
    Event,
    HubUnreached,
    IntentSaved,
    LookedUp,
    RecordSaved,
)
from device.behaviour.kiosk_phases import (
    Asking,
    ChoosingOffline,
    ConfirmingOffline,
    LookingUp,
    Returning,
    SpendingOffline,
    State,
    Step,
)
from device.behaviour.kiosk_visit import part, return_card
from device.behaviour.lease_on_card import lease_on
from device.behaviour.offline_limits import Limit, Situation, Standing, limit_of
from device.behaviour.requests import (
    LookUp,
    ReturnCard,
    SaveIntent,
    SaveRecord,
    Show,
    Sound,
    WriteCard,
)
from device.behaviour.setting import Now, Setting
from device.records.stamp import intent_to_write, stamp, touched
from loyalty.card_kinds import Trust
from loyalty.lease_records import LeaseSpend
from loyalty.record import Record
from loyalty.records import Redemption, TouchUnknown


def step(setting: Setting, state: State, event: Event, now: Now) -> Step:
    """Return the next state and what the shell must do; an event out of place changes nothing."""
    match state.phase, event:
        case Asking(card=card), HubUnreached():
            return _begin(setting, card)
        case LookingUp(card=card, offer=offer), LookedUp(standing=standing):
            limit = limit_of(_situation(setting, card, standing, now))
            if offer and setting.offers[offer] <= limit.points:
                return _begin_spending(setting, card, limit, offer, now)
            return _account(setting, card, limit, notice="not_enough_points" if offer else "")
        case ChoosingOffline(card=card, limit=limit), Chosen(choice=offer) if (
            offer in screens.offers_within(setting, limit.points)
        ):
            return show(setting, ConfirmingOffline(card, limit, offer))
        case ConfirmingOffline(card=card, limit=limit), Chosen(choice="back"):
            return show(setting, ChoosingOffline(card, limit))
        case ConfirmingOffline(card=card, offer=offer), Chosen(choice="confirm"):
            return State(phase=LookingUp(card, offer)), [LookUp(card.uid)]
        case SpendingOffline() as spending, IntentSaved():
            return state, [_write(setting, spending)]
        case SpendingOffline() as spending, CardWritten() as ended:
            return _save(setting, spending, ended, now)
        case SpendingOffline(is_given=True) as spending, RecordSaved():
            return _hand_over(setting, spending)
        case SpendingOffline(), RecordSaved():
            return return_card("not_finished", sound="refused")
        case _:
            return state, []


def show(setting: Setting, phase: ChoosingOffline | ConfirmingOffline, *, notice: str = "") -> Step:
    """Show what may be spent, after a `notice` if one is given, or the question before it is."""
    if isinstance(phase, ChoosingOffline):
        return State(phase=phase), [screens.account_offline(setting, phase.limit, notice=notice)]
    before_points = phase.limit.points
    return State(phase=phase), [screens.confirm(setting, before_points, phase.offer)]


def _begin(setting: Setting, card: Card) -> Step:
    may_spend = card.kind in setting.cards.spending and setting.offline.transaction_points > 0
    if not may_spend:
        return part(card, "offline", sound="take_card")
    return State(phase=LookingUp(card)), [LookUp(card.uid)]


def _situation(setting: Setting, card: Card, standing: Standing, now: Now) -> Situation:
    return Situation(
        terms=setting.offline,
        standing=standing,
        trusted_ms=now.trusted_ms,
        silent_ms=now.silent_ms,
        may_carry=card.profile.trust is Trust.LEASE,
        lease=lease_on(setting, card),
        left_points=0 if card.lease is None else card.lease.left_points,
        counter=card.counter,
    )


def _account(setting: Setting, card: Card, limit: Limit, *, notice: str) -> Step:
    if limit.reason == "card_stopped":
        return part(card, "card_blocked", sound="refused")
    if not limit.points:
        return part(card, "offline", sound="take_card")
    choosing = ChoosingOffline(card, limit)
    return State(phase=choosing), [screens.account_offline(setting, limit, notice=notice)]


def offline_op(setting: Setting, card: Card, now: Now) -> str:
    """Return the business key of what is spent without the hub: store, what pays and leg."""
    lease = lease_on(setting, card)
    if lease is None:
        return f"{setting.store}:{card.uid}:{now.at_ms}:redeem"
    return f"{setting.store}:{lease.id}:{card.next_counter}:spend"


def _begin_spending(setting: Setting, card: Card, limit: Limit, offer: str, now: Now) -> Step:
    op = offline_op(setting, card, now)
    kind = Redemption.kind if lease_on(setting, card) is None else LeaseSpend.kind
    points, value_minor = setting.offers[offer], setting.worth_minor[offer]
    intent = intent_to_write(card, op, kind, now, points=points, value_minor=value_minor)
    spending = SpendingOffline(card, limit, offer, op)
    return State(phase=spending), [Show(screen="one_moment"), SaveIntent(intent)]


def _write(setting: Setting, spending: SpendingOffline) -> WriteCard:
    card = spending.card
    left = card.lease if lease_on(setting, card) is not None else None
    if left is not None:
        price_points = setting.offers[spending.offer]
        left = replace(left, left_points=left.left_points - price_points)
    return WriteCard(card=card, op=spending.op, rewrites=card.rewrites, lease=left)


def _save(setting: Setting, spending: SpendingOffline, ended: CardWritten, now: Now) -> Step:
    card, op = spending.card, spending.op
    lease = lease_on(setting, card)
    fields: dict[str, Any] = {**stamp(setting, now), **touched(card, ended.outcome)}
    if lease is not None and ended.outcome != "done":
        # What went down on the card and was not handed over stays with the lease, and comes back.
        unknown = TouchUnknown(**fields, op="", intended=op)
        return State(phase=spending), [SaveRecord(unknown, op)]
    sold: dict[str, Any] = {
        "op": op,
        "offer": spending.offer,
        "points": setting.offers[spending.offer],
        "value_minor": setting.worth_minor[spending.offer],
        "currency": setting.currency,
    }
    record: Record = (
        Redemption(**fields, **sold, auth="", granted_ms=0)
        if lease is None
        else LeaseSpend(**fields, **sold, lease=lease.id)
    )
    return State(phase=replace(spending, is_given=True)), [SaveRecord(record, op)]


def _hand_over(setting: Setting, spending: SpendingOffline) -> Step:
    points = setting.offers[spending.offer]
    values = screens.spent(spending.limit.points, spending.offer, points)
    shown = screens.take_card("redeemed_offline", is_refusal=False, values=values)
    return State(phase=Returning()), [Sound("accepted"), shown, ReturnCard()]
