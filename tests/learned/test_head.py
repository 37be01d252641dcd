"""Heads as files, and what they say."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from monitor.errors import ConfigError
from monitor.learned.documents import HeadDocument
from monitor.learned.engine_key import EngineKey
from monitor.learned.file import encode, write_content
from monitor.learned.head import KIND, Head
from monitor.learned.learned import Learned
from tests.learned.test_template import template

KNOWN = {"name": "churn", "engine": "compact", "engine_version": "ab12", "dim": 2, "window": 3.0, "sources": ("labels.csv",)}
DOCUMENT = HeadDocument(**KNOWN, labels=("stays", "threat"), temperature=1.0)


def head(weight: Sequence[Sequence[float]] = ((0.0, 1.0), (0.0, 0.0))) -> Head:
    return Head.make(DOCUMENT, np.array(weight), np.zeros(2))


def test_a_head_says_the_softmax_of_one_linear_layer() -> None:
    assert head().posterior(np.array([np.log(3.0), 7.0])) == pytest.approx((0.25, 0.75))


def test_probabilities_are_finite_however_large_the_embedding() -> None:
    assert head().posterior(np.array([1e6, 0.0])) == (0.0, 1.0)


def test_a_head_is_the_same_after_it_was_written_and_read(tmp_path: Path) -> None:
    write_content(tmp_path / "churn.safetensors", head().content)
    found = Head.load(tmp_path / "churn.safetensors")
    assert (found, found.document, found.labels) == (head(), DOCUMENT, ("stays", "threat"))


def test_what_is_kept_with_a_call_names_the_labels() -> None:
    document = Learned.of(heads=[head()]).document()
    assert Learned.from_document(document) == Learned.of(heads=[head()])
    assert document["heads"][0]["labels"] == ["stays", "threat"]


def test_a_template_is_no_head() -> None:
    with pytest.raises(ConfigError, match="x is no emotion-monitor head"):
        Head.read(template([[1.0, 0.0]]).content, "x")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": ["a"]}, "labels"),
        ({"labels": ["a", "a"]}, "a label twice"),
        ({"temperature": 0}, "temperature"),
        ({"dim": 3}, r"its weights are not \(3, 2\)"),
        ({"window": 0}, "window"),
        ({"format": 2}, "format"),
    ],
)
def test_a_header_that_cannot_be_is_refused_in_words(change: dict, said: str) -> None:
    header = {**DOCUMENT.model_dump(mode="json"), **change}
    content = encode(KIND, header, {"weight": np.zeros((2, 2), np.float32), "bias": np.zeros(2, np.float32)})
    with pytest.raises(ConfigError, match=said):
        Head.read(content, "x")


def test_weights_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ConfigError, match="weight is not finite"):
        head([[np.nan, 0.0], [0.0, 0.0]])


def test_a_head_of_other_weights_of_the_engine_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="head churn was learnt from embeddings of compact ab12"):
        Learned.of(heads=[head()]).require(EngineKey("compact", "cd34", 2))
