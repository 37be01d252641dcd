"""`/api/v1/calls/{call}/sound` and `/export/...`: what is kept of a call, as files that are made while they are sent."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from monitor.datasets.call import CallFrames
from monitor.datasets.table import chosen_legs
from monitor.errors import ConfigError
from monitor.events import Leg
from monitor.extras import ANALYSIS, need
from monitor.server.context import ERRORS, CallId, MonitorOf
from monitor.server.frames_csv import frames_csv
from monitor.server.identity import needs
from monitor.store.base import StoredCall
from monitor.store.disk import as_json
from monitor.store.snapshot import array_file, leg_result, utterance_file, utterance_of
from monitor.store.sound import Cut, sound_of

router = APIRouter(prefix="/api/v1/calls/{call}", tags=["downloads"], responses=ERRORS)

FLAC, BINARY, JSON, CSV = "audio/flac", "application/octet-stream", "application/json", "text/csv"
PARQUET = "application/vnd.apache.parquet"
PIECE = 2**20
"""Bytes that are read of a file at a time."""

OneLeg = Annotated[Leg, Query()]
AnyLeg = Annotated[Leg | None, Query(description="One leg; without it all.")]


def _file(media_type: str) -> dict[str, Any]:
    """What a route says of itself in the OpenAPI document."""
    return {"response_class": StreamingResponse, "responses": {200: {"content": {media_type: {}}, "description": "The file."}}}


@router.get("/sound", summary="The sound of a call", dependencies=[needs("act")], **_file(FLAC))
def get_sound(
    call: CallId,
    monitor: MonitorOf,
    leg: Annotated[Leg | Literal["both"] | None, Query(description="both: customer left, agent right.")] = None,
    begin: Annotated[float, Query(alias="from", ge=0, le=1e6, allow_inf_nan=False, description="Seconds.")] = 0.0,
    end: Annotated[float | None, Query(alias="to", ge=0, le=1e6, allow_inf_nan=False, description="Seconds.")] = None,
) -> Response:
    """What `store.audio` kept of a call that is over, as FLAC of 16 kHz and 16 bits, aligned to the call's time 0.

    Without `leg` both where the call has both, else the one that it has. A leg that ended sooner is silent at its end.
    Answers 404 `no_sound` where none was kept, or the call is in progress.
    """
    stored = monitor.store.open(call)
    legs: tuple[Leg, ...] = ("customer", "agent") if leg == "both" else chosen_legs(stored, leg)
    for one in legs:
        chosen_legs(stored, one)
    return _sent(sound_of(stored, legs, Cut.of(begin, end)), FLAC, f"{call}-{'-'.join(legs)}.flac")


@router.get("/export/{name}.npy", summary="A leg's embeddings or logits as a NumPy file", **_file(BINARY))
def get_array(call: CallId, monitor: MonitorOf, name: Literal["embedding", "logits", "utterance"], leg: OneLeg) -> Response:
    """Float32: of `embedding` a row a frame, or each 100 ms where the store keeps so many; of `logits` a row a frame; of
    `utterance` one row for the whole leg. A frame without a result is NaN."""
    stored = _with(monitor.store.open(call), leg)
    if name == "utterance":
        return _sent(iter([utterance_file(utterance_of(stored, leg))]), BINARY, f"{call}-{leg}-{name}.npy")
    return _sent(array_file(stored, leg, name), BINARY, f"{call}-{leg}-{name}.npy")


@router.get("/export/result.json", summary="What is known of a leg's embeddings")
def get_result(call: CallId, monitor: MonitorOf, leg: OneLeg) -> Response:
    """Labels, scores of the leg as one utterance, shapes, engine: `result.json` as it lies in the store, of this moment."""
    stored = _with(monitor.store.open(call), leg)
    return _sent(iter([as_json(leg_result(stored, leg, utterance_of(stored, leg)))]), JSON, f"{call}-{leg}-result.json")


@router.get("/export/frames.csv", summary="Frames as CSV", **_file(CSV))
def get_csv(call: CallId, monitor: MonitorOf, leg: AnyLeg = None) -> Response:
    """A row a frame, leg by leg: speech, marks, level, a probability (unsmoothed) for each label, valence, arousal."""
    stored = monitor.store.open(call)
    return _sent(frames_csv(stored, chosen_legs(stored, leg)), CSV, f"{call}.csv")


@router.get("/export/frames.parquet", summary="Frames as Parquet", **_file(PARQUET))
def get_parquet(call: CallId, monitor: MonitorOf, leg: AnyLeg = None) -> Response:
    """The rows of `calls export --parquet`, embeddings too. The format ends with its contents, so the file is made before it is
    sent, on the disk. Needs the extra `analysis`."""
    need(ANALYSIS, "Parquet", ConfigError)
    frames = CallFrames(monitor.store.open(call))
    folder = tempfile.TemporaryDirectory(prefix="emotion-monitor-")
    try:
        path = frames.to_parquet(Path(folder.name) / f"{call}.parquet", leg)
    except BaseException:
        folder.cleanup()
        raise
    return _sent(_pieces(folder, path), PARQUET, path.name)


def _with(stored: StoredCall, leg: Leg) -> StoredCall:
    """The call, which has the leg. Raises `NotFoundError`."""
    chosen_legs(stored, leg)
    return stored


def _pieces(folder: "tempfile.TemporaryDirectory[str]", path: Path) -> Iterator[bytes]:
    with folder, path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _sent(content: Iterator[bytes], media_type: str, name: str) -> Response:
    """An id of a call needs no quoting."""
    return StreamingResponse(content, media_type=media_type, headers={"content-disposition": f'inline; filename="{name}"'})
