"""Frames as rows, in pandas and in Parquet."""

import json
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from monitor.conformance.stored_calls import STARTED, frames_of
from monitor.datasets import StoredCalls
from monitor.errors import ConfigError, NotFoundError, StoreError
from monitor.frame_format import LegFormat
from monitor.store.zarr.store import ZarrStore
from tests.datasets.conftest import POOLED, UNHEARD, WIDE, Keep, Reads, lose, skipped


def test_a_row_is_a_frame(calls: StoredCalls) -> None:
    rows = calls["call-1"].to_pandas("customer")
    frames = frames_of("call-1", "customer", 0, 1750, WIDE)
    np.testing.assert_array_equal(np.stack(rows["embedding"]), frames.embedding)
    np.testing.assert_array_equal(rows[["logit_angry", "logit_happy", "logit_neutral"]], frames.logits)
    np.testing.assert_array_equal(rows["speech"], frames.speech)
    np.testing.assert_array_equal(rows["marks"], frames.marks)
    assert (rows["time"][57], rows["clock"][57], rows["frame"][57]) == (1.14, STARTED + timedelta(seconds=1.14), 57)


def test_an_embedding_may_be_columns_or_left_out(calls: StoredCalls) -> None:
    columns = calls["call-1"].to_pandas("agent", embedding="columns").filter(like="embedding_")
    np.testing.assert_array_equal(columns, np.repeat(frames_of("call-1", "agent", 0, 600, POOLED).embedding, 5, axis=0))
    assert "embedding" not in calls["call-1"].to_pandas(embedding="none")


def test_a_stretch_is_the_frames_that_begin_in_it(calls: StoredCalls) -> None:
    rows = calls["call-1"].to_pandas(start=11.13, stop=12.02)
    assert rows.groupby("leg")["frame"].agg(["min", "max"]).to_dict("index") == {
        "agent": {"min": 557, "max": 599},
        "customer": {"min": 557, "max": 600},
    }


def test_what_has_no_result_is_missing(calls: StoredCalls, keep: Keep) -> None:
    writer = keep("call-2", legs={"customer": WIDE, "agent": UNHEARD})
    writer.append(skipped(frames_of("call-2", "customer", 1750, 50, WIDE)))
    rows = calls["call-2"].to_pandas()
    missing = rows[rows["embedding"].isna() & rows["logit_angry"].isna()]
    assert missing.groupby("leg").size().to_dict() == {"agent": 600, "customer": 50}


def test_duckdb_reads_what_was_written(calls: StoredCalls, tmp_path: Path) -> None:
    path = calls["call-1"].to_parquet(tmp_path / "call.parquet")
    answer = duckdb.sql(
        "SELECT count(*), avg(logit_angry), max(time), "
        "list_cosine_similarity(first(embedding ORDER BY frame), last(embedding ORDER BY frame)) "
        f"FROM '{path}' WHERE leg = 'customer'"
    ).fetchall()[0]
    frames = frames_of("call-1", "customer", 0, 1750, WIDE)
    first, last = frames.embedding[0], frames.embedding[-1]
    similarity = first @ last / np.linalg.norm(first) / np.linalg.norm(last)
    assert answer == pytest.approx((1750, frames.logits[:, 0].mean(), 34.98, similarity), rel=1e-5)


def test_a_file_has_the_rows_of_the_table_and_what_is_known_of_the_call(calls: StoredCalls, tmp_path: Path) -> None:
    table = pq.read_table(calls["call-1"].to_parquet(tmp_path / "call.parquet"))
    assert table.drop_columns("embedding").to_pandas().equals(calls["call-1"].to_pandas(embedding="none"))
    known = json.loads(table.schema.metadata[b"emotion_monitor"])
    assert (known["call"], known["metadata"], known["engine"]["name"]) == ("call-1", {"queue": "sales"}, "compact")


def test_a_call_is_written_30_s_of_a_leg_at_a_time(calls: StoredCalls, tmp_path: Path, reads: Reads) -> None:
    file = pq.ParquetFile(calls["call-1"].to_parquet(tmp_path / "call.parquet"))
    assert reads == [("customer", 0, 1500), ("agent", 0, 600), ("customer", 1500, 250)]
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [1500, 600, 250]


