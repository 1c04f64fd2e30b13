"""The simulated printer behind IPP is honest about requests and pictures that are none."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from device.display.printers import ipp_messages
from device.display.printers.http_messages import post
from device.display.printers.ipp import JobState
from simulators.ipp import POLLS_PENDING, POLLS_PROCESSING, IppSimulator
from simulators.plastic import PlasticCard

PRINT_JOB, GET_JOB, GET_PRINTER = 0x0002, 0x0009, 0x000B
FORMAT_UNKNOWN = 0x040A  # client-error-document-format-not-supported, RFC 8011 §B.1.4
PATH = "/printers/cards"


def request(operation: int, *attributes: ipp_messages.Attribute, document: bytes = b"") -> bytes:
    return post("p", 631, PATH, ipp_messages.encode(operation, 7, attributes, document=document))


def print_job(document: bytes, form: str = "image/png") -> bytes:
    return request(PRINT_JOB, ipp_messages.mime("document-format", form), document=document)


ASK_JOB = request(GET_JOB, ipp_messages.integer("job-id", 1))


def a_picture() -> bytes:
    content = BytesIO()
    Image.effect_noise((64, 64), 50).save(content, "PNG")
    return content.getvalue()


PICTURE = a_picture()


def test_a_picture_is_printed_on_the_card_that_is_in():
    printer, card = IppSimulator(), PlasticCard(size=(64, 64))
    printer.insert(card)

    printer.feed(print_job(PICTURE) + ASK_JOB * (POLLS_PENDING + POLLS_PROCESSING + 1))

    assert (printer.job_states(), printer.at_gate) == ([JobState.COMPLETED], card)


@pytest.mark.parametrize("document", [b"", b"picture", PICTURE[:-40], PICTURE[:20] + PICTURE[60:]])
def test_a_picture_that_is_damaged_aborts_its_job(document):
    printer = IppSimulator()
    printer.insert(PlasticCard())

    printer.feed(print_job(document) + ASK_JOB * (POLLS_PENDING + POLLS_PROCESSING + 1))

    assert printer.job_states() == [JobState.ABORTED]


@pytest.mark.parametrize(
    "length", [b"-1", b"", "²".encode("latin-1"), b"9" * 5000], ids=["less", "none", "odd", "long"]
)
def test_a_length_that_is_none_is_a_bad_request(length):
    said = IppSimulator().feed(b"POST / HTTP/1.1\r\nContent-Length: " + length + b"\r\n\r\n")

    assert said.startswith(b"HTTP/1.1 400 ")


@given(
    st.sampled_from(
        [print_job(PICTURE), print_job(b"", "image/jpeg"), ASK_JOB, request(GET_PRINTER)]
    ),
    st.integers(0, 400),
    st.binary(min_size=1, max_size=4),
)
def test_no_damage_to_a_request_ends_the_printer(whole, at, damage):
    printer = IppSimulator()

    printer.feed(whole[:at] + damage + whole[at + len(damage) :])
    printer.cut_power()
    printer.restore_power()

    assert b"HTTP/1.1 200 OK" in printer.feed(request(GET_PRINTER))
