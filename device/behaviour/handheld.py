"""The handheld's whole behaviour: sales with a member's card, and new cards, by floor staff.

A sale is safe from the moment its record is journalled; only then does the screen say done. The
card is written in between: intent on disk, card, record. A card that is pulled away or refuses
costs nobody anything, since the record says how the write ended. A card that keeps no record, such
as a phone number, is only asked about: nothing is written, and the hub finds the member. New cards
are made in `handheld_issue.py`.
"""

from dataclasses import replace
from typing import Any

from device.behaviour import handheld_issue
from device.behaviour.card import Card
from device.behaviour.events import (
    Booted,
    CardRead,
    CardRefused,
    CardWritten,
    Chosen,
    DayEnded,
    Event,
    HubAnswered,
    HubUnreached,
    IntentSaved,
    IssueKeyed,
    JournalFailed,
    NumberKeyed,
    PlaceOpened,
    PlaceShut,
    RecordSaved,
    SaleKeyed,
    StaffSignedOn,
    TillSale,
)
from device.behaviour.handheld_phases import (
    AwaitingBlank,
    AwaitingCard,
    Closing,
    Finding,
    Idle,
    Saving,
    State,
    Step,
    WritingSale,
)
from device.behaviour.handheld_steps import (
    ask,
    ask_whose,
    await_another,
    refuse,
    save,
    say_not_now,
)
from device.behaviour.refusals import admitted
from device.behaviour.requests import (
    AwaitCard,
    Identify,
    Request,
    SaveIntent,
    SaveRecord,
    Show,
    Sound,
    StopAwaitingCard,
    WriteCard,
)
from device.behaviour.setting import Now, Setting
from device.records.recovery import recover
from device.records.stamp import NO_CARD, intent_to_write, shown, stamp, touched
from loyalty.card import op_digest
from loyalty.receipts import AccountView, Refusal
from loyalty.records import DayClosed, Sale, StaffSignedIn, sale_key

# What the hub says of a card that earns nothing, and the screen for it.
_EARNS_NOTHING = {
    "unknown_card": "card_unlinked",
    "card_not_accepted": "card_not_accepted",
    "card_unproven": "card_unproven",
}


