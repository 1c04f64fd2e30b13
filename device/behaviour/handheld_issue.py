"""A new card for a member, made by floor staff: a chip that is personalised, or a number linked.

The keys of a card that may carry value are lent by the hub for this one card.
"""

from dataclasses import replace

from device.behaviour.card import Card
from device.behaviour.events import (
    CardRead,
    CardRefused,
    CardWritten,
    Chosen,
    Event,
    HubAnswered,
    HubUnreached,
    IntentSaved,
)
from device.behaviour.handheld_phases import (
    AskingForKeys,
    AwaitingBlank,
    Idle,
    Issuing,
    Linking,
    State,
    Step,
)
from device.behaviour.handheld_steps import (
    ask,
    ask_whose,
    await_another,
    chip_of,
    refuse,
    save,
)
from device.behaviour.requests import (
    NO_REF,
    AskHub,
    AwaitCard,
    Personalise,
    SaveIntent,
    Show,
    StopAwaitingCard,
)
from device.behaviour.setting import Now, Setting
from device.records.stamp import intent_to_write, shown, stamp, touched
from loyalty.asks import AskCardKeys
from loyalty.card_kinds import PROFILES, Trust
from loyalty.receipts import AccountView, CardKeysGranted
from loyalty.records import CardIssued, TouchUnknown

_WITH_ISSUERS_KEYS = {it.kind for it in PROFILES.values() if it.trust is Trust.LEASE}


def begin(setting: Setting, state: State, member: str) -> Step:
    """Ask for the card that is to be the member's."""
    awaiting, asked = ask(setting, state, AwaitingBlank(member))
    return awaiting, [*asked, AwaitCard()]


def step(setting: Setting, state: State, event: Event, now: Now) -> Step:
    """Return the next state and what the shell must do; an event out of place changes nothing."""
    match state.phase, event:
        case AwaitingBlank(member=member), CardRefused(problem="blank", uid=uid, kind=kind):
            if kind in _WITH_ISSUERS_KEYS:
                asking = replace(state, phase=AskingForKeys(member, uid, kind))
                asked = AskHub(AskCardKeys(ref=NO_REF, card=uid))
                return asking, [Show(screen="hold_card"), asked]
            return _begin_issue(state, Issuing(member, uid, kind), now)
        case AskingForKeys(member=member, uid=uid, kind=kind), HubAnswered(
            answer=CardKeysGranted(card=card) as granted
        ) if card == uid:
            return _begin_issue(state, Issuing(member, uid, kind, granted), now)
        case AskingForKeys(member=member, uid=uid), HubAnswered() | HubUnreached():
            waiting = AwaitingBlank(member)
            return await_another(setting, state, waiting, "issue_needs_hub", but_not=uid)
        case AwaitingBlank(member=member) as waiting, CardRead(card=card) if card.member not in (
            "",
            member,
        ):
            return await_another(setting, state, waiting, "card_taken", but_not=chip_of(card))
        case AwaitingBlank(), CardRead(card=card) if card.profile.keeps_record:
            return save(state, _issued(setting, state, card, now), Show(screen="issued"))
        case AwaitingBlank(member=member), CardRead(card=card):
            return ask_whose(replace(state, phase=Linking(member, card)), card)
        case AwaitingBlank() as waiting, CardRefused() as refused:
            return refuse(setting, state, waiting, refused, now)
        case Linking(member=member, card=card), HubAnswered(answer=AccountView() as view) if (
            view.account != member
        ):
            waiting = AwaitingBlank(member)
            return await_another(setting, state, waiting, "card_taken", but_not=chip_of(card))
        case Linking(), HubAnswered() | HubUnreached():
            return save(state, _linked(setting, state, state.phase, now), Show(screen="linked"))
        case AwaitingBlank(), Chosen(choice="cancel"):
            return replace(state, phase=Idle()), [StopAwaitingCard(), Show(screen="ready")]
        case Issuing(member=member, uid=uid, granted=granted), IntentSaved():
            op = issue_op(uid)
            return state, [Personalise(uid=uid, member=member, op=op, granted=granted)]
        case Issuing(), CardWritten() as written:
            return _end_issue(setting, state, state.phase, written, now)
        case _:
            return state, []


def issue_op(uid: str) -> str:
    """Return the business key of a card's issue: a card is issued once."""
    return f"card:{uid}:issue"


def _begin_issue(state: State, issuing: Issuing, now: Now) -> Step:
    intent = intent_to_write(_blank(issuing), issue_op(issuing.uid), CardIssued.kind, now)
    return replace(state, phase=issuing), [Show(screen="hold_card"), SaveIntent(intent)]


def _end_issue(
    setting: Setting, state: State, issuing: Issuing, written: CardWritten, now: Now
) -> Step:
    blank = _blank(issuing)
    op = issue_op(issuing.uid)
    if written.outcome == "done":
        card = replace(blank, counter=written.counter)
        return save(state, _issued(setting, state, card, now), Show(screen="issued"), ends_op=op)
    unknown = TouchUnknown(
        **stamp(setting, now, staff=state.staff),
        **touched(blank, written.outcome),
        op="",
        intended=op,
    )
    screen = "card_spoiled" if written.is_spoiled else "issue_again"
    return save(state, unknown, Show(screen=screen), ends_op=op, sound="refused")


def _blank(issuing: Issuing) -> Card:
    """Return the card as it is before it is the member's."""
    return Card(
        uid=issuing.uid,
        kind=issuing.kind,
        member=issuing.member,
        counter=0,
        next_counter=1,
        rewrites=0,
        op_digest=b"",
    )


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
