"""Which promotion messages a member is told now: a pure choice."""

from dataclasses import dataclass
from datetime import UTC, datetime

from loyalty.clock import business_date
from loyalty.programme import Programme
from loyalty.programme_messages import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who is told: tier and points, and where they are known, class and segments."""

    tier: str
    points: int
    membership_class: str = ""
    segments: frozenset[str] = frozenset()


def messages_for(
    programme: Programme, audience: Audience, *, at_ms: int, most: int
) -> tuple[Message, ...]:
    """Return the `most` messages for `audience` at `at_ms`, the highest priority first.

    Days are business days, hours those of the wall clock in the programme's zone. Messages of one
    priority keep the order of the document.
    """
    day = business_date(at_ms, programme.zone, programme.cutoff_hour)
    clock = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(programme.zone)
    minute = clock.hour * 60 + clock.minute
    admitted = [
        it
        for it in programme.messages
        if it.first_day <= day <= it.last_day
        and day.weekday() in it.weekdays
        and it.hours.holds(minute)
        and admits(it, audience)
    ]
    return tuple(sorted(admitted, key=lambda it: -it.priority)[:most])


def admits(message: Message, audience: Audience) -> bool:
    """Return whether `message` is for `audience`, whatever the time."""
    return (
        message.least_points <= audience.points <= message.most_points
        and (not message.tiers or audience.tier in message.tiers)
        and (not message.classes or audience.membership_class in message.classes)
        and (not message.segments or not message.segments.isdisjoint(audience.segments))
    )
