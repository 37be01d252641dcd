"""What people do by hand with the embeddings of FunASR works unchanged on ours: NumPy alone, as it is taught.

Load without pickle, tell an utterance from frames by the shape, follow the mean over the features, compare by cosine.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor.analysis.extract import Wanted, extract
from monitor.config import load_settings
from monitor.conformance.stored_calls import frames_of, record_of
from monitor.frame_format import LegFormat
from monitor.store.export import export_call
from monitor.store.zarr.store import ZarrStore
from tests.engines.compact.conftest import voice
from tests.store.zarr_folder import store_at


def loaded_by_hand(path: Path) -> np.ndarray:
    if not path.exists():
        raise FileNotFoundError(path)
    array = np.load(path, allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.size == 0:
        raise ValueError(f"{path} holds nothing")
    return array


def kind_by_hand(array: np.ndarray) -> str:
    if array.ndim == 1 or (array.ndim == 2 and array.shape[0] == 1):
        return "utterance"
    if array.ndim == 2:
        return "frame"
    raise ValueError(f"unexpected shape {array.shape}")


def cosine_by_hand(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one.flatten(), other.flatten()
    return float(np.dot(one, other) / (np.linalg.norm(one) * np.linalg.norm(other)))


WIDE: LegFormat = LegFormat(dim=1024, classes=3)


@pytest.fixture
def store(tmp_path: Path) -> ZarrStore:
    kept = store_at(tmp_path / "store")
    writer = kept.create(record_of(legs={"customer": WIDE}))
    writer.append(frames_of("call-1", "customer", 0, 300, WIDE))
    writer.finish("finished", {})
    return kept


@pytest.fixture(params=["snapshot", "live snapshot", "export"])
def folder(request: pytest.FixtureRequest, store: ZarrStore, tmp_path: Path) -> Path:
    """Where a leg's files are: of a call that is over, of one that goes on, and brought out of the store."""
    if request.param == "export":
        export_call(store, "call-1", tmp_path / "out")
        return tmp_path / "out" / "customer"
    if request.param == "snapshot":
        return store.layout.snapshots("call-1") / "customer"
    writer = store.create(record_of("live-1", legs={"customer": WIDE}))
    request.addfinalizer(lambda: writer.finish("finished", {}))
    for start in (0, 100, 200):
        writer.append(frames_of("live-1", "customer", start, 100, WIDE))
        writer.snapshot()
    return store.layout.snapshots("live-1") / "customer"


def test_frames_and_utterance_are_told_apart_by_their_shapes(folder: Path) -> None:
    frames, utterance = (loaded_by_hand(folder / name) for name in ("embedding.npy", "utterance.npy"))
    assert (kind_by_hand(frames), frames.shape, frames.dtype) == ("frame", (300, 1024), np.float32)
    assert (kind_by_hand(utterance), utterance.shape, utterance.dtype) == ("utterance", (1, 1024), np.float32)


def test_the_trend_is_the_mean_over_the_features_frame_by_frame(folder: Path) -> None:
    trend = np.mean(loaded_by_hand(folder / "embedding.npy"), axis=1)
    seconds = np.arange(len(trend)) * 0.02
    largest_step = int(np.argmax(np.abs(np.diff(trend)))) + 1
    assert (trend.shape, seconds[-1], np.isfinite(trend).all(), 0 < largest_step < 300) == ((300,), 5.98, True, True)


def test_a_template_of_some_frames_is_matched_by_cosine(folder: Path) -> None:
    frames = loaded_by_hand(folder / "embedding.npy")
    template = frames[100:110].mean(axis=0)
    scores = np.array([cosine_by_hand(frame, template) for frame in frames])
    assert (scores.max() <= 1 + 1e-6, 95 <= int(scores.argmax()) < 115) == (True, True)


def test_the_utterance_is_the_frames_in_which_somebody_speaks(folder: Path) -> None:
    frames, utterance = (loaded_by_hand(folder / name) for name in ("embedding.npy", "utterance.npy"))
    assert cosine_by_hand(frames.mean(axis=0), utterance) > 0.9


def test_the_result_says_the_label_with_the_highest_score(folder: Path) -> None:
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    best = result["labels"][int(np.argmax(result["scores"]))]
    assert (best in ("angry", "happy", "neutral"), sum(result["scores"])) == (True, pytest.approx(1))


def test_a_folder_of_extracted_files_is_gone_through_as_it_is_taught(tmp_path: Path) -> None:
    for number in range(3):
        soundfile.write(tmp_path / f"{number}.wav", voice(1.0, 110 + 40 * number, seed=number), 16_000)
    settings = load_settings(environment={}, flags={"log.level": "error"})
    list(extract([str(tmp_path / f"{number}.wav") for number in range(3)], Wanted(tmp_path / "outputs"), settings, jobs=1))
    rows, keys = [], []
    for path in sorted((tmp_path / "outputs").glob("outputs_*/embedding.npy")):
        array = loaded_by_hand(path)
        rows.append(array if array.ndim == 1 else array.mean(axis=0))
        (result,) = json.loads((path.parent / "result.json").read_text())
        keys.append(result["key"])
    assert (np.stack(rows).shape, sorted(keys)) == ((3, 96), ["0", "1", "2"])
