"""How far the hub has a journal's lines: by its receipts, and by nothing less."""

from device.records.kept_lines import KeptLines
from device.records.settlement import Mismatch, Reopened, Settled, Settlement
from device.records.statements import Statements
from loyalty.receipts import Receipt

INCARNATIONS_MAX = 64

_FORGET_INCARNATIONS = "DELETE FROM incarnation WHERE met <= (SELECT max(met) FROM incarnation) - ?"


class Settling:
    """The hub's word about the lines of one epoch; `settled_seq` is the last one that it has."""

    def __init__(self, statements: Statements, lines: KeptLines) -> None:
        self._statements = statements
        self._lines = lines
        self.epoch: str
        self.settled_seq: int
        ((self.epoch, self.settled_seq),) = statements.read("SELECT epoch, settled_seq FROM place")
        self._incarnations: list[str] = [
            name for (name,) in statements.read("SELECT id FROM incarnation ORDER BY met")
        ]

    @property
    def incarnation(self) -> str:
        """The newest incarnation of the hub that was met; empty for none."""
        return self._incarnations[-1] if self._incarnations else ""

    def settle(self, receipt: Receipt, *, epoch: str) -> Settlement:
        """Take the hub's word for every line up to the receipt's, if it names exactly our chain.

        Raises:
            JournalFailed: the disk is full or broken; nothing is settled.
        """
        mismatch = self._mismatch(receipt, epoch)
        if mismatch is not None:
            return mismatch
        upto_seq = max(receipt.upto_seq, self._lines.pruned_seq)
        if receipt.incarnation != self.incarnation:
            return self._begin_anew(receipt, upto_seq)
        if upto_seq <= self.settled_seq:
            return Settled(0)
        settled = Settled(upto_seq - self.settled_seq)
        self._statements.write(
            f"receipt for {upto_seq}", "UPDATE place SET settled_seq = ?", (upto_seq,)
        )
        self.settled_seq = upto_seq
        return settled

    def _begin_anew(self, receipt: Receipt, upto_seq: int) -> Settled | Reopened:
        with self._statements.together(f"receipt for {upto_seq}") as database:
            database.execute("UPDATE place SET settled_seq = ?", (upto_seq,))
            database.execute("INSERT INTO incarnation (id) VALUES (?)", (receipt.incarnation,))
            database.execute(_FORGET_INCARNATIONS, (INCARNATIONS_MAX,))
        before_seq, self.settled_seq = self.settled_seq, upto_seq
        self._incarnations = [*self._incarnations, receipt.incarnation][-INCARNATIONS_MAX:]
        lost_lines = upto_seq - receipt.upto_seq
        if upto_seq < before_seq or lost_lines:
            return Reopened(before_seq - upto_seq, lost_lines)
        return Settled(upto_seq - before_seq)

    def _mismatch(self, receipt: Receipt, epoch: str) -> Mismatch | None:
        lines = self._lines
        if epoch != self.epoch:
            return Mismatch("epoch", epoch, self.epoch)
        if receipt.incarnation in self._incarnations[:-1]:
            return Mismatch("incarnation", receipt.incarnation, self.incarnation)
        if receipt.upto_seq > lines.last_seq:
            return Mismatch("seq", str(receipt.upto_seq), f"at most {lines.last_seq}")
        if receipt.upto_seq < lines.pruned_seq:
            if receipt.incarnation != self.incarnation:
                return None  # its head is pruned; the seal vouches for what it lacks
            return Mismatch("seq", str(receipt.upto_seq), f"at least {lines.pruned_seq}")
        head = lines.head_at(receipt.upto_seq).hex()
        return None if receipt.head == head else Mismatch("head", receipt.head, head)
