"""`/healthz` for whoever starts and stops the hub, `/metrics` for Prometheus."""

from collections.abc import Iterable

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from hub.web.observer import Observer


def status_routes(observer: Observer) -> list[BaseRoute]:
    """Return both pages; they are for everybody who reaches the server, and name no member."""

    async def healthz(_request: Request) -> Response:
        found = await observer.health()
        return JSONResponse(found.words, 200 if found.is_well else 503)

    async def metrics(request: Request) -> Response:
        # The text format 0.0.4, unless the asker knows a newer one.
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        text = encode(_Collected(await observer.metrics()))
        return Response(text, headers={"content-type": media_type})

    return [Route("/healthz", healthz), Route("/metrics", metrics)]


class _Collected:
    """Families that are there already, as the encoder wants to collect them."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
