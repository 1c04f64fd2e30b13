"""The simulated Ultralight and NTAG chips keep the rules of their data sheets."""

import pytest

from device.nfc import commands
from simulators.chips.chip import ACKNOWLEDGED, FOUR_BITS, SILENT
from simulators.chips.ultralight import UltralightChip, locked_chip
from simulators.chips.ultralight_model import MODELS

NAK_ARGUMENT = (FOUR_BITS, b"\x00")
NAK_OVERFLOW = (FOUR_BITS, b"\x04")
DATA = b"data"
PASSWORD, PACK = b"pass", b"ok"
EV1, NTAG = "ultralight_ev1", "ntag213"
EVERY_KIND = pytest.mark.parametrize("kind", MODELS)


def on_reader(kind: str) -> UltralightChip:
    chip = UltralightChip(kind)
    chip.select()
    return chip


def guarded(kind: str, *, first: int, access: int = 0) -> UltralightChip:
    """A chip with our password from page `first` on, on the reader."""
    chip = UltralightChip(kind)
    at = MODELS[kind].configuration
    chip.store(at, chip.page(at)[:3] + bytes([first]))
    chip.store(at + 1, bytes([access]) + chip.page(at + 1)[1:])
    chip.store(at + 2, PASSWORD)
    chip.store(at + 3, PACK + bytes(2))
    chip.leave_field()
    chip.select()
    return chip


def write(page: int, data: bytes = DATA) -> bytes:
    return bytes([0xA2, page]) + data


def read(page: int) -> bytes:
    return bytes([0x30, page])


def count(counter: int, steps: int) -> bytes:
    return bytes([0xA5, counter]) + steps.to_bytes(3, "little") + b"\x00"


@EVERY_KIND
def test_a_new_chip_shows_its_uid_with_check_bytes(kind):
    chip = on_reader(kind)

    status, data = chip.exchange_raw(read(0))

    assert status == commands.OK
    assert data[:3] + data[4:8] == chip.uid
    assert 0x88 ^ data[0] ^ data[1] ^ data[2] ^ data[3] == 0
    assert data[4] ^ data[5] ^ data[6] ^ data[7] ^ data[8] == 0


# MF0ULX1 and NTAG213_215_216 §10.1.
VERSIONS = {
    "ultralight_ev1": "0004030101000b03",
    "ultralight_ev1_128": "0004030101000e03",
    "ntag213": "0004040201000f03",
    "ntag215": "0004040201001103",
    "ntag216": "0004040201001303",
}


@pytest.mark.parametrize(("kind", "version"), VERSIONS.items())
def test_a_chip_tells_its_version(kind, version):
    assert on_reader(kind).exchange_raw(b"\x60") == (commands.OK, bytes.fromhex(version))


def test_the_first_ultralight_has_no_version_and_is_lost_when_asked():
    chip = on_reader("ultralight")

    refused = chip.exchange_raw(b"\x60")
    after = chip.exchange_raw(read(0))

    assert (refused, after) == (SILENT, SILENT)


@EVERY_KIND
def test_what_is_written_to_user_pages_can_be_read(kind):
    chip = on_reader(kind)
    pages = range(4, MODELS[kind].user_end)

    written = [chip.exchange_raw(write(page, bytes([page] * 4))) for page in pages]

    assert written == [ACKNOWLEDGED] * len(pages)
    assert [chip.exchange_raw(read(page))[1][0] for page in pages] == list(pages)


@EVERY_KIND
def test_reading_goes_on_at_the_start_behind_the_last_page(kind):
    chip = on_reader(kind)

    _, data = chip.exchange_raw(read(MODELS[kind].pages - 1))

    assert data[4:] == chip.page(0) + chip.page(1) + chip.page(2)


@EVERY_KIND
@pytest.mark.parametrize("command", [read, write])
def test_there_is_nothing_behind_the_last_page(kind, command):
    assert on_reader(kind).exchange_raw(command(MODELS[kind].pages)) == NAK_ARGUMENT


@EVERY_KIND
def test_pages_of_the_uid_cannot_be_written(kind):
    assert [on_reader(kind).exchange_raw(write(page)) for page in (0, 1)] == [NAK_ARGUMENT] * 2


def test_a_fast_read_shows_a_range():
    chip = on_reader(NTAG)

    status, data = chip.exchange_raw(bytes([0x3A, 3, 5]))

    assert (status, data) == (commands.OK, chip.page(3) + chip.page(4) + chip.page(5))


