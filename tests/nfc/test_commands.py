"""PN532 commands and answers."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.nfc import commands


def test_a_7_byte_uid_is_selected_with_its_cascade_tag():
    uid = bytes.fromhex("04782e21801d80")

    body = commands.list_passive_target(uid)

    assert body == bytes.fromhex("d44a01008804782e21801d80")


def test_the_answer_names_the_card_that_was_found():
    body = bytes.fromhex("d54b0101000408" + "04deadbeef")

    target = commands.parse_target(body)

    assert target is not None
    assert (target.number, target.atqa, target.sak) == (1, b"\x00\x04", 8)
    assert (target.uid, target.ats) == (bytes.fromhex("deadbeef"), b"")


def test_no_target_is_none():
    assert commands.parse_target(bytes.fromhex("d54b00")) is None


def test_flags_do_not_belong_to_the_status():
    status, data = commands.parse_exchange(bytes.fromhex("d541" + "54" + "aa"))

    assert (status, data) == (commands.CARD_AUTHENTICATION, b"\xaa")


def test_an_unknown_status_still_has_a_text():
    assert commands.status_text(0x3F) == "unknown status (0x3f)"
    assert commands.status_text(0x01) == "the card has not answered in time (0x01)"


def test_a_speed_is_told_by_its_number_in_the_manuals_table():
    assert commands.set_serial_baud_rate(9600) == bytes.fromhex("d41000")
    assert commands.set_serial_baud_rate(115200) == bytes.fromhex("d41004")
    assert commands.set_serial_baud_rate(1288000) == bytes.fromhex("d41008")
    with pytest.raises(ValueError, match="14400 baud, wanted one of 9600"):
        commands.set_serial_baud_rate(14400)


def test_one_byte_more_than_the_chip_takes_is_refused():
    commands.data_exchange(1, bytes(commands.DATA_MAX_BYTES))

    with pytest.raises(ValueError, match="263 bytes for the card, at most 262"):
        commands.data_exchange(1, bytes(commands.DATA_MAX_BYTES + 1))


@given(st.binary(max_size=40))
def test_no_answer_raises_anything_but_an_answer_error(body):
    for parse in (
        commands.parse_target,
        commands.parse_exchange,
        commands.parse_firmware_version,
    ):
        with contextlib.suppress(commands.AnswerError):
            parse(body)
