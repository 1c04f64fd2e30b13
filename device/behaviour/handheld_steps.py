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

Waiting = AwaitingCard | AwaitingBlank


def ask(setting: Setting, state: State, waiting: Waiting) -> Step:
    """Ask for the card that is waited for, or say what else can be done without the reader."""
    asking = replace(state, phase=replace(waiting, is_keying=False))
    choices = ways_on(setting, waiting)
    if state.shut is not None:
        return asking, [Show(screen=state.shut.screen, values=state.shut.values, choices=choices)]
    if isinstance(waiting, AwaitingBlank):
        return asking, [Show(screen="tap_new_card", choices=choices)]
    total_minor = sum(item.paid_minor for item in waiting.sale.items)
    to_pay: dict[str, str | int] = {
        "total_minor": total_minor,
        "currency": waiting.sale.currency,
    }
    return asking, [Show(screen="tap_card", values=to_pay, choices=choices)]


def ways_on(setting: Setting, waiting: Waiting) -> tuple[str, ...]:
    """Return what staff can do instead of holding a card against the reader."""
    keys = ("key_phone",) if "phone" in setting.cards.accepted else ()
    return ("no_card", *keys) if isinstance(waiting, AwaitingCard) else (*keys, "cancel")


def say_not_now(setting: Setting, state: State) -> Step:
    """Say that what was keyed, scanned or typed has to wait, or that nothing waits for it."""
    if not isinstance(state.phase, Waiting):
        return state, [Sound("refused"), Show(screen="nothing_waits")]
    left = replace(state, phase=replace(state.phase, is_keying=False))
    shown = Show(screen="finish_first", choices=ways_on(setting, state.phase))
    return left, [Sound("refused"), shown]


def ask_whose(asking: State, card: Card) -> Step:
    """Ask the hub whose a card is that keeps no record."""
    ask = AskAccount(
        ref=NO_REF, card=card.uid, member=card.member, ctr_seen=card.counter, proof=card.proof
    )
    return asking, [StopAwaitingCard(), Show(screen="one_moment"), AskHub(ask)]


def refuse(
    setting: Setting, state: State, waiting: Waiting, refused: CardRefused, now: Now
) -> Step:
    """Say what is wrong with the card and wait for another; tell the hub if it looks forged."""
    record = suspicion(setting, refused, now, staff=state.staff)
    saved: list[Request] = [] if record is None else [SaveRecord(record)]
    screen = f"card_{refused.problem}"
    after, again = await_another(setting, state, waiting, screen, but_not=refused.uid)
    return after, [*saved, *again]


def await_another(
    setting: Setting, state: State, waiting: Waiting, screen: str, *, but_not: str = ""
) -> Step:
    """Say what is wrong and wait for another card; `but_not` has to leave first."""
    after = replace(state, phase=replace(waiting, is_keying=False))
    shown_now = Show(screen=screen, choices=ways_on(setting, waiting))
    return after, [Sound("refused"), shown_now, AwaitCard(but_not=but_not)]


def chip_of(card: Card) -> str:
    """Return the UID of what has to leave the reader; empty for a number."""
    return card.uid if card.profile.has_chip else ""


def save(
    state: State, record: Record, then: Show, *, ends_op: str = "", sound: str = "accepted"
) -> Step:
    """Save `record`; the screen and the sound come once it is there."""
    saving = Saving(then, Sound("refused" if sound == "refused" else "accepted"))
    return replace(state, phase=saving), [SaveRecord(record, ends_op)]
