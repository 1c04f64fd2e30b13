"""One hash of what every member has: two ledgers with the same facts have the same digest."""

import hashlib

from hub.ledger.sqlite import Ledger


def digest(ledger: Ledger) -> str:
    """Return SHA-256 over the members, sorted: tier, balance and each lot with something left.

    A lot is (business key, leg, earned, expires, remaining); internal ids play no part.
    """
    found = hashlib.sha256()
    rows = ledger.connection.execute(_MEMBERS)
    for token, tier, balance in rows:
        found.update(f"member|{token}|{tier}|{balance}\n".encode())
    for row in ledger.connection.execute(_LOTS):
        found.update(("lot|" + "|".join(map(str, row)) + "\n").encode())
    return found.hexdigest()


_MEMBERS = """
SELECT token, tier, balance FROM member JOIN account ON account.id = member.account
ORDER BY token
"""
_LOTS = """
SELECT token, op, leg, earned_ms, expires_ms, remaining
FROM lot JOIN member ON member.id = lot.member
WHERE remaining > 0 ORDER BY token, op, leg
"""
