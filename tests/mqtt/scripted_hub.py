"""A hub that does nothing but receipts: it keeps lines, finds gaps and answers asks."""

from loyalty import asks
from loyalty.chain import ZERO_HEAD, head_after, is_sealed_by, pack, unpack
from loyalty.lines import to_line
from loyalty.receipts import AccountView, Answer, LineStatus, Receipt

NOON_MS = 1_790_000_000_000


class ScriptedHub:
    """What a device hears from a hub; `take` an envelope and get `(purpose, envelope)` replies."""

    def __init__(self, *, kid: str, secret: bytes, incarnation: str = "hub-1") -> None:
        self.kid = kid
        self.secret = secret
        self.incarnation = incarnation
        self.held: dict[int, bytes] = {}
        self.heads = [ZERO_HEAD]
        self.hellos: list[asks.Hello] = []
        self.exceptions: tuple[LineStatus, ...] = ()
        self.answers_asks = True

    @property
    def upto_seq(self) -> int:
        return len(self.heads) - 1

    def restored(self, incarnation: str, upto_seq: int) -> "ScriptedHub":
        """Return this hub as its backup of line `upto_seq` knew it."""
        other = ScriptedHub(kid=self.kid, secret=self.secret, incarnation=incarnation)
        other.held = {seq: line for seq, line in self.held.items() if seq <= upto_seq}
        other.heads = self.heads[: upto_seq + 1]
        return other

    def take(self, envelope: bytes) -> list[tuple[str, bytes]]:
        header, lines, body, seal = unpack(envelope)
        purpose, device, epoch, _, first, _ = header
        assert is_sealed_by(self.secret, body, seal)
        if purpose == "ask":
            answer = self._view(asks.from_line(lines[0]))
            return [("answer", self._seal(device, epoch, answer))] if self.answers_asks else []
        if purpose == "hello":
            hello = asks.from_line(lines[0])
            assert isinstance(hello, asks.Hello)
            self.hellos.append(hello)
            return [("receipt", self.receipt(device, epoch, ref=hello.ref))]
        self.held.update(enumerate(lines, first))
        while (line := self.held.get(len(self.heads))) is not None:
            self.heads.append(head_after(self.heads[-1], line))
        return [("receipt", self.receipt(device, epoch))]

    def receipt(self, device: str, epoch: str, *, ref: str = "") -> bytes:
        beyond = [seq for seq in self.held if seq > self.upto_seq]
        receipt = Receipt(
            incarnation=self.incarnation,
            upto_seq=self.upto_seq,
            head=self.heads[-1].hex(),
            hub_ms=NOON_MS,
            want_first=self.upto_seq + 1 if beyond else 0,
            want_last=min(beyond) - 1 if beyond else 0,
            exceptions=self.exceptions,
            ref=ref,
        )
        return self._seal(device, epoch, receipt, purpose="receipt")

    def _view(self, ask: asks.Ask) -> Answer:
        return AccountView(
            ref=ask.ref,
            account="a1",
            version=1,
            tier="base",
            points=10,
            available_points=10,
            as_of_ms=NOON_MS,
            check="c",
        )

    def _seal(self, device: str, epoch: str, answer: Answer, purpose: str = "answer") -> bytes:
        line = to_line(answer)
        return pack(self.secret, purpose, device, epoch, self.kid, 0, ZERO_HEAD, [line])
