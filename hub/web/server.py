"""The hub's own web server: pages and figures of the hub's parts, in the hub's event loop.

Nobody is asked who they are here: a part whose routes are not for everybody asks itself. There is
no log of requests, as addresses and paths can say who somebody is.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator, Sequence

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute
from uvicorn.protocols.http.h11_impl import H11Protocol

from hub.errors import HubError
from hub.web.config import WebAddress
from hub.web.counted_socket import CountedSocket
from loyalty.tls import TlsContext

CONNECTIONS_MAX = 64
BODY_MAX_BYTES = 64 * 1024
HEAD_MAX_BYTES = 16 * 1024  # the request line and the headers
SILENCE_MAX_S = 10.0  # of a connection, until a request of it is whole
STOP_WITHIN_S = 5  # what runs then is cancelled
BACKLOG = 32


class WebFailed(HubError):
    """The web server cannot listen; a person should look."""


class WebServer:
    """Serves `routes` on one address; `start` and `stop` it on one event loop."""

    def __init__(
        self,
        address: WebAddress,
        routes: Sequence[BaseRoute],
        *,
        silence_max_s: float = SILENCE_MAX_S,
    ) -> None:
        self._address = address
        self._silence_max_s = silence_max_s
        self._routes = routes
        self._listener: _Listener | None = None
        self._serving: asyncio.Task[None]
        self.port = address.port

    async def start(self) -> None:
        """Listen; from then on `port` is the real one.

        Raises:
            WebFailed: the address is taken or is none of ours.
        """
        link = self._listen()
        self.port = link.getsockname()[1]
        # It writes tracebacks of its own; what fails is told by `_failed`.
        for name in ("uvicorn.error", "uvicorn.access"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        app = Starlette(
            routes=self._routes,
            exception_handlers={Exception: _failed, ClientDisconnect: _gone},
            max_body_size=BODY_MAX_BYTES,
        )
        settings = _settings(app, self._address.tls)
        settings.timeout_keep_alive = self._silence_max_s  # type: ignore[assignment]  # any number
        self._listener = _Listener(settings)
        self._serving = asyncio.create_task(self._listener.serve([link]), name="web")
        await self._listener.is_ready.wait()

    async def stop(self) -> None:
        """Finish the requests that run, close every connection and stop listening."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.should_exit = True
            await self._serving

    def _listen(self) -> socket.socket:
        host, port = self._address.host, self._address.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise WebFailed(f"no web server at {host}:{port}: {error.strerror}") from error
        return CountedSocket(listening, CONNECTIONS_MAX)


class _Listener(uvicorn.Server):
    """uvicorn inside a program that has signals and a loop of its own."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the hub."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self.is_ready.set()


class _Connection(H11Protocol):
    """A connection that is closed where no whole request comes.

    uvicorn's own limits look at requests whose head is there, so that silent connections, and
    those that never end what they began, would take the place of others for ever.
    """

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._mind()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._mind()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._mind()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()

    def _mind(self) -> None:
        """Wait for a whole request, from the first word or the last answer on, and not for long."""
        if self._is_asked():
            self._stop_waiting()
        elif self._patience is None:
            self._patience = self.loop.call_later(self.timeout_keep_alive, self.transport.close)

    def _is_asked(self) -> bool:
        cycle = self.cycle
        return cycle is not None and not cycle.more_body and not cycle.response_complete

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def _settings(app: Starlette, tls: TlsContext | None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        h11_max_incomplete_event_size=HEAD_MAX_BYTES,
        ssl_context_factory=None if tls is None else lambda _config, _usual: tls,
    )


async def _failed(request: Request, error: Exception) -> Response:
    structlog.get_logger().error("web_failed", method=request.method, error=repr(error))
    return PlainTextResponse("something went wrong here\n", status_code=500)


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)  # which nobody will hear
