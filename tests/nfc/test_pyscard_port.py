"""pyscard and libpcsclite, as they are, on a service of our own behind a private socket."""

import asyncio
import os
import sys

from simulators.chips.classic import written_chip
from simulators.pcscd import SimulatedPcscd

# libpcsclite remembers the first socket that it hears of, so each test has a program of its own.
PROGRAM = """
import asyncio, sys
from device.errors import DeviceError
from device.nfc import classic
from device.nfc.cards.classic_card import ClassicCard
from device.nfc.readers.pcsc import PcscReader
from device.nfc.readers.pyscard_port import PyscardPort

def say(*words):
    print(*words, flush=True)

async def main():
    reader = PcscReader(sys.argv[1], PyscardPort())
    try:
        await reader.open()
    except DeviceError as error:
        return say(type(error).__name__, error)
    say("none", await reader.wait_for_card(0), await reader.wait_for_card(0.05))
    waiting = asyncio.ensure_future(reader.wait_for_card(9))
    await asyncio.sleep(0.05)
    waiting.cancel()
    await asyncio.wait([waiting])
    say("cancelled", waiting.cancelled())
    seen = await reader.wait_for_card(9)
    say("seen", seen.uid.hex(), seen.sak)
    card = ClassicCard(reader, seen.uid)
    await card.authenticate(4, classic.TRANSPORT_KEY)
    say("read", (await card.read_block(4)).hex())
    await reader.reselect()
    await card.authenticate(4, classic.TRANSPORT_KEY)
    say("again", (await card.read_block(5)).hex())
    sys.stdin.readline()
    try:
        await card.read_block(4)
    except DeviceError as error:
        say("lifted", type(error).__name__)
    say("none", await reader.wait_for_card(0))
    await reader.close()

asyncio.run(main())
"""


async def started(tmp_path, name: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, name),
        env={**os.environ, "PCSCLITE_CSOCK_NAME": str(tmp_path / "pcscd.comm")},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def test_a_card_is_waited_for_read_selected_again_and_lifted(tmp_path):
    service = SimulatedPcscd(tmp_path / "pcscd.comm")
    await service.start()
    program = await started(tmp_path, "ACS ACR122U")

    async with asyncio.timeout(60):
        said = [await program.stdout.readline() for _ in range(2)]
        service.place(written_chip())
        said += [await program.stdout.readline() for _ in range(3)]
        service.remove()
        program.stdin.write(b"lifted\n")
        said += [await program.stdout.readline() for _ in range(2)]
        ended = await program.wait()

    assert [it.decode().rstrip() for it in said] == [
        "none None None",
        "cancelled True",
        "seen deadbeef 8",
        "read " + "04" * 16,
        "again " + "05" * 16,
        "lifted CardGone",
        "none None",
    ]
    assert ended == 0
    await service.stop()


async def test_a_reader_that_is_not_there_is_lost_and_those_that_are_named(tmp_path):
    service = SimulatedPcscd(tmp_path / "pcscd.comm")
    await service.start()
    program = await started(tmp_path, "OMNIKEY")

    said, _ = await program.communicate()

    assert b"LinkLost readers found: ACS ACR122U" in said
    assert b"wanted one that begins 'OMNIKEY'" in said
    await service.stop()


async def test_without_a_service_the_reader_is_lost(tmp_path):
    program = await started(tmp_path, "ACS")

    said, _ = await program.communicate()

    assert b"LinkLost PC/SC: Service not available" in said
