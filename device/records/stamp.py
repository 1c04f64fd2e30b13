"""What every record of a terminal carries, and every intent, put together in one place."""

from typing import Any

from device.behaviour.card import Card
from device.behaviour.intent import Intent
from device.behaviour.setting import Now, Setting

NO_CARD: dict[str, Any] = {
    "card": "",
    "member": "",
    "ctr_seen": -1,
    "ctr_used": -1,
    "touch": "none",
}


def stamp(setting: Setting, now: Now, *, staff: str = "", store: str = "") -> dict[str, Any]:
    """Return when, where and by whom; `store` where it is not the terminal's own."""
    return {
        "at_ms": now.at_ms,
        "mono_ms": now.mono_ms,
        "boot": now.boot,
        "hub_ms": now.hub_ms,
        "staff": staff,
        "store": store or setting.store,
        "rules": setting.rules,
    }


def shown(card: Card) -> dict[str, Any]:
    """Return what a card that nothing was written to adds to a record."""
    return {
        "card": card.uid,
        "member": card.member,
        "ctr_seen": card.counter,
        "ctr_used": -1,
        "touch": "none",
    }


def touched(card: Card, outcome: str) -> dict[str, Any]:
    """Return what a card and the write that ended with `outcome` add to a record.

    The number that the write meant to leave is spent whatever the outcome.
    """
    return {
        "card": card.uid,
        "member": card.member,
        "ctr_seen": card.counter,
        "ctr_used": card.next_counter,
        "touch": outcome,
    }


def intent_to_write(
    card: Card, op: str, kind: str, now: Now, *, points: int = 0, value_minor: int = 0
) -> Intent:
    """Return the intent to write the next counter to `card`, for a record of `kind`."""
    return Intent(
        op=op,
        card=card.uid,
        member=card.member,
        kind=kind,
        counter_before=card.counter,
        counter_after=card.next_counter,
        points=points,
        value_minor=value_minor,
        begun_ms=now.at_ms,
    )