@pytest.mark.parametrize("pages", [(5, 4), (4, 45)])
def test_a_fast_read_of_no_range_is_refused(pages):
    assert on_reader(NTAG).exchange_raw(bytes([0x3A, *pages])) == NAK_ARGUMENT


@EVERY_KIND
def test_a_compatible_write_takes_the_first_four_of_sixteen_bytes(kind):
    chip = on_reader(kind)

    first = chip.exchange_raw(b"\xa0\x05")
    second = chip.exchange_raw(DATA + bytes(12))

    assert (first, second) == (ACKNOWLEDGED, ACKNOWLEDGED)
    assert chip.page(5) == DATA


@EVERY_KIND
def test_otp_bits_are_only_ever_set(kind):
    chip = on_reader(kind)
    before = chip.page(3)

    chip.exchange_raw(write(3, b"\x01\x02\x04\x08"))
    chip.exchange_raw(write(3, bytes(4)))

    assert chip.page(3) == bytes(a | b for a, b in zip(before, b"\x01\x02\x04\x08", strict=True))


@EVERY_KIND
@pytest.mark.parametrize("page", range(3, 16))
def test_a_static_lock_bit_makes_one_page_read_only_from_the_next_selection_on(kind, page):
    chip = on_reader(kind)
    chip.exchange_raw(write(2, b"\0\0" + (1 << page).to_bytes(2, "little")))

    at_once = chip.exchange_raw(write(page))
    chip.select()
    later = [(at, chip.select() and chip.exchange_raw(write(at))) for at in range(3, 16)]

    assert at_once == ACKNOWLEDGED
    assert [at for at, answer in later if answer != ACKNOWLEDGED] == [page]


@pytest.mark.parametrize(("bit", "pages"), [(0, [3]), (1, range(4, 10)), (2, range(10, 16))])
def test_a_block_locking_bit_freezes_its_lock_bits(bit, pages):
    chip = on_reader("ultralight")
    chip.exchange_raw(write(2, bytes([0, 0, 1 << bit, 0])))

    chip.exchange_raw(write(2, b"\0\0\xf8\xff"))

    bits = int.from_bytes(chip.page(2)[2:], "little")
    assert [page for page in range(3, 16) if not bits >> page & 1] == list(pages)


# MF0ULX1 and NTAG213_215_216 §8.5.3: which pages the bits of the dynamic lock page stand for.
@pytest.mark.parametrize(
    ("kind", "bit", "first", "last"),
    [
        ("ultralight_ev1_128", 0, 16, 17),
        ("ultralight_ev1_128", 9, 34, 35),
        ("ntag213", 0, 16, 17),
        ("ntag213", 11, 38, 39),
        ("ntag215", 0, 16, 31),
        ("ntag215", 7, 128, 129),
        ("ntag216", 13, 224, 225),
    ],
)
def test_a_dynamic_lock_bit_makes_its_pages_read_only(kind, bit, first, last):
    chip, model = on_reader(kind), MODELS[kind]
    chip.exchange_raw(write(model.dynamic_lock, (1 << bit).to_bytes(2, "little") + b"\0\0"))

    refused = [
        page
        for page in range(16, model.user_end)
        if chip.select() and chip.exchange_raw(write(page)) != ACKNOWLEDGED
    ]

    assert refused == list(range(first, last + 1))


def test_dynamic_lock_bits_without_a_meaning_stay_zero():
    chip = on_reader(NTAG)

    chip.exchange_raw(write(0x28, b"\xff\xff\xff\xff"))

    assert chip.page(0x28) == bytes.fromhex("ff0f3fbd")


@pytest.mark.parametrize("kind", [EV1, NTAG])
def test_password_and_answer_are_never_shown(kind):
    chip = guarded(kind, first=0xFF)
    at = MODELS[kind].configuration

    shown = chip.exchange_raw(read(at + 2))[1]

    assert shown[:8] == bytes(8)


@pytest.mark.parametrize("kind", [EV1, NTAG])
def test_protected_pages_are_written_after_the_password_only(kind):
    chip = guarded(kind, first=6)

    free = chip.exchange_raw(write(5))
    refused = chip.exchange_raw(write(6))
    chip.select()
    answer = chip.exchange_raw(b"\x1b" + PASSWORD)
    done = chip.exchange_raw(write(6))

    assert (free, refused, done) == (ACKNOWLEDGED, NAK_ARGUMENT, ACKNOWLEDGED)
    assert answer == (commands.OK, PACK)


