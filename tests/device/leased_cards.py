"""A DESFire that carries a lease, the terms it is spent under, and how a kiosk is played."""

from dataclasses import replace

from device.behaviour.card import Card
from device.behaviour.events import Event
from device.behaviour.kiosk import step
from device.behaviour.kiosk_phases import State
from device.behaviour.offline_limits import Standing
from device.behaviour.requests import Request
from device.behaviour.setting import Now, Setting
from device.nfc.cards.card_lease import NO_LEASE, CardLease
from loyalty.leases import Lease, certificate, signature_of
from loyalty.programme_offline import OfflineTerms
from loyalty.receipts import AccountView, LeaseGranted
from loyalty.signatures import public_key_of

SEED = bytes(range(32))
NOW = Now(
    at_ms=1_800_000_050_000,
    mono_ms=90_000,
    boot=3,
    hub_ms=1_800_000_000_000,
    trusted_ms=1_800_000_060_000,
    silent_ms=60_000,
)
TERMS = OfflineTerms(
    lease_points=500,
    lease_hours=72,
    transaction_points=300,
    device_points=1000,
    device_hours=24,
    writes_lower=5,
    writes_upper=10,
    identifier_points=150,
    hotlist_hours=12,
)
SETTING = Setting(
    store="shop-1",
    rules=1,
    currency="USD",
    offers={"cheap": 100, "dear": 280},
    worth_minor={"cheap": 150, "dear": 500},
    offline=TERMS,
    hub_key=public_key_of(SEED),
)
WELL = Standing(
    given_points=0,
    given_to_card_points=0,
    hotlist_as_of_ms=NOW.trusted_ms - 1000,
    is_stopped=False,
)
UID = "04112233445566"
CARD = Card(
    uid=UID,
    kind="desfire_ev2",
    member="hh-1",
    counter=20,
    next_counter=21,
    rewrites=2,
    op_digest=b"\0" * 12,
    lease=NO_LEASE,
)
LEASE = Lease(
    id="00112233aabbccdd",
    uid=bytes.fromhex(UID),
    points=400,
    expires_s=NOW.trusted_ms // 1000 + 3600,
    counter=18,
)


def carrying(lease: Lease = LEASE, left_points: int = 320, seed: bytes = SEED) -> Card:
    """Return the card with `lease` on it, signed with the hub's private key `seed`."""
    data = certificate(lease, signature_of(lease, seed))
    return replace(CARD, lease=CardLease(certificate=data, left_points=left_points))


def granted(seed: bytes = SEED, counter: int = CARD.counter, **changed: int | str) -> LeaseGranted:
    """Return the hub's yes to a lease for `CARD`, `changed` after it was signed."""
    lease = replace(LEASE, counter=counter)
    said = LeaseGranted(
        ref="r-1",
        lease=lease.id,
        points=lease.points,
        expires_s=lease.expires_s,
        counter=lease.counter,
        signature=signature_of(lease, seed).hex(),
        credit_key="ab" * 24,
    )
    return replace(said, **changed)


def view(points: int, version: int = 4) -> AccountView:
    """Return what the hub answers for a member with `points`."""
    return AccountView(
        ref="1",
        account="hh-1",
        version=version,
        tier="silver",
        points=points,
        available_points=points,
        as_of_ms=NOW.at_ms,
        check="a1b2",
    )


def played(
    *events: Event, setting: Setting = SETTING, state: State | None = None, now: Now = NOW
) -> tuple[State, list[Request]]:
    """Return the state and every request after `events`."""
    state = State() if state is None else state
    requests: list[Request] = []
    for event in events:
        state, asked = step(setting, state, event, now)
        requests += asked
    return state, requests


def all_of(requests: list[Request], kind: type) -> list:
    """Return the requests of `kind`."""
    return [it for it in requests if isinstance(it, kind)]
