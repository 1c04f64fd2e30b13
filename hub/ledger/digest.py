"""One hash of what every member has: two ledgers with the same facts have the same digest."""

import hashlib

from hub.ledger.ledger import Ledger
from hub.ledger.lost import lost_epochs
from hub.ledger.state_text import read_leases


def digest(ledger: Ledger) -> str:
    """Return SHA-256 over the members, sorted: tier, balance and each lot with something left.

    A lot is (business key, leg, earned, expires, remaining); internal ids play no part. What cards
    hold on leases follows in the same way, for members who have any. Epochs that
    were declared lost are in it too: without their lines nobody knows the whole.
    """
    found = hashlib.sha256()
    rows = ledger.connection.execute(_MEMBERS)
    for token, tier, balance in rows:
        found.update(f"member|{token}|{tier}|{balance}\n".encode())
    for row in ledger.connection.execute(_LOTS):
        found.update(("lot|" + "|".join(map(str, row)) + "\n").encode())
    for token, text in ledger.connection.execute(_LEASES):
        for leased in read_leases(text):
            for lot in leased.lots:
                held = (token, leased.lease, leased.card, lot.op, lot.leg, lot.remaining_points)
                found.update(("lease|" + "|".join(map(str, held)) + "\n").encode())
    for (device, epoch), from_seq in sorted(lost_epochs(ledger.connection).items()):
        found.update(f"lost|{device}|{epoch}|{from_seq}\n".encode())
    return found.hexdigest()


_MEMBERS = """
SELECT token, tier, balance FROM member JOIN account ON account.id = member.account
ORDER BY token
"""
_LEASES = "SELECT token, leases FROM member WHERE leases <> '' ORDER BY token"
_LOTS = """
SELECT token, op, leg, earned_ms, expires_ms, remaining
FROM lot JOIN member ON member.id = lot.member
WHERE remaining > 0 ORDER BY token, op, leg
"""
