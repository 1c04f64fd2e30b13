"""What a group of lines will ask of the ledger, told from its records and read in few statements.

Rows are locked in one order, devices, cards, members, whoever asks: so two bridges that want the
same ones wait for each other and never both.
"""

from collections import defaultdict
from collections.abc import Collection, Container, Iterable
from typing import NamedTuple

from hub.ledger.database import Engine, Row
from hub.ledger.rows import CardRow, DeviceRow, PostedLine
from loyalty.fold import event_ms
from loyalty.record import Record
from loyalty.records import VALUE_KINDS
from loyalty.state import Position

LAST_EVENT_MS = 7  # which column of table `member` it is


class NamedFact(NamedTuple):
    """A fact to come: whose it is, by card or by token, and when it says that it happened."""

    card: str
    token: str
    event_ms: int


class Wanted(NamedTuple):
    """Keys that records name."""

    cards: set[str]
    tokens: set[str]
    ops: set[str]
    facts: list[NamedFact]


class History(NamedTuple):
    """What a late fact of a member looks back to: all facts after a state that was kept.

    `kept` is that state as text, None at the very beginning; `facts` are lines with positions.
    """

    kept: str | None
    facts: list[Row]


class Ahead(NamedTuple):
    """What was found of what is wanted. What is not in here is not in the ledger.

    `members` are rows of that table; `lots`, those with something left, and `histories`, those that
    late facts will want, are by member id.
    """

    cards: list[CardRow]
    members: list[Row]
    lots: dict[int, list[Row]]
    ops: dict[str, PostedLine]
    histories: dict[int, History]


def wanted_by(records: Iterable[Record]) -> Wanted:
    """Return what `records` name."""
    wanted = Wanted(set(), set(), set(), [])
    for it in records:
        wanted.cards.add(it.card)
        wanted.tokens.add(it.member)
        wanted.ops.add(it.op)
        if it.kind in VALUE_KINDS:
            wanted.facts.append(NamedFact(it.card, it.member, event_ms(it)))
    for keys in wanted[:3]:
        keys.discard("")
    return wanted


def read_devices(engine: Engine, names: Collection[str]) -> list[DeviceRow]:
    """Return those of the devices that are registered, locked, with their secrets."""
    found = engine.find(_DEVICES, names, "ORDER BY id" + engine.lock)
    secrets: defaultdict[int, dict[str, bytes]] = defaultdict(dict)
    for device, kid, secret in engine.find(_SECRETS, [it[0] for it in found], "ORDER BY added"):
        secrets[device][kid] = secret
    return [
        DeviceRow(number, store, name, secrets[number], revoked_ms is not None)
        for number, store, name, revoked_ms in found
    ]


def read_ahead(engine: Engine, wanted: Wanted, *, known: Container[str]) -> Ahead:
    """Return what there is of `wanted`, its cards and members locked.

    Members whose tokens are `known` are left out.
    """
    of_card = f"ORDER BY uid{engine.lock}{' OF card' if engine.lock else ''}"
    cards = [CardRow(*row) for row in engine.find(_CARDS, wanted.cards, of_card)]
    owners = {it.uid: it.member for it in cards}
    wanted.tokens.update(owners.values())
    unknown = [it for it in wanted.tokens if it not in known]
    members = engine.find(_MEMBERS, unknown, "ORDER BY token" + engine.lock)
    lots: defaultdict[int, list[Row]] = defaultdict(list)
    left = "AND remaining > 0 ORDER BY expires_ms, earned_ms, op, leg"
    for member, *lot in engine.find(_LOTS, [it[0] for it in members], left):
        lots[member].append(tuple(lot))
    ops = {
        op: PostedLine(line_id, line, member, Position(*position))
        for op, line_id, line, member, *position in engine.find(
            _OPS, wanted.ops, "AND op <> '' AND status = 'posted'"
        )
    }
    histories = engine.read_histories(_late(wanted.facts, owners, members))
    return Ahead(cards, members, lots, ops, histories)


def _late(
    facts: Iterable[NamedFact], owners: dict[str, str], members: Iterable[Row]
) -> dict[int, int]:
    """Return the members to whom something late comes, and from when on they will be asked for."""
    last = {token: (row[0], row[LAST_EVENT_MS] or 0) for row in members for token in row[1:2]}
    since_ms: dict[int, int] = {}
    for card, token, at_ms in facts:
        member, last_ms = last.get(owners.get(card, token), (0, -1))
        if at_ms <= last_ms:
            since_ms[member] = min(at_ms, since_ms.get(member, at_ms))
    return since_ms


_DEVICES = "SELECT id, store, name, revoked_ms FROM device WHERE name"
_SECRETS = "SELECT device, kid, secret FROM device_secret WHERE device"
_CARDS = (
    "SELECT uid, token, counter, seen_ms, status, kind FROM card"
    " JOIN member ON member.id = card.member WHERE uid"
)
_MEMBERS = "SELECT * FROM member WHERE token"
_LOTS = "SELECT member, op, leg, earned_ms, expires_ms, amount, remaining FROM lot WHERE member"
_OPS = (
    "SELECT op, inbox.id, line, member, event_ms, device.name, epoch, inbox.seq FROM inbox"
    " JOIN chain ON chain.id = inbox.chain JOIN device ON device.id = chain.device WHERE op"
)
