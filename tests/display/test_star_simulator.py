"""The simulated printer and card by themselves: honest, whatever is done to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from device.display.printers.star_frames import encode
from simulators.plastic import PlasticCard
from simulators.star import StarSimulator

TAKE_IN, STATUS, REWRITE = encode(0x53), encode(0x59), encode(0x46, b"0,1,1")


def holding(card):
    printer = StarSimulator()
    printer.feed(TAKE_IN)
    printer.insert(card)
    return printer


def test_the_reader_is_shown_the_card_that_is_held_and_no_other():
    shown = []
    printer = StarSimulator(on_held=shown.append)
    card = PlasticCard("anna")

    printer.feed(TAKE_IN)
    printer.insert(card)
    printer.feed(encode(0x50, b"1"))

    assert shown == [card, None]
    assert printer.pull() is card


def test_damaged_frames_are_refused_and_unknown_commands_withdrawn():
    broken = STATUS[:-1] + b"\x00"

    assert StarSimulator().feed(broken) == b"\x15"
    assert StarSimulator().feed(encode(0x7A)) == b"\x10"
    for bad in (b"480,0,FF", b"0,40,FF", b"0,39,FFFF", b"0,0,F", b"0,0,", b"x,0,FF", b""):
        assert StarSimulator().feed(encode(0x43, bad)) == b"\x10"


@pytest.mark.parametrize("odd", [b"+1,0,FF", b" 1,0,FF", b"1_0,0,FF", b"0,0,ff", b"0,0,F F F"])
def test_it_reads_numbers_and_dots_as_its_manual_writes_them_and_no_other_way(odd):
    assert StarSimulator().feed(encode(0x43, odd)) == b"\x10"


def test_a_rewrite_without_a_card_says_so():
    assert StarSimulator().feed(REWRITE)[:3] == b"\x06\x02\x46"
    assert StarSimulator().feed(REWRITE)[3] == 0x22


def test_an_answer_is_repeated_when_the_host_did_not_get_it():
    printer = StarSimulator()
    first = printer.feed(STATUS)

    assert printer.feed(b"\x15") == first[1:]


def test_power_cuts_lose_the_memory_and_give_the_card_out():
    card = PlasticCard("anna")
    printer = holding(card)
    printer.feed(encode(0x43, b"0,0,FF"))

    printer.cut_power()
    silent = printer.feed(STATUS)
    printer.restore_power()

    assert silent == b""
    assert printer.at_gate is card
    printer.feed(encode(0x55) + REWRITE)
    assert card.picture.getextrema() == (255, 255)


def test_an_opened_path_resets_the_printer_when_closed():
    card = PlasticCard("anna")
    printer = holding(card)

    printer.open_path()
    printer.close_path()

    assert (printer.held, printer.at_gate) == (None, card)


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([TAKE_IN, STATUS, REWRITE]))))
def test_no_bytes_break_the_printer_or_depend_on_how_they_arrive(chunks):
    whole, parts = StarSimulator(), StarSimulator()
    stream = b"".join(chunks)

    in_one = whole.feed(stream)
    one_by_one = b"".join(parts.feed(stream[at : at + 1]) for at in range(len(stream)))

    assert in_one == one_by_one


def test_the_ghost_of_the_old_face_grows_with_wear():
    def ghost_after(rewrites):
        card = PlasticCard(size=(8, 8))
        for _ in range(rewrites):
            card.print(Image.new("1", (8, 8), 0))
            card.erase()
        return 255 - card.seen().getextrema()[0]

    assert ghost_after(1) <= 1
    assert ghost_after(1) < ghost_after(100) < ghost_after(400)


def test_a_print_that_stops_half_way_leaves_the_right_side_white():
    card = PlasticCard(size=(8, 8))

    card.print(Image.new("1", (8, 8), 0), percent=50)

    assert card.picture.crop((0, 0, 4, 8)).getextrema() == (0, 0)
    assert card.picture.crop((4, 0, 8, 8)).getextrema() == (255, 255)
    assert card.rewrite_count == 0
