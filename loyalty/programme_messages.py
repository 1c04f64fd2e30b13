"""What a programme says to its members: promotion messages, each with whom and when it is for.

A message stands in the document as::

    [[messages]]
    id = "evening-bread"
    priority = 20                       # higher comes first; 0 where it is left out
    weekdays = ["saturday", "sunday"]   # business days; also first_day, last_day
    hours = "17:00-20:30"               # of the wall clock in the programme's zone
    tiers = ["gold", "platinum"]
    classes = ["staff"]                 # of membership
    segments = ["families"]             # of members, as the hub sorts them
    least_points = 40                   # also most_points
    text = { en = "…", zh_Hant_HK = "…", zh_Hans_CN = "…" }

A condition that is left out admits everybody.
"""

import re
from dataclasses import dataclass
from datetime import date

from loyalty.fields import POINTS_MAX
from loyalty.programme_table import Table
from loyalty.programme_terms import Label, read_on_days

MESSAGE_MAX_CHARS = 120
PRIORITY_MAX = 1000
LOCALES = ("en", "zh_Hant_HK", "zh_Hans_CN")

_MINUTES_A_DAY = 24 * 60
_SLOT = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class TimeSlot:
    """From one minute of the day up to another; a slot that ends before it starts spans midnight.

    `from_minute` 0 and `until_minute` 1440 is the whole day.
    """

    from_minute: int = 0
    until_minute: int = _MINUTES_A_DAY

    def holds(self, minute: int) -> bool:
        """Return whether `minute` of the day is inside."""
        if self.from_minute < self.until_minute:
            return self.from_minute <= minute < self.until_minute
        return minute >= self.from_minute or minute < self.until_minute


WHOLE_DAY = TimeSlot()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`text` is for members whom every condition admits; an empty set leaves that open."""

    id: str
    text: Label
    priority: int
    first_day: date
    last_day: date
    weekdays: frozenset[int]
    hours: TimeSlot
    tiers: frozenset[str]
    classes: frozenset[str]
    segments: frozenset[str]
    least_points: int
    most_points: int


def read_message(table: Table) -> Message:
    """Return the message of a table `[[messages]]`."""
    first_day, last_day, weekdays = read_on_days(table)
    message = Message(
        id=table.ident("id"),
        text=_text(table),
        priority=table.whole("priority", 0, PRIORITY_MAX, default=0),
        first_day=first_day,
        last_day=last_day,
        weekdays=weekdays,
        hours=table.parsed("hours", _time_slot, WHOLE_DAY, default=WHOLE_DAY),
        tiers=frozenset(table.idents("tiers")),
        classes=frozenset(table.idents("classes")),
        segments=frozenset(table.idents("segments")),
        least_points=table.whole("least_points", -POINTS_MAX, POINTS_MAX, default=-POINTS_MAX),
        most_points=table.whole("most_points", -POINTS_MAX, POINTS_MAX, default=POINTS_MAX),
    )
    if table.is_right("least_points", "most_points") and message.most_points < message.least_points:
        table.wrong(
            "most_points", f"found {message.most_points}, wanted {message.least_points} or more"
        )
    return message


def _text(table: Table) -> Label:
    """Return the text in every locale: nobody is told a promotion in a language not their own."""
    texts = table.texts("text", MESSAGE_MAX_CHARS)
    found = [locale for locale, _ in texts]
    if table.is_right("text") and set(found) != set(LOCALES):
        table.wrong("text", f"found {', '.join(found)[:40]}, wanted {', '.join(LOCALES)}")
    return Label(texts)


def _time_slot(text: str) -> TimeSlot:
    match = _SLOT.match(text)
    if match is not None:
        from_hour, from_minute, until_hour, until_minute = map(int, match.groups())
        slot = TimeSlot(from_hour * 60 + from_minute, until_hour * 60 + until_minute)
        if from_minute < 60 and until_minute < 60 and _is_slot(slot):
            return slot
    raise ValueError(f"found {text[:40]!r}, wanted a time slot such as 17:00-20:30")


def _is_slot(slot: TimeSlot) -> bool:
    return (
        slot.from_minute < _MINUTES_A_DAY
        and slot.until_minute <= _MINUTES_A_DAY
        and slot.from_minute != slot.until_minute
    )
