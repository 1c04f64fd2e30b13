"""The reader that a configuration names, and who looks after it."""

import random
import subprocess
import sys

import pytest

from device.nfc.readers.libnfc import LibnfcReader
from device.nfc.readers.open_reader import make_reader, supervised_reader
from device.nfc.readers.pcsc import PcscReader
from device.nfc.readers.pn532 import Pn532
from device.nfc.readers.reader_url import parse_reader_url
from loyalty.clock import SystemClock
from simulators.chips.classic import blank_chip
from simulators.pn532_port import Pn532Port
from tests.nfc.reader_on_a_port import TAP_S


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("pn532+serial:///dev/ttyAMA0", Pn532),
        ("pn532+i2c:///dev/i2c-1", Pn532),
        ("pn532+spi:///dev/spidev0.0", Pn532),
        ("libnfc:pn532_uart:/dev/ttyUSB0", LibnfcReader),
        ("pcsc:ACS", PcscReader),
    ],
)
def test_each_url_has_its_driver(url, kind):
    assert isinstance(make_reader(parse_reader_url(url)), kind)


def test_what_is_not_configured_is_not_loaded():
    program = (
        "import sys; from device.nfc.readers.open_reader import make_reader;"
        "from device.nfc.readers.reader_url import parse_reader_url;"
        "make_reader(parse_reader_url('pn532+serial:///dev/ttyAMA0'));"
        "print([it for it in ('pynfc', 'smartcard', 'gpiod') if it in sys.modules])"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert ended.stdout == b"[]\n"


async def test_a_chip_that_a_killed_program_left_at_another_speed_is_brought_back():
    port = Pn532Port(check_baud=True)
    place = parse_reader_url(f"pn532+serial://{port.start()}")
    port.chip.wake(0xFF)
    port.chip.baud = 921600
    reader = supervised_reader(place, None, clock=SystemClock(), rng=random.Random(5))

    await reader.open()
    port.place(blank_chip())
    seen = await reader.wait_for_card(TAP_S)

    assert seen is not None
    assert port.chip.baud == 115200
    assert reader.health.rescues == 1
    await reader.close()
    port.stop()
