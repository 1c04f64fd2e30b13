"""The hub's web server, asked over real sockets."""

import asyncio
import http.client
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from hub.pairing.private_ca import new_root, new_server
from hub.web.config import WebAddress
from hub.web.server import BODY_MAX_BYTES, CONNECTIONS_MAX, WebFailed, WebServer
from loyalty.clock import SystemClock
from loyalty.tls import TlsContext, server_context

WITHIN_S = 60.0
LOOPBACK = WebAddress("127.0.0.1", 0)


class Said(NamedTuple):
    """An answer of the server."""

    status: int
    body: bytes


async def hello(_request: Request) -> Response:
    return PlainTextResponse("hello\n")


async def count(request: Request) -> Response:
    return JSONResponse({"bytes": len(await request.body())})


async def fail(_request: Request) -> Response:
    raise RuntimeError("the shelf is empty")


ROUTES = [Route("/hello", hello), Route("/count", count, methods=["POST"]), Route("/fail", fail)]


@asynccontextmanager
async def serving(address: WebAddress = LOOPBACK) -> AsyncIterator[WebServer]:
    web = WebServer(address, ROUTES)
    await web.start()
    try:
        yield web
    finally:
        await web.stop()


def ask(
    port: int, path: str, body: object = None, *, tls: TlsContext | None = None
) -> Callable[[], Said]:
    """Return a deed for a thread: one request, over HTTPS with `tls`."""

    def deed() -> Said:
        if tls is None:
            link = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)
        else:
            link = http.client.HTTPSConnection("127.0.0.1", port, timeout=WITHIN_S, context=tls)
        try:
            link.request("GET" if body is None else "POST", path, body)
            answer = link.getresponse()
            return Said(answer.status, answer.read())
        finally:
            link.close()

    return deed


def asked(path: str, body: object = None) -> Said:
    async def run() -> Said:
        async with serving() as web:
            return await asyncio.to_thread(ask(web.port, path, body))

    return asyncio.run(run())


def test_a_route_is_served_on_a_free_port() -> None:
    said = asked("/hello")

    assert said == Said(200, b"hello\n")


def test_a_page_that_is_not_there_is_not_found() -> None:
    said = asked("/nothing")

    assert said.status == 404


def test_a_body_may_be_as_long_as_the_limit_and_not_a_byte_longer() -> None:
    fits = asked("/count", bytes(BODY_MAX_BYTES))
    too_long = asked("/count", bytes(BODY_MAX_BYTES + 1))

    assert json.loads(fits.body) == {"bytes": BODY_MAX_BYTES}
    assert too_long.status == 413


