"""Other people's NFC tools, unmodified, on a simulated PN532: the oracle for it."""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from simulators.chips.chip import Chip
from simulators.pn532_port import Pn532Port

TOOL_MAX_S = 60.0


@contextlib.contextmanager
def port_with(*chips: Chip, check_baud: bool = False) -> Iterator[Pn532Port]:
    """A reader with `chips` on it, in the loop that runs."""
    port = Pn532Port(check_baud=check_baud)
    port.start()
    try:
        for chip in chips:
            port.place(chip)
        yield port
    finally:
        port.stop()


async def start_tool(port: Pn532Port, *words: str | Path) -> asyncio.subprocess.Process:
    """Start a tool that finds the reader by itself; a missing one fails the test."""
    return await asyncio.create_subprocess_exec(
        *words,
        env={
            **os.environ,
            "LIBNFC_DEVICE": f"pn532_uart:{port.path}",
            "LIBNFC_AUTO_SCAN": "false",
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def end_of(process: asyncio.subprocess.Process) -> str:
    """Return what a tool says until it ends by itself; a hang fails the test."""
    try:
        async with asyncio.timeout(TOOL_MAX_S):
            return (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def run_tool(port: Pn532Port, *words: str | Path) -> str:
    """Return what a tool says; a missing one, a failure or a hang fails the test."""
    process = await start_tool(port, *words)
    said = await end_of(process)
    assert process.returncode == 0, said
    return said


async def run_in_vain(port: Pn532Port, *words: str | Path) -> str:
    """Return what a tool says that must fail."""
    process = await start_tool(port, *words)
    said = await end_of(process)
    assert process.returncode != 0, said
    return said
