"""What the routes work on, from the application that serves them."""

from typing import Annotated

from fastapi import Depends, Path
from starlette.requests import HTTPConnection

from monitor.config import Settings
from monitor.history.history import History
from monitor.pipeline.monitor import Monitor
from monitor.server.errors import ErrorBody
from monitor.server.hub import Hub
from monitor.sinks.following import Sinks
from monitor.store.call_id import check_call_id


def _monitor(connection: HTTPConnection) -> Monitor:
    monitor: Monitor = connection.app.state.monitor
    return monitor


def _settings(connection: HTTPConnection) -> Settings:
    settings: Settings = connection.app.state.settings
    return settings


def _hub(connection: HTTPConnection) -> Hub:
    hub: Hub = connection.app.state.hub
    return hub


def _sinks(connection: HTTPConnection) -> Sinks | None:
    sinks: Sinks | None = connection.app.state.sinks
    return sinks


def _history(connection: HTTPConnection) -> History:
    history: History = connection.app.state.history
    return history


def _call_id(call: Annotated[str, Path(description="Id of a call.", max_length=256)]) -> str:
    return check_call_id(call)


MonitorOf = Annotated[Monitor, Depends(_monitor)]
SettingsOf = Annotated[Settings, Depends(_settings)]
HubOf = Annotated[Hub, Depends(_hub)]
SinksOf = Annotated[Sinks | None, Depends(_sinks)]
HistoryOf = Annotated[History, Depends(_history)]
CallId = Annotated[str, Depends(_call_id)]

ERRORS: dict[int | str, dict[str, object]] = {
    401: {"model": ErrorBody, "description": "A bearer token is needed."},
    403: {"model": ErrorBody, "description": "Who asks may not do that; the message names what is missing."},
    404: {"model": ErrorBody, "description": "There is no such thing."},
    422: {"model": ErrorBody, "description": "The request is wrong; the message says where."},
    429: {"model": ErrorBody, "description": "Too much in a short time; Retry-After says when to ask again."},
    507: {"model": ErrorBody, "description": "The store could not be read or written."},
}
"""The refusals that every route may give, for the OpenAPI document."""
