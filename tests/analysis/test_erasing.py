"""Erasing a call tells what still holds something of it: files, what is in use, and what other calls keep."""

from pathlib import Path
from typing import Any

import pytest

from monitor.analysis.erasing import erase_call
from monitor.analysis.remains import Remains
from monitor.config.sections import AnalysisSection
from monitor.learned.file import write_content
from monitor.learned.head import Head
from monitor.learned.learned import Learned
from monitor.learned.template import Template
from monitor.store.zarr.store import ZarrStore
from tests.analysis.search.toned_call import store_call
from tests.learned.test_head import head
from tests.learned.test_template import template
from tests.store.zarr_folder import store_at

OF_THE_CALL = template([[1.0, 0.0]])  # learnt from call-1
OF_ANOTHER = Template.make(
    OF_THE_CALL.document.model_copy(update={"name": "other", "calls": ("call-2",)}), OF_THE_CALL.vectors, None
)
HEAD_OF_THE_CALL = Head.make(head().document.model_copy(update={"calls": ("call-1",)}), head().weight, head().bias)


@pytest.fixture
def store(tmp_path: Path) -> ZarrStore:
    kept = store_at(tmp_path / "store")
    store_call(kept, "call-1", {"customer": [(1, 1)]})
    return kept


@pytest.fixture
def section(tmp_path: Path) -> AnalysisSection:
    """Two templates and two heads, one of each learnt from call-1."""
    folder = tmp_path / "templates"
    folder.mkdir()
    write_content(folder / "threat.safetensors", OF_THE_CALL.content)
    write_content(folder / "other.safetensors", OF_ANOTHER.content)
    heads = (tmp_path / "churn.safetensors", tmp_path / "plain.safetensors")
    write_content(heads[0], HEAD_OF_THE_CALL.content)
    write_content(heads[1], head().content)
    return AnalysisSection(templates=folder, heads=heads)


def keeping(learned: Learned) -> dict[str, Any]:
    return {"learned": learned.document()}


def test_files_that_were_learnt_from_it_are_named_and_no_others(
    store: ZarrStore, section: AnalysisSection, tmp_path: Path
) -> None:
    remains = erase_call(store, "call-1", section)
    assert remains == Remains(
        templates=(str(tmp_path / "templates" / "threat.safetensors"),), heads=(str(tmp_path / "churn.safetensors"),)
    )


def test_calls_that_keep_what_was_learnt_from_it_are_named_and_no_others(store: ZarrStore) -> None:
    store_call(store, "heard", {"customer": [(1, 1)]}, settings=keeping(Learned.of([OF_THE_CALL])))
    store_call(store, "judged", {"customer": [(1, 1)]}, settings=keeping(Learned.of(heads=[HEAD_OF_THE_CALL])))
    store_call(store, "apart", {"customer": [(1, 1)]}, settings=keeping(Learned.of([OF_ANOTHER], [head()])))
    assert set(erase_call(store, "call-1", AnalysisSection()).calls) == {"heard", "judged"}


def test_what_is_in_use_is_named_by_kind_and_name(store: ZarrStore) -> None:
    in_use = Learned.of([OF_THE_CALL, OF_ANOTHER], [HEAD_OF_THE_CALL])
    assert erase_call(store, "call-1", AnalysisSection(), in_use).in_use == ("template threat", "head churn")


def test_of_a_call_of_which_nothing_was_learnt_nothing_remains(store: ZarrStore) -> None:
    assert not erase_call(store, "call-1", AnalysisSection())


def test_what_cannot_be_looked_into_is_told_and_the_call_is_erased(store: ZarrStore, tmp_path: Path) -> None:
    store_call(store, "odd", {"customer": [(1, 1)]}, settings={"learned": {"templates": [{"name": "call-1"}]}})
    section = AnalysisSection(templates=tmp_path / "nowhere", heads=(tmp_path / "gone.safetensors",))
    remains = erase_call(store, "call-1", section)
    assert remains.unread == (
        f"analysis.templates: there is no folder {tmp_path / 'nowhere'}",
        f"there is no head {tmp_path / 'gone.safetensors'}",
        "call odd: the templates and heads that it keeps cannot be read",
    )
    assert [line.id for line in store.catalogue()] == ["odd"]
