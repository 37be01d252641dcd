"""`/api/v1/search`: moments like this one, over all stored calls."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from monitor.analysis.embedding import Embedding, load
from monitor.analysis.moment import parse_moment, read_moment
from monitor.analysis.search import SearchIndex, search
from monitor.analysis.search.clip import hear_clip
from monitor.analysis.search.query import MOST
from monitor.config import Settings
from monitor.errors import ConfigError, MonitorError, StoreError
from monitor.events import Leg
from monitor.pipeline.monitor import Monitor
from monitor.server.context import ERRORS, MonitorOf, SettingsOf

MAX_UPLOAD = 16 * 2**20
"""Bytes of a clip or an array: a minute of sound at any usual rate, and of frames of 1024 features."""
_NUMPY = b"\x93NUMPY"

router = APIRouter(prefix="/api/v1/search", tags=["search"], responses=ERRORS)


def _index(connection: HTTPConnection) -> SearchIndex:
    index: SearchIndex | None = connection.app.state.index
    if index is None:
        raise StoreError("the store keeps no files, so there is no search index")
    return index


IndexOf = Annotated[SearchIndex, Depends(_index)]
Count = Annotated[int, Query(ge=1, le=MOST, description="Moments that are wanted.")]


@router.get("", summary="Moments like one of a stored call")
def search_like(
    index: IndexOf,
    monitor: MonitorOf,
    like: Annotated[str, Query(max_length=400, description="A moment, in seconds: CALL@83.2-91.0/customer.")],
    k: Count = 10,
) -> dict[str, Any]:
    """The most similar first; neighbouring pieces of a call are one moment, and the one asked about is left out.

    `similarity` is the cosine between mean embeddings. `frames` is the address of a moment's frames.
    """
    moment = parse_moment(like)
    return search(index, read_moment(monitor.store.open(moment.call), moment), k).as_dict()


@router.post(
    "",
    summary="Moments like a clip or an array",
    max_body_size=MAX_UPLOAD,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def search_like_upload(
    request: Request,
    index: IndexOf,
    monitor: MonitorOf,
    settings: SettingsOf,
    k: Count = 10,
    leg: Annotated[Leg, Query(description="Who speaks in a clip.")] = "customer",
    same_engine: Annotated[bool, Query(description="An array is of the engine that is indexed with its width.")] = False,
) -> dict[str, Any]:
    """The body is a sound file of one channel and a minute at most, heard by the engine in use, or a `.npy` array.

    An array does not say which engine it is of, so `same_engine` must. Nothing of the body is kept.
    """
    content = await request.body()
    return await run_in_threadpool(_search_upload, content, index, monitor, settings, k, leg, same_engine)


def _search_upload(
    content: bytes, index: SearchIndex, monitor: Monitor, settings: Settings, k: int, leg: Leg, same_engine: bool
) -> dict[str, Any]:
    if not content:
        raise ConfigError("the body is empty: send a sound file or a .npy array")
    with tempfile.TemporaryDirectory(prefix="emotion-monitor-") as folder:
        path = Path(folder) / ("array.npy" if content.startswith(_NUMPY) else "clip")
        path.write_bytes(content)
        try:
            return search(index, _uploaded(path, leg, settings, monitor), k, same_engine=same_engine).as_dict()
        except MonitorError as error:
            raise type(error)(str(error).replace(str(path), "the body")) from None


def _uploaded(path: Path, leg: Leg, settings: Settings, monitor: Monitor) -> Embedding:
    if path.suffix == ".npy":
        return load(path)
    return hear_clip(path, leg, settings, monitor.inference, "the body")
