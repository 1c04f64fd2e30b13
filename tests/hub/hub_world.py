"""A small world for the hub's tests: a clock to move, a ledger, an intake, devices with a chain."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hub.ledger.books import Books
from hub.ledger.ledger import Ledger, open_ledger
from hub.ledger.sqlite import SqliteEngine
from hub.posting import own_chain
from hub.posting.custody import Custody
from hub.posting.documents import Document
from hub.posting.intake import Arrival, Intake, Reply
from hub.posting.offline_keys import OfflineKeys
from hub.posting.poster import Poster
from loyalty import receipts, topics
from loyalty.asks import Ask, Hello
from loyalty.chain import ZERO_HEAD, head_after, is_sealed_by, pack, unpack
from loyalty.hub_records import LeaseLapsed, LeaseOffered, PointsAdjusted
from loyalty.lease_records import LeaseClosed, LeaseSpend
from loyalty.leases import CLOSE, LAPSE, OFFER, operation
from loyalty.lines import to_line
from loyalty.programme import Programme, parse
from loyalty.receipts import Answer
from loyalty.record import Record
from loyalty.records import CheckIn, DayClosed, Redemption, Sale, SaleItem

START_MS = 1_488_360_000_000  # 2017-03-01T09:20:00Z
DAY = 20170301  # its business day
OPENS_MS = 1_488_427_200_000  # 2017-03-02T04:00:00Z, as the cut-off hour is four
SECRET = bytes(range(32))
FACE_KEY = bytes(range(1, 33))

PROGRAMME = """
name = "tests"
version = 3
valid_from = 2017-01-01
zone = "UTC"
currency = "USD"

[[tiers]]
id = "basic"
label = { en = "Basic" }
threshold_points = 0

[[tiers]]
id = "gold"
label = { en = "Gold" }
threshold_points = 1000

[[earn]]
id = "base"
points = 1
per_minor = 100

