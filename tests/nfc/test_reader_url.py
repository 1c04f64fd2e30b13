"""A text names one reader, or every mistake in it is told."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.nfc.readers.reader_url import (
    I2cPn532,
    LibnfcPlace,
    PcscPlace,
    ReaderUrlError,
    ResetLine,
    SerialPn532,
    SpiPn532,
    parse_reader_url,
    parse_reset_line,
)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("pn532+serial:///dev/ttyAMA0", SerialPn532(path="/dev/ttyAMA0", baud=115200)),
        ("pn532+serial:///dev/ttyUSB0?baud=9600", SerialPn532(path="/dev/ttyUSB0", baud=9600)),
        ("pn532+serial:///tmp/a%20port", SerialPn532(path="/tmp/a port", baud=115200)),
        ("pn532+i2c:///dev/i2c-1", I2cPn532(path="/dev/i2c-1", address=0x24)),
        ("pn532+i2c:///dev/i2c-3?address=0x48", I2cPn532(path="/dev/i2c-3", address=0x48)),
        ("pn532+i2c:///dev/i2c-3?address=72", I2cPn532(path="/dev/i2c-3", address=0x48)),
        ("pn532+spi:///dev/spidev0.0", SpiPn532(path="/dev/spidev0.0", hz=1_000_000)),
        ("pn532+spi:///dev/spidev0.1?hz=5000000", SpiPn532(path="/dev/spidev0.1", hz=5_000_000)),
        ("libnfc:pn53x_usb", LibnfcPlace(connection="pn53x_usb")),
        (
            "libnfc:pn532_uart:/dev/ttyUSB0:115200",
            LibnfcPlace(connection="pn532_uart:/dev/ttyUSB0:115200"),
        ),
        ("libnfc:acr122_usb:001:004", LibnfcPlace(connection="acr122_usb:001:004")),
        ("pcsc:ACS%20ACR122U", PcscPlace(name_prefix="ACS ACR122U")),
        ("pcsc:ACS ACR122U", PcscPlace(name_prefix="ACS ACR122U")),
    ],
)
def test_each_kind_of_reader_has_a_form(text, place):
    assert parse_reader_url(text) == place


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("/dev/ttyAMA0", "found '/dev/ttyAMA0', wanted pn532+serial:///dev/…"),
        ("", "found '', wanted pn532+serial"),
        ("serial:///dev/ttyAMA0", "found 'serial:', wanted pn532+serial"),
        ("pn532+serial:/dev/ttyAMA0", "found '/dev/ttyAMA0', wanted three slashes and a path"),
        ("pn532+serial://dev/ttyAMA0", "found '//dev/ttyAMA0', wanted three slashes and a path"),
        ("pn532+serial:///", "found '///', wanted three slashes and a path"),
        ("pn532+serial://[", "found '//[', wanted three slashes and a path"),
        ("pn532+serial:///dev/a%00b", "wanted three slashes and a path"),
        ("pn532+serial:///dev/a?baud=115201", "found baud '115201', wanted one of 9600, 19200"),
        ("pn532+serial:///dev/a?baud=", "found baud '', wanted one of"),
        ("pn532+serial:///dev/a?baud=0115200", "found baud '0115200', wanted one of"),
        ("pn532+serial:///dev/a?speed=9600", "found option 'speed', wanted none but baud"),
        ("pn532+serial:///dev/a?baud=9600&baud=9600", "found baud 2 times, wanted it once"),
        ("pn532+i2c:///dev/i2c-1?address=0x80", "found address '0x80', wanted 0x08 to 0x77"),
        ("pn532+i2c:///dev/i2c-1?address=7", "found address '7', wanted 0x08 to 0x77"),
        ("pn532+spi:///dev/spidev0.0?hz=5000001", "found hz '5000001', wanted 10000 to 5000000"),
        ("libnfc:", "found '', wanted a connection string of libnfc"),
        ("libnfc:pn532_uart:/dev/a b", "wanted a connection string of libnfc"),
        ("pcsc:", "found '', wanted how the reader's name begins"),
        ("pcsc:" + "x" * 128, "1 to 127 characters"),
    ],
)
def test_a_mistake_says_what_was_found_and_what_was_wanted(text, mistake):
    with pytest.raises(ReaderUrlError) as caught:
        parse_reader_url(text)

    assert mistake in str(caught.value)


def test_all_mistakes_are_told_at_once():
    with pytest.raises(ReaderUrlError) as caught:
        parse_reader_url("pn532+i2c:/dev/i2c-1?address=900&clock=4")

    assert caught.value.mistakes == (
        "found '/dev/i2c-1', wanted three slashes and a path, as ///dev/…",
        "found address '900', wanted 0x08 to 0x77",
        "found option 'clock', wanted none but address",
    )


def test_a_reset_line_is_a_chip_and_a_number():
    assert parse_reset_line("/dev/gpiochip0:17") == ResetLine(chip="/dev/gpiochip0", line=17)


@pytest.mark.parametrize(
    "text", ["17", "/dev/gpiochip0", "gpiochip0:17", "/dev/gpiochip0:1024", "/dev/gpiochip0:x"]
)
def test_what_is_no_reset_line_is_told(text):
    with pytest.raises(ReaderUrlError, match=f"found '{text}', wanted /dev/gpiochip"):
        parse_reset_line(text)


@given(
    st.builds(
        str.__add__,
        st.sampled_from(["", "pn532+serial:", "pn532+i2c:///", "pn532+spi:", "libnfc:", "pcsc:"]),
        st.text(max_size=300),
    )
)
def test_no_text_raises_anything_else(text):
    for parse in (parse_reader_url, parse_reset_line):
        with contextlib.suppress(ReaderUrlError):
            parse(text)
