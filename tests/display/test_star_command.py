"""`revisit sim star` as another program meets it."""

import asyncio
import signal
import sys
import time

from PIL import Image
from sample_faces import FACES, artist

from device.display.cards.raster import pack
from device.display.printers.printer import Outcome
from device.display.printers.star_printer import StarPrinter
from device.serial_link import SerialLink

PROGRAM = "import sys; from simulators.star_command import main; sys.exit(main(sys.argv[1:]))"


async def test_a_face_that_another_program_prints_is_saved_and_the_end_is_clean(tmp_path):
    path, saved = tmp_path / "star", tmp_path / "face.png"
    picture = artist().draw(FACES["en"])
    options = ("--link", str(path), "--card", "--save", str(saved))
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, *options, stdout=asyncio.subprocess.PIPE
    )
    assert await server.stdout.readline() == f"{path}\n".encode()

    link = SerialLink(str(path))
    await link.open()
    printer = StarPrinter(link, monotonic_s=time.monotonic)
    assert await printer.take_card(5.0)
    await printer.load(pack(picture))
    outcome = await printer.rewrite()
    await printer.eject()
    await link.close()
    server.send_signal(signal.SIGTERM)
    status = await asyncio.wait_for(server.wait(), 10.0)

    assert (outcome, status) == (Outcome.OK, 0)
    assert not path.exists()
    assert Image.open(saved).convert("1").tobytes() == picture.tobytes()
