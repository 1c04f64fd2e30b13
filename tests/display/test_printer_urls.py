"""A printer's address is taken whole, or every mistake in it is named."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.display.printers.presets import PRESETS
from device.display.printers.urls import (
    URL_MAX_CHARACTERS,
    Eps3Url,
    EvolisUrl,
    IppUrl,
    SerialPlace,
    StarUrl,
    TcpPlace,
    UrlError,
    parse_printer_url,
)

NORMAL = PRESETS["normal"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "star+serial:///dev/ttyUSB0?baud=115200",
            StarUrl(SerialPlace("/dev/ttyUSB0", 115200), NORMAL),
        ),
        ("star+serial:///dev/ttyS1", StarUrl(SerialPlace("/dev/ttyS1", 9600), NORMAL)),
        (
            "star+serial:///dev/ttyS1?preset=worn&baud=19200",
            StarUrl(SerialPlace("/dev/ttyS1", 19200), PRESETS["worn"]),
        ),
        ("eps3+tcp://10.0.0.9", Eps3Url(TcpPlace("10.0.0.9", 20007))),
        ("eps3+tcp://printer.shop:50020/", Eps3Url(TcpPlace("printer.shop", 50020))),
        ("eps3+tcp://[fe80::1]:20007", Eps3Url(TcpPlace("fe80::1", 20007))),
        ("eps3+serial:///dev/ttyS1?baud=57600", Eps3Url(SerialPlace("/dev/ttyS1", 57600))),
        ("ipp://localhost/printers/cards", IppUrl(TcpPlace("localhost", 631), "/printers/cards")),
        ("ipp://h:8631/ipp/print", IppUrl(TcpPlace("h", 8631), "/ipp/print")),
        ("evolis:///Evolis%20Primacy%202", EvolisUrl("Evolis Primacy 2", "mblack")),
        ("evolis:///KC200?film=mblue", EvolisUrl("KC200", "mblue")),
    ],
)
def test_an_address_names_a_printer_and_its_place(text, wanted):
    assert parse_printer_url(text) == wanted


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        (
            "star+serial://dev/ttyUSB0?baud=9601&preset=hot&speed=1",
            [
                "host 'dev', but a serial port has no host: three slashes, as in ///dev/ttyUSB0",
                "baud '9601', wanted one of 9600, 19200, 38400, 57600, 115200",
                "preset 'hot', wanted one of normal, cold, worn",
                "'speed' is no option of this printer",
            ],
        ),
        ("star+serial:///", ["path '/', wanted a port such as /dev/ttyUSB0"]),
        ("star+serial:///dev/x?baud=9600&baud=9600", ["'baud' twice"]),
        (
            "eps3+tcp://:70000/dev?baud=9600",
            [
                "path '/dev', wanted none",
                "host ':70000', wanted a name or address, and a port",
                "'baud' is no option of this printer",
            ],
        ),
        ("eps3+tcp://h:70000", ["port 70000, wanted 1 to 65535"]),
        ("eps3+tcp://h:0", ["port 0, wanted 1 to 65535"]),
        ("ipp://h", ["path '', wanted a queue such as /printers/cards"]),
        ("ipp://h/a b", ["path '/a b', wanted a queue such as /printers/cards"]),
        ("evolis://KC200", None),
        ("evolis:///a%2", ["path '/a%2', wanted the name of a printer"]),
        ("evolis:///%00", ["path '/%00', wanted the name of a printer"]),
        ("lpt1", None),
        ("http://h/printers/cards", None),
        ("", None),
        ("ipp://h/" + "x" * URL_MAX_CHARACTERS, [f"263 characters, at most {URL_MAX_CHARACTERS}"]),
    ],
)
def test_every_mistake_is_named(text, mistakes):
    with pytest.raises(UrlError) as refused:
        parse_printer_url(text)

    assert mistakes is None or list(refused.value.mistakes) == mistakes


@given(
    st.one_of(
        st.text(max_size=60),
        st.builds(
            "{}://{}{}?{}".format,
            st.sampled_from(["star+serial", "eps3+tcp", "eps3+serial", "ipp", "evolis"]),
            st.text(max_size=12),
            st.text(max_size=12),
            st.text(max_size=12),
        ),
    )
)
def test_any_text_is_an_address_or_an_error_of_addresses(text):
    with suppress(UrlError):
        parse_printer_url(text)
