"""Waiting until a descriptor has something to read, whether or not its reads would block."""

import asyncio


async def until_readable(descriptor: int) -> None:
    """Return once a read of `descriptor` has something to return, be it that its end is reached.

    Raises:
        PermissionError: it is one that the kernel does not watch, such as a file.
    """
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
