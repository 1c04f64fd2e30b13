"""From what a face must show to the marks a printer makes, read back by our own decoder."""

from collections.abc import Mapping
from dataclasses import dataclass

from device.display.cards.face import MESSAGES_MAX, Face, FaceArtist
from device.display.cards.payload import Payload, encode
from device.display.cards.profile import Profile
from device.display.cards.raster import Raster, pack
from device.display.cards.readback import read_code
from device.display.cards.words import WORDS
from device.events import FaceContent
from loyalty.clock import business_date
from loyalty.programme import Programme


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFace:
    """Marks for a printer; `payload` is what the code was to say, `read_back` what it says."""

    raster: Raster
    payload: str
    read_back: str | None


class FaceMaker:
    """Makes faces for one printer in one language; the programme's offers stand at their foot."""

    def __init__(
        self,
        artist: FaceArtist,
        profile: Profile,
        programme: Programme,
        *,
        locale: str,
    ) -> None:
        self._artist = artist
        self._profile = profile
        self._programme = programme
        self._locale = locale
        offers = sorted(programme.offers, key=lambda offer: offer.points)
        self._messages = tuple(
            WORDS[locale].offer(offer.label.in_locale(locale), offer.points)
            for offer in offers[:MESSAGES_MAX]
        )
        self._tiers: Mapping[str, str] = {
            tier.id: tier.label.in_locale(locale) for tier in programme.tiers
        }

    def make(self, content: FaceContent) -> MadeFace:
        """Return the face of `content`, drawn, packed and read back."""
        payload = Payload(
            account=content.member,
            version=content.account_version,
            points=content.points,
            as_of_s=content.as_of_ms // 1000,
            pending_points=content.pending_points,
            check=content.check,
        )
        programme = self._programme
        face = Face(
            locale=self._locale,
            name="",
            tier=self._tiers.get(content.tier, content.tier),
            payload=payload,
            as_of=business_date(content.as_of_ms, programme.zone, programme.cutoff_hour),
            messages=self._messages,
        )
        raster = pack(self._artist.draw(face), invert=self._profile.invert)
        return MadeFace(
            raster=raster,
            payload=encode(payload),
            read_back=read_code(raster, self._profile),
        )
