"""How a configuration names a scanner."""

import pytest

from device.scanners.scanner_url import ScannerPlace, ScannerUrlError, parse_scanner_url


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("serial:///dev/ttyACM0", ScannerPlace(how="serial", path="/dev/ttyACM0")),
        (
            "serial:///dev/ttyS0?baud=115200",
            ScannerPlace(how="serial", path="/dev/ttyS0", baud=115200),
        ),
        (
            "keyboard:///dev/input/by-id/usb-X-event-kbd",
            ScannerPlace(how="keyboard", path="/dev/input/by-id/usb-X-event-kbd"),
        ),
    ],
)
def test_a_url_names_the_scanner_and_how_it_speaks(url, place):
    assert parse_scanner_url(url) == place


@pytest.mark.parametrize(
    "url",
    [
        *("", "/dev/ttyACM0", "serial://", "serial://dev/ttyACM0", "usb:///dev/ttyACM0"),
        *("serial:///dev/x?baud=1200", "serial:///dev/x?parity=e", "keyboard:///dev/x?baud=9600"),
    ],
)
def test_anything_else_is_a_mistake_that_says_what_was_found(url):
    with pytest.raises(ScannerUrlError, match="wanted") as refused:
        parse_scanner_url(url)

    assert len(refused.value.mistakes) == 1
