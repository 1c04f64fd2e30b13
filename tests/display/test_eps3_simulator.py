"""The simulated EasyPrinter S3 by itself: honest, whatever is done to it."""

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from device.display.cards.raster import pack
from device.display.printers.eps3_image import picture
from simulators.chips.classic import ClassicChip
from simulators.eps3 import Eps3Simulator
from simulators.plastic import PlasticCard

FEED, EJECT, START, STATE = b"\x1b1", b"\x1b3", b"\x0c", b"\x1a"


def drawn():
    image = Image.new("1", (960, 560), 255)
    ImageDraw.Draw(image).polygon([(3, 5), (900, 60), (200, 550)], fill=0)
    return image


def holding():
    printer, card = Eps3Simulator(), PlasticCard(ClassicChip(), size=(960, 560))
    printer.feed(FEED)
    printer.insert(card)
    return printer, card


def test_it_prints_what_was_sent_and_says_so_step_by_step():
    printer, card = holding()
    before = printer.feed(STATE)

    printer.feed(picture(pack(drawn())) + START)

    assert card.picture.tobytes() == drawn().tobytes()
    assert before + printer.feed(STATE * 3) == bytes((0x0D, 0x1D, 0x1D, 0x2D))


def test_without_a_card_what_was_sent_is_deleted():
    printer, card = Eps3Simulator(), PlasticCard(size=(960, 560))

    printer.feed(picture(pack(drawn())) + START + FEED)
    printer.insert(card)
    printer.feed(START)

    assert card.picture.getextrema() == (255, 255)
    assert card.rewrite_count == 0


def test_a_print_that_breaks_off_has_done_the_right_hand_side():
    printer, card = holding()
    printer.faults.jam_at_percent = 50

    printer.feed(picture(pack(Image.new("1", (960, 560), 0))) + START)

    assert card.picture.crop((0, 0, 480, 560)).getextrema() == (255, 255)
    assert card.picture.crop((480, 0, 960, 560)).getextrema() == (0, 0)
    assert printer.feed(STATE)[0] & 0x80


def test_it_says_its_firmware_its_number_and_the_card_s_uid():
    printer, card = holding()

    said = printer.feed(b"\x1ba") + printer.feed(b"\x1b%oS") + printer.feed(b"\x1b$$U")

    assert said == b"EP000226\nS3-0001\nS " + card.chip.uid.hex().upper().encode() + b"\r"
    printer.feed(EJECT)
    assert printer.feed(b"\x1b$$U") == b"E\r"


def test_nobody_s_business_is_passed_over():
    printer = Eps3Simulator()

    said = printer.feed(b"hello\x1b$D1" + b"x" * 80 + b"\x1b~\x1bU" + STATE)

    assert said == b"\x00"


COMMANDS = [FEED, EJECT, START, STATE, b"\x1bQ", b"\x1b%y0130", b"\x1bL1", b"\x1b$$U", b"\x1b$R"]


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(COMMANDS)), max_size=30))
def test_no_bytes_break_the_printer_or_depend_on_how_they_arrive(chunks):
    whole, parts = Eps3Simulator(), Eps3Simulator()
    stream = b"".join(chunks)

    in_one = whole.feed(stream)
    one_by_one = b"".join(parts.feed(stream[at : at + 1]) for at in range(len(stream)))

    assert in_one == one_by_one
