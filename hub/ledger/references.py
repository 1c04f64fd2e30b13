"""References that PostgreSQL does not check when they are written; `revisit ledger verify` does.

They are those of rows that come with every line. One transaction writes both ends, by numbers that
it gave out itself, so a look at each costs half of the server's time and finds nothing (decision
31). SQLite checks none when it writes.
"""

from typing import NamedTuple


class Reference(NamedTuple):
    """The `columns` of `table` name a row of table `target` by its `keys`, or are NULL."""

    table: str
    columns: tuple[str, ...]
    target: str
    keys: tuple[str, ...]


UNCHECKED = (
    Reference("inbox", ("chain",), "chain", ("id",)),
    Reference("inbox", ("member",), "member", ("id",)),
    Reference("card_write", ("card",), "card", ("uid",)),
    Reference("kept_state", ("member",), "member", ("id",)),
    Reference("transfer", ("line",), "inbox", ("id",)),
    Reference("transfer", ("debit",), "account", ("id",)),
    Reference("transfer", ("credit",), "account", ("id",)),
    Reference("transfer", ("member",), "member", ("id",)),
    Reference("lot", ("member",), "member", ("id",)),
    Reference("lot_use", ("line",), "inbox", ("id",)),
    Reference("lot_use", ("member", "op", "leg"), "lot", ("member", "op", "leg")),
)


def orphans_of(reference: Reference) -> str:
    """Return a statement that finds rows whose target is not there."""
    pairs = zip(reference.columns, reference.keys, strict=True)
    is_target = " AND ".join(f"target.{key} = source.{column}" for column, key in pairs)
    return (
        f"SELECT 1 FROM {reference.table} AS source WHERE source.{reference.columns[0]} IS NOT NULL"
        f" AND NOT EXISTS (SELECT 1 FROM {reference.target} AS target WHERE {is_target}) LIMIT 1"
    )
