"""The histories of many members from PostgreSQL in two statements: one each would be too slow."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from hub.ledger.ahead import History
from hub.ledger.database import Row
from hub.ledger.postgres_arrays import as_array
from hub.ledger.postgres_database import PostgresDatabase
from loyalty.records import VALUE_KINDS


def read_histories(database: PostgresDatabase, since_ms: Mapping[int, int]) -> dict[int, History]:
    """Return for each member the last state kept before that time, and the facts after it."""
    if not since_ms:
        return {}
    kept = {}
    after_ms = dict.fromkeys(since_ms, 0)
    for member, event_ms, state in _joined(database, _KEPT, since_ms):
        kept[member], after_ms[member] = state, event_ms
    facts: defaultdict[int, list[Row]] = defaultdict(list)
    for member, *fact in _joined(database, _FACTS, after_ms):
        facts[member].append(tuple(fact))
    return {member: History(kept.get(member), facts[member]) for member in since_ms}


def _joined(database: PostgresDatabase, statement: str, times: Mapping[int, int]) -> Iterator[Row]:
    columns = [as_array([*times]), as_array([*times.values()])]
    yield from database.connection.execute(statement, columns, binary=True)


_KEPT = (
    "SELECT DISTINCT ON (kept_state.member) kept_state.member, event_ms, state FROM kept_state"
    " JOIN unnest(%s::bigint[], %s::bigint[]) AS late (member, since_ms)"
    " ON late.member = kept_state.member AND event_ms < since_ms"
    " ORDER BY kept_state.member, version DESC"
)
# OFFSET 0 keeps the planner from joining all of the inbox, which it may while a ledger is young.
_FACTS = f"""
SELECT fact.member, line, event_ms, device.name, epoch, fact.seq
FROM unnest(%s::bigint[], %s::bigint[]) AS late (member, since_ms)
CROSS JOIN LATERAL (
    SELECT member, line, event_ms, chain, seq FROM inbox
    WHERE member = late.member AND event_ms >= since_ms AND status = 'posted'
        AND kind IN ({", ".join(f"'{it}'" for it in sorted(VALUE_KINDS))})
    OFFSET 0
) AS fact
JOIN chain ON chain.id = fact.chain
JOIN device ON device.id = chain.device
"""