def test_protected_reading_ends_before_the_first_protected_page():
    chip = guarded(NTAG, first=6, access=0x80)

    around = chip.exchange_raw(read(4))
    refused = chip.exchange_raw(read(6))
    chip.select()
    refused_fast = chip.exchange_raw(bytes([0x3A, 4, 6]))

    assert around[1] == chip.page(4) + chip.page(5) + chip.page(0) + chip.page(1)
    assert (refused, refused_fast) == (NAK_ARGUMENT, NAK_ARGUMENT)


def test_a_password_counts_until_the_next_selection():
    chip = guarded(NTAG, first=6)
    chip.exchange_raw(b"\x1b" + PASSWORD)

    chip.select()

    assert chip.exchange_raw(write(6)) == NAK_ARGUMENT


def test_too_many_wrong_passwords_close_the_pages_for_ever():
    chip = guarded(NTAG, first=6, access=0x03)

    def attempt(password: bytes) -> tuple[int, bytes]:
        chip.leave_field()
        chip.select()
        return chip.exchange_raw(b"\x1b" + password)

    wrong = [attempt(b"gues") for _ in range(3)]

    assert wrong == [NAK_ARGUMENT] * 3
    assert attempt(PASSWORD) == NAK_OVERFLOW


def test_the_right_password_forgives_wrong_ones():
    chip = guarded(NTAG, first=6, access=0x02)

    answers = []
    for password in (b"gues", PASSWORD, b"gues", PASSWORD):
        chip.select()
        answers.append(chip.exchange_raw(b"\x1b" + password)[0])

    assert answers == [FOUR_BITS, commands.OK, FOUR_BITS, commands.OK]


def test_power_cut_from_a_wrong_password_gives_no_free_guess_once_noted():
    chip = guarded(NTAG, first=6, access=0x01)
    chip.nvm.bytes_until_power_loss = 1

    torn = chip.exchange_raw(b"\x1bgues")
    chip.leave_field()
    chip.select()

    assert torn == SILENT
    assert chip.exchange_raw(b"\x1b" + PASSWORD) == NAK_OVERFLOW


def test_locked_settings_take_no_more_writes_after_a_power_cycle():
    chip = on_reader(NTAG)
    chip.exchange_raw(write(0x2A, b"\x40\0\0\0"))

    before = chip.exchange_raw(write(0x29, b"\x04\0\0\xff"))
    chip.leave_field()
    answers = [(page, chip.select() and chip.exchange_raw(write(page))) for page in range(41, 45)]

    assert before == ACKNOWLEDGED
    assert [page for page, answer in answers if answer == ACKNOWLEDGED] == [0x2B, 0x2C]


def test_a_counter_only_counts_up_and_refuses_to_overflow():
    chip = on_reader(EV1)

    counted = [chip.exchange_raw(count(1, steps)) for steps in (5, 0, 0xFFFFFF - 5)]
    over = chip.exchange_raw(count(1, 1))

    assert counted == [ACKNOWLEDGED] * 3
    assert over == NAK_OVERFLOW
    assert chip.counters[1].value == 0xFFFFFF
    assert [chip.counters[other].value for other in (0, 2)] == [0, 0]


@pytest.mark.parametrize("kind", ["ultralight", NTAG])
def test_chips_without_counters_to_command_refuse(kind):
    assert on_reader(kind).exchange_raw(count(2, 1)) in (NAK_ARGUMENT, SILENT)


@pytest.mark.parametrize("cut", range(6))
def test_power_lost_while_counting_leaves_old_or_new_and_says_so(cut):
    chip = on_reader(EV1)
    chip.exchange_raw(count(0, 0x0102FF))
    chip.nvm.bytes_until_power_loss = cut

    torn = chip.exchange_raw(count(0, 1))
    chip.leave_field()
    chip.select()

    assert torn == SILENT
    assert chip.counters[0].value == (0x0102FF if cut < 4 else 0x010300)
    whole = chip.exchange_raw(b"\x3e\x00")[1] == b"\xbd"
    assert whole == (cut in (0, 5))


def test_the_nfc_counter_counts_the_first_read_after_power_on():
    chip = guarded(NTAG, first=0xFF, access=0x10)

    for _ in range(3):
        chip.leave_field()
        chip.select()
        chip.exchange_raw(read(4))
        chip.exchange_raw(bytes([0x3A, 4, 5]))

    assert chip.exchange_raw(b"\x39\x02") == (commands.OK, b"\x03\0\0")


def test_the_nfc_counter_is_silent_unless_enabled():
    assert on_reader(NTAG).exchange_raw(b"\x39\x02") == NAK_ARGUMENT


