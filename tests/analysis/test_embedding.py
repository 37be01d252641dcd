"""What a file or folder holds: an utterance or frames, and what is said of them."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis import load
from monitor.analysis.description import describe
from monitor.analysis.embedding import BLOCK_VALUES
from monitor.analysis.errors import EmbeddingError, MissingError, NotFiniteError, ResultFileError, TooLongError
from monitor.store.zarr.store import ZarrStore

RNG = np.random.default_rng(16)


def folder_with(folder: Path, array: np.ndarray, result: Any = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "embedding.npy", array)
    if result is not None:
        (folder / "result.json").write_text(json.dumps(result))
    return folder


def features(*shape: int) -> np.ndarray:
    return RNG.normal(0, 1, shape).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "granularity", "seconds"),
    [
        ((1024,), "utterance", None),
        ((1, 1024), "utterance", None),
        ((150, 1024), "frame", 3.0),
        ((768,), "utterance", None),
        ((7, 96), "frame", 0.14),
        ((2, 1), "frame", 0.04),
    ],
)
def test_the_shape_tells_an_utterance_from_frames(
    tmp_path: Path, shape: tuple[int, ...], granularity: str, seconds: float | None
) -> None:
    np.save(tmp_path / "a.npy", features(*shape))
    embedding = load(tmp_path / "a.npy")
    assert (embedding.granularity, embedding.seconds, embedding.stored_shape) == (granularity, seconds, shape)
    assert embedding.vectors.shape == (len(embedding), embedding.dim) == ((1, shape[0]) if len(shape) == 1 else shape)


def test_of_a_single_row_the_result_says_what_it_is(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, features(1, 96), [{"key": "a", "labels": [], "scores": [], "granularity": "frame"}])
    assert load(folder).granularity == "frame"


def test_a_result_in_funasr_s_form_is_read(tmp_path: Path) -> None:
    folder = folder_with(
        tmp_path, features(1024), [{"key": "a", "labels": ["生气/angry", "开心/happy"], "scores": [0.25, 0.75]}]
    )
    embedding = load(folder)
    assert (embedding.labels, embedding.scores) == (("生气/angry", "开心/happy"), (0.25, 0.75))


def test_a_result_of_the_web_interface_is_read(tmp_path: Path) -> None:
    result = {"emotion": "happy", "confidence": 0.75, "scores": {"angry": 0.25, "happy": 0.75}, "granularity": "utterance"}
    embedding = load(folder_with(tmp_path / "outputs_20260104_223000", features(1024), result))
    assert (embedding.labels, embedding.scores, embedding.granularity) == (("angry", "happy"), (0.25, 0.75), "utterance")


def test_a_snapshot_is_read_with_its_engine_call_and_rate(store: ZarrStore) -> None:
    customer, agent = (load(store.layout.snapshots("call-1") / leg) for leg in ("customer", "agent"))
    assert (customer.call, customer.leg, customer.engine["name"], customer.seconds) == ("call-1", "customer", "compact", 6.0)
    assert (agent.rate, agent.seconds, agent.vectors.shape) == (10.0, 4.0, (40, 8))


def test_of_a_snapshot_the_utterance_may_be_asked_for(store: ZarrStore) -> None:
    folder = store.layout.snapshots("call-1") / "customer"
    utterance = load(folder, "utterance")
    assert (utterance.granularity, utterance.vectors.shape) == ("utterance", (1, 16))
    assert load(folder / "utterance.npy").granularity == "utterance"


def test_a_folder_without_an_array(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"no embedding\.npy in"):
        load(tmp_path)


def test_frames_without_a_result_are_rows_of_nan(tmp_path: Path) -> None:
    frames = features(5, 8)
    frames[2] = np.nan
    embedding = load(folder_with(tmp_path, frames))
    assert embedding.there().tolist() == [True, True, False, True, True]
    np.testing.assert_allclose(embedding.mean(), np.nanmean(frames, axis=0), rtol=1e-5)


def test_silence_that_the_engine_left_out_is_no_part_of_the_mean(tmp_path: Path) -> None:
    frames = features(6, 8)
    frames[[1, 4]] = 0
    frames[2] = np.nan
    embedding = load(folder_with(tmp_path, frames))
    assert embedding.heard().tolist() == [True, False, False, True, False, True]
    np.testing.assert_allclose(embedding.mean(), frames[[0, 3, 5]].mean(axis=0), rtol=1e-5)


def test_of_nothing_but_silence_the_mean_is_zero(tmp_path: Path) -> None:
    assert not load(folder_with(tmp_path, np.zeros((5, 8), np.float32))).mean().any()


@pytest.mark.parametrize("map_beyond", [0, 10**9])
@pytest.mark.parametrize(("dtype", "value"), [("f4", np.nan), ("f4", np.inf), ("f8", 1e200)])
def test_a_value_that_is_not_finite_is_named(tmp_path: Path, map_beyond: int, dtype: str, value: float) -> None:
    rows = BLOCK_VALUES // 1024
    frames = np.zeros((rows + 5, 1024), dtype)
    frames[rows + 2, 3] = value
    with pytest.raises(NotFiniteError, match=rf"in row {rows + 2}, feature 3"):
        load(folder_with(tmp_path, frames), map_beyond=map_beyond)


def test_nothing_but_nan(tmp_path: Path) -> None:
    with pytest.raises(NotFiniteError, match="nothing but NaN"):
        load(folder_with(tmp_path, np.full((3, 4), np.nan, np.float32)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[1, 2]",
        "7",
        '"text"',
        '{"labels": 7}',
        '{"scores": ["a"]}',
        '{"scores": [NaN]}',
        '{"shape": [-1]}',
        '{"embedding_rate": 0}',
        '{"embedding_rate": true}',
        "[" * 100000,
        '{"scores": [1' + "0" * 400 + "]}",
    ],
)
def test_a_result_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    folder = folder_with(tmp_path, features(4))
    (folder / "result.json").write_text(text)
    with pytest.raises(ResultFileError, match=r"result\.json"):
        load(folder)


def test_a_result_that_is_a_folder_is_told(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, features(4))
    (folder / "result.json").mkdir()
    with pytest.raises(ResultFileError):
        load(folder)


def test_a_result_that_is_no_text_is_told(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, features(4))
    (folder / "result.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ResultFileError):
        load(folder)


def test_a_result_beside_other_arrays_is_not_theirs(tmp_path: Path) -> None:
    np.save(tmp_path / "other.npy", features(4))
    (tmp_path / "result.json").write_text("[]")
    assert load(tmp_path / "other.npy").result is None


def test_rows_that_a_live_call_puts_behind_are_left_out(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, features(5, 4), {"call": "c", "labels": [], "shape": [5, 4], "status": "live"})
    with (folder / "embedding.npy").open("ab") as file:
        file.write(bytes(10))
    assert load(folder).vectors.shape == (5, 4)


def test_rows_of_which_the_result_knows_already_are_left_out_until_the_header_tells_of_them(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, features(5, 4), {"call": "c", "labels": [], "shape": [7, 4], "status": "complete"})
    with (folder / "embedding.npy").open("ab") as file:
        file.write(bytes(32))
    assert load(folder).vectors.shape == (5, 4)


def test_a_finished_snapshot_that_goes_on_is_too_long(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, features(5, 4), {"call": "c", "labels": [], "shape": [5, 4], "status": "complete"})
    with (folder / "embedding.npy").open("ab") as file:
        file.write(bytes(16))
    with pytest.raises(TooLongError):
        load(folder)


def test_blocks_are_float32_whatever_is_mapped(tmp_path: Path) -> None:
    frames = RNG.normal(0, 1, (10, 4)).astype(">f2")
    blocks = list(load(folder_with(tmp_path, frames), map_beyond=0).blocks(4))
    assert [(block.dtype, len(block)) for block in blocks] == [(np.float32, 4), (np.float32, 4), (np.float32, 2)]
    np.testing.assert_array_equal(np.concatenate(blocks), frames.astype(np.float32))


KEYS = st.sampled_from(
    [
        "key",
        "labels",
        "scores",
        "granularity",
        "files",
        "shape",
        "embedding_rate",
        "engine",
        "call",
        "leg",
        "status",
        "input",
        "dim",
        "name",
        "frame",
        "utterance",
        "angry",
    ]
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@given(st.one_of(JSON.map(lambda document: json.dumps(document).encode()), st.binary(max_size=100)))
def test_whatever_stands_in_a_result_it_is_described_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = folder_with(tmp_path_factory.mktemp("any"), np.ones((3, 4), np.float32))
    (folder / "result.json").write_bytes(content)
    with suppress(EmbeddingError):
        json.dumps(describe(load(folder)).as_dict(), allow_nan=False)
