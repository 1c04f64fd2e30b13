"""A kiosk's faces as its configuration wants them, or a sentence about why not."""

import pytest

from device.config import FaceConfig
from device.config_table import ConfigError
from device.display.cards.profile import EPS3, STAR_TCP
from device.faces.open_faces import open_faces
from tests.device.face_content import CONTENT
from tests.loyalty.facts import SUPERMARKET


def marks(config, profile=STAR_TCP):
    return open_faces(config, profile, SUPERMARKET, locale="en").make(CONTENT)


def test_the_ordinary_face_is_printed_where_nothing_is_said():
    assert marks(FaceConfig()).raster == marks(FaceConfig("classic")).raster
    assert marks(FaceConfig()).read_back == marks(FaceConfig()).payload


def test_layout_turn_and_film_change_the_marks_and_not_the_code():
    ordinary = marks(FaceConfig(), EPS3)

    for config in (
        FaceConfig("wallet"),
        FaceConfig(turn_degrees=180),
        FaceConfig(invert=True),
    ):
        made = marks(config, EPS3)
        assert made.raster != ordinary.raster
        assert made.read_back == ordinary.payload


@pytest.mark.parametrize(
    ("layout", "told"),
    [
        ("clasic", "clasic: found no such layout"),
        ("identity", "bars: star-tcp is too coarse for bars"),
    ],
)
def test_a_layout_that_cannot_be_used_is_told_in_a_sentence(layout, told):
    with pytest.raises(ConfigError, match=told):
        marks(FaceConfig(layout))
