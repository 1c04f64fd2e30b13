"""A hub that gives leases, and Anna's card that can carry one."""

from dataclasses import replace
from pathlib import Path

from hub.posting.offline_keys import OfflineKeys
from loyalty.asks import AskLease
from loyalty.lease_records import LeaseCarried
from loyalty.programme import parse
from loyalty.receipts import Answer
from loyalty.record import Record
from loyalty.records import CardIssued
from loyalty.signatures import public_key_of
from loyalty.wire import names_of
from tests.hub.hub_world import PROGRAMME, SECRET, Till, World, lease_closed, lease_spend, sale

UID = "04a1b2c3d4e5f6"
SEED = bytes(range(2, 34))
PUBLIC_KEY = public_key_of(SEED)
KEYS = OfflineKeys(signing_seed=SEED, credit_master=bytes(range(3, 19)))
OFFLINE = """
[offline]
lease_points = 60
lease_hours = 48
transaction_points = 50
device_points = 200
identifier_points = 20
hotlist_hours = 24
"""
HOUR_MS = 3_600_000
LEASE_MS = 48 * HOUR_MS
LEASING = parse(PROGRAMME + OFFLINE, source="leasing")
ANNA = {"card": UID, "member": "anna"}

__all__ = ["SECRET", "lease_closed", "lease_spend"]


class LeaseWorld(World):
    """One till, at which Anna got a DESFire card and then 100 points."""

    def __init__(self, where: Path | str, offline: str = OFFLINE) -> None:
        programme = parse(PROGRAMME + offline, source="leasing")
        super().__init__(where, [programme], KEYS)
        self.programme = programme
        self.h1 = self.till("h1")
        self.happen(self.h1, issued(), sale("r1", 10_000, **ANNA))

    def happen(self, till: Till, *stated: Record) -> None:
        """Have `till` state and send that something happened, one after the other."""
        for record in stated:
            self.clock.at_ms += 1
            now = {"at_ms": self.clock.at_ms}
            if hasattr(record, "till_ms"):
                now["till_ms"] = self.clock.at_ms
            till.add(replace(record, **now))
            self.take(till.batch(len(till.lines)))

    def ask_lease(self, ref: str = "q1", till: Till | None = None, **changes: object) -> Answer:
        """Have a till ask for a lease for Anna's card."""
        asked = AskLease(**{"ref": ref, **ANNA, "ctr_seen": 0, **changes})
        (answer,) = self.take((till or self.h1).ask(asked))
        return answer

    def lease_statuses(self) -> list[str]:
        """Return the statuses of all leases, oldest first."""
        rows = self.ledger.connection.execute("SELECT status FROM lease ORDER BY offered_ms")
        return [status for (status,) in rows]

    def escrow(self) -> int:
        """Return what all cards hold."""
        return self.value("SELECT coalesce(sum(balance), 0) FROM account WHERE kind = 'escrow'")


def issued(kind: str = "desfire_ev3", **changes: object) -> CardIssued:
    """Return that Anna got her card."""
    known = sale("r", **ANNA)
    common = {it: getattr(known, it) for it in names_of("check_in")}
    written = {"ctr_seen": -1, "ctr_used": 0, "touch": "done"}
    return CardIssued(**{**common, **written, "op": "", "card_kind": kind, **changes})


def carried(lease: str, left_points: int = 60, counter: int = 1, **changes: object) -> LeaseCarried:
    """Return that Anna's card was given its lease, as its counter rose to `counter`."""
    known = sale("r", **ANNA)
    common = {it: getattr(known, it) for it in names_of("check_in")}
    written = {"ctr_seen": counter - 1, "ctr_used": counter, "touch": "done"}
    deed = {"op": f"lease:{lease}:carry", "lease": lease, "left_points": left_points}
    return LeaseCarried(**{**common, **written, **deed, **changes})
