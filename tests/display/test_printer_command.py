"""`revisit sim star`, `eps3` and `kiosk` as other programs, and people, meet them."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from PIL import Image
from sample_faces import FACES, artist

from device.display.cards.profile import EPS3, STAR_TCP
from device.display.cards.raster import pack
from device.display.printers.eps3_printer import Eps3Printer
from device.display.printers.printer import Outcome
from device.display.printers.star_printer import StarPrinter
from device.links.serial_link import SerialLink
from device.links.tcp_link import TcpLink
from device.nfc.readers.pn532 import Pn532

PROGRAM = "import sys; from simulators.sim_command import main; sys.exit(main(sys.argv[1:]))"
WAIT_S = 60.0


class Simulator:
    """A running `revisit sim` with a person at its keyboard."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        return (await self.process.stdout.readline()).decode().strip()

    async def type(self, words: str) -> str:
        self.process.stdin.write(f"{words}\n".encode())
        return await self.line()

    async def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await self.process.wait()


@asynccontextmanager
async def simulator(*options: object) -> AsyncIterator[Simulator]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM),
        *map(str, options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WAIT_S):
            yield Simulator(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@asynccontextmanager
async def opened(link):
    await link.open()
    try:
        yield link
    finally:
        await link.close()


async def print_and_give_back(printer, picture) -> Outcome:
    assert await printer.take_card(5.0)
    await printer.load(pack(picture))
    outcome = await printer.rewrite()
    await printer.eject()
    return outcome


async def test_a_face_that_another_program_prints_is_saved_and_the_end_is_clean(tmp_path):
    path, saved = tmp_path / "star", tmp_path / "face.png"
    picture = artist(profile=STAR_TCP).draw(FACES["en"])
    async with simulator("star", "--link", path, "--card", "--png", saved) as star:
        assert await star.line() == str(path)
        async with opened(SerialLink(str(path))) as link:
            printer = StarPrinter(link, monotonic_s=time.monotonic)
            outcome = await print_and_give_back(printer, picture)

        assert (outcome, await star.end()) == (Outcome.OK, 0)
    assert not path.exists()
    assert Image.open(saved).convert("1").tobytes() == picture.tobytes()


@pytest.mark.parametrize("over", ["link", "tcp"])
async def test_an_easyprinter_is_served_on_a_port_or_on_tcp(tmp_path, over):
    saved = tmp_path / "face.png"
    picture = artist(profile=EPS3).draw(FACES["zh_Hant_HK"])
    where = ("--link", tmp_path / "eps3") if over == "link" else ("--tcp", 0)
    async with simulator("eps3", *where, "--card", "--png", saved) as eps3:
        place = await eps3.line()
        host, _, port = place.rpartition(":")
        link = SerialLink(place) if over == "link" else TcpLink(host, int(port))
        async with opened(link):
            outcome = await print_and_give_back(Eps3Printer(link), picture)

        assert (outcome, await eps3.end()) == (Outcome.OK, 0)
    assert Image.open(saved).convert("1").tobytes() == picture.tobytes()


async def test_a_hand_holds_a_card_to_the_handheld_and_puts_it_into_the_kiosk(tmp_path):
    names = ("reader", "printer", "handheld")
    links = {name: tmp_path / name for name in names}
    words = [word for name in names for word in (f"--{name}", links[name])]
    async with simulator("kiosk", *words) as kiosk:
        assert [await kiosk.line() for _ in names] == [str(links[name]) for name in names]
        assert (await kiosk.line()).startswith("type: insert, take, new")
        async with (
            opened(Pn532(SerialLink(str(links["handheld"])))) as handheld,
            opened(Pn532(SerialLink(str(links["reader"])))) as reader,
            opened(SerialLink(str(links["printer"]))) as link,
        ):
            assert await kiosk.type("new") == "in your hand: card ca4d0001, rewritten 0 times"
            assert await kiosk.type("hold") == (
                "at the handheld's reader: card ca4d0001, rewritten 0 times"
            )
            at_handheld = await handheld.wait_for_card(2.0)
            await kiosk.type("away")
            printer = StarPrinter(link, monotonic_s=time.monotonic)
            taking = asyncio.ensure_future(printer.take_card(10.0))
            while await kiosk.type("insert") == "the slot is closed; try again":
                pass
            assert await taking
            at_kiosk = await reader.wait_for_card(2.0)

        assert at_handheld.uid.hex() == at_kiosk.uid.hex() == "ca4d0001"
        assert await kiosk.end() == 0
    assert not any(link.exists() for link in links.values())


async def test_nobody_types_into_what_is_no_keyboard(tmp_path):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, "star", "--link", str(tmp_path / "star")),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    await process.stdout.readline()

    process.send_signal(signal.SIGINT)

    assert await asyncio.wait_for(process.wait(), WAIT_S) == 0
