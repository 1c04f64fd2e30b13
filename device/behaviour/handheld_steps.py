"""What a handheld does alike in a sale and in an issue: ask, refuse, wait for another, save."""

from dataclasses import replace

from device.behaviour.card import Card
from device.behaviour.events import CardRefused
from device.behaviour.handheld_phases import AwaitingBlank, AwaitingCard, Saving, State, Step
from device.behaviour.refusals import suspicion
from device.behaviour.requests import (
    NO_REF,
    AskHub,
    AwaitCard,
    Request,
    SaveRecord,
    Show,
    Sound,
    StopAwaitingCard,
)
from device.behaviour.setting import Now, Setting
from loyalty.asks import AskAccount
from loyalty.record import Record


def asked(setting: Setting, waiting: AwaitingCard | AwaitingBlank) -> Show:
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


def ask_whose(asking: State, card: Card) -> Step:
    """Ask the hub whose a card is that keeps no record."""
    ask = AskAccount(
        ref=NO_REF, card=card.uid, member=card.member, ctr_seen=card.counter, proof=card.proof
    )
    return asking, [StopAwaitingCard(), Show(screen="one_moment"), AskHub(ask)]


def refuse(setting: Setting, state: State, refused: CardRefused, now: Now) -> Step:
    """Say what is wrong with the card and wait for another; tell the hub if it looks forged."""
    record = suspicion(setting, refused, now, staff=state.staff)
    saved: list[Request] = [] if record is None else [SaveRecord(record)]
    again = (Sound("refused"), _refusal(refused.problem), AwaitCard(but_not=refused.uid))
    return state, [*saved, *again]


def await_another(state: State, screen: str, leave: str, *, but_not: str = "") -> Step:
    """Say what is wrong and wait for another card; `but_not` has to leave first."""
    shown_now = Show(screen=screen, choices=(leave,))
    return state, [Sound("refused"), shown_now, AwaitCard(but_not=but_not)]


def chip_of(card: Card) -> str:
    """Return the UID of what has to leave the reader; empty for a number."""
    return card.uid if card.profile.has_chip else ""


def save(
    state: State, record: Record, then: Show, *, ends_op: str = "", sound: str = "accepted"
) -> Step:
    """Save `record`; the screen and the sound come once it is there."""
    saving = Saving(then, Sound("refused" if sound == "refused" else "accepted"))
    return replace(state, phase=saving), [SaveRecord(record, ends_op)]


def _refusal(problem: str) -> Show:
    again = ("key_phone",) if problem == "no_phone_number" else ()
    return Show(screen=f"card_{problem}", choices=("no_card", *again, "cancel"))
