"""A library's calls run on a thread of their own, one after the other, and tell their own loop."""

import asyncio
import threading

import pytest

from device.links.library_thread import LibraryThread

WITHIN_S = 60.0


@pytest.fixture
def thread():
    found = LibraryThread("the library")
    yield found
    found.end()


async def test_what_a_call_returns_or_raises_comes_back(thread):
    returned = thread.begin(lambda: 7)
    raised = thread.begin(lambda: 1 // 0)

    async with asyncio.timeout(WITHIN_S):
        assert await returned == 7
        with pytest.raises(ZeroDivisionError):
            await raised


async def test_calls_run_one_after_the_other_on_one_thread_that_is_not_ours(thread):
    order: list[int] = []

    seen = [
        thread.begin(lambda it=it: (order.append(it), threading.get_ident())) for it in range(9)
    ]
    threads = {ident for _, ident in await asyncio.gather(*seen)}

    assert order == list(range(9))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_a_call_that_nobody_waits_for_any_more_does_not_stop_the_next(thread):
    troubles: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, trouble: troubles.append(trouble))
    may_end = threading.Event()
    given_up = thread.begin(may_end.wait)
    given_up.cancel()

    may_end.set()
    async with asyncio.timeout(WITHIN_S):
        came_next = await thread.begin(lambda: "next")

    assert (came_next, troubles) == ("next", [])


def test_a_loop_that_is_closed_is_told_nothing(thread):
    may_end = threading.Event()

    async def leave() -> None:
        thread.begin(may_end.wait)

    asyncio.run(leave())
    may_end.set()

    async def come_back() -> str:
        async with asyncio.timeout(WITHIN_S):
            return await thread.begin(lambda: "next")

    assert asyncio.run(come_back()) == "next"
