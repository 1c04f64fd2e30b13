"""The designer's page says what is so: its layout is one, and its tables are whole."""

import re
import tomllib
from pathlib import Path

import pytest

from device.config import FaceConfig
from device.display.cards.fields import FIELDS
from device.display.cards.layout_files import shipped_names
from device.display.cards.layout_toml import parse_layout
from device.display.cards.placing import place_layout
from device.display.cards.profile import PROFILES
from loyalty.programme import parse
from tests.loyalty.facts import SUPERMARKET_FILE

PAGE = (Path(__file__).parents[2] / "docs" / "faces.md").read_text()
LAYOUT, MESSAGE, FACE = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def first_column(heading):
    """Return what stands in code in the first column of the table under `heading`."""
    table = PAGE.split(f"\n| {heading} |", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| `(\S+)` \|", table, re.MULTILINE)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_the_pages_layout_fits_every_profile(profile):
    layout = parse_layout(LAYOUT, source="shop.toml")

    assert place_layout(layout, profile).texts


def test_the_page_names_every_field_and_profile():
    assert first_column("field") == list(FIELDS)
    assert first_column("profile") == list(PROFILES)


def test_the_page_names_every_shipped_layout():
    assert {it for it in shipped_names() if f"`{it}`" in PAGE} == set(shipped_names())


def test_the_pages_message_is_one():
    programme = parse(SUPERMARKET_FILE.read_text().split("[[messages]]")[0] + MESSAGE, source="p")

    assert [it.id for it in programme.messages] == ["coffee-afternoon"]


def test_the_pages_configuration_has_the_keys_of_a_kiosk():
    face = tomllib.loads(FACE)["face"]

    assert FaceConfig(face["layout"], face["turn"], face["invert"]) == FaceConfig(
        "shop.toml", 180, invert=True
    )
