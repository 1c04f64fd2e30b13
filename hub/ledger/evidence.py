"""What the ledger knows around a case: lines, and how cards, members, grants and devices stand."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.ledger.cases import CaseFile
from hub.ledger.database import Row
from hub.ledger.ledger import Ledger
from hub.ledger.rows import HoldRow
from loyalty.record import Record
from loyalty.records import from_line
from loyalty.wire import WireError

LINES_MAX = 20  # of a case, that people are shown
CHAINS_MAX = 20  # of a device, the newest
PAIRINGS_MAX = 5  # of a device, the newest


class LineSeen(NamedTuple):
    """A line that came, where it stands, and what became of it; `fork` is its status in one."""

    id: int
    store: str
    device: str
    epoch: str
    seq: int
    received_ms: int
    status: str
    code: str
    line: bytes


class CardStands(NamedTuple):
    """A card: whose it is, its highest counter, and when it was last read, by who read it."""

    uid: str
    kind: str
    status: str
    member: str
    counter: int
    seen_ms: int


class ChainStands(NamedTuple):
    """How far a device's chain has come; `revoked_ms` is the device's."""

    store: str
    device: str
    revoked_ms: int | None
    epoch: str
    seq: int
    kept_seq: int
    gap_since_ms: int | None
    fork_seq: int | None


class PairingStands(NamedTuple):
    """A code that paired a device or was to: who made it when, and what became of it."""

    code: str
    store: str
    kind: str
    made_by: str
    made_ms: int
    used_ms: int | None
    tries: int


class Evidence(NamedTuple):
    """All of it; `members` are tokens."""

    lines: list[LineSeen]
    cards: list[CardStands]
    members: list[str]
    grants: list[HoldRow]
    chains: list[ChainStands]
    pairings: list[PairingStands]


def gather(ledger: Ledger, case: CaseFile, about: str) -> Evidence:
    """Return what there is about `case`, whose subject names a thing of the kind `about`."""
    lines = _lines(ledger, case, about)
    records = [it for it in map(_record, lines) if it is not None]
    uids = {it.card for it in records} | ({case.subject} if about == "card" else set())
    cards = [CardStands(*row) for row in _rows(ledger, _CARD, sorted(uids))]
    tokens = {it.member for it in records} | {it.member for it in cards}
    tokens |= {case.subject} if about == "member" else set()
    members = [str(token) for (token,) in _rows(ledger, _MEMBER, sorted(tokens))]
    grants = [HoldRow(*row) for row in _rows(ledger, _GRANT, _grants(case, about, records))]
    devices = {it.device for it in lines}
    devices |= {case.subject.partition(":")[0]} if about in ("device", "chain") else set()
    if about == "day":
        devices |= {str(name) for (name,) in _rows(ledger, _OF_STORE, [case.store])}
    chains = [ChainStands(*row) for row in _rows(ledger, _CHAINS, sorted(devices), CHAINS_MAX)]
    names = [case.subject] if about == "device" else []
    pairings = [PairingStands(*row) for row in _rows(ledger, _PAIRINGS, names, PAIRINGS_MAX)]
    return Evidence(lines, cards, members, grants, chains, pairings)


def _lines(ledger: Ledger, case: CaseFile, about: str) -> list[LineSeen]:
    found = [] if case.line is None else list(_rows(ledger, _LINE, [case.line]))
    if about == "op":
        found += ledger.connection.execute(_OF_OP, (case.subject, case.subject, LINES_MAX))
    elif about == "chain":
        found += ledger.connection.execute(_OF_FORK, (case.subject, case.subject, LINES_MAX))
    elif about == "card" and found:
        record = _record(LineSeen(*found[0]))
        counter = -1 if record is None else record.ctr_used
        found += ledger.connection.execute(_OF_COUNTER, (case.subject, counter, LINES_MAX))
    # The first line of a case is mostly one of those that its subject finds too.
    once = {(row[0], bytes(row[-1])): LineSeen(*row) for row in found}
    return list(once.values())[:LINES_MAX]


def _grants(case: CaseFile, about: str, records: Iterable[Record]) -> list[str]:
    named = {getattr(it, "auth", "") for it in records} - {""}
    return sorted(named | ({case.subject} if about == "grant" else set()))


def _rows(ledger: Ledger, statement: str, keys: Iterable[object], *more: object) -> list[Row]:
    found: list[Row] = []
    for key in keys:
        found += ledger.connection.execute(statement, (key, *more)).fetchall()
    return found


def _record(seen: LineSeen) -> Record | None:
    try:
        return from_line(bytes(seen.line))
    except WireError:
        return None


_SEEN = """
SELECT inbox.id, store, name, epoch, inbox.seq, received_ms, status, code, line FROM inbox
JOIN chain ON chain.id = inbox.chain JOIN device ON device.id = chain.device
"""
_LINE = f"{_SEEN} WHERE inbox.id = ?"
# Two questions, so that each finds its own partial index.
_OF_OP = f"""
SELECT * FROM ({_SEEN} WHERE op = ? AND op <> '' AND status = 'posted'
UNION ALL {_SEEN} WHERE op = ? AND op <> '' AND status <> 'posted') AS seen ORDER BY id LIMIT ?
"""
_OF_FORK = f"""
SELECT * FROM ({_SEEN} WHERE name || ':' || epoch = ? AND inbox.seq = fork_seq
UNION ALL
SELECT 0, store, name, epoch, fork.seq, received_ms, 'fork', '', line FROM fork
JOIN chain ON chain.id = fork.chain JOIN device ON device.id = chain.device
WHERE name || ':' || epoch = ?) AS seen ORDER BY seq, id DESC LIMIT ?
"""
_OF_COUNTER = f"""
{_SEEN} WHERE op <> '' AND status = 'posted'
AND op IN (SELECT op FROM card_write WHERE card = ? AND counter = ?) ORDER BY inbox.id LIMIT ?
"""
_CARD = """
SELECT uid, kind, card.status, token, counter, seen_ms
FROM card JOIN member ON member.id = card.member WHERE uid = ?
"""
_MEMBER = "SELECT token FROM member WHERE token = ?"
_GRANT = "SELECT * FROM hold WHERE auth = ?"
_PAIRINGS = """
SELECT code, store, kind, made_by, made_ms, used_ms, tries FROM pairing
WHERE name = ? ORDER BY made_ms DESC, code LIMIT ?
"""
_OF_STORE = "SELECT name FROM device WHERE store = ? AND revoked_ms IS NULL"
_CHAINS = """
SELECT store, name, revoked_ms, epoch, seq, kept_seq, gap_since_ms, fork_seq
FROM chain JOIN device ON device.id = chain.device WHERE name = ? ORDER BY chain.id DESC LIMIT ?
"""
