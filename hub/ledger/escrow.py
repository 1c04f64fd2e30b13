"""What stands in the accounts of cards, beside what their leases hold."""

from collections import Counter

from hub.ledger.ledger import Ledger
from hub.ledger.schema import ESCROW
from hub.ledger.state_text import read_leases


def leases_within_escrow(ledger: Ledger) -> bool:
    """Return whether each card's account has exactly what the leases of that card hold."""
    held: Counter[str] = Counter()
    for (text,) in ledger.connection.execute(_LEASES):
        try:
            leases = read_leases(text)
        except (TypeError, ValueError):
            return False  # nobody can tell what they hold
        for leased in leases:
            held[leased.card] += leased.left_points
    return held == dict(ledger.connection.execute(_ACCOUNTS, (ESCROW,)).fetchall())


_LEASES = "SELECT leases FROM member WHERE leases <> ''"
_ACCOUNTS = "SELECT owner, balance FROM account WHERE kind = ? AND balance <> 0"
