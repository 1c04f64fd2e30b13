"""What the session is told and what it asks for: events happened, requests are to be done."""

from typing import NamedTuple

from loyalty.asks import Ask
from loyalty.receipts import Answer, LineStatus


class Connected(NamedTuple):
    """The broker let us in and delivers what the hub says."""


class Disconnected(NamedTuple):
    """There is no connection, or no longer; `was_refused` if the broker does not want us."""

    reason: str
    was_refused: bool = False


class LinesAppended(NamedTuple):
    """The journal holds more lines than before."""


class Received(NamedTuple):
    """An envelope came from the broker; who made it is still to be checked."""

    envelope: bytes


class AskWanted(NamedTuple):
    """The terminal asks the hub and waits at most `timeout_ms`."""

    ask: Ask
    timeout_ms: int


class TimePassed(NamedTuple):
    """A moment went by."""


Event = Connected | Disconnected | LinesAppended | Received | AskWanted | TimePassed


class Publish(NamedTuple):
    """Send this envelope on the topic of its purpose."""

    purpose: str
    envelope: bytes


class Deliver(NamedTuple):
    """Hand this answer to whoever asked."""

    answer: Answer


class GiveUp(NamedTuple):
    """Tell whoever asked `ref` that the hub is silent."""

    ref: str


class Report(NamedTuple):
    """Tell the terminal which lines did not simply post."""

    statuses: tuple[LineStatus, ...]


class Reconnect(NamedTuple):
    """Connect again after `after_ms`."""

    after_ms: int


class Notice(NamedTuple):
    """Write to the log what should not have happened."""

    what: str
    detail: str


Request = Publish | Deliver | GiveUp | Report | Reconnect | Notice
