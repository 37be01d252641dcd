"""`/metrics`: what Prometheus scrapes. Gauges are read when asked for; events are counted as the journal records them."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import HTTPConnection

router = APIRouter(tags=["operation"])


@router.get("/metrics", summary="Metrics in Prometheus' text format", response_class=Response)
def metrics(connection: HTTPConnection) -> Response:
    """Calls, frames, inference, packets, events, alerts, websocket clients."""
    registry: CollectorRegistry = connection.app.state.registry
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
