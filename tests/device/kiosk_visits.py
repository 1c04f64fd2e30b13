"""A member's visit to a kiosk, event by event, and what the kiosk asks for in it."""

from device.behaviour.card import Card
from device.behaviour.events import (
    CardRead,
    CardWritten,
    Chosen,
    HubAnswered,
    IntentSaved,
    RecordSaved,
)
from device.behaviour.kiosk import step
from device.behaviour.kiosk_phases import State
from device.behaviour.setting import Now, Setting
from loyalty.receipts import AccountView, RedeemGranted

NOW = Now(at_ms=1_488_326_400_000, mono_ms=5000, boot=3, hub_ms=0)
SETTING = Setting(store="shop-1", rules=1, currency="USD", offers={"cheap": 100, "dear": 500})
CARD = Card(
    uid="deadbeef",
    kind="classic1k",
    member="hh-1",
    counter=7,
    next_counter=8,
    rewrites=2,
    op_digest=b"\0" * 12,
)


def view(points):
    """Return what the hub answers for a member with `points`."""
    return AccountView(
        ref="1",
        account="hh-1",
        version=4,
        tier="silver",
        points=points,
        available_points=points,
        as_of_ms=NOW.at_ms,
        check="a1b2",
    )


GRANT = RedeemGranted(
    ref="2",
    auth="k1-7",
    offer="cheap",
    points=100,
    value_minor=100,
    granted_ms=NOW.at_ms,
    expires_ms=NOW.at_ms + 600_000,
)
SPENT = (
    CardRead(CARD),
    HubAnswered(view(250)),
    Chosen("cheap"),
    Chosen("confirm"),
    HubAnswered(GRANT),
    IntentSaved(),
    CardWritten("done", 8),
    RecordSaved(),
)
COUNTED = (IntentSaved(), CardWritten("done", 9))  # a rewrite, on the chip


def played(*events, state=None):
    """Return the state and every request after `events`."""
    state, requests = State() if state is None else state, []
    for event in events:
        state, asked = step(SETTING, state, event, NOW)
        requests += asked
    return state, requests


def all_of(requests, kind):
    """Return the requests of `kind`."""
    return [it for it in requests if isinstance(it, kind)]
