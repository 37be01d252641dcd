"""Replays: stored calls played again to the websocket clients, tagged with the replay's id."""

import secrets
import threading
import time
from collections.abc import Callable
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import HTTPConnection
from starlette.status import HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from monitor.errors import ConfigError, MonitorError, NotFoundError
from monitor.events import Event
from monitor.replay.player import play
from monitor.server.context import ERRORS, CallId, MonitorOf
from monitor.server.hub import Hub
from monitor.store.base import StoredCall
from monitor.store.zarr_store import ZarrStore

log = structlog.get_logger(__name__)

MAX_REPLAYS = 8
"""At the same time: each takes a thread and, at high speed, a core."""