def step(setting: Setting, state: State, event: Event, now: Now) -> Step:
    """Return the next state and what the shell must do; an event out of place changes nothing."""
    match state.phase, admitted(setting, event):
        case (
            AwaitingCard(is_keying=False) | AwaitingBlank(is_keying=False) as before,
            PlaceShut() | PlaceOpened() as told,
        ):
            return ask(setting, _knowing(state, told), before)
        case _, PlaceShut() | PlaceOpened() as told:
            return _knowing(state, told), []
        case _, Booted(last_op=last_op) as booted:
            # The last operation stays on the screen: nobody shall key it again unawares.
            ready: list[Request] = [] if last_op else [Show(screen="ready")]
            return state, [*recover(setting, booted, now), *ready]
        case Idle(), StaffSignedOn(staff=staff):
            signed_on = StaffSignedIn(**stamp(setting, now, staff=staff), **NO_CARD, op="")
            return save(replace(state, staff=staff), signed_on, Show(screen="signed_on"))
        case Idle(), DayEnded(day=day, by_calendar=by_calendar):
            closed = DayClosed(**stamp(setting, now, staff=state.staff), **NO_CARD, op="", day=day)
            if by_calendar:
                return replace(state, phase=Closing()), [SaveRecord(closed)]
            return save(state, closed, Show(screen="day_closed"))
        case Closing(), RecordSaved() | JournalFailed():
            return replace(state, phase=Idle()), []
        case Idle(), SaleKeyed(sale=sale):
            awaiting, asked = ask(setting, state, AwaitingCard(sale))
            return awaiting, [*asked, AwaitCard()]
        case (AwaitingCard() | AwaitingBlank()) as before, Chosen(choice="key_phone"):
            keying = replace(state, phase=replace(before, is_keying=True))
            return keying, [Show(screen="key_phone", choices=("back",))]
        case (AwaitingCard() | AwaitingBlank()) as before, Chosen(choice="back"):
            return ask(setting, state, before)
        case AwaitingCard(sale=sale), CardRead(card=card) if card.profile.keeps_record:
            return _touch(setting, state, sale, card, now)
        case AwaitingCard(sale=sale), CardRead(card=card):
            return ask_whose(replace(state, phase=Finding(sale, card)), card)
        case AwaitingCard() | AwaitingBlank(), NumberKeyed(text=text):
            return state, [Identify(text)]
        case AwaitingCard() as before, CardRefused() as refused:
            return refuse(setting, state, before, refused, now)
        case AwaitingCard(sale=sale) as before, SaleKeyed(sale=again) if sale_op(sale) == sale_op(
            again
        ):
            return ask(setting, state, before)
        case AwaitingBlank(member=member) as before, IssueKeyed(member=again) if member == again:
            return ask(setting, state, before)
        case (
            AwaitingCard() | AwaitingBlank(),
            SaleKeyed() | IssueKeyed() | StaffSignedOn() | DayEnded(by_calendar=False),
        ):
            return say_not_now(setting, state)
        case Idle(), CardRead() | CardRefused() | NumberKeyed():
            return say_not_now(setting, state)
        case Finding(sale=sale), HubAnswered(answer=Refusal(reason=reason)) if (
            reason in _EARNS_NOTHING
        ):
            waiting = AwaitingCard(sale)
            return await_another(setting, state, waiting, _EARNS_NOTHING[reason])
        case Finding(sale=sale, card=card), HubAnswered() | HubUnreached() as heard:
            record = _sale(setting, state, sale, now, shown(card))
            return save(state, record, _sold(sale) if _is_known(heard) else _sold_unseen(sale))
        case AwaitingCard(), Chosen(choice="no_card"):
            return replace(state, phase=Idle()), [StopAwaitingCard(), Show(screen="sold_no_card")]
        case WritingSale(sale=sale, card=card), IntentSaved():
            return state, [_write(sale, card)]
        case WritingSale(sale=sale, card=card), CardWritten(outcome=outcome):
            record = _sale(setting, state, sale, now, touched(card, outcome))
            return save(state, record, _sold(sale), ends_op=record.op)
        case Idle(), IssueKeyed(member=member):
            return handheld_issue.begin(setting, state, member)
        case Saving(then=then, sound=sound), RecordSaved():
            return replace(state, phase=Idle()), [sound, then]
        case _, JournalFailed(reason=reason):
            stopped = Show(screen=f"journal_{reason}")
            return replace(state, phase=Idle()), [StopAwaitingCard(), Sound("refused"), stopped]
        case _, heard:
            return handheld_issue.step(setting, state, heard, now)


def sale_op(sale: TillSale) -> str:
    """Return the business key of a sale: store, receipt number and leg."""
    return sale_key(sale.store, sale.receipt)


def _knowing(state: State, told: PlaceShut | PlaceOpened) -> State:
    return replace(state, shut=told if isinstance(told, PlaceShut) else None)


def _touch(setting: Setting, state: State, sale: TillSale, card: Card, now: Now) -> Step:
    op = sale_op(sale)
    if card.op_digest == op_digest(
        op.encode()
    ):  # An earlier try wrote this card and then lost power.
        written = touched(replace(card, next_counter=card.counter), "done")
        return save(state, _sale(setting, state, sale, now, written), _sold(sale))
    intent = intent_to_write(card, op, Sale.kind, now)
    writing = replace(state, phase=WritingSale(sale, card))
    return writing, [Show(screen="hold_card"), SaveIntent(intent)]


def _is_known(heard: HubAnswered | HubUnreached) -> bool:
    return isinstance(heard, HubAnswered) and isinstance(heard.answer, AccountView)


def _write(sale: TillSale, card: Card) -> WriteCard:
    return WriteCard(card=card, op=sale_op(sale), rewrites=card.rewrites)


def _sale(
    setting: Setting, state: State, sale: TillSale, now: Now, card_fields: dict[str, Any]
) -> Sale:
    return Sale(
        **stamp(setting, now, staff=state.staff, store=sale.store),
        **card_fields,
        op=sale_op(sale),
        till_ms=sale.till_ms,
        receipt=sale.receipt,
        currency=sale.currency,
        items=sale.items,
    )


def _sold(sale: TillSale) -> Show:
    return Show(screen="sold", values={"receipt": sale.receipt})


def _sold_unseen(sale: TillSale) -> Show:
    return Show(screen="sold_unseen", values={"receipt": sale.receipt})
