"""New rows on their way into tables: the server takes them in while we do other things.

libpq has no COPY in pipelines, so a COPY is a talk: we ask to begin, send rows once the server
agrees, and hear how many it took. The talk goes on whenever somebody comes by and an answer is
there; only who needs the connection waits for its end.
"""

import select
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from psycopg import Connection, Copy, Error, errors, pq
from psycopg.abc import Buffer, PQGen
from psycopg.copy import Writer
from psycopg.generators import copy_end, copy_to, execute
from psycopg.waiting import Ready, Wait

from hub.ledger.database import Row
from hub.ledger.unwritten import must_change


class Load(NamedTuple):
    """New rows for `table`, whose columns are of `types`."""

    table: str
    types: str
    rows: Sequence[Row]


class _Packed(NamedTuple):
    """So many rows for `table`, as they are sent."""

    table: str
    rows_wanted: int
    parts: list[Buffer]


class Copying:
    """What is being copied over one connection."""

    def __init__(self, connection: Connection[Row]) -> None:
        self._connection = connection
        self._packed: deque[_Packed] = deque()
        self._talk: PQGen[None] | None = None
        self._awaits = Wait.R

    @property
    def is_under_way(self) -> bool:
        """Whether there is still something to be done; the connection is not for others."""
        return self._talk is not None

    def add(self, loads: Iterable[Load]) -> None:
        """Copy `loads`, one table after the other, once what is under way is there.

        Raises:
            psycopg.Error: the server is quick, and does not take the rows.
        """
        self._packed.extend([_packed(self._connection, it) for it in loads if it.rows])
        if self._talk is None:
            self._talk = _talk(self._connection.pgconn, self._packed)
            self._go_on(None)
            self.advance()

    def advance(self) -> None:
        """Go on as far as that goes without waiting.

        Raises:
            psycopg.Error: the server does not take the rows.
        """
        while self._talk is not None and self._is_ready():
            self._go_on(Ready(self._awaits))

    def finish(self) -> None:
        """Wait until the rows are there, if any are under way.

        Raises:
            psycopg.Error: the server does not take the rows.
        """
        talk, self._talk = self._talk, None
        if talk is not None:
            self._connection.wait(_resumed(talk, self._awaits))

    def abandon(self) -> None:
        """Wait until the connection is free, whatever becomes of the rows."""
        self._packed.clear()
        with suppress(Error, AssertionError):
            self.finish()

    def _is_ready(self) -> bool:
        socket = select.poll()
        socket.register(self._connection.pgconn.socket, _EVENTS[self._awaits])
        return bool(socket.poll(0))

    def _go_on(self, ready: Ready | None) -> None:
        talk, self._talk = self._talk, None
        assert talk is not None
        try:
            self._awaits = next(talk) if ready is None else talk.send(ready)
            self._talk = talk
        except StopIteration:
            pass


def _resumed(talk: PQGen[None], awaits: Wait) -> PQGen[None]:
    """Go on with a talk that has begun, and that awaits something, as with one from its start."""
    while True:
        while not (ready := (yield awaits)):
            continue
        try:
            awaits = talk.send(ready)
        except StopIteration:
            return


class _Kept(Writer):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.parts: list[Buffer] = []

    def write(self, data: Buffer) -> None:
        self.parts.append(data)


_EVENTS = {
    Wait.R: select.POLLIN,
    Wait.W: select.POLLOUT,
    Wait.RW: select.POLLIN | select.POLLOUT,
}


def _packed(connection: Connection[Row], load: Load) -> _Packed:
    kept = _Kept()
    with connection.cursor() as cursor, Copy(cursor, binary=True, writer=kept) as copy:
        copy.set_types(load.types.split())
        for row in load.rows:
            copy.write_row(row)
    return _Packed(load.table, len(load.rows), kept.parts)


def _talk(pgconn: pq.abc.PGconn, packed: deque[_Packed]) -> PQGen[None]:
    while packed:
        table, rows_wanted, parts = packed.popleft()
        what = f"COPY {table} FROM STDIN (FORMAT BINARY)"
        pgconn.send_query(what.encode())
        (begun,) = yield from execute(pgconn)
        if begun.status != pq.ExecStatus.COPY_IN:
            raise errors.error_from_result(begun)
        for part in parts:
            yield from copy_to(pgconn, part, flush=False)
        done = yield from copy_end(pgconn, None)
        must_change(done.command_tuples or 0, rows_wanted, what)
