"""What takes two people: one proposes, another agrees or refuses, and neither can alone.

Whoever acts on a yes decides and acts in one transaction, so that it happens exactly once.
"""

from collections.abc import Iterator
from typing import NamedTuple

from hub.errors import HubError, NotFound
from hub.ledger.database import Database
from hub.ledger.ledger import Ledger
from loyalty.wire import NAME_CHARACTERS

LIST_MAX = 1_000
PERSON_MAX_CHARS = 64  # what a line takes as an id
NOTE_MAX_CHARS = 1_000


class Proposal(NamedTuple):
    """What `maker` wants done about `subject`, and why; in column order.

    `terms` are the kind's own, `reason` is one word and `note` a sentence. `checker` is empty while
    nobody has decided.
    """

    id: str
    kind: str
    subject: str
    terms: str
    reason: str
    note: str
    maker: str
    made_ms: int
    checker: str = ""
    decided_ms: int | None = None
    status: str = "open"


def propose(database: Database, proposal: Proposal) -> None:
    """Keep an open proposal until somebody else decides.

    Raises:
        HubError: its maker has no name that a line can hold, or it has no note.
    """
    check_person("maker", proposal.maker)
    note = proposal.note
    if not 1 <= len(note) <= NOTE_MAX_CHARS or not note.isprintable():
        wanted = f"1 to {NOTE_MAX_CHARS} printable characters wanted"
        raise HubError(f"note of {len(note)} characters, {note[:40]!r}: {wanted}")
    database.execute("INSERT INTO proposal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", proposal)


def decide(
    database: Database, number: str, kind: str, checker: str, now_ms: int, *, agrees: bool
) -> Proposal:
    """Return proposal `number` of `kind` as `checker` has decided it now.

    Raises:
        HubError: `checker` made it or has no name, or it was decided before.
        NotFound: there is no such proposal of that kind.
    """
    check_person("checker", checker)
    found = find_proposal(database, number, kind)
    if checker.casefold() == found.maker.casefold():
        raise HubError(f"proposal {number} is {found.maker}'s own, another person wanted")
    status = "agreed" if agrees else "refused"
    # The count of changed rows tells two people who decide at once apart.
    statement = (
        "UPDATE proposal SET checker = ?, decided_ms = ?, status = ?"
        " WHERE proposal = ? AND status = 'open'"
    )
    if database.execute(statement, (checker, now_ms, status, number)).rowcount != 1:
        found = find_proposal(database, number, kind)
        raise HubError(f"proposal {number} was {found.status} by {found.checker}, open one wanted")
    return found._replace(checker=checker, decided_ms=now_ms, status=status)


def find_proposal(database: Database, number: str, kind: str) -> Proposal:
    """Return proposal `number` of `kind`.

    Raises:
        NotFound: there is none.
    """
    statement = "SELECT * FROM proposal WHERE proposal = ? AND kind = ?"
    row = database.execute(statement, (number, kind)).fetchone()
    if row is None:
        raise NotFound(f"no proposal {number[:40]!r} of kind {kind!r}")
    return Proposal(*row)


def find_proposals(
    ledger: Ledger, kind: str, *, is_open: bool = False, limit: int = LIST_MAX
) -> list[Proposal]:
    """Return the newest proposals of `kind`, at most `limit` of them; or only the open ones."""
    where = "kind = ? AND status = 'open'" if is_open else "kind = ?"
    statement = f"SELECT * FROM proposal WHERE {where} ORDER BY made_ms DESC, proposal LIMIT ?"
    rows = ledger.connection.execute(statement, (kind, min(limit, LIST_MAX)))
    return [Proposal(*row) for row in rows]


def standing(database: Database, kind: str, reason: str) -> Iterator[Proposal]:
    """Yield every proposal of `kind` for `reason` that nobody has refused, however many."""
    statement = "SELECT * FROM proposal WHERE kind = ? AND reason = ? AND status <> 'refused'"
    for row in database.execute(statement, (kind, reason)):
        yield Proposal(*row)


def check_person(role: str, name: str) -> None:
    """See that `name`, of whoever does something as `role`, can stand in a line.

    Raises:
        HubError: it is empty, too long or has other characters.
    """
    if not 1 <= len(name) <= PERSON_MAX_CHARS or not NAME_CHARACTERS.issuperset(name):
        wanted = f"1 to {PERSON_MAX_CHARS} of A-Z a-z 0-9 and _ - . : / + = wanted"
        raise HubError(f"{role} {name[:40]!r}, {wanted}")
