"""The simulated PN532 finds cards and carries frames to them."""

import random

import pytest

from device.nfc import classic, commands, frames
from simulators.chips.classic import ClassicChip, blank_chip
from simulators.chips.desfire import ATS, desfire_chip
from simulators.chips.iso_dep import IsoDepChip
from simulators.chips.ultralight import UltralightChip
from simulators.pn532 import Pn532Chip, Sent
from simulators.pn532_registers import RX_MODE, TX_MODE, crc_a

UID_7 = bytes.fromhex("04782e21801d80")
LIST_ONE = bytes.fromhex("d44a0100")
LIST_TWO = bytes.fromhex("d44a0200")
POLL = b"\xd4\x60\x02\x01"
GET_VERSION = bytes.fromhex("9060000000")


def reader_with(*chips: object) -> Pn532Chip:
    reader = Pn532Chip()
    reader.feed(b"\x55\x55")
    say(reader, commands.passive_activation_retries(0))
    for chip in chips:
        reader.place(chip)
    return reader


def bodies(sent: list[Sent]) -> list[bytes]:
    found = frames.FrameReader()
    return [body[2:] for item in sent for _, body in found.feed(item.data) if body]


def say(reader: Pn532Chip, body: bytes) -> bytes:
    """Return the answer's data, without direction and code."""
    return bodies(reader.feed(frames.encode(body)))[0]


def exchange(reader: Pn532Chip, data: bytes, target: int = 1) -> bytes:
    return say(reader, commands.data_exchange(target, data))


def thru(reader: Pn532Chip, frame: bytes) -> bytes:
    return say(reader, commands.communicate_thru(frame))


def set_crc(reader: Pn532Chip, *, tx: bool, rx: bool) -> None:
    for place, on in ((TX_MODE, tx), (RX_MODE, rx)):
        reader.feed(frames.encode(b"\xd4\x08" + place.to_bytes(2, "big") + bytes([0x80 * on])))


def listed(chip: ClassicChip | UltralightChip) -> bytes:
    return chip.atqa + bytes([chip.sak, len(chip.uid)]) + chip.uid


def new_desfire() -> IsoDepChip:
    return desfire_chip(rng=random.Random(1))


def test_two_cards_are_found_at_once_and_each_is_reached_by_its_number():
    first, second = blank_chip(), UltralightChip("ntag213")
    reader = reader_with(first, second)

    found = say(reader, LIST_TWO)
    pages = exchange(reader, b"\x30\x00", target=2)
    opened = exchange(reader, classic.authenticate(4, classic.TRANSPORT_KEY, first.uid))
    again = exchange(reader, b"\x30\x04", target=2)

    assert found == b"\x02\x01" + listed(first) + b"\x02" + listed(second)
    assert pages[1:4] == second.uid[:3]
    assert (opened, again[:1]) == (b"\x00", b"\x00")


def test_of_two_cards_only_the_last_found_is_awake():
    first, second = UltralightChip("ntag215", UID_7), UltralightChip("ntag213")
    reader = reader_with(first, second)

    say(reader, LIST_TWO)

    assert first.exchange_raw(b"\x60")[0] == commands.TIMED_OUT
    assert second.exchange_raw(b"\x60")[0] == commands.OK


def test_a_card_that_was_halted_leaves_the_search_to_the_other():
    first, second = blank_chip(), UltralightChip("ntag213")
    reader = reader_with(first, second)

    one = say(reader, LIST_ONE)
    say(reader, commands.release())
    other = say(reader, LIST_ONE)
    say(reader, commands.release())
    nobody = say(reader, LIST_ONE)
    woken = say(reader, commands.list_passive_target(first.uid))

    assert one == woken == b"\x01\x01" + listed(first)
    assert other == b"\x01\x01" + listed(second)
    assert nobody == b"\x00"


def test_a_card_that_was_deselected_can_be_selected_again():
    reader = reader_with(UltralightChip())
    say(reader, LIST_ONE)
    say(reader, commands.deselect())

    selected = say(reader, b"\xd4\x54\x01")
    unknown = say(reader, b"\xd4\x54\x02")

    assert selected == b"\x00"
    assert unknown == bytes([commands.WRONG_CONTEXT])
    assert exchange(reader, b"\x30\x04")[0] == commands.OK


def test_a_failed_search_leaves_its_request_in_the_fifo():
    reader = reader_with()

    say(reader, LIST_ONE)

    assert say(reader, bytes.fromhex("d4066339")) == b"\x26"


def test_a_weak_field_is_searched_again_and_again():
    reader = reader_with(UltralightChip())
    say(reader, commands.passive_activation_retries(commands.RETRY_FOR_EVER))
    reader.field.weaken(0.9, random.Random(3))

    assert [say(reader, LIST_ONE)[0] for _ in range(20)] == [1] * 20


def test_a_poll_waits_as_long_as_it_is_told_and_then_finds_nothing():
    reader = reader_with()

    waiting = reader.feed(frames.encode(POLL + b"\x00\x10"))
    patience_s = reader.patience_s
    given_up = reader.give_up()

    assert bodies(waiting) == []
    assert patience_s == pytest.approx(2 * 0.15 * 2)
    assert bodies(given_up) == [b"\x00"]
    assert reader.give_up() == []


def test_an_endless_poll_is_answered_when_a_card_comes():
    reader = reader_with()
    reader.feed(frames.encode(b"\xd4\x60\xff\x01\x00"))
    chip = UltralightChip()

    assert reader.patience_s is None
    found = reader.place(chip)

    data = b"\x01" + listed(chip)
    assert bodies(found) == [b"\x01\x00" + bytes([len(data)]) + data]


