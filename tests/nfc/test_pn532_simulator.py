"""The simulated PN532, without a port."""

import pytest

from device.nfc import commands, frames
from simulators.chips.classic import blank_chip
from simulators.pn532 import Pn532Chip, Sent
from simulators.pn532_field import CHIPS_MAX

WAKE = b"\x55\x55"
LIST_ONE = frames.encode(commands.list_passive_target())


def bodies(sent: list[Sent]) -> list[bytes]:
    reader = frames.FrameReader()
    return [body for item in sent for _, body in reader.feed(item.data) if body]


def awake() -> Pn532Chip:
    chip = Pn532Chip()
    chip.feed(WAKE)
    return chip


def say(chip: Pn532Chip, body: bytes) -> bytes:
    sent = chip.feed(frames.encode(body))
    assert sent[0].data == frames.ACK
    return sent[1].data if len(sent) > 1 else b""


def test_a_search_without_limit_is_answered_when_a_card_comes():
    chip = awake()

    waiting = chip.feed(LIST_ONE)
    answered = chip.place(blank_chip())

    assert [item.data for item in waiting] == [frames.ACK]
    assert bodies(answered) == [bytes.fromhex("d54b0101000408" + "04deadbeef")]


def test_a_hosts_ack_ends_a_search():
    chip = awake()
    chip.feed(LIST_ONE)

    aborted = chip.feed(frames.ACK)

    assert [item.afresh for item in aborted] == [True]
    assert chip.place(blank_chip()) == []


def test_a_new_command_ends_a_search():
    chip = awake()
    chip.feed(LIST_ONE)

    chip.feed(frames.encode(commands.get_firmware_version()))

    assert chip.place(blank_chip()) == []


def test_a_search_with_a_limit_finds_nothing_in_that_time():
    chip = awake()
    chip.feed(frames.encode(commands.passive_activation_retries(4)))

    sent = chip.feed(LIST_ONE)

    assert bodies(sent) == [bytes.fromhex("d54b00")]
    assert sent[1].after_s == pytest.approx(0.015)


def test_a_card_with_another_uid_is_passed_over():
    chip = awake()
    chip.feed(frames.encode(commands.passive_activation_retries(0)))
    chip.place(blank_chip())

    sent = chip.feed(frames.encode(commands.list_passive_target(b"\x01\x02\x03\x04")))

    assert bodies(sent) == [bytes.fromhex("d54b00")]


def test_a_damaged_command_is_not_acknowledged():
    chip = awake()
    frame = bytearray(LIST_ONE)
    frame[-2] ^= 1

    assert chip.feed(bytes(frame)) == []


def test_an_unknown_command_is_a_syntax_error():
    assert say(awake(), b"\xd4\x99") == frames.SYNTAX_ERROR


def test_a_command_without_its_parameters_is_a_syntax_error():
    assert say(awake(), b"\xd4\x4a") == frames.SYNTAX_ERROR


def test_a_long_echo_travels_in_extended_frames():
    line = bytes(range(256))

    sent = awake().feed(frames.encode(commands.diagnose_line(line)))

    assert bodies(sent) == [b"\xd5\x01\x00" + line]


def test_registers_hold_what_was_written():
    chip = awake()
    say(chip, bytes.fromhex("d408630280"))

    answer = say(chip, bytes.fromhex("d4066302"))

    assert answer == frames.encode(bytes.fromhex("d50780"))


def test_a_card_is_unknown_after_its_release():
    chip = awake()
    chip.place(blank_chip())
    chip.feed(LIST_ONE)
    say(chip, commands.release())

    answer = say(chip, commands.data_exchange(1, b"\x30\x04"))

    assert answer == frames.encode(bytes([0xD5, 0x41, commands.WRONG_CONTEXT]))


def test_a_full_field_takes_no_more_chips():
    chip = awake()
    for number in range(CHIPS_MAX):
        chip.place(blank_chip(bytes([1, 2, 3, number])))

    with pytest.raises(ValueError, match="2 chips in the field, at most 2"):
        chip.place(blank_chip())
