"""A made-up member from a file (TOML), for previews, as `device/display/sample_member.toml` is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

from PIL import Image

from device.display.cards.face import (
    COUNT_MAX,
    NAME_MAX_CHARS,
    STAMPS_MAX,
    Expiring,
    Face,
    Money,
    NextTier,
    Stamps,
)
from device.display.cards.names import shown_name
from device.display.cards.payload import VERSION_MAX, Payload
from device.faces.face_messages import face_messages
from loyalty.card import MEMBER_MAX_CHARS, is_member_token
from loyalty.fields import POINTS_MAX
from loyalty.programme import Programme
from loyalty.programme_table import Table, read_document
from loyalty.programme_toml import DocumentErrors
from loyalty.rules.messages import Audience
from loyalty.units import EXPONENTS, UnitError, minor_from_text

CHECK = "preview"  # stands where the hub's check does: no hub signed this

Value = TypeVar("Value")


class MemberErrors(DocumentErrors):
    """The document is no member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Whose face is previewed; `at` is on the programme's wall clock, `next_tier` a tier's id."""

    token: str
    tier: str
    points: int
    at: datetime
    version: int
    pending_points: int
    name: str
    nickname: str
    membership_class: str
    segments: frozenset[str]
    this_time_points: int | None
    visits: int | None
    valid_until: date | None
    prepaid: Money | None
    stamps: Stamps | None
    expiring: Expiring | None
    next_tier: NextTier | None


def parse_member(text: str, *, source: str) -> Member:
    """Return the member that TOML `text` describes; `source` names it in mistakes.

    Raises:
        MemberErrors: with every mistake of the document at once.
    """
    return read_document(text, source=source, make=_member, errors=MemberErrors)


def face_of(
    member: Member, programme: Programme | None, *, locale: str, photo: Image.Image | None = None
) -> Face:
    """Return what the face of `member` says under `programme`; without one, ids stand for labels.

    Without a programme there are no messages, and names are shown in full.
    """
    at = member.at.replace(tzinfo=UTC if programme is None else programme.zone)
    brand = None if programme is None else programme.faces.brand
    names = "full" if programme is None else programme.faces.names
    next_tier = member.next_tier
    return Face(
        locale=locale,
        brand="" if brand is None else brand.in_locale(locale),
        name=shown_name(member.name, member.nickname, names=names),
        tier=_tier_label(programme, member.tier, locale),
        payload=Payload(
            account=member.token,
            version=member.version,
            points=member.points,
            as_of_s=int(at.timestamp()),
            pending_points=member.pending_points,
            check=CHECK,
        ),
        as_of=at,
        messages=() if programme is None else _messages(member, programme, at, locale),
        this_time_points=member.this_time_points,
        prepaid=member.prepaid,
        stamps=member.stamps,
        expiring=member.expiring,
        next_tier=None
        if next_tier is None
        else NextTier(next_tier.points, _tier_label(programme, next_tier.label, locale)),
        visits=member.visits,
        valid_until=member.valid_until,
        photo=photo,
    )


def _tier_label(programme: Programme | None, tier_id: str, locale: str) -> str:
    tier = None if programme is None else programme.tier(tier_id)
    return tier_id if tier is None else tier.label.in_locale(locale)


def _messages(member: Member, programme: Programme, at: datetime, locale: str) -> tuple[str, ...]:
    audience = Audience(
        tier=member.tier,
        points=member.points,
        membership_class=member.membership_class,
        segments=member.segments,
    )
    return face_messages(programme, audience, at_ms=int(at.timestamp() * 1000), locale=locale)


def _member(root: Table) -> Member:
    member = Member(
        token=root.parsed("member", _token, "x"),
        tier=root.ident("tier"),
        points=root.whole("points", -POINTS_MAX, POINTS_MAX),
        at=root.parsed("at", _moment, datetime(2017, 1, 1)),  # noqa: DTZ001 - the zone comes later
        version=root.whole("version", 0, VERSION_MAX, default=0),
        pending_points=root.whole("pending_points", -POINTS_MAX, POINTS_MAX, default=0),
        name=root.parsed("name", _name, "", default=""),
        nickname=root.parsed("nickname", _name, "", default=""),
        membership_class=root.ident("membership_class", default=""),
        segments=frozenset(root.idents("segments")),
        this_time_points=_maybe(
            root, "this_time_points", lambda key: root.whole(key, -POINTS_MAX, POINTS_MAX)
        ),
        visits=_maybe(root, "visits", lambda key: root.whole(key, 0, COUNT_MAX)),
        valid_until=_maybe(root, "valid_until", root.day),
        prepaid=_prepaid(root),
        stamps=_stamps(root.table("stamps")),
        expiring=_expiring(root.table("expiring")),
        next_tier=_next_tier(root.table("next_tier")),
    )
    root.close()
    return member


def _maybe(table: Table, key: str, read_key: Callable[[str], Value]) -> Value | None:
    table.knows(key)
    return read_key(key) if table.has(key) else None


def _prepaid(root: Table) -> Money | None:
    root.knows("currency")
    if not root.has("prepaid"):
        return None
    currency = root.word("currency", tuple(sorted(EXPONENTS)))
    amount_minor = root.parsed("prepaid", lambda text: _amount(text, currency), 0)
    return Money(amount_minor, currency)


def _stamps(table: Table | None) -> Stamps | None:
    if table is None:
        return None
    of = table.whole("of", 1, STAMPS_MAX)
    have = table.whole("have", 0, of)
    table.close()
    return Stamps(have, of)


def _expiring(table: Table | None) -> Expiring | None:
    if table is None:
        return None
    expiring = Expiring(table.whole("points", 1, POINTS_MAX), table.day("last_day"))
    table.close()
    return expiring


def _next_tier(table: Table | None) -> NextTier | None:
    if table is None:
        return None
    next_tier = NextTier(table.whole("points", 1, POINTS_MAX), table.ident("id"))
    table.close()
    return next_tier


def _token(text: str) -> str:
    if not is_member_token(text):
        raise ValueError(f"found {text[:40]!r}, wanted 1-{MEMBER_MAX_CHARS} of A-Z a-z 0-9 _ . : -")
    return text


def _name(text: str) -> str:
    if len(text) > NAME_MAX_CHARS:
        raise ValueError(f"found {len(text)} characters, wanted at most {NAME_MAX_CHARS}")
    return text


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - the zone comes later
    except ValueError as error:
        raise ValueError(f"found {text[:40]!r}, wanted one such as 2017-03-01 14:30") from error


def _amount(text: str, currency: str) -> int:
    try:
        return minor_from_text(text, currency)
    except UnitError as error:
        raise ValueError(f"found an {error}") from error
