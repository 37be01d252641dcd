"""`emotion-monitor search`: built, asked, mended, and erased from, at the prompt."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from monitor.analysis.search import index_of
from monitor.cli.main import app
from monitor.errors import MonitorError
from monitor.store.zarr.store import ZarrStore
from tests.analysis.search.toned_call import store_call
from tests.store.zarr_folder import store_at

RUNNER = CliRunner()


@pytest.fixture
def store(tmp_path: Path) -> ZarrStore:
    kept = store_at(tmp_path / "store")
    store_call(kept, "a", {"customer": [(1, 4)]})
    store_call(kept, "b", {"customer": [(1, 4), (2, 4)]})
    return kept


def said(*arguments: str, store: ZarrStore, error: bool = False) -> str:
    result = RUNNER.invoke(app, ["search", *arguments, "--store", store.place])
    assert result.exception is None, result.exception
    return result.stderr if error else result.stdout


def refusal(*arguments: str, store: ZarrStore) -> str:
    result = RUNNER.invoke(app, ["search", *arguments, "--store", store.place])
    assert isinstance(result.exception, MonitorError)
    return str(result.exception)


def test_an_index_is_built_asked_and_told_of(store: ZarrStore) -> None:
    assert "2 calls taken in" in said("build", store=store)
    assert "0 calls taken in" in said("build", store=store)
    assert "2 calls taken in" in said("build", "--anew", store=store)
    assert "b@0-4/customer" in said("like", "a@0-4/customer", "-k", "1", store=store)
    assert "compact 0" in said("info", store=store)


def test_before_it_is_built_it_says_so(store: ZarrStore) -> None:
    assert "search build" in refusal("like", "a/customer", store=store)
    assert "2 calls are not indexed" in said("info", store=store)


def test_a_damaged_index_is_rebuilt_and_said(store: ZarrStore) -> None:
    said("build", store=store)
    index = index_of(store)
    assert index is not None
    next(index.folder.rglob("vectors.npy")).write_bytes(b"damaged")
    assert "vectors.npy is damaged; the search index is rebuilt from the store" in said(
        "like", "a/customer", store=store, error=True
    )
    assert "b@0-4/customer" in said("like", "a/customer", "-k", "1", store=store)


def test_erasing_a_call_erases_it_from_the_index(store: ZarrStore) -> None:
    said("build", store=store)
    assert RUNNER.invoke(app, ["calls", "delete", "b", "--yes", "--store", store.place]).exit_code == 0
    index = index_of(store)
    assert index is not None
    assert index.calls() == {"a"}


def test_what_names_several_embeddings_or_none_is_refused(store: ZarrStore, tmp_path: Path) -> None:
    said("build", store=store)
    store_call(store, "both", {"customer": [(1, 2)], "agent": [(1, 2)]})
    assert "one at a time" in refusal("like", "both", store=store)
    assert "neither a file nor a stored call" in refusal("like", "nowhere", store=store)
    np.save(tmp_path / "a.npy", np.ones(8, np.float32))
    assert "--same-engine" in refusal("like", str(tmp_path / "a.npy"), store=store)
