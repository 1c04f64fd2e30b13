"""Cards that a terminal does not take, and those among them that the hub must hear about."""

from dataclasses import replace

from device.behaviour.events import CardRead, CardRefused, Event
from device.behaviour.setting import Now, Setting
from device.records.stamp import NO_CARD, stamp
from loyalty.records import CardSuspected

_SIGNS = ("rolled_back", "copied")


def admitted(setting: Setting, event: Event) -> Event:
    """Return `event`, or the refusal of a card of a kind that the programme does not take."""
    match event:
        case CardRead(card=card) if card.kind not in setting.cards.accepted:
            uid = card.uid if card.profile.has_chip else ""
            return CardRefused(uid, "not_accepted", card.kind)
        case CardRefused(problem="blank", kind=kind) if kind not in setting.cards.accepted:
            return replace(event, problem="not_accepted")
    return event


def suspicion(
    setting: Setting, refused: CardRefused, now: Now, *, staff: str = ""
) -> CardSuspected | None:
    """Return what the hub must hear about a card that was tampered with; None for any other."""
    if refused.problem not in _SIGNS:
        return None
    card = {**NO_CARD, "card": refused.uid}
    return CardSuspected(**stamp(setting, now, staff=staff), **card, op="", sign=refused.problem)