[[offers]]
id = "mug"
label = { en = "Mug" }
points = 50
value_minor = 500
"""


class MovedClock:
    """A clock that only its owner moves."""

    def __init__(self) -> None:
        self.at_ms = START_MS

    def now_ms(self) -> int:
        return self.at_ms


class Till:
    """A device of its own: it chains lines and packs envelopes, like a real one."""

    def __init__(self, name: str, store: str = "s1", epoch: str = "e1") -> None:
        self.name = name
        self.store = store
        self.epoch = epoch
        self.secret = SECRET
        self.kid = "k1"
        self.lines: list[bytes] = []
        self.heads = [ZERO_HEAD]

    def add(self, *stated: Record | bytes) -> None:
        for it in stated:
            line = it if isinstance(it, bytes) else to_line(it)
            self.lines.append(line)
            self.heads.append(head_after(self.heads[-1], line))

    def batch(self, first: int = 1, last: int | None = None) -> Arrival:
        lines = self.lines[first - 1 : last]
        return self.envelope("batch", first, self.heads[first - 1], lines)

    def ask(self, ask: Ask) -> Arrival:
        purpose = "hello" if isinstance(ask, Hello) else "ask"
        return self.envelope(purpose, 0, ZERO_HEAD, [to_line(ask)])

    def envelope(self, purpose: str, first: int, prev: bytes, lines: list[bytes]) -> Arrival:
        payload = pack(self.secret, purpose, self.name, self.epoch, self.kid, first, prev, lines)
        return Arrival(topics.up(self.store, self.name, purpose), payload)


class World:
    """A hub without its broker."""

    def __init__(
        self,
        where: Path | str,
        programmes: list[Programme] | None = None,
        offline_keys: OfflineKeys | None = None,
        programme_document: Document | None = None,
    ) -> None:
        """`where` is a folder for the ledger's file, or the URL of a ledger."""
        self.clock = MovedClock()
        self.path = where / "ledger.db" if isinstance(where, Path) else where
        self.ledger: Ledger = open_ledger(self.path, create=True, new_id=lambda: "incarnation")
        self.programme: Programme = parse(PROGRAMME, source="tests")
        self._ids = iter(range(1, 1_000_000))
        self._programmes = [self.programme] if programmes is None else programmes
        self._offline_keys = offline_keys
        self._programme_document = programme_document
        self.intake = self.intake_on(self.ledger)

    def intake_on(self, ledger: Ledger, card_master: bytes | None = None) -> Intake:
        """Return an intake into `ledger` with the rules, keys and clock of this world."""
        return Intake(
            ledger,
            self._programmes,
            now_ms=self.clock.now_ms,
            face_key=FACE_KEY,
            new_id=lambda: f"grant-{next(self._ids)}",
            card_master=card_master,
            offline_keys=self._offline_keys,
            programme_document=self._programme_document,
        )

    def till(self, name: str, epoch: str = "e1") -> Till:
        self.ledger.add_device("s1", name, "k1", SECRET, "password-of-" + name)
        return Till(name, epoch=epoch)

    def take(self, *arrivals: Arrival) -> list[Answer]:
        return [opened(it) for it in self.intake.take(arrivals)]

    def refuse_op(self, op: str) -> None:
        """Have the database itself refuse every line with `op`."""
        if isinstance(self.ledger.engine, SqliteEngine):
            statement = (
                f"CREATE TRIGGER refuse BEFORE INSERT ON inbox WHEN NEW.op = '{op}'"
                " BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        else:
            statement = f"ALTER TABLE inbox ADD CHECK (op <> '{op}')"
        self.ledger.connection.execute(statement)

    def value(self, statement: str, *values: object) -> object:
        row = self.ledger.connection.execute(statement, values).fetchone()
        return None if row is None else row[0]

    def status(self, seq: int) -> tuple[str, str]:
        row = self.ledger.connection.execute(
            "SELECT status, code FROM inbox WHERE seq = ?", (seq,)
        ).fetchone()
        return tuple(row)

    def balance(self, token: str) -> int | None:
        return self.value(
            "SELECT balance FROM account WHERE owner = ? AND kind = 'member_points'", token
        )

    def cases(self) -> list[str]:
        rows = self.ledger.connection.execute("SELECT code FROM case_file ORDER BY id")
        return [code for (code,) in rows]


def state_as_hub(
    ledger: Ledger, programmes: Sequence[Programme], record: Record, now_ms: int
) -> None:
    """Have the hub itself state `record`."""
    with ledger.transaction():
        books = Books(ledger)
        custody = Custody(books, Poster(books, programmes))
        own_chain.state(record, books, custody, ledger.incarnation, now_ms)
        books.flush()


def opened(reply: Reply) -> Answer:
    """Return the answer in an envelope of the hub whose seal is right."""
    header, lines, body, seal = unpack(reply.payload)
    assert is_sealed_by(SECRET, body, seal)
    assert reply.topic.endswith(f"/{header[1]}/rx/{header[0]}")
    return receipts.from_line(lines[0])


def receipted_lines(ledger: Ledger) -> int:
    """Return how many lines the hub holds without a gap before them: what receipts say."""
    row = ledger.connection.execute("SELECT coalesce(sum(seq), 0) FROM chain").fetchone()
    return int(row[0])


_COMMON = {
    "at_ms": START_MS,
    "mono_ms": 1,
    "boot": 1,
    "hub_ms": 0,
    "staff": "",
    "store": "s1",
    "rules": 3,
    "card": "04AA",
    "member": "anna",
    "ctr_seen": -1,
    "ctr_used": -1,
    "touch": "none",
}


def common(**changes: object) -> dict[str, object]:
    """Return what a record of any kind says of Anna, with `changes`."""
    return {**_COMMON, "op": "", **changes}


def sale(op: str, paid_minor: int = 1000, **changes: object) -> Sale:
    """Return a sale of one item by Anna."""
    known = Sale(
        **_COMMON,
        op=op,
        till_ms=START_MS,
        receipt=op,
        currency="USD",
        items=(SaleItem("unknown", paid_minor, 0),),
    )
    return replace(known, **changes)


def redemption(op: str, points: int = 50, **changes: object) -> Redemption:
    """Return a redemption of a mug by Anna."""
    known = Redemption(
        **_COMMON,
        op=op,
        offer="mug",
        points=points,
        value_minor=500,
        currency="USD",
        auth="",
        granted_ms=0,
    )
    return replace(known, **changes)


def lease_offered(lease: str, points: int, **changes: object) -> LeaseOffered:
    """Return a lease of `points` for Anna's card."""
    terms = {"lease": lease, "points": points, "expires_ms": START_MS + 10**9, "counter": 1}
    known = LeaseOffered(**{**_COMMON, "store": "hub"}, op=operation(lease, OFFER), **terms)
    return replace(known, **changes)


def lease_spend(lease: str, counter: int, points: int, **changes: object) -> LeaseSpend:
    """Return what Anna's card spent of its lease as its counter rose to `counter`."""
    fields = {"offer": "mug", "points": points, "value_minor": 500, "currency": "USD"}
    written = {"ctr_seen": counter - 1, "ctr_used": counter, "touch": "done"}
    op = f"s1:{lease}:{counter}:spend"
    return replace(LeaseSpend(**{**_COMMON, **written}, op=op, lease=lease, **fields), **changes)


def lease_closed(lease: str, left_points: int, **changes: object) -> LeaseClosed:
    """Return that a lease was taken off Anna's card with `left_points` on it."""
    fields = {**_COMMON, "touch": "done", "op": operation(lease, CLOSE), "lease": lease}
    return replace(LeaseClosed(**fields, left_points=left_points), **changes)


def lease_lapsed(lease: str, **changes: object) -> LeaseLapsed:
    """Return that nobody can have spent more of a lease of Anna's card."""
    fields = {**_COMMON, "store": "hub", "op": operation(lease, LAPSE), "lease": lease}
    return replace(LeaseLapsed(**fields), **changes)


def adjusted(proposal: str, points: int, **changes: object) -> PointsAdjusted:
    """Return points that two people gave Anna, or took from her."""
    terms = {"points": points, "reason": "goodwill", "receipt": "", "checker": "chan"}
    fields = {**_COMMON, "store": "hub", "card": "", "op": f"adjust:{proposal}"}
    return replace(PointsAdjusted(**fields, **terms, proposal=proposal), **changes)


def check_in(**changes: object) -> CheckIn:
    """Return a visit of Anna's."""
    return CheckIn(**common(**changes))


def day_over(day: int = DAY, **changes: object) -> DayClosed:
    """Return that business day `day` is over, as somebody told a terminal."""
    return DayClosed(**common(card="", member="", **changes), day=day)
