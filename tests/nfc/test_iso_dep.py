"""ISO/IEC 14443-4 between a reader's side and a chip's: chains, waits, losses, and plain blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.nfc import commands
from simulators.chips.chip import SILENT, Nvm
from simulators.chips.iso_dep import APDU_MAX_BYTES, IsoDepChip, IsoDepReader

ATS = bytes.fromhex("067577810280")
UID = bytes.fromhex("04112233445566")


class Mirror:
    """An applet that answers each APDU with itself, and counts them."""

    took_s = 0.0

    def __init__(self) -> None:
        self.nvm = Nvm(bytes(1))
        self.heard: list[bytes] = []

    def answer(self, apdu: bytes) -> bytes | None:
        self.heard.append(apdu)
        return apdu[::-1]

    def forget(self) -> None:
        """It has nothing in mind."""


class LossyChip(IsoDepChip):
    """A chip whose frames are lost, on the way there or back, where `losses` says so."""

    losses: tuple[str, ...] = ()

    def exchange_raw(self, frame: bytes) -> tuple[int, bytes]:
        loss, self.losses = (self.losses[0], self.losses[1:]) if self.losses else ("", ())
        if loss == "command":
            return SILENT
        answer = super().exchange_raw(frame)
        return SILENT if loss == "answer" else answer


def selected(ats: bytes = ATS) -> tuple[LossyChip, IsoDepReader]:
    chip = LossyChip(UID, ats=ats, applet=Mirror())
    chip.select()
    reader = IsoDepReader(chip)
    assert reader.activate() == ats
    return chip, reader


@pytest.mark.parametrize("length", [0, 1, 60, 61, 62, 122, 123, 300, APDU_MAX_BYTES])
def test_apdus_of_any_length_go_there_and_back(length):
    _, reader = selected()
    apdu = bytes(at & 0xFF for at in range(length))

    assert reader.exchange(apdu) == (commands.OK, apdu[::-1])
    assert reader.exchange(b"again") == (commands.OK, b"niaga")


def test_a_chip_gets_the_time_that_it_asks_for():
    chip, reader = selected()
    chip.waits = 3

    assert reader.exchange(b"slow") == (commands.OK, b"wols")


@pytest.mark.parametrize("loss", ["command", "answer"])
@pytest.mark.parametrize("at", range(8))
def test_a_lost_frame_is_sent_again_and_done_once(loss, at):
    chip, reader = selected()
    apdu = bytes(150)
    chip.losses = ("",) * at + (loss,)

    assert reader.exchange(apdu) == (commands.OK, apdu)
    assert chip.applet.heard == [apdu]
    assert reader.exchange(b"next") == (commands.OK, b"txen")


def test_a_chip_that_left_is_silent():
    chip, reader = selected()
    chip.leave_field()

    assert reader.exchange(b"hello") == SILENT


def test_blocks_are_those_of_the_standard():
    chip = IsoDepChip(UID, ats=ATS, applet=Mirror())
    chip.select()

    assert chip.exchange_raw(b"\xe0\x50") == (commands.OK, ATS)
    assert chip.exchange_raw(b"\x02ab") == (commands.OK, b"\x02ba")
    assert chip.exchange_raw(b"\xb2") == (commands.OK, b"\x02ba")  # Not received: once more.
    assert chip.exchange_raw(b"\xb3") == (commands.OK, b"\xa2")  # The next was never heard.
    assert chip.exchange_raw(b"\x13cd") == (commands.OK, b"\xa3")  # There is more to come.
    assert chip.exchange_raw(b"\x02ef") == (commands.OK, b"\x02fedc")
    assert chip.exchange_raw(b"\xc2") == (commands.OK, b"\xc2")  # Deselected.
    assert chip.exchange_raw(b"\x02ab") == SILENT


def test_a_chip_that_was_halted_waits_to_be_woken():
    chip = IsoDepChip(UID, ats=ATS, applet=Mirror())
    chip.select()

    assert chip.exchange_raw(b"\x50\x00") == SILENT
    assert not chip.select(wake=False)
    assert chip.select(wake=True)


def test_an_apdu_without_end_is_dropped():
    chip, _ = selected()

    answers = [chip.exchange_raw(bytes([0x12 | at & 1]) + bytes(60)) for at in range(20)]

    assert SILENT in answers
    assert chip.applet.heard == []


@given(st.lists(st.binary(max_size=70), max_size=12))
def test_no_frames_confuse_a_chip_for_good(frames):
    chip = IsoDepChip(UID, ats=ATS, applet=Mirror())
    chip.select()
    for frame in frames:
        chip.exchange_raw(frame)

    chip.select()
    reader = IsoDepReader(chip)

    assert reader.activate() == ATS
    assert reader.exchange(b"hello") == (commands.OK, b"olleh")
