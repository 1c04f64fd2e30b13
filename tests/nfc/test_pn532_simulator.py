"""The simulated PN532, without a port."""

import pytest

from device.nfc import commands, frames
from simulators.chips.classic import blank_chip
from simulators.pn532 import BAUD, Fault, Pn532Chip, Sent

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


def test_it_hears_nothing_before_five_edges_of_the_line_have_woken_it():
    chip = Pn532Chip()
    frame = frames.encode(commands.get_firmware_version())

    asleep = chip.feed(frame[:4])
    waking = chip.feed(b"\x55" + frame)

    assert asleep == []
    assert len(waking) == 2


def test_ten_zero_bytes_wake_it_too():
    frame = frames.encode(commands.get_firmware_version())

    assert len(Pn532Chip().feed(bytes(10) + frame)) == 2


def test_powered_down_it_sleeps_with_the_field_off_until_the_line_wakes_it():
    chip = awake()
    card = blank_chip()
    chip.place(card)
    chip.feed(LIST_ONE)
    say(chip, b"\xd4\x16\xf0")
    version = frames.encode(commands.get_firmware_version())

    asleep = chip.feed(version[2:])
    woken = chip.feed(WAKE + version)

    assert asleep == []
    assert len(woken) == 2
    assert not chip.field.powered
    assert card.exchange(b"\x30\x04")[0] == commands.TIMED_OUT


def test_powered_down_without_the_line_among_what_wakes_it_only_a_reset_helps():
    chip = awake()
    say(chip, b"\xd4\x16\x20")
    version = frames.encode(commands.get_firmware_version())

    deaf = chip.feed(WAKE + version)
    chip.reset()

    assert deaf == []
    assert len(chip.feed(WAKE + version)) == 2


def test_a_chip_that_hangs_hears_nothing_until_its_reset():
    chip = awake()
    chip.fail(Fault.HANG)
    version = frames.encode(commands.get_firmware_version())

    hung = [chip.feed(version), chip.feed(frames.ACK), chip.feed(version)]
    chip.reset()

    assert hung == [[], [], []]
    assert len(chip.feed(WAKE + version)) == 2


def test_it_changes_its_speed_once_the_host_has_acknowledged_the_answer():
    chip = awake()

    say(chip, b"\xd4\x10\x07")
    before = chip.baud, chip.hears(921600)
    chip.feed(frames.ACK)

    assert before == (BAUD, True)
    assert chip.baud == 921600
    assert not chip.hears(BAUD)


@pytest.mark.parametrize("body", ["d41009", "d41402", "d40003", "d46001", "d4600102"])
def test_what_is_not_modelled_is_a_syntax_error(body):
    assert say(awake(), bytes.fromhex(body)) == frames.SYNTAX_ERROR


def test_its_general_status_tells_field_and_cards():
    chip = awake()
    before = say(chip, b"\xd4\x04")
    chip.place(blank_chip())
    chip.feed(LIST_ONE)

    after = say(chip, b"\xd4\x04")

    assert before == frames.encode(bytes.fromhex("d505" + "00000000"))
    assert after == frames.encode(bytes.fromhex("d505" + "000101" + "01000000" + "00"))
