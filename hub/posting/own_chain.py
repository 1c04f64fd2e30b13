"""The chain in which the hub states what it decides itself, within somebody's transaction.

Its device is called "hub" and its epoch is the ledger's incarnation. Nobody can log in as it.
"""

from typing import Any

from hub.ledger.books import Books
from hub.ledger.schema import HUB_DEVICE
from hub.posting.custody import Batch, Custody
from loyalty.lines import to_line
from loyalty.record import Record


def stamp(now_ms: int, *, store: str = HUB_DEVICE, staff: str = "") -> dict[str, Any]:
    """Return the fields that every record carries, of a decision about `store` by `staff`."""
    touch = {"card": "", "member": "", "ctr_seen": -1, "ctr_used": -1, "touch": "none", "op": ""}
    clocks = {"at_ms": now_ms, "mono_ms": 0, "boot": 0, "hub_ms": now_ms}
    return {**clocks, **touch, "store": store, "staff": staff, "rules": 0}


def state(record: Record, books: Books, custody: Custody, incarnation: str, now_ms: int) -> None:
    """Put `record` at the end of the chain of the ledger's `incarnation`."""
    chain = books.inbox.chain(books.hub_device(), incarnation)
    custody.take(Batch(chain, chain.seq + 1, chain.head, [to_line(record)]), now_ms)
