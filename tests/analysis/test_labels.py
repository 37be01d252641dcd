"""Files of labels."""

from pathlib import Path

import numpy as np
import pytest

from monitor.analysis.errors import ExamplesError
from monitor.analysis.labels import Labelled, Unused, embeddings_of, read_labels
from monitor.config import Settings
from monitor.store.zarr.store import ZarrStore


def written(folder: Path, text: str) -> Path:
    (folder / "labels.csv").write_text(text, encoding="utf-8")
    return folder / "labels.csv"


def test_moments_of_calls_are_labelled_by_call_leg_and_seconds(tmp_path: Path, store: ZarrStore) -> None:
    examples = read_labels(written(tmp_path, "call,leg,start,end,label\ncall-1,customer,1,2.5,threat\n"))
    [found] = embeddings_of(examples, store, Settings())
    assert isinstance(found, Labelled)
    assert (found.example.label, found.example.call, found.embedding.source) == ("threat", "call-1", "call-1@1-2.5/customer")


def test_files_are_relative_to_the_file_of_labels(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((1, 4)))
    examples = read_labels(written(tmp_path, "\ufefffile,label,speaker\na.npy,threat,anna\n"))
    [found] = embeddings_of(examples, None, Settings())
    assert (found.example.speaker, found.embedding.dim) == ("anna", 4)


def test_labels_that_match_no_call_are_told_by_line(tmp_path: Path, store: ZarrStore) -> None:
    text = "call,leg,start,end,label\ncall-1,customer,1,2,a\ncall-9,customer,1,2,b\ncall-1,customer,50,60,b\n"
    found = list(embeddings_of(read_labels(written(tmp_path, text)), store, Settings()))
    unused = [(one.example.line, one.reason) for one in found if isinstance(one, Unused)]
    assert [line for line, _ in unused] == [3, 4]
    assert "neither a file nor a stored call" in unused[0][1]
    assert "there are no frames" in unused[1][1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no labels"),
        ("call,leg,start,end,label\n", "no labels"),
        ("call,leg,label\na,customer,x\n", "there are call, label, leg"),
        ("file,label\na.npy,\n", "labels.csv:2: no label"),
        ("call,leg,start,end,label\na,customer,1,,x\n", "labels.csv:2: no end"),
        ('file,label\n"a.npy,x\n', "is no CSV"),
    ],
)
def test_what_is_no_file_of_labels_is_said(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ExamplesError, match=said):
        read_labels(written(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExamplesError, match="there is no file of labels"):
        read_labels(tmp_path / "none.csv")
