"""The handheld's whole behaviour: sales with a member's card, and new cards, by floor staff.

A sale is safe from the moment its record is journalled; only then does the screen say done. The
card is written in between: intent on disk, card, record. A card that is pulled away or refuses
costs nobody anything, since the record says how the write ended. A card that keeps no record, such
as a phone number, is only asked about: nothing is written, and the hub finds the member.
"""

from dataclasses import dataclass, replace
from typing import Any

from device.events import (
    NO_REF,
    AskHub,
    AwaitCard,
    Booted,
    Card,
    CardRead,
    CardRefused,
    CardWritten,
    Chosen,
    DayEnded,
    Event,
    HubAnswered,
    HubUnreached,
    Identify,
    IntentSaved,
    IssueKeyed,
    JournalFailed,
    Now,
    NumberKeyed,
    Personalise,
    RecordSaved,
    Request,
    SaleKeyed,
    SaveIntent,
    SaveRecord,
    Setting,
    Show,
    Sound,
    StaffSignedOn,
    StopAwaitingCard,
    TillSale,
    WriteCard,
)
from device.intent import Intent
from device.recovery import recover
from device.refusals import admitted, suspicion
from device.stamp import NO_CARD, shown, stamp, touched
from loyalty.asks import AskAccount, AskCardKeys
from loyalty.card import op_digest
from loyalty.card_kinds import PROFILES, Trust
from loyalty.receipts import AccountView, CardKeysGranted, Refusal
from loyalty.record import Record
from loyalty.records import CardIssued, DayClosed, Sale, StaffSignedIn, TouchUnknown


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing is under way."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The calendar says that the day is over; the record of that is on its way to the disk."""


@dataclass(frozen=True, slots=True)
class AwaitingCard:
    """A basket waits for the member's card."""

    sale: TillSale


@dataclass(frozen=True, slots=True)
class Finding:
    """A basket waits for the hub to say whose card this is, which keeps no record."""

    sale: TillSale
    card: Card


@dataclass(frozen=True, slots=True)
class WritingSale:
    """The intent is being saved, then the card written."""

    sale: TillSale
    card: Card


@dataclass(frozen=True, slots=True)
class AwaitingBlank:
    """A member waits for a new card."""

    member: str


@dataclass(frozen=True, slots=True)
class AskingForKeys:
    """The hub was asked for the keys of this blank card, which no terminal has."""

    member: str
    uid: str
    kind: str


@dataclass(frozen=True, slots=True)
class Issuing:
    """The intent is being saved, then the blank card personalised."""

    member: str
    uid: str
    kind: str
    granted: CardKeysGranted | None = None


@dataclass(frozen=True, slots=True)
class Linking:
    """The hub was asked whether this card, which keeps no record, is anybody's yet."""

    member: str
    card: Card


@dataclass(frozen=True, slots=True)
class Saving:
    """A record is on its way to the disk; `then` is what the screen says once it is there."""

    then: Show
    sound: Sound


