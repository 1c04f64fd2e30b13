"""Ultralight EV1 and NTAG 21x: commands, versions and where our pages stand."""

import pytest

from device.nfc import ndef, ntag
from simulators.chips.ultralight_model import MODELS as CHIPS


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (ntag.read(4), "3004"),
        (ntag.fast_read(0x10, 0x27), "3a1027"),
        (ntag.write(5, b"\x01\x02\x03\x04"), "a20501020304"),
        (ntag.give_password(b"\xaa\xbb\xcc\xdd"), "1baabbccdd"),
        (ntag.read_counter(2), "3902"),
        (ntag.increment_counter(0, 0x010203), "a50003020100"),
    ],
)
def test_commands_are_those_of_the_data_sheets(command, wanted):
    assert command.hex() == wanted


@pytest.mark.parametrize(
    ("chip", "kind"),
    [
        ("ultralight_ev1_128", "ultralight_ev1"),
        ("ntag213", "ntag213"),
        ("ntag215", "ntag215"),
        ("ntag216", "ntag216"),
    ],
)
def test_a_version_tells_the_kind_and_its_places(chip, kind):
    model = ntag.model_of(CHIPS[chip].version)

    assert model is not None
    assert (model.kind, model.settings) == (kind, CHIPS[chip].configuration)
    assert model.slots + 24 <= model.locks == CHIPS[chip].dynamic_lock
    assert model.front[:4] == CHIPS[chip].delivered[4:8].ljust(4, b"\0")


@pytest.mark.parametrize(
    "version", [CHIPS["ultralight_ev1"].version, b"", bytes(8), bytes.fromhex("0005040201000f03")]
)
def test_a_chip_without_room_or_of_another_maker_is_none_of_them(version):
    assert ntag.model_of(version) is None


def test_a_message_stands_in_the_front_with_its_end():
    front = ntag.front_with(ndef.url_message("https://a.example/"), 32)

    assert front.hex() == "030f" + "d1010b5504" + b"a.example/".hex() + "fe" + "00" * 14


def test_a_message_that_does_not_fit_is_left_out():
    message = ndef.url_message("https://" + "a" * 24)

    assert ntag.front_with(message, 32) is not None
    assert ntag.front_with(message + b"a", 32) is None


def test_what_does_not_fit_a_command_is_refused():
    with pytest.raises(ValueError, match="page of 3 bytes"):
        ntag.write(4, b"abc")
    with pytest.raises(ValueError, match="password of 5 bytes"):
        ntag.give_password(b"abcde")
    with pytest.raises(ValueError, match="16777216 steps"):
        ntag.increment_counter(0, 1 << 24)
