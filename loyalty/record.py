"""What every record says: when, where, by whom, and which card took part."""

from dataclasses import dataclass
from typing import Annotated

from loyalty.fields import Choice, Count, Counter, Id, MemberToken, Op, OptionalId, TimeMs
from loyalty.lines import Line

Touch = Annotated[str, Choice(("none", "done", "torn", "unknown"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Line):
    """The fields every line carries.

    `at_ms` is wall time, `mono_ms` milliseconds since boot number `boot`, `hub_ms` the last hub
    time seen in this boot (0 for none). `rules` is the programme version the device had. `card`
    is the chip's UID in hexadecimal, or stands for a number (`loyalty.card_numbers`), and `member`
    the token read from it; both are empty where no card took part. `ctr_seen` and `ctr_used` are
    the card's counter as read and as written (-1 for none), `touch` how that write ended. `op` is
    the business key of a fact that moves value: merchant, till, receipt number and leg; empty for
    the others.
    """

    at_ms: TimeMs
    mono_ms: Count
    boot: Count
    hub_ms: TimeMs
    staff: OptionalId
    store: Id
    rules: Count
    card: OptionalId
    member: MemberToken
    ctr_seen: Counter
    ctr_used: Counter
    touch: Touch
    op: Op
