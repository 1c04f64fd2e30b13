"""What a group of lines will ask of the ledger, told from its records and read in few statements.

Names and rows are locked in one order, names of cards and members, devices, cards, members, whoever
asks: so two bridges that want the same ones wait for each other and never both.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable
from typing import NamedTuple

from hub.ledger.database import Engine, Question, Row, nothing
from hub.ledger.rows import CardRow, DeviceRow, PostedLine
from hub.ledger.schema import POINT, house_of
from loyalty.fold import event_ms
from loyalty.record import Record
from loyalty.records import VALUE_KINDS
from loyalty.state import Position

CHAINS_MAX = 2_000  # in memory; of the devices of a group the newest
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


class Senders(NamedTuple):
    """Devices with their newest chains, the cards that they name, and how their stores stand.

    `chains` and `houses` are rows, those of accounts of stores; `opens_ms` is when the day after
    the last close of each store opened, which for most has not been yet.
    """

    devices: list[DeviceRow]
    chains: list[Row]
    cards: list[CardRow]
    opens_ms: dict[str, int]
    houses: list[Row]


class Ahead(NamedTuple):
    """What was found of what is wanted. What is not in here is not in the ledger.

    `members` are rows of that table; `lots`, those with something left, and `histories`, those that
    late facts will want, are by member id. `reserved` are members with holds.
    """

    members: list[Row]
    lots: dict[int, list[Row]]
    reserved: set[int]
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


def read_senders(
    engine: Engine,
    names: Collection[str],
    stores: Collection[str],
    wanted: Wanted,
    meanwhile: Callable[[], bool] = nothing,
) -> Senders:
    """Return what there is of devices and of the cards `wanted`, locked, and of `stores`.

    Nobody else reads a card or a member `wanted` from now on, be it there or not.
    """
    of_card = f"ORDER BY uid{engine.lock}{' OF card' if engine.lock else ''}"
    found, kept, chains, seen, closes, houses = engine.find_all(
        Question(_DEVICES, names, "ORDER BY id" + engine.lock),
        Question(_SECRETS, names, "ORDER BY added"),
        Question(_CHAINS, names, f"ORDER BY chain.id DESC LIMIT {CHAINS_MAX}"),
        Question(_CARDS, wanted.cards, of_card),
        Question(_CLOSES, stores, "GROUP BY store"),
        Question(_HOUSES, [house_of(it) for it in stores]),
        names=wanted.cards | wanted.tokens,
        meanwhile=meanwhile,
    )
    secrets: defaultdict[int, dict[str, bytes]] = defaultdict(dict)
    for device, kid, secret in kept:
        secrets[device][kid] = secret
    devices = [
        DeviceRow(number, store, name, secrets[number], revoked_ms is not None)
        for number, store, name, revoked_ms in found
    ]
    opens_ms = {**dict.fromkeys(stores, 0), **dict(closes)}
    return Senders(devices, chains, [CardRow(*it) for it in seen], opens_ms, houses)


def read_ahead(
    engine: Engine,
    wanted: Wanted,
    cards: Iterable[CardRow],
    meanwhile: Callable[[], bool],
    *,
    known: Container[str],
) -> Ahead:
    """Return what there is of `wanted`, its members and those of `cards` locked.

    Members whose tokens are `known` are left out.
    """
    owners = {it.uid: it.member for it in cards}
    wanted.tokens.update(owners.values())
    unknown = [it for it in wanted.tokens if it not in known]
    members, left, held, posted = engine.find_all(
        Question(_MEMBERS, unknown, "ORDER BY token" + engine.lock),
        Question(_LOTS, unknown, "ORDER BY expires_ms, earned_ms, op, leg"),
        Question(_RESERVED, unknown),
        Question(_OPS, wanted.ops),
        meanwhile=meanwhile,
    )
    lots: defaultdict[int, list[Row]] = defaultdict(list)
    for member, *lot in left:
        lots[member].append(tuple(lot))
    ops = {
        op: PostedLine(line_id, line, member, Position(*position))
        for op, line_id, line, member, *position in posted
    }
    histories = engine.read_histories(_late(wanted.facts, owners, members))
    return Ahead(members, lots, {member for (member,) in held}, ops, histories)


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
_SECRETS = (
    "SELECT device, kid, secret FROM device_secret"
    " JOIN device ON device.id = device_secret.device WHERE name"
)
_CHAINS = (
    "SELECT device, chain.id, epoch, seq, head, kept_seq, gap_since_ms, fork_seq FROM chain"
    " JOIN device ON device.id = chain.device WHERE name"
)
_CLOSES = "SELECT store, max(opens_ms) FROM day_close WHERE store"
_HOUSES = f"SELECT owner, kind, id FROM account WHERE unit = '{POINT}' AND owner"
_CARDS = (
    "SELECT uid, token, counter, seen_ms, status, kind FROM card"
    " JOIN member ON member.id = card.member WHERE uid"
)
_MEMBERS = "SELECT * FROM member WHERE token"
_LOTS = (
    "SELECT member, op, leg, earned_ms, expires_ms, amount, remaining FROM lot"
    " JOIN member ON member.id = lot.member WHERE remaining > 0 AND token"
)
_RESERVED = (
    "SELECT member FROM hold JOIN member ON member.id = hold.member"
    " WHERE status = 'active' AND token"
)
_OPS = (
    "SELECT op, inbox.id, line, member, event_ms, device.name, epoch, inbox.seq FROM inbox"
    " JOIN chain ON chain.id = inbox.chain JOIN device ON device.id = chain.device"
    " WHERE op <> '' AND status = 'posted' AND op"
)
