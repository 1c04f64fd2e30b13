"""The end of a listening server, without losing track of whoever knocks in that moment."""

import asyncio

_TURNS = 3  # of the loop, from the accept to the connection's own task


async def stop_listening(server: asyncio.Server) -> None:
    """Accept nobody any more, see those through who have just been accepted, and close `server`.

    Up to Python 3.11 a connection that is accepted in the turn of the close is dropped with its
    socket open: nobody serves it, and nobody closes it (python/cpython#109564).
    """
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    server.close()
