"""The cards in memory, and what is known of their counters.

Questions about counters look behind the lists of the transaction, so they write those first.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable

from hub.ledger.database import Row
from hub.ledger.rows import CardRow
from hub.ledger.unwritten import Unwritten

CARDS_MAX = 40_000  # in memory, about 400 bytes each


class Cards:
    """Reads cards through a cache; what changes is written with the transaction."""

    def __init__(self, unwritten: Unwritten) -> None:
        self._engine = unwritten.engine
        self._unwritten = unwritten
        self._rows: OrderedDict[str, CardRow] = OrderedDict()
        self._absent: set[str] = set()

    def known(self, uids: Iterable[str]) -> list[str]:
        """Return those of `uids` that are in memory."""
        return [it for it in uids if it in self._rows]

    def expect(self, found: Iterable[CardRow], wanted: Collection[str]) -> None:
        """Know that of the cards `wanted` those `found`, or in memory, are all that there are.

        That is right until `forget_absent`.
        """
        self._rows.update([(it.uid, it) for it in found])
        self._absent = {it for it in wanted if it not in self._rows}

    def forget_absent(self) -> None:
        """Look again for cards that were not there."""
        self._absent = set()

    def trim(self) -> None:
        """Give the oldest back if there are too many."""
        while len(self._rows) > CARDS_MAX:
            self._rows.popitem(last=False)

    def find(self, uid: str) -> CardRow | None:
        """Return the card with chip number `uid`, if the ledger knows it."""
        card = self._rows.get(uid)
        if card is not None or uid in self._absent:
            return card
        found = self._one(_CARD + self._engine.lock, uid)
        if found is None:
            return None
        card = self._rows[uid] = CardRow(*found)
        return card

    def add(self, card: CardRow, member: int) -> None:
        """Have `card`, a new one of member number `member`, written."""
        self._unwritten.new_cards[card.uid] = member
        self.set(card)

    def set(self, card: CardRow) -> None:
        """Have `card` written as it is now."""
        self._rows[card.uid] = self._unwritten.cards[card.uid] = card

    def add_write(self, uid: str, counter: int, op: str, touched_ms: int) -> None:
        """Note that `counter` of card `uid` stands for `op`, written at `touched_ms`."""
        self._unwritten.card_writes.append((uid, counter, op, touched_ms))

    def other_write(self, uid: str, counter: int, op: str) -> str | None:
        """Return an operation other than `op` that `counter` of card `uid` stands for, if any."""
        self._unwritten.write()
        found = self._one(
            "SELECT min(op) FROM card_write"
            " WHERE card = ? AND counter = ? AND op <> ? AND op <> ''",
            *(uid, counter, op),
        )
        return None if found is None or found[0] is None else str(found[0])

    def writes_after(self, uid: str, counter: int) -> dict[int, str]:
        """Return an operation for each number above `counter` that card `uid` was written as."""
        self._unwritten.write()
        statement = "SELECT counter, op FROM card_write WHERE card = ? AND counter > ?"
        return dict(self._engine.database.execute(statement, (uid, counter)).fetchall())

    def counter_before(self, uid: str, touched_ms: int) -> int:
        """Return the highest counter written to card `uid` before `touched_ms`, -1 for none."""
        self._unwritten.write()
        found = self._one(
            "SELECT max(counter) FROM card_write WHERE card = ? AND touched_ms < ?",
            *(uid, touched_ms),
        )
        return -1 if found is None or found[0] is None else int(found[0])

    def _one(self, statement: str, *values: object) -> Row | None:
        row: Row | None = self._engine.database.execute(statement, values).fetchone()
        return row


_CARD = (
    "SELECT uid, token, counter, seen_ms, status, kind FROM card"
    " JOIN member ON member.id = card.member WHERE uid = ?"
)
