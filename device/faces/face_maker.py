"""From what a face must show to the marks a printer makes, read back by our own decoder."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from device.behaviour.requests import FaceContent
from device.display.cards.artist import FaceArtist
from device.display.cards.face import Expiring, Face, NextTier
from device.display.cards.payload import Payload, encode
from device.display.cards.raster import Raster, pack
from device.display.cards.readback import read_bars, read_code
from device.faces.face_messages import face_messages
from loyalty.programme import Programme
from loyalty.rules.messages import Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFace:
    """Marks for a printer; `payload` is what the code was to say, `read_back` what it says.

    `read_back` is None as well where the face has bars that do not read.
    """

    raster: Raster
    payload: str
    read_back: str | None


class FaceMaker:
    """Makes faces for one printer in one language, under one programme."""

    def __init__(self, artist: FaceArtist, programme: Programme, *, locale: str) -> None:
        self._artist = artist
        self._locale = locale
        self._programme: Programme
        self._brand: str
        self._tiers: Mapping[str, str]
        self.follow(programme)

    def follow(self, programme: Programme) -> None:
        """Make faces under `programme` from now on."""
        brand = programme.faces.brand
        self._programme = programme
        self._brand = "" if brand is None else brand.in_locale(self._locale)
        self._tiers = {tier.id: tier.label.in_locale(self._locale) for tier in programme.tiers}

    def make(self, content: FaceContent) -> MadeFace:
        """Return the face of `content`, drawn, packed and read back."""
        face = self.face(content)
        raster = pack(self._artist.draw(face), invert=self._artist.sheet.profile.invert)
        return MadeFace(
            raster=raster, payload=encode(face.payload), read_back=self._read_back(raster, face)
        )

    def face(self, content: FaceContent) -> Face:
        """Return what the face of `content` says, with what its member is told at that time."""
        payload = Payload(
            account=content.member,
            version=content.account_version,
            points=content.points,
            as_of_s=content.as_of_ms // 1000,
            pending_points=content.pending_points,
            check=content.check,
        )
        at = datetime.fromtimestamp(payload.as_of_s, UTC)
        audience = Audience(tier=content.tier, points=content.points)
        return Face(
            locale=self._locale,
            brand=self._brand,
            tier=self._label(content.tier),
            payload=payload,
            as_of=at.astimezone(self._programme.zone),
            messages=face_messages(
                self._programme, audience, at_ms=content.as_of_ms, locale=self._locale
            ),
            this_time_points=content.this_time_points,
            expiring=self._expiring(content),
            next_tier=self._next_tier(content),
        )

    def _expiring(self, content: FaceContent) -> Expiring | None:
        """Return what expires first; nothing while points are pending, for they may be of those."""
        if content.expiring_points == 0 or content.pending_points:
            return None
        last_day = self._programme.days.at(content.expires_ms - 1).date
        return Expiring(content.expiring_points, last_day)

    def _next_tier(self, content: FaceContent) -> NextTier | None:
        if not content.next_tier:
            return None
        return NextTier(content.next_tier_points, self._label(content.next_tier))

    def _label(self, tier: str) -> str:
        return self._tiers.get(tier, tier)

    def _read_back(self, raster: Raster, face: Face) -> str | None:
        sheet = self._artist.sheet
        if sheet.bars is not None and read_bars(raster, sheet) != face.payload.account:
            return None
        return read_code(raster, sheet)
