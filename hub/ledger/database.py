"""What the ledger needs of a database, whichever it is.

Statements are written once, with `?` for each value, in the SQL that SQLite and PostgreSQL share;
only rows in bulk, numbers and locks are each engine's own.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from hub.ledger.ahead import History
    from hub.ledger.unwritten import Unwritten

Row = tuple[Any, ...]


def nothing() -> bool:
    """Do nothing while others work; there is no more of it."""
    return False


class Question(NamedTuple):
    """What `select` finds, a SELECT that ends with a column: where that one is in `keys`."""

    select: str
    keys: Collection[Any]
    rest: str = ""


class Rows(Protocol):
    """What a statement found, or how many rows it changed."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """A connection that runs statements."""

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Rows:
        """Run one statement."""
        ...

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> Rows:
        """Run one statement for each row of values."""
        ...


class Engine(Protocol):
    """One connection to a database that can hold a ledger; of one thread at a time.

    `place` names it in messages, without a password. `lock` ends a SELECT of rows that this
    transaction will change: empty where only one transaction writes at a time.
    """

    place: str
    lock: str

    @property
    def database(self) -> Database:
        """What runs statements."""
        ...

    def transaction(self, meanwhile: Callable[[], bool] = nothing) -> AbstractContextManager[None]:
        """Run the block in one transaction: all of it is durable afterwards, or none of it.

        While a server waits for its disk, `meanwhile` is called until there is no more of it.

        Raises:
            LedgerUnavailable: the database could not take it; nothing of it is there.
            LedgerContended: another connection got in the way; do it again at once.
        """
        ...

    def asking(self) -> AbstractContextManager[None]:
        """Run the block, which only reads.

        Raises:
            LedgerUnavailable: the database does not answer.
        """
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Run the block, which only reads, on the ledger as it is now; nobody has to wait for it.

        Raises:
            LedgerUnavailable: the database does not answer.
        """
        ...

    def changed_elsewhere(self) -> int:
        """Return a number that changes when another connection may have committed."""
        ...

    def expect_keys(self) -> None:
        """Get ready for statements about few rows, found by keys, and hardly any others."""
        ...

    def find(self, select: str, keys: Collection[Any], rest: str = "") -> list[Row]:
        """Return what one question finds."""
        ...

    def find_all(
        self,
        *questions: Question,
        names: Collection[str] = (),
        meanwhile: Callable[[], bool] = nothing,
    ) -> list[list[Row]]:
        """Return what each question finds; they are answered one after the other, asked at once.

        Before, wait for whoever gave one of `names` here too, until that transaction ends: what is
        not there has no row to lock. Where many keys leave us waiting for a server, `meanwhile` is
        called.
        """
        ...

    def read_histories(self, since_ms: Mapping[int, int]) -> "dict[int, History]":
        """Return what facts from then on look back to, by member id; some may be left out."""
        ...

    def expect_numbers(self, table: str, count: int) -> None:
        """Get ready to give out that many ids."""
        ...

    def next_number(self, table: str) -> int:
        """Return an id that no row of `table` has; they rise."""
        ...

    def forget_numbers(self) -> None:
        """Look the next ids up anew: a transaction was rolled back, or another one wrote."""
        ...

    def hand_over(self, unwritten: "Unwritten") -> None:
        """Have a server begin to write the rows of `unwritten` that are new, if they are many."""
        ...

    def write(self, unwritten: "Unwritten", meanwhile: Callable[[], bool]) -> None:
        """Write the rows of `unwritten`, in the order in which they refer to each other.

        Where that leaves us waiting for a server, `meanwhile` is called.
        """
        ...

    def size_bytes(self) -> int:
        """Return how much room the database takes."""
        ...

    def has_dangling_references(self) -> bool:
        """Return whether a row refers to one that is not there."""
        ...

    def revision(self) -> str | None:
        """Return the name of the schema that is there, None for an empty database."""
        ...

    def create(self) -> None:
        """Make the newest schema in an empty database, whole or not at all."""
        ...

    def upgrade(self) -> None:
        """Bring an older schema to the newest, whole or not at all."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