def test_the_nfc_counter_can_be_behind_the_password():
    chip = guarded(NTAG, first=0xFF, access=0x18)

    refused = chip.exchange_raw(b"\x39\x02")
    chip.select()
    chip.exchange_raw(b"\x1b" + PASSWORD)

    assert refused == NAK_ARGUMENT
    assert chip.exchange_raw(b"\x39\x02") == (commands.OK, bytes(3))


@pytest.mark.parametrize("cut", range(5))
def test_power_lost_in_a_write_leaves_a_prefix_and_one_mixed_byte(cut):
    chip = on_reader(NTAG)
    chip.store(5, b"\x0f\x0f\x0f\x0f")
    chip.nvm.bytes_until_power_loss = cut

    torn = chip.exchange_raw(write(5, b"\xf0\xf0\xf0\xf0"))

    mixed = b"\xff" if cut < 4 else b""
    assert torn == SILENT
    assert chip.page(5) == (b"\xf0" * cut + mixed + b"\x0f" * 4)[:4]
    assert not chip.select()


@pytest.mark.parametrize(("page", "cut"), [(p, c) for p in (2, 3, 0x28) for c in range(5)])
def test_power_lost_leaves_what_cannot_be_undone_old_or_new(page, cut):
    chip = on_reader(NTAG)
    old = chip.page(page)
    chip.nvm.bytes_until_power_loss = cut

    chip.exchange_raw(write(page, b"\xff\xff\xff\xff"))

    assert (chip.page(page) == old) == (cut < 4)


def test_a_worn_page_acknowledges_and_keeps_its_old_bytes():
    chip = on_reader(NTAG)
    chip.wear([6])

    answers = [chip.exchange_raw(write(page)) for page in (5, 6)]

    assert answers == [ACKNOWLEDGED] * 2
    assert (chip.page(5), chip.page(6)) == (DATA, bytes(4))


def test_a_copy_has_our_pages_but_its_own_uid_and_no_count():
    chip = on_reader(EV1)
    chip.exchange_raw(write(7))
    chip.exchange_raw(count(0, 9))

    copy = chip.copied_onto(bytes(7))

    assert copy.page(7) == DATA
    assert copy.uid == bytes(7)
    assert copy.counters[0].value == 0


def test_a_locked_chip_takes_no_writes():
    chip = locked_chip()

    answers = [chip.select() and chip.exchange_raw(write(page)) for page in range(3, 16)]

    assert answers == [NAK_ARGUMENT] * 13


def test_a_pn532_writes_both_ways_and_reports_a_refusal_as_its_own_status():
    chip = on_reader(NTAG)

    answers = [
        chip.exchange(write(5)),
        chip.exchange(b"\xa0\x06" + DATA + bytes(12)),
        chip.exchange(write(200)),
    ]

    assert answers == [(commands.OK, b""), (commands.OK, b""), (0x14, b"")]
    assert (chip.page(5), chip.page(6)) == (DATA, DATA)


def test_a_pn532_does_not_pass_on_commands_that_it_does_not_know():
    chip = on_reader(NTAG)

    assert chip.exchange(b"\x1b" + PASSWORD)[0] == 0x10
    assert chip.exchange_raw(b"\x60")[0] == commands.OK


@EVERY_KIND
@pytest.mark.parametrize("frame", [b"\xff", b"\x30", b"\xa2\x04abc", b"\x3a\x04", b"\x1babc"])
def test_malformed_commands_are_refused_and_end_the_selection(kind, frame):
    chip = on_reader(kind)

    refused = chip.exchange_raw(frame)

    assert refused == (SILENT if kind == "ultralight" else NAK_ARGUMENT)
    assert chip.exchange_raw(read(4)) == SILENT


def test_a_halted_chip_answers_only_what_wakes_it():
    chip = on_reader(NTAG)

    silent = chip.exchange_raw(b"\x50\x00")
    found = chip.select(wake=False), chip.select(wake=True)

    assert silent == SILENT
    assert found == (False, True)


def test_a_write_takes_longer_than_a_read():
    chip = on_reader(NTAG)

    chip.exchange_raw(read(4))
    read_s = chip.took_s
    chip.exchange_raw(write(4))

    # On the air alone: 4 and 18 bytes, 8 and half of one.
    assert read_s == pytest.approx(0.0021, rel=0.05)
    assert chip.took_s > 0.0041


@pytest.mark.parametrize(("kind", "uid"), [("ntag999", bytes(7)), ("ntag213", bytes(4))])
def test_what_does_not_exist_cannot_be_made(kind, uid):
    with pytest.raises(ValueError, match="wanted"):
        UltralightChip(kind, uid)