def test_a_damaged_call_leaves_no_file(calls: StoredCalls, kept: ZarrStore, tmp_path: Path) -> None:
    lose(kept, "call-1", "customer/logits/c/1/0")
    with pytest.raises(StoreError, match="call call-1 is damaged"):
        calls["call-1"].to_parquet(tmp_path / "call.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_days_of_calls_are_a_dataset(calls: StoredCalls, keep: Keep, tmp_path: Path) -> None:
    keep("call-2", STARTED + timedelta(hours=1)).finish("finished", {})
    keep("call-3", STARTED + timedelta(days=1)).finish("finished", {})
    live = keep("live", STARTED + timedelta(hours=2))
    calls.to_parquet(tmp_path / "frames", "2026-03-01")
    calls.to_parquet(tmp_path / "frames", "2026-03-02")
    found = duckdb.sql(
        "SELECT CAST(day AS VARCHAR), call, count(*) "
        f"FROM read_parquet('{tmp_path}/frames/**/*.parquet', hive_partitioning = true) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert found == [("2026-03-01", "call-1", 2350), ("2026-03-01", "call-2", 2350), ("2026-03-02", "call-3", 2350)]
    live.finish("finished", {})


def test_frames_of_a_day_come_as_one_table(calls: StoredCalls, keep: Keep) -> None:
    keep("call-2", STARTED + timedelta(hours=1)).finish("finished", {})
    assert calls.to_pandas("2026-03-01").groupby("call").size().to_dict() == {"call-1": 2350, "call-2": 2350}


def test_a_call_that_is_damaged_does_not_stop_the_others(
    calls: StoredCalls, keep: Keep, kept: ZarrStore, tmp_path: Path
) -> None:
    keep("call-2", STARTED + timedelta(hours=1)).finish("finished", {})
    lose(kept, "call-1", "customer/logits/c/1/0")
    with pytest.raises(StoreError, match=r"^call call-1 is damaged.*\n1 of 2 calls could not be exported; .* has the others$"):
        calls.to_parquet(tmp_path / "frames")
    assert [path.name for path in tmp_path.glob("frames/*/*")] == ["call-2.parquet"]


@pytest.mark.parametrize("other", [{"engine": {"name": "compact", "version": "1"}}, {"labels": ("a", "b", "c")}])
def test_calls_of_engines_that_do_not_compare_are_refused_before_anything_is_written(
    calls: StoredCalls, keep: Keep, tmp_path: Path, other: dict[str, object]
) -> None:
    keep("call-2", STARTED + timedelta(hours=1), **other).finish("finished", {})
    with pytest.raises(ConfigError, match=r"compact.*; call-2 by compact"):
        calls.to_parquet(tmp_path / "frames")
    assert not (tmp_path / "frames").exists()


def test_a_dataset_takes_no_calls_with_other_columns(calls: StoredCalls, tmp_path: Path) -> None:
    calls.to_parquet(tmp_path / "frames")
    with pytest.raises(ConfigError, match=r"call-1\.parquet has other columns than these calls"):
        calls.to_parquet(tmp_path / "frames", embedding="columns")


def test_a_call_without_analysis_goes_into_the_dataset_of_the_others(calls: StoredCalls, keep: Keep, tmp_path: Path) -> None:
    keep("call-2", STARTED + timedelta(hours=1), legs={"customer": UNHEARD}).finish("finished", {})
    calls.to_parquet(tmp_path / "frames")
    table = pq.read_table(tmp_path / "frames")
    assert (table.num_rows, table["embedding"].null_count) == (2350 + 1750, 1750)


def test_legs_of_other_widths_are_tables_of_their_own(calls: StoredCalls, keep: Keep) -> None:
    keep("call-2", legs={"customer": WIDE, "agent": LegFormat(dim=8, classes=3)}).finish("finished", {})
    with pytest.raises(ConfigError, match=r"call-2: its legs have \[8, 16\] features: name one leg"):
        calls["call-2"].to_pandas()
    assert len(calls["call-2"].to_pandas("agent")) == 600


def test_wrong_arguments_are_refused(calls: StoredCalls, tmp_path: Path) -> None:
    call = calls["call-1"]
    with pytest.raises(ConfigError, match="embedding: one of list, columns, none, got 'wide'"):
        call.to_pandas(embedding="wide")
    with pytest.raises(ConfigError, match="seconds of the call, 0 or more, got nan"):
        call.to_pandas(start=float("nan"))
    with pytest.raises(NotFoundError, match="has no leg mixed"):
        call.to_parquet(tmp_path / "call.parquet", "mixed")


@pytest.mark.parametrize(
    ("path", "reason"), [("nowhere/a.parquet", "no such file or directory"), ("/dev/full", "no space left on device")]
)
def test_what_cannot_be_written_is_said_in_one_line(calls: StoredCalls, tmp_path: Path, path: str, reason: str) -> None:
    with pytest.raises(StoreError) as refused:
        calls["call-1"].to_parquet(tmp_path / path)
    assert str(refused.value) == f"{tmp_path / path}: cannot be written: {reason}"
