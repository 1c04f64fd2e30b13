"""The maker of a kiosk's faces, from what its configuration says of them."""

from dataclasses import replace

from device.config import FaceConfig
from device.config_table import ConfigError
from device.display.cards.artist import FaceArtist
from device.display.cards.layout_files import LayoutUnread, read_layout
from device.display.cards.placing import LayoutUnfit
from device.display.cards.profile import Profile
from device.display.fonts import FontMissing, Fonts, installed_collection
from device.faces.face_maker import FaceMaker
from loyalty.programme import Programme


def open_faces(
    config: FaceConfig, profile: Profile, programme: Programme, *, locale: str
) -> FaceMaker:
    """Return what makes faces for a printer's `profile` in `locale`.

    Raises:
        ConfigError: the layout has mistakes or does not fit the printer, or there is no font.
    """
    card = replace(profile, turn_degrees=config.turn_degrees, invert=config.invert)
    try:
        artist = FaceArtist(read_layout(config.layout), card, Fonts(installed_collection()))
    except (FontMissing, LayoutUnread, LayoutUnfit) as error:
        raise ConfigError(str(error)) from error
    return FaceMaker(artist, programme, locale=locale)
