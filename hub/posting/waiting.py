"""Lines that were held for something that comes by itself, and post once it has come."""

from collections.abc import Callable, Iterator

from hub.ledger.books import Books
from hub.ledger.rows import Filed, Verdict
from hub.posting.reconcile import FUTURE_CLOCK, FUTURE_MAX_MS, HELD, POSTED, UNKNOWN_CARD
from loyalty.fields import TIME_MAX_MS
from loyalty.records import from_line
from loyalty.wire import UnknownLine, WireError

UNKNOWN_KIND = "unknown_kind"
WAITS_FOR = (FUTURE_CLOCK, UNKNOWN_KIND, UNKNOWN_CARD)  # codes of lines that post by themselves


def follows_fork(filed: Filed) -> bool:
    """Return whether a line waits for people, whatever else comes that it waited for."""
    fork_seq = filed.chain.fork_seq
    return fork_seq is not None and filed.seq >= fork_seq


class Waiting:
    """Has held lines posted with `post`, and closes the cases that this settles.

    Those of which `stays` says so are left alone.
    """

    def __init__(
        self,
        books: Books,
        post: Callable[[Filed], Verdict],
        stays: Callable[[Filed], bool] = follows_fork,
    ) -> None:
        self._books = books
        self._post = post
        self._stays = stays

    def post_reached(self, now_ms: int) -> int:
        """Post lines that were ahead of the hub's clock and are not any more; return how many did.

        A device's case closes when none of its lines is ahead any longer.
        """
        posted = 0
        devices = set()
        for filed in self._held(FUTURE_CLOCK, now_ms + FUTURE_MAX_MS):
            posted += self._post(filed._replace(received_ms=now_ms)).status == POSTED
            devices.add(filed.chain.device.name)
        still_ahead = {name for name, *_ in self._books.inbox.held_with(FUTURE_CLOCK)}
        for device in sorted(devices - still_ahead):
            self._books.close_case(FUTURE_CLOCK, device, now_ms)
        return posted

    def post_understood(self, now_ms: int) -> int:
        """Post lines of kinds that an older program did not know; return how many did."""
        posted = 0
        for filed in self._held(UNKNOWN_KIND):
            if _is_understood(filed.line):
                posted += self._post(filed._replace(received_ms=now_ms)).status == POSTED
                self._books.close_case(UNKNOWN_KIND, filed.name, now_ms)
        return posted

    def post_linked(self, card: str, now_ms: int) -> None:
        """Post the lines that were held because nobody knew whose `card` is."""
        for filed in self._held(UNKNOWN_CARD):
            if from_line(filed.line).card == card:
                self._post(filed._replace(received_ms=now_ms))
        self._books.close_case(UNKNOWN_CARD, card, now_ms)

    def _held(self, code: str, until_ms: int = TIME_MAX_MS) -> Iterator[Filed]:
        """Yield the lines held with `code` that count by `until_ms`, apart from those that stay."""
        inbox = self._books.inbox
        for name, epoch, seq in inbox.held_with(code, until_ms):
            device = self._books.device(name)
            assert device is not None
            chain = inbox.chain(device, epoch)
            found = inbox.line_at(chain, seq)
            # The device is locked only now: another hub may have posted the line meanwhile.
            if found is not None and found[1:] == (HELD, code) and not self._stays(found[0]):
                yield found[0]


def _is_understood(line: bytes) -> bool:
    try:
        from_line(line)
    except UnknownLine:
        return False
    except WireError:
        return True  # posting says what is wrong with it
    return True
