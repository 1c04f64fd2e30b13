"""Leases as devices ask for them, and what lines tell about where they are.

A lease takes points from its member the moment it is offered, so the worst that a device can do
with an answer is to have points wait for the lease to lapse (docs/offline.md).
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

from hub.ledger.books import Books
from hub.ledger.leases import LeaseRow
from hub.ledger.rows import CardRow, DeviceRow, MemberRow
from hub.posting import own_chain
from hub.posting.offline_keys import OfflineKeys, credit_key
from loyalty.asks import AskAccount, AskLease
from loyalty.card_kinds import PROFILES, Trust
from loyalty.hub_records import LeaseLapsed, LeaseOffered
from loyalty.key_wrap import wrap
from loyalty.leases import (
    LAPSE,
    LEASE_ID_DIGITS,
    LEASE_POINTS_MAX,
    OFFER,
    Lease,
    operation,
    signature_of,
)
from loyalty.programme import Programme, in_force
from loyalty.receipts import LeaseGranted, Refusal
from loyalty.record import Record
from loyalty.rules.redeem import spendable_points

OFFERED_MAX = 16  # leases that one device got and that no card was seen to carry
WRITES_UNSTATED_MAX = 10_000  # of a card, between what is known of its counter and what it shows
HOUR_MS = 3_600_000

_UID = re.compile(r"([0-9a-f]{2}){1,10}")  # as terminals write it; a certificate has room for it


class Leasing:
    """Gives leases, and moves what the ledger knows of them on."""

    def __init__(
        self,
        books: Books,
        state: Callable[[Record, int], None],
        programmes: Sequence[Programme],
        keys: OfflineKeys | None,
        incarnation: str,
    ) -> None:
        """`state` has the hub state something, at a moment of its clock."""
        self._books = books
        self._state = state
        self._programmes = programmes
        self._keys = keys
        self._incarnation = incarnation

    def answer(
        self, device: DeviceRow, secret: bytes, ask: AskLease, now_ms: int
    ) -> LeaseGranted | Refusal:
        """Return a lease for the card of `ask`, whose credit key only `secret` unwraps."""
        if self._keys is None or self._keys.credit_master is None:
            return Refusal(ref=ask.ref, reason="no_lease")
        signing_seed, credit_master = self._keys.signing_seed, self._keys.credit_master
        self._books.hub_device()  # locked before any card, as whoever states something does
        row = self._earlier(device, ask) or self._offered(device, ask, now_ms)
        if isinstance(row, Refusal):
            return row
        uid = bytes.fromhex(row.card)
        lease = Lease(
            id=row.lease,
            uid=uid,
            points=row.points,
            expires_s=row.expires_ms // 1000,
            counter=row.counter,
        )
        return LeaseGranted(
            ref=ask.ref,
            lease=lease.id,
            points=lease.points,
            expires_s=lease.expires_s,
            counter=lease.counter,
            signature=signature_of(lease, signing_seed).hex(),
            credit_key=wrap(secret, ask.ref, credit_key(credit_master, uid)),
        )

    def see(self, ask: AskAccount) -> None:
        """Note that the card of `ask` was read, and which lease it carries."""
        row = self._books.leases.find(ask.lease) if ask.lease else None
        if row is not None and (row.card, row.status) == (ask.card, "offered"):
            self._books.leases.mark(row.lease, "carried")

    def _earlier(self, device: DeviceRow, ask: AskLease) -> LeaseRow | Refusal | None:
        """Return what the same ask got before, None if it is new."""
        row = self._books.leases.of_ask(device, ask.ref)
        if row is None:
            return None
        is_good = row.status in ("offered", "carried") and row.card == ask.card
        return row if is_good else Refusal(ref=ask.ref, reason="no_lease")

    def _offered(self, device: DeviceRow, ask: AskLease, now_ms: int) -> LeaseRow | Refusal:
        """Return a new lease, whose points have been set aside."""
        books = self._books
        card = books.cards.find(ask.card)
        if card is None:
            return Refusal(ref=ask.ref, reason="unknown_card")
        programme = in_force(self._programmes, now_ms)
        member = books.members.find(card.member)
        if member is None or not _may_carry(card, ask, programme):
            return Refusal(ref=ask.ref, reason="no_lease")
        if books.leases.count_offered(device) >= OFFERED_MAX:
            return Refusal(ref=ask.ref, reason="too_many_asks")
        self._give_up(card, member, ask.ctr_seen, now_ms)
        reserved_points = books.holds.reserved_points(member, now_ms)
        there_points = spendable_points(member.state, _after_all(member, now_ms))
        free_points = there_points - reserved_points
        points = min(programme.offline.lease_points, free_points, LEASE_POINTS_MAX)
        if points <= 0:
            return Refusal(ref=ask.ref, reason="no_lease")
        expires_s = (now_ms + programme.offline.lease_hours * HOUR_MS) // 1000
        row = LeaseRow(
            self._name(device, ask),
            card.uid,
            member.id,
            device.id,
            ask.ref,
            points,
            ask.ctr_seen,
            now_ms,
            expires_s * 1000,
        )
        self._set_aside(row, member, programme.version, now_ms)
        return row

    def _give_up(self, card: CardRow, member: MemberRow, ctr_seen: int, now_ms: int) -> None:
        """Take the leases that `card` does not carry, though it was given them, for gone.

        One that was offered at the counter that the card still shows was never written: its points
        are free. What another may have spent, only lines can tell.
        """
        for row in self._books.leases.open_of(card.uid):
            if (row.status, row.counter) == ("offered", ctr_seen):
                stamp = _stamp(card.uid, member, operation(row.lease, LAPSE), now_ms)
                self._state(LeaseLapsed(**stamp, lease=row.lease), now_ms)
            else:
                self._books.leases.mark(row.lease, "closing")

    def _set_aside(self, row: LeaseRow, member: MemberRow, version: int, now_ms: int) -> None:
        stamp = _stamp(row.card, member, operation(row.lease, OFFER), now_ms)
        stamp["rules"] = version
        offered = LeaseOffered(
            **stamp,
            lease=row.lease,
            points=row.points,
            expires_ms=row.expires_ms,
            counter=row.counter,
        )
        self._state(offered, now_ms)
        held = {it.lease: it.left_points for it in member.state.leases}
        assert held.get(row.lease) == row.points, f"lease {row.lease} of {row.points}: {held}"
        self._books.flush()
        self._books.leases.add(row)

    def _name(self, device: DeviceRow, ask: AskLease) -> str:
        """Return the id of the lease that answers `ask`: one ask cannot have two."""
        asked = f"{self._incarnation} {device.name} {ask.ref}"
        return hashlib.sha256(asked.encode()).hexdigest()[:LEASE_ID_DIGITS]


def _stamp(card: str, member: MemberRow, op: str, now_ms: int) -> dict[str, Any]:
    """Return the common fields of what the hub states about a lease of `card`."""
    stamp = own_chain.stamp(_after_all(member, now_ms))
    return {**stamp, "card": card, "member": member.token, "op": op}


def _after_all(member: MemberRow, now_ms: int) -> int:
    """Return a time after all that happened to `member`, now or a little later.

    Some till's clock may be ahead of ours, and a lease has to come after what its points came from.
    """
    last = member.state.last
    return now_ms if last is None else max(now_ms, last.event_ms + 1)


def _may_carry(card: CardRow, ask: AskLease, programme: Programme) -> bool:
    """Return whether the card of `ask` may have a lease at all.

    A counter below what was written is a card that was set back, one far above it is invented.
    """
    profile = PROFILES.get(card.kind)
    terms = programme.cards
    return (
        programme.offline.offers_leases
        and _UID.fullmatch(card.uid) is not None
        and card.status != "blocked"
        and ask.member in ("", card.member)
        and profile is not None
        and profile.trust is Trust.LEASE
        and card.kind in terms.accepted & terms.spending
        and max(card.counter, 0) <= ask.ctr_seen <= card.counter + WRITES_UNSTATED_MAX
    )