@pytest.mark.parametrize(
    ("make", "found_as"), [(blank_chip, 0x10), (UltralightChip, 0x10), (new_desfire, 0x20)]
)
def test_a_poll_tells_cards_that_speak_apdus_from_others(make, found_as):
    reader = reader_with(make())

    assert say(reader, POLL + b"\x23\x10\x20")[:2] == bytes([1, found_as])


def test_a_card_that_speaks_apdus_is_activated_unless_told_otherwise():
    reader = reader_with(new_desfire())
    by_itself = say(reader, LIST_ONE)
    say(reader, commands.release())

    say(reader, b"\xd4\x12\x04")
    say(reader, bytes.fromhex("d4320100"))
    not_so = say(reader, LIST_ONE)
    by_hand = thru(reader, b"\xe0\x50")

    assert by_itself.endswith(ATS)
    assert not not_so.endswith(ATS)
    assert by_hand == b"\x00" + ATS


def test_an_apdu_goes_in_blocks_that_the_chip_makes_itself():
    reader = reader_with(new_desfire())
    say(reader, LIST_ONE)

    answer = exchange(reader, GET_VERSION)

    assert answer == bytes.fromhex("00" + "04010101001805" + "91af")


def test_an_apdu_may_come_in_parts():
    reader = reader_with(new_desfire())
    say(reader, LIST_ONE)

    first = exchange(reader, GET_VERSION[:2], target=0x41)
    whole = exchange(reader, GET_VERSION[2:])

    assert first == b"\x00"
    assert whole.endswith(b"\x91\xaf")


def test_an_answer_longer_than_a_frame_goes_in_parts():
    class Applet:
        took_s = 0.0
        nvm = new_desfire().nvm

        def answer(self, apdu: bytes) -> bytes:
            return bytes(600)

        def forget(self) -> None:
            pass

    reader = reader_with(IsoDepChip(UID_7, ats=ATS, applet=Applet()))
    say(reader, LIST_ONE)

    parts = [exchange(reader, GET_VERSION), exchange(reader, b""), exchange(reader, b"")]

    assert [(part[0], len(part) - 1) for part in parts] == [(0x40, 262), (0x40, 262), (0, 76)]


def test_a_host_may_speak_blocks_itself():
    reader = reader_with(new_desfire())
    say(reader, b"\xd4\x12\x04")
    say(reader, LIST_ONE)
    thru(reader, b"\xe0\x50")

    assert thru(reader, b"\x02" + GET_VERSION) == bytes.fromhex("000204010101001805" + "91af")


def test_presence_is_asked_with_a_block():
    chip = new_desfire()
    reader = reader_with(chip)
    say(reader, LIST_ONE)

    there = say(reader, b"\xd4\x00\x06")
    reader.remove()
    gone = say(reader, b"\xd4\x00\x06")

    assert (there, gone) == (b"\x00", b"\x01")
    assert chip not in reader.field.chips


def test_bytes_and_four_bits_come_back_as_the_registers_ask():
    reader = reader_with(UltralightChip("ntag213"))
    say(reader, LIST_ONE)
    write = b"\xa2\x0adata"

    with_crc = thru(reader, b"\x30\x0a"), thru(reader, write)
    set_crc(reader, tx=True, rx=False)
    without = thru(reader, b"\x30\x0a"), thru(reader, write)

    pages = b"data" + bytes(12)
    assert with_crc == (b"\x00" + bytes(16), b"\x02")
    assert without == (b"\x00" + pages + crc_a(pages), b"\x00\x0a")
    assert say(reader, bytes.fromhex("d406633c")) == b"\x04"


def test_a_host_that_sends_the_checksum_itself_must_have_it_right():
    reader = reader_with(UltralightChip("ntag213"))
    say(reader, LIST_ONE)
    set_crc(reader, tx=False, rx=True)

    right = thru(reader, b"\x60" + crc_a(b"\x60"))
    wrong = thru(reader, b"\x60\x00\x00")

    assert right[0] == commands.OK
    assert wrong == bytes([commands.TIMED_OUT])


def test_a_card_of_type_a_does_not_understand_type_b():
    reader = reader_with(UltralightChip("ntag213"))
    say(reader, LIST_ONE)
    say(reader, bytes.fromhex("d4086302" + "83"))

    assert thru(reader, b"\x60") == bytes([commands.TIMED_OUT])


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_cards_of_other_types_are_never_found(kind):
    reader = reader_with(blank_chip())

    assert say(reader, bytes([0xD4, 0x4A, 1, kind, 0])) == b"\x00"


def test_the_field_switched_off_forgets_cards():
    reader = reader_with(UltralightChip())
    say(reader, LIST_ONE)

    say(reader, bytes.fromhex("d4320100"))

    assert exchange(reader, b"\x30\x04") == bytes([commands.WRONG_CONTEXT])


def test_an_exchange_takes_as_long_as_the_chip_says():
    chip = UltralightChip()
    reader = reader_with(chip)
    say(reader, LIST_ONE)

    sent = reader.feed(frames.encode(commands.data_exchange(1, b"\xa2\x05data")))

    assert sent[1].after_s == chip.took_s > 0.004


# ISO/IEC 14443-3 annex B.3.
@pytest.mark.parametrize(("data", "crc"), [("0000", "a01e"), ("1234", "26cf")])
def test_checksums_are_those_of_the_standard(data, crc):
    assert crc_a(bytes.fromhex(data)).hex() == crc
