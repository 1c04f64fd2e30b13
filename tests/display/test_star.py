"""One command's conversation with a Star TCP300II, on a clock of our own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_star_frames import answer

from device.display.printers.printer import FaultCode, Rank
from device.display.printers.star import (
    BLOCK_TIMEOUT_S,
    RESENDS_MAX,
    Command,
    Exchange,
    Failed,
    fault_of,
    parse_status,
)
from device.display.printers.star_frames import Response, encode

ACK, DLE, NAK = b"\x06", b"\x10", b"\x15"
STATUS = encode(Command.STATUS)


def begun(command=Command.STATUS, data=b"", **options):
    exchange = Exchange(command, data, answer_timeout_s=8.0, **options)
    exchange.start(0.0)
    return exchange


def test_a_command_is_sent_acknowledged_answered_and_acknowledged():
    exchange = Exchange(Command.STATUS, answer_timeout_s=8.0)

    sent = [exchange.start(0.0), exchange.feed(ACK, 0.1), exchange.feed(answer(0x59), 0.2)]

    assert sent == [STATUS, b"", ACK]
    assert exchange.answer == Response(0x59, 0x20, b"")


def test_a_damaged_command_is_sent_again_three_times_and_no_more():
    exchange = begun()

    sent = [exchange.feed(NAK, 0.1) for _ in range(RESENDS_MAX + 1)]

    assert sent == [STATUS] * RESENDS_MAX + [b""]
    assert isinstance(exchange.answer, Failed)
    assert fault_of(exchange.answer).code is FaultCode.COMMS


def test_a_refused_command_is_withdrawn_at_once():
    exchange = begun()

    exchange.feed(DLE, 0.1)

    assert exchange.answer.refused
    assert fault_of(exchange.answer).code is FaultCode.BAD_DATA


def test_silence_is_met_by_sending_again_until_three_times():
    exchange = begun()
    assert exchange.deadline_s == BLOCK_TIMEOUT_S

    sent = [exchange.wake(exchange.deadline_s) for _ in range(RESENDS_MAX + 1)]

    assert sent == [STATUS] * RESENDS_MAX + [b""]
    assert not exchange.answer.accepted


@pytest.mark.parametrize("command", [Command.REWRITE, Command.DISCHARGE])
def test_what_would_cost_twice_is_not_sent_again_into_silence(command):
    exchange = begun(command, b"1")

    sent = exchange.wake(3.0)

    assert sent == b""
    assert isinstance(exchange.answer, Failed)


def test_a_damaged_answer_is_asked_for_again_three_times_and_no_more():
    exchange = begun()
    exchange.feed(ACK, 0.1)
    broken = answer(0x59)[:-1] + b"\xff"

    sent = [exchange.feed(broken, 0.2) for _ in range(RESENDS_MAX + 1)]

    assert sent == [NAK] * RESENDS_MAX + [b""]
    assert exchange.answer.accepted


def test_no_answer_in_time_ends_an_accepted_command():
    exchange = begun()
    exchange.feed(ACK, 1.0)

    exchange.wake(9.0)

    assert exchange.answer == Failed(True, False, "command 0x59: no answer in time")


def test_a_late_answer_to_an_earlier_command_is_taken_off_the_printer_and_forgotten():
    exchange = begun()

    sent = exchange.feed(answer(0x53) + ACK + answer(0x49) + answer(0x59), 0.1)

    assert sent == ACK * 3
    assert exchange.answer.command == 0x59


def test_the_answer_to_a_cancel_ends_the_wait_for_a_card():
    exchange = begun(Command.TAKE_IN, ended_by=Command.CANCEL_INSERTION)

    exchange.feed(ACK + ACK + answer(0x54), 0.1)

    assert exchange.answer.command == Command.CANCEL_INSERTION


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_no_bytes_make_a_conversation_hang_or_break(first, then):
    exchange = begun()
    exchange.feed(first, 0.1)
    exchange.feed(then, 0.2)

    for _ in range(2 * RESENDS_MAX + 3):
        if exchange.answer is None:
            exchange.wake(exchange.deadline_s)

    assert exchange.answer is not None


@pytest.mark.parametrize(
    ("status", "code", "rank"),
    [
        (0x22, FaultCode.NO_CARD, Rank.MINOR),
        (0x38, FaultCode.JAM, Rank.OPERATOR),
        (0x40, FaultCode.COVER, Rank.OPERATOR),
        (0x42, FaultCode.MOTOR, Rank.SERVICE),
        (0x43, FaultCode.HEAD_TEMP, Rank.SERVICE),
        (0x45, FaultCode.PRINTER, Rank.SERVICE),
        (0x7E, FaultCode.PRINTER, Rank.SERVICE),
    ],
)
def test_status_bytes_become_faults_that_say_who_can_help(status, code, rank):
    fault = fault_of(Response(0x46, status, b""))

    assert (fault.code, fault.rank) == (code, rank)


def test_the_six_characters_of_a_status():
    held = parse_status(b"001010", None)
    at_gate = parse_status(b"200000", None)

    assert (held.card_held, held.card_at_gate, held.cover_open) == (True, False, True)
    assert (at_gate.card_held, at_gate.card_at_gate, at_gate.cover_open) == (False, True, False)
    assert parse_status(b"00x000", None) is None
    assert parse_status(b"00000", None) is None