def test_a_body_of_unknown_length_is_cut_off_at_the_limit() -> None:
    pieces = iter([bytes(BODY_MAX_BYTES // 2)] * 3)

    said = asked("/count", pieces)

    assert said.status == 413


def test_what_fails_is_logged_and_does_not_tell_the_world() -> None:
    with capture_logs() as logged:
        said = asked("/fail")

    assert said == Said(500, b"something went wrong here\n")
    assert [(it["event"], it["error"]) for it in logged] == [
        ("web_failed", "RuntimeError('the shelf is empty')")
    ]


def test_requests_leave_no_log() -> None:
    with capture_logs() as logged:
        asked("/hello")

    assert logged == []


def test_a_taken_address_is_told() -> None:
    async def run() -> None:
        async with serving() as first:
            with pytest.raises(WebFailed, match=rf"127.0.0.1:{first.port}: Address already in use"):
                await WebServer(WebAddress("127.0.0.1", first.port), ROUTES).start()

    asyncio.run(run())


def test_stopping_twice_is_stopping_once() -> None:
    async def run() -> None:
        async with serving() as web:
            await web.stop()

    asyncio.run(run())


def test_nobody_answers_after_the_stop() -> None:
    async def run() -> int:
        async with serving() as web:
            return web.port

    port = asyncio.run(run())

    with pytest.raises(ConnectionRefusedError):
        ask(port, "/hello")()


def test_one_connection_too_many_is_closed_and_the_others_are_served() -> None:
    async def run() -> tuple[bytes, bytes]:
        async with serving() as web:
            links = [
                await asyncio.open_connection("127.0.0.1", web.port) for _ in range(CONNECTIONS_MAX)
            ]
            answers = []
            for reader, writer in links[:1]:
                writer.write(b"GET /hello HTTP/1.1\r\nHost: hub\r\n\r\n")
                answers.append(await reader.readuntil(b"hello\n"))
            extra, extra_writer = await asyncio.open_connection("127.0.0.1", web.port)
            try:
                answers.append(await extra.read())
            except ConnectionResetError:
                answers.append(b"")
            for writer in [extra_writer, *[it for _, it in links]]:
                writer.close()
            return answers[0], answers[1]

    served, refused = asyncio.run(run())

    assert served.startswith(b"HTTP/1.1 200")
    assert refused == b""


def test_whoever_goes_makes_room() -> None:
    async def said_hello(port: int) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"GET /hello HTTP/1.1\r\nHost: hub\r\n\r\n")
            return (await reader.read(15)).startswith(b"HTTP/1.1 200")
        except ConnectionError:
            return False
        finally:
            writer.close()

    async def run() -> bool:
        async with serving() as web:
            for _ in range(2 * CONNECTIONS_MAX):
                while not await said_hello(web.port):
                    pass  # the one before is not gone yet
            return True

    assert asyncio.run(asyncio.wait_for(run(), WITHIN_S))


def test_connections_that_never_begin_with_tls_are_counted_too(tmp_path: Path) -> None:
    _, tls = certified(tmp_path)

    async def run() -> bytes:
        async with serving(WebAddress("127.0.0.1", 0, tls)) as web:
            silent = [
                await asyncio.open_connection("127.0.0.1", web.port) for _ in range(CONNECTIONS_MAX)
            ]
            extra, extra_writer = await asyncio.open_connection("127.0.0.1", web.port)
            try:
                heard = await extra.read()
            except ConnectionResetError:
                heard = b""
            for writer in [extra_writer, *[it for _, it in silent]]:
                writer.close()
            return heard

    heard = asyncio.run(asyncio.wait_for(run(), WITHIN_S / 2))

    assert heard == b""


POST = b"POST /count HTTP/1.1\r\nHost: hub\r\nContent-Length: 60000\r\n\r\n"


@pytest.mark.parametrize("said", [b"", b"GET /hello HTT", POST, POST + b"12345"])
def test_a_connection_that_asks_nothing_whole_is_closed(said: bytes) -> None:
    async def run() -> bytes:
        web = WebServer(LOOPBACK, ROUTES, silence_max_s=0.05)
        await web.start()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
            writer.write(said)
            heard = await reader.read()
            writer.close()
            return heard
        finally:
            await web.stop()

    with capture_logs() as logged:
        heard = asyncio.run(asyncio.wait_for(run(), WITHIN_S))

    assert (heard, logged) == (b"", [])


@pytest.mark.parametrize("begun", [b"GET /hello HTTP/1.1\r\nHost: ", POST])
def test_a_request_that_comes_by_drops_is_not_waited_for(begun: bytes) -> None:
    async def run() -> bytes:
        web = WebServer(LOOPBACK, ROUTES, silence_max_s=0.2)
        await web.start()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
            writer.write(begun)
            heard = asyncio.create_task(reader.read())
            while not heard.done():
                await asyncio.wait([heard], timeout=0.02)
                writer.write(b"x")
            writer.close()
            return await heard
        finally:
            await web.stop()

    heard = asyncio.run(asyncio.wait_for(run(), WITHIN_S))

    assert heard == b""


def test_a_request_that_takes_longer_than_any_silence_is_answered() -> None:
    ready = asyncio.Event()

    async def wait(_request: Request) -> Response:
        await ready.wait()
        return PlainTextResponse("at last\n")

    async def run() -> bytes:
        web = WebServer(LOOPBACK, [Route("/wait", wait)], silence_max_s=1.0)
        await web.start()
        try:
            patient, writer = await asyncio.open_connection("127.0.0.1", web.port)
            writer.write(b"GET /wait HTTP/1.1\r\nHost: hub\r\n\r\n")
            silent, silent_writer = await asyncio.open_connection("127.0.0.1", web.port)
            await silent.read()  # it is closed, so the silence is over
            ready.set()
            heard = await patient.readuntil(b"at last\n")
            writer.close()
            silent_writer.close()
            return heard
        finally:
            await web.stop()

    heard = asyncio.run(asyncio.wait_for(run(), WITHIN_S))

    assert heard.startswith(b"HTTP/1.1 200")


def test_https_shows_the_certificate_it_was_given(tmp_path: Path) -> None:
    ca, tls = certified(tmp_path)

    async def run() -> Said:
        async with serving(WebAddress("127.0.0.1", 0, tls)) as web:
            return await asyncio.to_thread(ask(web.port, "/hello", tls=ca))

    said = asyncio.run(run())

    assert said == Said(200, b"hello\n")


def certified(folder: Path) -> tuple[TlsContext, TlsContext]:
    """Return what a client trusts, and what the server is to show."""
    now_ms = SystemClock().now_ms()
    root = new_root(now_ms)
    mine = new_server(root, ("127.0.0.1",), now_ms)
    (folder / "web.crt").write_bytes(mine.certificate)
    (folder / "web.key").write_bytes(mine.key)
    trusting = ssl.create_default_context(cadata=root.certificate.decode())
    return trusting, server_context(folder / "web.crt", folder / "web.key")