Phase = (
    Idle
    | Closing
    | AwaitingCard
    | Finding
    | WritingSale
    | AwaitingBlank
    | AskingForKeys
    | Issuing
    | Linking
    | Saving
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Who is signed on, and what is under way."""

    staff: str = ""
    phase: Phase = Idle()


Step = tuple[State, list[Request]]

_WITH_ISSUERS_KEYS = {it.kind for it in PROFILES.values() if it.trust is Trust.LEASE}

# What the hub says of a card that earns nothing, and the screen for it.
_EARNS_NOTHING = {
    "unknown_card": "card_unlinked",
    "card_not_accepted": "card_not_accepted",
    "card_unproven": "card_unproven",
}


def step(setting: Setting, state: State, event: Event, now: Now) -> Step:
    """Return the next state and what the shell must do; an event out of place changes nothing."""
    match state.phase, admitted(setting, event):
        case _, Booted(last_op=last_op) as booted:
            # The last operation stays on the screen: nobody shall key it again unawares.
            ready: list[Request] = [] if last_op else [Show(screen="ready")]
            return state, [*recover(setting, booted, now), *ready]
        case Idle(), StaffSignedOn(staff=staff):
            signed_on = StaffSignedIn(**stamp(setting, now, staff=staff), **NO_CARD, op="")
            return _save(replace(state, staff=staff), signed_on, Show(screen="signed_on"))
        case Idle(), DayEnded(day=day, by_calendar=by_calendar):
            closed = DayClosed(**stamp(setting, now, staff=state.staff), **NO_CARD, op="", day=day)
            if by_calendar:
                return replace(state, phase=Closing()), [SaveRecord(closed)]
            return _save(state, closed, Show(screen="day_closed"))
        case Closing(), RecordSaved() | JournalFailed():
            return replace(state, phase=Idle()), []
        case Idle(), SaleKeyed(sale=sale):
            wanted = AwaitingCard(sale)
            return replace(state, phase=wanted), [_asked(setting, wanted), AwaitCard()]
        case AwaitingCard() | AwaitingBlank(), Chosen(choice="key_phone"):
            return state, [Show(screen="key_phone", choices=("back",))]
        case (AwaitingCard() | AwaitingBlank()) as before, Chosen(choice="back"):
            return state, [_asked(setting, before)]
        case AwaitingCard(sale=sale), CardRead(card=card) if card.profile.keeps_record:
            return _touch(setting, state, sale, card, now)
        case AwaitingCard(sale=sale), CardRead(card=card):
            return _ask_whose(replace(state, phase=Finding(sale, card)), card)
        case AwaitingCard() | AwaitingBlank(), NumberKeyed(text=text):
            return state, [Identify(text)]
        case AwaitingCard(), CardRefused() as refused:
            return _refuse(setting, state, refused, now)
        case Finding(sale=sale), HubAnswered(answer=Refusal(reason=reason)) if (
            reason in _EARNS_NOTHING
        ):
            waiting = replace(state, phase=AwaitingCard(sale))
            return _await_another(waiting, _EARNS_NOTHING[reason], "no_card")
        case Finding(sale=sale, card=card), HubAnswered() | HubUnreached() as heard:
            record = _sale(setting, state, sale, now, shown(card))
            return _save(state, record, _sold(sale) if _is_known(heard) else _sold_unseen(sale))
        case AwaitingCard(), Chosen(choice="no_card"):
            return replace(state, phase=Idle()), [StopAwaitingCard(), Show(screen="sold_no_card")]
        case WritingSale(sale=sale, card=card), IntentSaved():
            return state, [_write(sale, card)]
        case WritingSale(sale=sale, card=card), CardWritten(outcome=outcome):
            record = _sale(setting, state, sale, now, touched(card, outcome))
            return _save(state, record, _sold(sale), ends_op=record.op)
        case Idle(), IssueKeyed(member=member):
            awaiting = AwaitingBlank(member)
            return replace(state, phase=awaiting), [_asked(setting, awaiting), AwaitCard()]
        case AwaitingBlank(member=member), CardRefused(problem="blank", uid=uid, kind=kind):
            if kind in _WITH_ISSUERS_KEYS:
                asking = replace(state, phase=AskingForKeys(member, uid, kind))
                ask = AskHub(AskCardKeys(ref=NO_REF, card=uid))
                return asking, [Show(screen="hold_card"), ask]
            return _begin_issue(state, Issuing(member, uid, kind), now)
        case AskingForKeys(member=member, uid=uid, kind=kind), HubAnswered(
            answer=CardKeysGranted(card=card) as granted
        ) if card == uid:
            return _begin_issue(state, Issuing(member, uid, kind, granted), now)
        case AskingForKeys(member=member, uid=uid), HubAnswered() | HubUnreached():
            waiting = replace(state, phase=AwaitingBlank(member))
            return _await_another(waiting, "issue_needs_hub", "cancel", but_not=uid)
        case AwaitingBlank(member=member), CardRead(card=card) if card.member not in ("", member):
            return _await_another(state, "card_taken", "cancel", but_not=_chip_of(card))
        case AwaitingBlank(), CardRead(card=card) if card.profile.keeps_record:
            return _save(state, _issued(setting, state, card, now), Show(screen="issued"))
        case AwaitingBlank(member=member), CardRead(card=card):
            return _ask_whose(replace(state, phase=Linking(member, card)), card)
        case AwaitingBlank(), CardRefused() as refused:
            return _refuse(setting, state, refused, now)
        case Linking(member=member, card=card), HubAnswered(answer=AccountView() as view) if (
            view.account != member
        ):
            waiting = replace(state, phase=AwaitingBlank(member))
            return _await_another(waiting, "card_taken", "cancel", but_not=_chip_of(card))
        case Linking(), HubAnswered() | HubUnreached():
            return _save(state, _linked(setting, state, state.phase, now), Show(screen="linked"))
        case AwaitingBlank(), Chosen(choice="cancel"):
            return replace(state, phase=Idle()), [StopAwaitingCard(), Show(screen="ready")]
        case Issuing(member=member, uid=uid, granted=granted), IntentSaved():
            op = issue_op(uid)
            return state, [Personalise(uid=uid, member=member, op=op, granted=granted)]
        case Issuing(), CardWritten() as written:
            return _end_issue(setting, state, state.phase, written, now)
        case Saving(then=then, sound=sound), RecordSaved():
            return replace(state, phase=Idle()), [sound, then]
        case _, JournalFailed(reason=reason):
            stopped = Show(screen=f"journal_{reason}")
            return replace(state, phase=Idle()), [Sound("refused"), stopped]
        case _:
            return state, []


def sale_op(sale: TillSale) -> str:
    """Return the business key of a sale: store, receipt number and leg."""
    return f"{sale.store}:{sale.receipt}:sale"


def issue_op(uid: str) -> str:
    """Return the business key of a card's issue: a card is issued once."""
    return f"card:{uid}:issue"


def _asked(setting: Setting, waiting: AwaitingCard | AwaitingBlank) -> Show:
    """Return the screen that asks for the card that is waited for."""
    keys = ("key_phone",) if "phone" in setting.cards.accepted else ()
    if isinstance(waiting, AwaitingBlank):
        return Show(screen="tap_new_card", choices=(*keys, "cancel"))
    total_minor = sum(item.paid_minor for item in waiting.sale.items)
    return Show(
        screen="tap_card",
        values={"total_minor": total_minor, "currency": waiting.sale.currency},
        choices=("no_card", *keys),
    )


def _touch(setting: Setting, state: State, sale: TillSale, card: Card, now: Now) -> Step:
    op = sale_op(sale)
    if card.op_digest == op_digest(
        op.encode()
    ):  # An earlier try wrote this card and then lost power.
        written = touched(replace(card, next_counter=card.counter), "done")
        return _save(state, _sale(setting, state, sale, now, written), _sold(sale))
    intent = _intent(op, Sale.kind, card.uid, card.member, card.counter, card.next_counter, now)
    writing = replace(state, phase=WritingSale(sale, card))
    return writing, [Show(screen="hold_card"), SaveIntent(intent)]


def _ask_whose(asking: State, card: Card) -> Step:
    ask = AskAccount(
        ref=NO_REF, card=card.uid, member=card.member, ctr_seen=card.counter, proof=card.proof
    )
    return asking, [StopAwaitingCard(), Show(screen="one_moment"), AskHub(ask)]


def _is_known(heard: HubAnswered | HubUnreached) -> bool:
    return isinstance(heard, HubAnswered) and isinstance(heard.answer, AccountView)


def _refuse(setting: Setting, state: State, refused: CardRefused, now: Now) -> Step:
    """Say what is wrong with the card and wait for another; tell the hub if it looks forged."""
    record = suspicion(setting, refused, now, staff=state.staff)
    saved: list[Request] = [] if record is None else [SaveRecord(record)]
    again = (Sound("refused"), _refusal(refused.problem), AwaitCard(but_not=refused.uid))
    return state, [*saved, *again]


def _await_another(state: State, screen: str, leave: str, *, but_not: str = "") -> Step:
    shown_now = Show(screen=screen, choices=(leave,))
    return state, [Sound("refused"), shown_now, AwaitCard(but_not=but_not)]


def _chip_of(card: Card) -> str:
    return card.uid if card.profile.has_chip else ""


def _write(sale: TillSale, card: Card) -> WriteCard:
    return WriteCard(card=card, op=sale_op(sale), rewrites=card.rewrites)


def _begin_issue(state: State, issuing: Issuing, now: Now) -> Step:
    uid = issuing.uid
    intent = _intent(issue_op(uid), CardIssued.kind, uid, issuing.member, 0, 1, now)
    return replace(state, phase=issuing), [Show(screen="hold_card"), SaveIntent(intent)]


def _end_issue(
    setting: Setting, state: State, issuing: Issuing, written: CardWritten, now: Now
) -> Step:
    blank = Card(
        uid=issuing.uid,
        kind=issuing.kind,
        member=issuing.member,
        counter=0,
        next_counter=1,
        rewrites=0,
        op_digest=b"",
    )
    op = issue_op(issuing.uid)
    if written.outcome == "done":
        card = replace(blank, counter=written.counter)
        return _save(state, _issued(setting, state, card, now), Show(screen="issued"), ends_op=op)
    unknown = TouchUnknown(
        **stamp(setting, now, staff=state.staff),
        **touched(blank, written.outcome),
        op="",
        intended=op,
    )
    screen = "card_spoiled" if written.is_spoiled else "issue_again"
    return _save(state, unknown, Show(screen=screen), ends_op=op, sound="refused")


def _issued(setting: Setting, state: State, card: Card, now: Now) -> CardIssued:
    return CardIssued(
        **stamp(setting, now, staff=state.staff),
        card=card.uid,
        member=card.member,
        ctr_seen=0,
        ctr_used=card.counter,
        touch="done",
        op=issue_op(card.uid),
        card_kind=card.kind,
    )


def _linked(setting: Setting, state: State, linking: Linking, now: Now) -> CardIssued:
    """Return the issue of a card that keeps no record: only the hub knows whose it is."""
    card = replace(linking.card, member=linking.member)
    return CardIssued(
        **stamp(setting, now, staff=state.staff),
        **shown(card),
        op=issue_op(card.uid),
        card_kind=card.kind,
    )


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


def _intent(
    op: str, kind: str, uid: str, member: str, counter: int, next_counter: int, now: Now
) -> Intent:
    return Intent(
        op=op,
        card=uid,
        member=member,
        kind=kind,
        counter_before=counter,
        counter_after=next_counter,
        begun_ms=now.at_ms,
    )


def _sold(sale: TillSale) -> Show:
    return Show(screen="sold", values={"receipt": sale.receipt})


def _sold_unseen(sale: TillSale) -> Show:
    return Show(screen="sold_unseen", values={"receipt": sale.receipt})


def _refusal(problem: str) -> Show:
    again = ("key_phone",) if problem == "no_phone_number" else ()
    return Show(screen=f"card_{problem}", choices=("no_card", *again, "cancel"))


def _save(
    state: State, record: Record, then: Show, *, ends_op: str = "", sound: str = "accepted"
) -> Step:
    saving = Saving(then, Sound("refused" if sound == "refused" else "accepted"))
    return replace(state, phase=saving), [SaveRecord(record, ends_op)]
