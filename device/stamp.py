"""The fields that every record of a terminal carries, put together in one place."""

from typing import Any

from device.events import Card, Now, Setting

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
